"""A content file: what is wrong with it is named by file, line and reason, and a faulty one is never half taken."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import ROOT
from portal.knowledge.rules.content import SCRIPT_LIMIT, Fault, parse
from portal.knowledge.rules.states import MaterialKind

CONTENT = ROOT / "kb_content"
PATH = "0104/rent-notice.md"
GOOD = """\
---
title: 房租上涨要不要提前说
category: '0104'
phrases:
- 房东涨租要提前几天说
- 涨租没通知能不能不交
script: 房东涨租，要提前三十日书面通知。
audience: 承租人
district: 全市
unit: 市市场监管局
kind: 法律法规
in_force_from: 2024-07-01
checked: 2026-07
confidence: high
basis:
- text: 出租人调整租金,应当提前三十日书面通知承租人。
  source: 示例条例(2024年)
  article: 第七条
  in_force_from: 2024-07-01
  checked: text-2026-07
---

涨租要提前30天书面说。

- 2024年7月1日起这样办。
"""


def _faults(source: str, path: str = PATH) -> list[Fault]:
    content, faults = parse(path, source)
    assert (content is None) == bool(faults)
    return faults


def _swap(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1, old
    return GOOD.replace(old, new, 1)


def test_a_good_file_is_read_whole() -> None:
    content, faults = parse(PATH, GOOD)
    assert faults == []
    assert content is not None
    assert (content.slug, content.category, content.kind) == ("rent-notice", "0104", MaterialKind.LAW)
    assert content.phrases == ("房东涨租要提前几天说", "涨租没通知能不能不交")
    assert content.script == "房东涨租，要提前三十日书面通知。"
    assert (content.in_force_from, content.in_force_to, content.takes_over_on) == (date(2024, 7, 1), None, None)
    assert [(b.source, b.article, b.in_force_from) for b in content.basis] == [
        ("示例条例(2024年)", "第七条", date(2024, 7, 1))
    ]
    assert content.body.startswith("涨租要提前30天")
    assert content.body.endswith("这样办。")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("title: 房租上涨要不要提前说\n", "", 2, "文件头缺「title」"),
        ("title: 房租上涨要不要提前说", "title:", 2, "文件头缺「title」"),
        ("title: 房租上涨要不要提前说", f"title: {'长' * 61}", 2, "标题超过 60 字"),
        ("title: 房租上涨要不要提前说", "title: [一]", 2, "「title」应是文字"),
        ("category: '0104'", "category: 104", 3, "「category」应是文字"),
        ("- 涨租没通知能不能不交", "- 房东涨租要提前几天说", 4, "「phrases」有重复的问法"),
        ("- 涨租没通知能不能不交", "- 2026", 4, "「phrases」应是一列问法"),
        ("kind: 法律法规", "kind: 小道消息", 11, "材料性质「小道消息」不在 办事指南、"),
        ("in_force_from: 2024-07-01", "in_force_from: 去年夏天", 12, "「in_force_from」应是日期，写作 2024-07-01"),
        ("in_force_from: 2024-07-01", "in_force_from: 2024-13-01", 12, "「in_force_from」的写法读不懂"),
        ("in_force_from: 2024-07-01", "in_force_from: 2024-07-01 09:00:00", 12, "「in_force_from」应是日期"),
        ("in_force_from: 2024-07-01", "in_force_from: 2024-06-30", 12, "施行日早于最晚施行的依据"),
        ("checked: 2026-07\n", "checked: 2026-07\nin_force_to: 2024-01-01\n", 14, "失效日早于施行日"),
        ("confidence: high", "confidence: sure", 14, "「confidence」应是 high 或 medium"),
        ("confidence: high", "confidence: high\nconfidence: medium", 15, "文件头「confidence」写了两次"),
        ("confidence: high", "confidence: high\nmood: good", 15, "文件头没有「mood」这一项"),
        ("confidence: high", "confidence: high\nnote: !!python/object:os.system x", 15, "「note」的写法读不懂"),
        ("  source: 示例条例(2024年)\n", "", 16, "依据缺「source」"),
        ("  source: 示例条例(2024年)", "  source: ''", 17, "依据缺「source」"),
        ("  article: 第七条", "  article: 第七条\n  article: 第八条", 19, "依据「article」写了两次"),
        ("  checked: text-2026-07", "  checked: 听说的", 20, "依据的「checked」应写作 text-2026-07 或 web-excerpt"),
        ("  checked: text-2026-07", "  checked: text-2026-07\n  in_force_to: 2020-01-01", 21, "依据的失效日早于施行日"),
        ("  checked: text-2026-07", "  checked: text-2026-07\n  in_force_to: 2030-01-01", 2, "依据先失效"),
        ("涨租要提前30天书面说。", "涨租要提前45天书面说。", 23, "「45 日」在依据里找不到"),
        ("- 2024年7月1日起这样办。", "- 超过3%的不行。", 25, "「3 %」在依据里找不到"),
        ("script: 房东涨租，要提前三十日书面通知。", "script: 提前六十日通知。", 7, "「60 日」在依据里找不到"),
        (
            "script: 房东涨租，要提前三十日书面通知。",
            f"script: {'念' * (SCRIPT_LIMIT + 1)}",
            7,
            "话术 121 字，超过 120 字",
        ),
        ("title: 房租", "title: '房租", 3, "文件头不是合法的 YAML"),
        ("title: 房租上涨要不要提前说", "\ttitle: 房租", 2, "文件头不是合法的 YAML"),
    ],
)
def test_each_fault_names_the_file_the_line_and_the_reason(old: str, new: str, line: int, reason: str) -> None:
    faults = _faults(_swap(old, new))
    assert faults, "nothing was found"
    assert all(fault.file == PATH for fault in faults)
    assert any(fault.line == line and reason in fault.reason for fault in faults), list(map(str, faults))
    assert str(faults[0]).startswith(f"{PATH}:{faults[0].line}: ")


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("", 1, "第一行应是 ---"),
        ("正文而已", 1, "第一行应是 ---"),
        ("---\ntitle: 一\n", 1, "文件头没有结束的 ---"),
        ("---\n---\n正文", 2, "文件头应是「项: 值」"),
        ("---\n- 一\n- 二\n---\n正文", 2, "文件头应是「项: 值」"),
        ("---\ntitle: \x00\n---\n正文", 1, "文件头含有不能用的字符"),
        (GOOD.split("---\n\n")[0] + "---\n\n  \n", 22, "正文是空的"),
        (GOOD.split("basis:")[0] + "basis: 没有\n---\n正文", 15, "「basis」应是一列依据"),
        (GOOD.split("basis:")[0] + "basis:\n- 一句话\n---\n正文", 16, "每条依据应有 text、source、article 等项"),
        (GOOD.split("basis:")[0] + "---\n正文", 2, "文件头缺「basis」"),
        (GOOD.split("basis:")[0] + "basis: []\n---\n正文", 15, "文件头缺「basis」"),
    ],
)
def test_a_broken_frame_is_named_too(source: str, line: int, reason: str) -> None:
    faults = _faults(source)
    assert any(fault.line == line and reason in fault.reason for fault in faults), list(map(str, faults))


@pytest.mark.parametrize(
    "name", ["Rent.md", "rent_notice.md", "rent.from-2027-1-1.md", "房租.md", "rent.md.md", "-a.md"]
)
def test_a_file_name_that_is_no_slug_is_refused(name: str) -> None:
    assert _faults(GOOD, f"0104/{name}")[0].reason.startswith("文件名应是 <slug>.md")


def test_a_day_in_the_file_name_that_is_no_day_is_refused() -> None:
    assert "文件名" in _faults(GOOD, "0104/rent.from-2027-02-30.md")[0].reason


def test_the_day_in_the_file_name_is_the_day_of_force() -> None:
    faults = _faults(GOOD, "0104/rent-notice.from-2027-01-01.md")
    assert [(fault.line, fault.reason) for fault in faults] == [(12, "施行日应与文件名里的日子相同")]
    taking_over = GOOD.replace("in_force_from: 2024-07-01\nchecked", "in_force_from: 2027-01-01\nchecked")
    content, faults = parse("0104/rent-notice.from-2027-01-01.md", taking_over)
    assert content is not None
    assert (content.slug, content.takes_over_on) == ("rent-notice", date(2027, 1, 1))


def test_all_faults_are_told_at_once() -> None:
    faults = _faults(GOOD.replace("confidence: high", "confidence: sure").replace("提前30天", "提前45天"))
    assert {fault.line for fault in faults} == {14, 23}


def test_the_exact_limit_of_a_script_is_allowed() -> None:
    assert _faults(_swap("script: 房东涨租，要提前三十日书面通知。", f"script: {'念' * SCRIPT_LIMIT}")) == []


@given(st.text(max_size=300))
def test_no_text_makes_the_parser_stumble(text: str) -> None:
    _faults(text)
    _faults(f"---\n{text}\n---\n正文")


@given(st.integers(min_value=1, max_value=len(GOOD.splitlines()) - 1), st.text(max_size=40))
def test_a_good_file_with_one_line_spoilt_is_read_or_refused_never_an_error(line: int, text: str) -> None:
    lines = GOOD.splitlines()
    lines[line] = text
    _faults("\n".join(lines))


def test_every_article_of_the_content_pack_is_without_fault() -> None:
    paths = sorted(CONTENT.rglob("*.md"))
    found = [parse(path.relative_to(CONTENT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]
    assert [str(fault) for _, faults in found for fault in faults] == []
    texts = [content for content, _ in found if content is not None]
    assert (len(texts), len({text.slug for text in texts})) == (81, 80)
    assert all(path.parent.name == text.category for path, text in zip(paths, texts, strict=True))
    phrases = [phrase for text in texts for phrase in {*text.phrases}]
    assert len(phrases) >= 5 * len(texts)


def test_doubtful_topics_say_so_in_their_text() -> None:
    for path in sorted(CONTENT.rglob("*.md")):
        content, _ = parse(path.relative_to(CONTENT).as_posix(), path.read_text(encoding="utf-8"))
        assert content is not None
        if content.confidence == "medium":
            assert "待核实" in content.body, path
        if content.note:
            assert content.basis, path
