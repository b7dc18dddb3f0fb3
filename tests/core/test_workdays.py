"""Working days: every date of the contract, the law's counting rules, and brute force."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.calendar_data import DATA, read_rows
from portal.core.workdays import Calendar, Count, DayKind, Due, NoCalendar, Reckoned, why_not

D = date.fromisoformat
SIGNED, END = D("2026-03-14"), D("2027-03-16")


@dataclass(frozen=True)
class _Row:
    day: date
    kind: str
    provisional: bool


def _rows() -> list[_Row]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return [_Row(D(row["day"]), row["kind"], row["provisional"] == "1") for row in csv.DictReader(file)]


CALENDAR = Calendar.of(_rows())
OFFICIAL = st.dates(D("2024-01-01"), D("2026-12-31"))


@pytest.fixture(autouse=True, params=["UTC", "America/New_York"])
def _host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test here is run with the host's clock in another zone: dates must not care."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_contract_term_has_249_workdays_and_119_rest_days() -> None:
    assert CALENDAR.workdays_between(SIGNED, END) == Count(249, 119, provisional=True)


MONTHS = {
    "2026-03": (12, 6, False),
    "2026-04": (21, 9, False),
    "2026-05": (19, 12, False),
    "2026-06": (21, 9, False),
    "2026-07": (23, 8, False),
    "2026-08": (21, 10, False),
    "2026-09": (22, 8, False),
    "2026-10": (18, 13, False),
    "2026-11": (21, 9, False),
    "2026-12": (23, 8, False),
    "2027-01": (20, 11, True),
    "2027-02": (16, 12, True),
    "2027-03": (12, 4, True),
}


def test_each_month_of_the_term_has_the_days_of_the_contract_table() -> None:
    found = CALENDAR.counts_by_month(SIGNED, END)
    assert {f"{y}-{m:02}": (c.workdays, c.rest, c.provisional) for (y, m), c in found.items()} == MONTHS


@pytest.mark.parametrize(
    ("month", "report", "provisional"),
    [
        ("2026-03", "2026-04-03", False),
        ("2026-04", "2026-05-08", False),
        ("2026-05", "2026-06-03", False),
        ("2026-06", "2026-07-03", False),
        ("2026-07", "2026-08-05", False),
        ("2026-08", "2026-09-03", False),
        ("2026-09", "2026-10-10", False),
        ("2026-10", "2026-11-04", False),
        ("2026-11", "2026-12-03", False),
        ("2026-12", "2027-01-06", True),
        ("2027-01", "2027-02-03", True),
        ("2027-02", "2027-03-03", True),
        ("2027-03", "2027-04-06", True),
    ],
)
def test_the_work_report_is_due_on_the_third_workday_after_the_month(
    month: str, report: str, provisional: bool
) -> None:
    year, number = map(int, month.split("-"))
    assert CALENDAR.nth_workday_after_month_end(year, number, 3) == Reckoned(D(report), provisional)


@pytest.mark.parametrize(
    ("month", "target"),
    [
        ("2026-03", "2026-03-24"),
        ("2026-04", "2026-04-24"),
        ("2026-05", "2026-05-22"),
        ("2026-06", "2026-06-24"),
        ("2026-07", "2026-07-24"),
        ("2026-08", "2026-08-24"),
        ("2026-09", "2026-09-24"),
        ("2026-10", "2026-10-23"),
        ("2026-11", "2026-11-24"),
        ("2026-12", "2026-12-24"),
        ("2027-01", "2027-01-22"),
        ("2027-02", "2027-02-24"),
    ],
)
def test_the_analysis_aims_at_the_last_workday_up_to_the_24th(month: str, target: str) -> None:
    assert CALENDAR.last_workday_on_or_before(D(f"{month}-24")).day == D(target)


@pytest.mark.parametrize(
    ("from_day", "number", "due"),
    [
        ("2026-03-14", 15, "2026-04-03"),  # the first payment
        ("2027-03-16", 5, "2027-03-23"),  # the final report
        ("2026-04-30", 1, "2026-05-06"),  # over 劳动节
        ("2026-09-30", 1, "2026-10-08"),  # over 国庆节
        ("2026-09-30", 3, "2026-10-10"),  # a Saturday that is worked
        ("2026-02-13", 1, "2026-02-14"),  # 春节's make-up Saturday
        ("2026-02-14", 1, "2026-02-24"),  # over 春节
        ("2026-12-31", 1, "2027-01-04"),  # over the end of a year
    ],
)
def test_a_period_does_not_count_its_first_day(from_day: str, number: int, due: str) -> None:
    assert CALENDAR.add_workdays(D(from_day), number).day == D(due)


def test_a_period_may_be_counted_backwards() -> None:
    assert CALENDAR.add_workdays(D("2026-10-01"), -5).day == D("2026-09-23")


def test_a_period_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        CALENDAR.add_workdays(SIGNED, 0)


def test_a_period_that_ends_on_a_rest_day_rolls_forward() -> None:
    assert CALENDAR.next_workday(D("2026-05-01")) == Reckoned(D("2026-05-06"), False)
    assert CALENDAR.next_workday(D("2026-05-09")) == Reckoned(D("2026-05-09"), False)
    assert CALENDAR.next_workday(D("2027-01-01")) == Reckoned(D("2027-01-04"), True)


def test_staff_are_in_place_three_calendar_days_after_signing_which_is_a_workday() -> None:
    assert CALENDAR.next_workday(SIGNED + timedelta(days=3)).day == D("2026-03-17")


@pytest.mark.parametrize("day", ["2026-05-09", "2026-09-20", "2026-10-10"])
def test_a_make_up_day_is_worked_though_it_is_a_weekend(day: str) -> None:
    assert CALENDAR.kind_of(D(day)) is DayKind.MAKEUP
    assert CALENDAR.is_workday(D(day))


@pytest.mark.parametrize(
    "day",
    "2026-04-06 2026-05-01 2026-05-04 2026-05-05 2026-06-19 2026-09-25 2026-10-01 2026-10-02 2026-10-05 2026-10-06"
    " 2026-10-07 2027-01-01 2027-02-05 2027-02-08 2027-02-09 2027-02-10".split(),
)
def test_these_weekdays_of_the_term_are_rest(day: str) -> None:
    assert D(day).weekday() < 5
    assert not CALENDAR.is_workday(D(day))


def test_these_are_all_the_days_on_which_the_weekday_would_be_wrong() -> None:
    days = (SIGNED + timedelta(days=n) for n in range((END - SIGNED).days + 1))
    assert sum(CALENDAR.is_workday(day) != (day.weekday() < 5) for day in days) == 19


def test_the_official_years_agree_with_the_maintained_package() -> None:
    day = D("2024-01-01")
    while day.year < 2027:
        assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", [1900, 2023, 2028, 9999])
def test_a_year_without_data_is_never_guessed(year: int) -> None:
    with pytest.raises(NoCalendar) as caught:
        CALENDAR.is_workday(date(year, 6, 1))
    assert str(caught.value) == f"{year} 年没有数据，不能计算工作日"


@pytest.mark.parametrize("day", ["2027-12-31", "9999-12-31"])
def test_a_count_that_runs_out_of_data_says_so(day: str) -> None:
    with pytest.raises(NoCalendar):
        CALENDAR.add_workdays(D(day), 1)
    with pytest.raises(NoCalendar):
        CALENDAR.workdays_between(D("2027-12-31"), D("2028-01-01"))


def test_a_year_is_provisional_as_a_whole() -> None:
    assert CALENDAR.is_provisional(D("2027-06-01"))
    assert CALENDAR.add_workdays(D("2026-12-30"), 1) == Reckoned(D("2026-12-31"), False)
    assert CALENDAR.add_workdays(D("2026-12-31"), 1).provisional
    assert CALENDAR.workdays_between(D("2026-12-31"), D("2027-01-01")) == Count(1, 1, provisional=True)


def test_an_open_date_follows_the_calendar_and_a_closed_one_is_kept() -> None:
    before = Calendar.of(_rows())
    after = Calendar.of([*_rows(), _Row(D("2026-12-03"), "swapped", False)])
    opened = [
        Due.read(kept=None, reckon=lambda c=c: c.nth_workday_after_month_end(2026, 11, 3)) for c in (before, after)
    ]
    assert [due.day for due in opened] == [D("2026-12-03"), D("2026-12-04")]
    kept = Due.read(kept=D("2026-12-03"), reckon=lambda: after.nth_workday_after_month_end(2026, 11, 3))
    assert kept == Due(D("2026-12-03"), provisional=False, closed=True)


def test_an_ordinary_row_lets_the_weekday_speak() -> None:
    calendar = Calendar.of([_Row(D("2026-10-10"), "ordinary", False), _Row(D("2026-10-12"), "ordinary", False)])
    assert calendar.kind_of(D("2026-10-10")) is DayKind.WEEKEND
    assert calendar.kind_of(D("2026-10-12")) is DayKind.ORDINARY


@pytest.mark.parametrize(
    ("day", "kind"),
    [("2026-10-09", DayKind.MAKEUP), ("2026-10-09", DayKind.WEEKEND), ("2026-10-11", DayKind.SWAPPED)],
)
def test_a_kind_that_contradicts_the_weekday_is_refused(day: str, kind: DayKind) -> None:
    sentence = why_not(D(day), kind)
    assert sentence is not None
    assert sentence.startswith(f"{day} 是周")


def test_the_data_file_itself_is_a_good_file() -> None:
    text = DATA.read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    for year in (2024, 2025, 2026, 2027):
        part = "\n".join([head, *(line for line in lines if line.startswith(str(year)))])
        rows, faults = read_rows(part, year)
        assert faults == []
        assert len(rows) == sum(line.startswith(str(year)) for line in lines)


def _naive(day: date, number: int) -> date:
    """Brute force by the maintained package."""
    step = timedelta(days=1 if number > 0 else -1)
    while number:
        day += step
        if chinese_calendar.is_workday(day):
            number -= 1 if number > 0 else -1
    return day


@given(OFFICIAL, st.integers(-60, 60).filter(bool))
def test_counting_agrees_with_brute_force(day: date, number: int) -> None:
    try:
        found = CALENDAR.add_workdays(day, number)
    except NoCalendar:
        assert day < D("2024-06-01")
        return
    if found.day.year < 2027:
        assert found == Reckoned(_naive(day, number), provisional=False)
    else:
        assert found.provisional


@given(OFFICIAL, OFFICIAL)
def test_spans_agree_with_brute_force(one: date, other: date) -> None:
    first, last = sorted((one, other))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = sum(map(chinese_calendar.is_workday, days))
    assert CALENDAR.workdays_between(first, last) == Count(worked, len(days) - worked, provisional=False)
    assert sum(c.workdays for c in CALENDAR.counts_by_month(first, last).values()) == worked


@given(OFFICIAL, st.integers(1, 30), st.integers(0, 30), st.integers(0, 30))
def test_a_later_start_or_a_longer_period_never_ends_earlier(day: date, number: int, later: int, longer: int) -> None:
    if (day + timedelta(days=later)).year > 2026:
        return
    end = CALENDAR.add_workdays(day, number).day
    assert CALENDAR.add_workdays(day + timedelta(days=later), number + longer).day >= end


@given(OFFICIAL)
def test_the_next_and_the_last_workday_enclose_a_day(day: date) -> None:
    after = CALENDAR.next_workday(day).day
    assert after >= day
    assert CALENDAR.is_workday(after)
    if day > D("2024-01-01"):
        before = CALENDAR.last_workday_on_or_before(day).day
        assert before <= day
        assert CALENDAR.is_workday(before)
        assert (before == after) == CALENDAR.is_workday(day)
