"""The checks of a text: seeded faults are found, and the pack's own articles raise no false alarm."""

import itertools
from dataclasses import replace
from datetime import date

import pytest

from portal.config import ROOT
from portal.knowledge.rules.content import ContentFile, parse
from portal.knowledge.rules.lint import Finding, Grade, Rest, Text, digits, is_bank_card, is_identity_number, lint

CONTENT = ROOT / "kb_content"


def _texts() -> list[tuple[str, Text]]:
    found = []
    for path in sorted(CONTENT.rglob("*.md")):
        file, faults = parse(path.relative_to(CONTENT).as_posix(), path.read_text(encoding="utf-8"))
        assert file is not None, faults
        found.append((path.name, _as_text(file)))
    return found


def _as_text(file: ContentFile) -> Text:
    rows = [Rest(row.text, row.source, row.note, row.in_force_from, row.in_force_to) for row in file.basis]
    return Text(file.title, file.script, file.body, file.unit, rows, file.note, file.in_force_from, file.in_force_to)


TEXTS = _texts()
PHONES = {"01055551234", "55551234"}
SEEDS = {
    "undated": ["目前不收费。", "近期有新规定。", "近日已经开通。", "目前，这项业务网上就能办。", "请留意近期通知。"],
    "vague": ["请咨询相关部门。", "要向有关部门提出。", "找相关部门就行。", "请到有关部门办理。", "可以联系相关部门。"],
    "mobile": [
        "找王经理13812345678。",
        "手机138 1234 5678。",
        "微信同号：15900001111。",
        "联系人电话１３９１２３４５６７８。",
    ],
    "identity": ["身份证11010519491231002X。", "证号 110105 19491231 002X。", "号码：11010519491231002x。"],
    "card": ["打到6222021234567890128。", "卡号 6222 0212 3456 7890 128。"],
    "phone": [
        "电话010-66667777。",
        "请拨打 66667777。",
        "热线400-810-1234。",
        "拨打12366问。",
        "电话（010）66667777转2。",
    ],
    "figure": [
        "要在九十七天内办完。",
        "补贴8765元。",
        "最多减免百分之四十三。",
        "2031年3月3日起施行。",
        "不超过417人。",
    ],
    "gap": ["办理时限〔几个工作日〕。", "请带〔材料〕。"],
}


def _seeded() -> list[tuple[str, str, str]]:
    """(kind of fault, field, seed): each seed goes into the script of one article and the body of the next."""
    return [(kind, field, seed) for kind, seeds in SEEDS.items() for seed in seeds for field in ("script", "body")]


def _with(text: Text, field: str, seed: str) -> Text:
    if field == "script":
        return replace(text, script=text.script[: 100 - len(seed)].rsplit("，", 1)[0] + "。" + seed)
    return replace(text, body=f"{text.body}\n\n{seed}")


def _codes(text: Text) -> set[str]:
    return {finding.code for finding in lint(text, phones=PHONES)}


def test_of_the_seeded_faults_nearly_all_are_found() -> None:
    cases = [(*seed, text) for seed, (_, text) in itertools.product(_seeded(), TEXTS[::5])]
    missed = [(kind, field, seed) for kind, field, seed, text in cases if kind not in _codes(_with(text, field, seed))]
    assert len(cases) > 500
    assert 1 - len(missed) / len(cases) >= 0.95, missed[:20]


def test_the_articles_of_the_pack_raise_nearly_no_alarm() -> None:
    alarmed = {name: lint(text, phones=set()) for name, text in TEXTS if lint(text, phones=set())}
    assert len(TEXTS) > 70
    assert len(alarmed) / len(TEXTS) <= 0.05, alarmed


@pytest.fixture
def text() -> Text:
    return Text(
        "标题",
        "六十日内办完，电话010-55551234。",
        "六十日内办完。",
        "市市场监管局",
        [Rest("六十日内办完。", "示例条例", "", date(2024, 7, 1))],
        valid_from=date(2024, 7, 1),
    )


def _found(text: Text) -> list[Finding]:
    return lint(text, phones=PHONES)


def test_a_text_in_order_says_nothing(text: Text) -> None:
    assert _found(text) == []


def test_what_is_read_aloud_takes_at_most_thirty_seconds(text: Text) -> None:
    assert _found(replace(text, script="六" * 120)) == []
    (finding,) = _found(replace(text, script="六" * 121))
    assert (finding.code, finding.field, finding.grade) == ("long", "script", Grade.ERROR)


def test_basis_and_unit_must_be_there(text: Text) -> None:
    assert {finding.code for finding in _found(replace(text, basis=[], unit=" "))} == {"basis", "unit"}


def test_an_undated_word_is_a_fault_and_a_dated_one_is_not(text: Text) -> None:
    row = Rest("2026年7月1日起不收费，六十日内办完。", "示例条例")
    dated = replace(text, script="截至2026年7月1日，目前不收费。", basis=[row])
    assert _found(dated) == []
    assert [finding.code for finding in _found(replace(text, script="目前不收费。"))] == ["undated"]


def test_the_unknown_phone_is_marked_and_the_own_line_is_known(text: Text) -> None:
    assert _found(replace(text, script="六十日内办完，电话待补，或拨打12345。")) == []


def test_a_warning_in_the_body_is_an_error_in_the_script(text: Text) -> None:
    graded = {f.field: f.grade for f in _found(replace(text, script="补贴8765元。", body="补贴8765元。"))}
    assert graded == {"script": Grade.ERROR, "body": Grade.WARNING}


def test_contact_lines_give_their_numbers_with_and_without_the_area_code() -> None:
    assert digits("咨询 010-5555 1234；传真（010）55559999") >= {"01055551234", "55551234", "55559999"}
    assert digits("") == set()


@pytest.mark.parametrize(("number", "right"), [("11010519491231002X", True), ("110105194912310021", False)])
def test_an_identity_number_is_known_by_its_check_digit(number: str, right: bool) -> None:
    assert is_identity_number(number) is right


def test_a_bank_card_is_known_by_its_check_digit() -> None:
    assert is_bank_card("6222021234567890128")
    assert not is_bank_card("6222021234567890129")
