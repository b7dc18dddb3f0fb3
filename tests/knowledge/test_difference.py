"""Two texts beside each other as people read them: phrases, paragraphs, list items, table rows, basis."""

import random
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.knowledge.rules.blocks import blocks, pair_up
from portal.knowledge.rules.content import BasisEntry
from portal.knowledge.rules.difference import ADD, DEL, Field, Piece, Said, difference, words


def _marked(old: str, new: str) -> str:
    """[what went|what came] in its place."""
    left, right = words(old, new)
    gone = "".join(f"[-{text}]" if how == DEL else text for text, how in left)
    came = "".join(f"[+{text}]" if how == ADD else text for text, how in right)
    return f"{gone} / {came}"


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        (
            "自公告之日起三个月内可以提出异议。",
            "自公告之日起两个月内可以提出异议。",
            "自公告之日起[-三个月内]可以提出异议。 / 自公告之日起[+两个月内]可以提出异议。",
        ),
        ("缴 2000 元。", "缴 12000 元。", "缴 [-2000] 元。 / 缴 [+12000] 元。"),
        ("2026年7月1日起施行", "2027年7月1日起施行", "[-2026年7月1日起]施行 / [+2027年7月1日起]施行"),
        ("请携带原件", "请携带营业执照原件", "请携带原件 / 请携带[+营业执照]原件"),
        ("到e窗通办", "到京办办", "到[-e窗通办] / 到[+京办办]"),
        ("一样", "一样", "一样 / 一样"),
        ("", "新的", " / [+新的]"),
        ("旧的", "", "[-旧的] / "),
    ],
)
def test_a_change_shows_as_the_phrase_it_is(old: str, new: str, marked: str) -> None:
    assert _marked(old, new) == marked


def _said(body: str = "", basis: list[BasisEntry] | None = None, **fields: str) -> Said:
    return Said(fields, body, basis or [])


def _field(old: Said, new: Said, name: str) -> Field:
    return next(field for field in difference(old, new) if field.name == name)


OLD_BODY = """## 材料

- 申请书
- 身份证
  - 复印件

| 项目 | 期限 |
| --- | --- |
| 登记 | 三个月 |

最后一段没有变。
"""


def _changes(old: str, new: str) -> list[tuple[str | None, str | None, str]]:
    rows = _field(_said(old), _said(new), "body").rows
    text: Any = lambda side: None if side is None else "".join(piece for piece, _ in side)  # noqa: E731
    return [(text(row.old), text(row.new), row.note) for row in rows if not row.same]


def test_a_table_row_and_a_list_item_stand_beside_what_they_were() -> None:
    new = OLD_BODY.replace("三个月", "两个月").replace("- 身份证", "- 身份证原件")
    assert _changes(OLD_BODY, new) == [
        ("身份证", "身份证原件", ""),
        ("登记 | 三个月", "登记 | 两个月", ""),
    ]


def test_a_new_paragraph_stands_opposite_nothing() -> None:
    new = OLD_BODY.replace("最后一段", "逾期未改正的，责令改正并公示。\n\n最后一段")
    assert _changes(OLD_BODY, new) == [(None, "逾期未改正的，责令改正并公示。", "")]
    assert _changes(new, OLD_BODY) == [("逾期未改正的，责令改正并公示。", None, "")]


def test_a_paragraph_that_became_a_heading_is_told() -> None:
    assert _changes("收费标准是多少\n\n免费。", "### 收费标准是多少\n\n免费。") == [
        ("收费标准是多少", "收费标准是多少", "由段落改为3 级标题")
    ]


def test_blocks_are_read_as_people_see_them() -> None:
    assert [(block.what, block.text) for block in blocks(OLD_BODY)] == [
        ("2 级标题", "材料"),
        ("列表第 1 层项", "申请书"),
        ("列表第 1 层项", "身份证"),
        ("列表第 2 层项", "复印件"),
        ("表格行", "项目 | 期限"),
        ("表格行", "登记 | 三个月"),
        ("段落", "最后一段没有变。"),
    ]
    assert [block.what for block in blocks("> 引\n\n```\n# 不是标题\n```\n1. 一\n2) 二")] == [
        "引文",
        "代码",
        "列表第 1 层编号项",
        "列表第 1 层编号项",
    ]


def _basis(text: str, article: str, **more: Any) -> BasisEntry:
    usual: dict[str, Any] = {
        "source": "示例条例",
        "in_force_from": date(2024, 7, 1),
        "in_force_to": None,
        "checked": "text-2025-04",
        "note": "",
    }
    return BasisEntry(text=text, article=article, **{**usual, **more})


def test_basis_rows_stand_beside_each_other_by_what_they_rest_on_whatever_their_order() -> None:
    old = [_basis("异议期三个月", "第三十三条"), _basis("有效期十年", "第三十九条"), _basis("没有了", "第九条")]
    new = [
        _basis("有效期十年", "第三十九条", checked="text-2026-11"),
        _basis("异议期两个月", "第三十六条"),
        _basis("新的一条讲别的", "第五十条", source="另一部法"),
    ]
    field = _field(_said(basis=old), _said(basis=new), "basis")
    assert [(_differs(row.old), _differs(row.new)) for row in field.rows[:2]] == [
        (["2025-04"], ["2026-11"]),
        (["三个月", "三"], ["两个月", "六"]),
    ]
    assert field.rows[2].old is None
    assert field.rows[3].new is None
    assert field.changes == 4


def _differs(pieces: list[Piece] | None) -> list[str]:
    return [text for text, how in pieces or [] if how != "same"]


def test_fields_come_in_the_order_of_reading_and_what_did_not_change_says_so() -> None:
    found = difference(_said(title="甲", script="念三个月。"), _said(title="甲", script="念两个月。"))
    assert [field.name for field in found][:3] == ["script", "title", "body"]
    assert [field.label for field in found if not field.same] == ["话术"]


def test_inline_weaves_what_went_and_what_came_in_place() -> None:
    row = _field(_said(script="自三个月内提出"), _said(script="自两个月内可以提出"), "script").rows[0]
    assert row.inline == [("自", "same"), ("三个月内", "del"), ("两个月内可以", "add"), ("提出", "same")]


TEXTS = st.text(alphabet="三两个月内 元12，。\n- #|甲乙丙", max_size=80)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back_from_the_pieces(old: str, new: str) -> None:
    left, right = words(old, new)
    assert "".join(text for text, _ in left) == old
    assert "".join(text for text, _ in right) == new
    assert [text for text, how in left if how == "same"] == [text for text, how in right if how == "same"]
    assert DEL not in {how for _, how in right}
    assert ADD not in {how for _, how in left}


@given(TEXTS, TEXTS)
def test_every_block_of_both_texts_stands_once_and_in_order(old: str, new: str) -> None:
    pairs = pair_up(blocks(old), blocks(new))
    assert [one for one, _ in pairs if one is not None] == blocks(old)
    assert [other for _, other in pairs if other is not None] == blocks(new)


@pytest.mark.parametrize(("many", "long"), [(200, 120), (60, 600), (1, 20_000), (400, 60)])
def test_two_long_texts_are_compared_within_300_ms(many: int, long: int) -> None:
    draw = random.Random(7)
    signs = [chr(0x4E00 + number) for number in range(600)]

    def sentence() -> str:
        return "".join(draw.choice(signs) for _ in range(29)) + "。"

    old = ["".join(sentence() for _ in range(long // 30)) for _ in range(many)]
    new = ["".join(draw.choice(signs) if draw.random() < 0.03 else sign for sign in text) for text in old]
    best = min(_seconds(_said("\n\n".join(old)), _said("\n\n".join(new))) for _ in range(3))
    assert best <= 0.3, f"{best * 1000:.0f} ms"


def _seconds(old: Said, new: Said) -> float:
    start = time.perf_counter()
    difference(old, new)
    return time.perf_counter() - start
