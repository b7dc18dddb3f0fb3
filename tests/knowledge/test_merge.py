"""Two people change one text: nothing that either wrote is lost, and what cannot be put together is named."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.knowledge.rules.merge import Merged, merge, units

BASE = "第一句说期限。第二句说材料。第三句说地点。"


def _script(mine: str, theirs: str, base: str = BASE) -> Merged:
    return merge({"script": base}, {"script": mine}, {"script": theirs})


def test_changes_in_different_sentences_are_put_together() -> None:
    found = _script(BASE.replace("期限", "三个月期限"), BASE.replace("地点", "新地点"))
    assert found.content["script"] == "第一句说三个月期限。第二句说材料。第三句说新地点。"
    assert found.conflicts == []


def test_the_same_change_by_both_is_one_change() -> None:
    both = BASE.replace("期限", "两个月期限")
    assert _script(both, both) == Merged({"script": both})


def test_different_changes_of_one_sentence_are_named_with_both_texts() -> None:
    found = _script(BASE.replace("材料", "原件"), BASE.replace("材料", "复印件"))
    (conflict,) = found.conflicts
    assert (conflict.base, conflict.mine, conflict.theirs) == ("第二句说材料。", "第二句说原件。", "第二句说复印件。")
    assert "第二句说原件。" in found.content["script"]


def test_what_one_takes_away_and_the_other_leaves_is_gone_and_what_the_other_changed_is_named() -> None:
    without = BASE.replace("第二句说材料。", "")
    assert _script(without, BASE).content["script"] == without
    (conflict,) = _script(without, BASE.replace("材料", "原件")).conflicts
    assert (conflict.mine, conflict.theirs) == ("", "第二句说原件。")


def test_a_field_of_one_value_is_taken_from_who_changed_it() -> None:
    base = {"unit": "甲局", "valid_to": None}
    found = merge(base, {"unit": "乙局", "valid_to": None}, {"unit": "甲局", "valid_to": "2026-12-31"})
    assert found == Merged({"unit": "乙局", "valid_to": "2026-12-31"})
    (conflict,) = merge(base, {"unit": "乙局"}, {"unit": "丙局"}).conflicts
    assert (conflict.field, conflict.mine, conflict.theirs) == ("unit", "乙局", "丙局")


@pytest.mark.parametrize("as_lines", [False, True])
def test_phrases_are_a_set(as_lines: bool) -> None:
    sets = (["甲", "乙", "丙"], ["甲", "丙", "丁"], ["甲", "乙", "丙", "戊"])
    base, mine, theirs = (("\n".join(each) if as_lines else each) for each in sets)
    found = merge({"phrases": base}, {"phrases": mine}, {"phrases": theirs})
    together = ["甲", "丙", "丁", "戊"]
    assert found == Merged({"phrases": "\n".join(together) if as_lines else together})


def _row(text: str, article: str, **more: str) -> dict[str, str]:
    return {"text": text, "source": "示例条例", "article": article, **more}


def test_basis_rows_are_put_together_by_what_they_rest_on() -> None:
    base = [_row("甲", "第一条"), _row("乙", "第二条")]
    mine = [_row("甲改", "第一条"), _row("乙", "第二条"), _row("丙", "第三条")]
    theirs = [_row("乙", "第二条", note="核过"), _row("甲", "第一条"), _row("丁", "第四条")]
    found = merge({"basis": base}, {"basis": mine}, {"basis": theirs})
    assert found.conflicts == []
    assert found.content["basis"] == [
        _row("甲改", "第一条"),
        _row("乙", "第二条", note="核过"),
        _row("丙", "第三条"),
        _row("丁", "第四条"),
    ]


def test_a_basis_row_taken_away_by_one_and_changed_by_the_other_stays_and_is_named() -> None:
    base, changed = [_row("甲", "第一条")], [_row("甲改", "第一条")]
    for mine, theirs in (([], changed), (changed, [])):
        found = merge({"basis": base}, {"basis": mine}, {"basis": theirs})
        assert found.content["basis"] == changed
        (conflict,) = found.conflicts
        assert "甲改" in conflict.mine + conflict.theirs


# -- nothing is lost -----------------------------------------------------------------------------------------

WORDS = st.integers(0, 10**6).map(lambda number: f"w{number}")
SENTENCES = st.lists(WORDS, min_size=1, max_size=4).map(lambda words: " ".join(words) + " 。")


@st.composite
def _edits(draw: st.DrawFn, sentences: list[str]) -> list[str]:
    """Somebody goes over a text: leaves, rewrites, takes away, adds, moves."""
    found = list(sentences)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(found)))
        act = draw(st.sampled_from(["add", "add", "rewrite", "remove", "move"]))
        if act == "add" or at == len(found):
            found.insert(at, draw(SENTENCES))
        elif act == "rewrite":
            found[at] = draw(SENTENCES)
        elif act == "remove":
            del found[at]
        else:
            found.insert(draw(st.integers(0, len(found) - 1)), found.pop(at))
    return found


@st.composite
def _two_editors(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """One text and what two people made of it, in every field."""
    script = draw(st.lists(SENTENCES, max_size=6))
    body = draw(st.lists(SENTENCES, max_size=8))
    phrases = draw(st.lists(WORDS, max_size=4, unique=True))
    rows = [_row(draw(WORDS), f"第{n}条", note=draw(WORDS)) for n in range(draw(st.integers(0, 4)))]

    def one() -> dict[str, Any]:
        changed = []
        for row in rows:
            act = draw(st.sampled_from(["leave", "leave", "text", "note", "remove"]))
            if act != "remove":
                changed.append({**row, act: draw(WORDS)} if act in ("text", "note") else dict(row))
        changed += [_row(draw(WORDS), draw(WORDS)) for _ in range(draw(st.integers(0, 2)))]
        gone = draw(st.sets(st.sampled_from(phrases))) if phrases else set()
        return {
            "script": "".join(draw(_edits(script))),
            "body": "\n".join(draw(_edits(body))),
            "phrases": [each for each in phrases if each not in gone] + draw(st.lists(WORDS, max_size=2)),
            "basis": draw(st.permutations(changed)),
            "unit": draw(st.sampled_from(["甲局", "乙局", "丙局"])),
        }

    base = {"script": "".join(script), "body": "\n".join(body), "phrases": phrases, "basis": rows, "unit": "甲局"}
    return base, one(), one()


def _words(value: Any) -> Counter[str]:
    if isinstance(value, str):
        return Counter(re.findall(r"w\d+", value))
    values: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return sum((_words(each) for each in values), Counter())


def _check(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    found = merge(base, mine, theirs)
    for name in base:
        stands = set(_words(found.content[name]))
        for conflict in found.conflicts:
            if conflict.field == name:
                stands |= set(_words([conflict.mine, conflict.theirs]))
        was, one, other = set(_words(base[name])), set(_words(mine[name])), set(_words(theirs[name]))
        assert (one | other) - was <= stands, f"{name}: what somebody wrote is lost"
        once = {word for word, times in _words([base[name], mine[name], theirs[name]]).items() if times == 3}
        assert was & one & other & once <= stands, f"{name}: what both kept is lost"
        assert set(_words(found.content[name])) <= was | one | other
        if not any(conflict.field == name for conflict in found.conflicts):
            assert not (was - one - other) & set(_words(found.content[name])), f"{name}: what both took away is back"
    if mine in (base, theirs) or theirs == base:
        assert found.conflicts == []
        assert found.content == (theirs if mine == base else mine)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_two_editors())
def test_in_a_thousand_interleavings_of_two_editors_nothing_is_lost(
    three: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    base, mine, theirs = three
    _check(base, mine, theirs)
    _check(base, theirs, mine)
    _check(base, mine, dict(base))


@given(st.text(alphabet="甲乙。！？；\n ab", max_size=60))
def test_sentences_and_lines_put_together_give_the_text(text: str) -> None:
    assert "".join(units(text)) == text
