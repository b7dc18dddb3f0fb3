"""Names by date, ends and merges: the rules that categories and units share."""

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.core.succession import Merges, in_use, name_on, name_spans, why_not_end, why_not_rename

D = date.fromisoformat
DAY = D("2026-11-23")


@dataclass(frozen=True)
class _Name:
    name: str
    from_on: date


@dataclass(frozen=True)
class _Thing:
    started_on: date | None = None
    retired_on: date | None = None


LATER = [_Name("丙", D("2026-12-01")), _Name("乙", D("2026-06-01"))]


@st.composite
def _merges(draw: st.DrawFn) -> Merges:
    """Merges as the portal lets them come about: each thing once, never in a circle."""
    order = draw(st.permutations(range(8)))
    steps = {}
    for place, key in enumerate(order[:-1]):
        if draw(st.booleans()):
            into = draw(st.sampled_from(order[place + 1 :]))
            steps[key] = (into, DAY + timedelta(days=draw(st.integers(-5, 5))))
    return Merges(steps)


def test_a_name_holds_from_its_day_until_the_next() -> None:
    assert [name_on("甲", LATER, D(day)) for day in ("1990-01-01", "2026-05-31", "2026-06-01", "2026-11-30")] == [
        "甲",
        "甲",
        "乙",
        "乙",
    ]
    assert name_on("甲", LATER, D("2026-12-01")) == "丙"


def test_the_spans_of_names_leave_no_gap() -> None:
    spans = name_spans("甲", LATER)
    assert [span.name for span in spans] == ["甲", "乙", "丙"]
    assert [span.from_on for span in spans[1:]] == [span.to_on for span in spans[:-1]]
    assert (spans[0].from_on, spans[-1].to_on) == (None, None)


def test_a_thing_is_used_from_its_first_day_to_the_day_before_its_end() -> None:
    thing = _Thing(D("2026-01-01"), D("2026-12-01"))
    used = [in_use(thing, D(day)) for day in ("2025-12-31", "2026-01-01", "2026-11-30", "2026-12-01")]
    assert used == [False, True, True, False]


def test_a_name_that_does_not_fit_its_history_has_a_sentence() -> None:
    spans = name_spans("甲", LATER)
    assert why_not_rename(_Thing(), spans, "丙", D("2027-01-01")) == "已经叫「丙」了"
    assert why_not_rename(_Thing(), spans, "丁", D("2026-12-01")) == "日期要晚于上一次更名（2026-12-01，改为「丙」）"
    assert why_not_rename(_Thing(), spans, "甲", D("2027-01-01")) is None
    before = why_not_rename(_Thing(D("2026-05-01")), name_spans("甲", []), "乙", D("2026-04-30"))
    assert before == "日期早于启用日 2026-05-01"
    after = why_not_rename(_Thing(retired_on=D("2026-05-01")), name_spans("甲", []), "乙", D("2026-05-01"))
    assert after == "2026-05-01 起不再使用，不能从那以后更名"


def test_an_end_before_the_beginning_has_a_sentence() -> None:
    started = _Thing(D("2026-05-01"))
    assert why_not_end(started, name_spans("甲", []), "甲", D("2026-05-01"), verb="停用") == (
        "日期要晚于「甲」启用的 2026-05-01"
    )
    assert why_not_end(_Thing(), name_spans("甲", LATER), "乙", D("2026-11-30"), verb="停用") == (
        "日期不能早于上一次更名（2026-12-01，改为「丙」）"
    )


@given(_merges(), st.integers(0, 7), st.integers(-6, 6))
def test_what_stands_for_a_thing_stands_for_itself(merges: Merges, key: int, offset: int) -> None:
    day = DAY + timedelta(days=offset)
    stands = merges.stands(key, day)
    assert merges.stands(stands, day) == stands
    assert key in merges.standing_as(stands, day)


@given(_merges(), st.integers(-6, 6))
def test_each_thing_is_counted_once(merges: Merges, offset: int) -> None:
    day = DAY + timedelta(days=offset)
    parts = [merges.standing_as(key, day) for key in range(8)]
    assert sorted(key for part in parts for key in part) == list(range(8))


@given(_merges(), st.integers(0, 7), st.integers(0, 7))
def test_a_merge_that_is_let_through_never_runs_in_a_circle(merges: Merges, key: int, into: int) -> None:
    if key in merges.taken_over or merges.circles(key, into):
        return
    more = Merges({**merges.taken_over, key: (into, DAY)})
    for each in range(8):
        more.stands(each, date.max)
