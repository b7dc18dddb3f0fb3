"""Working days as the calendar table tells them: pure rules over a frozen calendar, dates in and dates out.

A year the table does not know is never guessed from its weekdays: it raises NoCalendar. A year whose days off are not
published yet is provisional as a whole, because the notice may turn any of its days; every answer that had to look at
one of its days says so.
"""

import calendar as gregorian
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from .errors import DomainError

ONE = timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    """What a day is; the words are in LABELS."""

    STATUTORY = "statutory"
    SWAPPED = "swapped"
    WEEKEND = "weekend"
    MAKEUP = "makeup"
    ORDINARY = "ordinary"


LABELS = {
    DayKind.STATUTORY: "法定节假日",
    DayKind.SWAPPED: "调休放假",
    DayKind.WEEKEND: "双休日",
    DayKind.MAKEUP: "调休上班",
    DayKind.ORDINARY: "工作日",
}
WORKED = frozenset({DayKind.ORDINARY, DayKind.MAKEUP})
WEEKDAYS = "一二三四五六日"


class NoCalendar(DomainError):  # noqa: N818 — it names what is not there
    """A year without data was asked about."""

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年没有数据，不能计算工作日")
        self.year = year


class Row(Protocol):
    """A row of the calendar table."""

    @property
    def day(self) -> date:
        """The day it speaks of."""

    @property
    def kind(self) -> str:
        """One of DayKind."""

    @property
    def provisional(self) -> bool:
        """Whether it is only reckoned from the law, before the year's notice."""


@dataclass(frozen=True)
class Reckoned:
    """A day that was counted out, and whether the count went through a provisional year."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class Count:
    """How many days of a stretch are worked and how many are rest."""

    workdays: int
    rest: int
    provisional: bool


@dataclass(frozen=True)
class Due:
    """When something is due.

    An open thing is reckoned anew each time it is read, so a calendar corrected today moves it today; a closed one
    keeps the day it was judged by. A table therefore has one column, `due_on`, empty while the thing is open and
    filled by the service that closes it; reading goes through here:

        Due.read(kept=task.due_on, reckon=lambda: calendar.add_workdays(task.signed_on, 15))
    """

    day: date
    provisional: bool
    closed: bool

    @classmethod
    def read(cls, *, kept: date | None, reckon: Callable[[], Reckoned]) -> "Due":
        """The kept day of a closed thing; for an open one what the calendar says now."""
        if kept is not None:
            return cls(kept, provisional=False, closed=True)
        found = reckon()
        return cls(found.day, provisional=found.provisional, closed=False)


@dataclass(frozen=True)
class Calendar:
    """The working calendar, frozen; made from the table's rows once and asked many times."""

    kinds: Mapping[date, DayKind] = field(default_factory=dict)
    years: frozenset[int] = frozenset()
    provisional_years: frozenset[int] = frozenset()

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Calendar":
        """The calendar these rows make; a year is known once it has a row."""
        listed = list(rows)
        return cls(
            MappingProxyType({row.day: DayKind(row.kind) for row in listed}),
            frozenset(row.day.year for row in listed),
            frozenset(row.day.year for row in listed if row.provisional),
        )

    def kind_of(self, day: date) -> DayKind:
        """What a day is.

        Raises:
            NoCalendar: its year has no data.
        """
        if day.year not in self.years:
            raise NoCalendar(day.year)
        kind = self.kinds.get(day, DayKind.ORDINARY)
        if kind is DayKind.ORDINARY and day.weekday() >= SATURDAY:
            return DayKind.WEEKEND
        return kind

    def is_workday(self, day: date) -> bool:
        """Whether a day is worked; NoCalendar where its year has no data."""
        return self.kind_of(day) in WORKED

    def is_provisional(self, day: date) -> bool:
        """Whether a day lies in a year whose days off are not published yet."""
        return day.year in self.provisional_years

    def workdays_between(self, first: date, last: date) -> Count:
        """The days from the first to the last, both counted."""
        return self._count(_days(first, last))

    def counts_by_month(self, first: date, last: date) -> dict[tuple[int, int], Count]:
        """(year, month) → its days within the stretch from the first to the last, both counted."""
        months: dict[tuple[int, int], list[date]] = {}
        for day in _days(first, last):
            months.setdefault((day.year, day.month), []).append(day)
        return {month: self._count(days) for month, days in months.items()}

    def add_workdays(self, day: date, number: int) -> Reckoned:
        """The day on which a period of so many working days ends; the first day is not counted (民法典第二百零一条).

        Args:
            day: the day from which the period runs; it may be a rest day.
            number: how many working days; a negative number counts back from the day, which is not counted either.
        """
        if not number:
            raise ValueError("a period has at least one day")
        step, left, provisional = (ONE if number > 0 else -ONE), abs(number), False
        while left:
            day = self._after(day, step)
            left -= self.is_workday(day)
            provisional |= self.is_provisional(day)
        return Reckoned(day, provisional)

    def next_workday(self, day: date) -> Reckoned:
        """The day itself, or the first working day after it: a period that ends on a rest day (民法典第二百零三条)."""
        return self._seek(day, ONE)

    def last_workday_on_or_before(self, day: date) -> Reckoned:
        """The day itself, or the last working day before it."""
        return self._seek(day, -ONE)

    def nth_workday_after_month_end(self, year: int, month: int, number: int) -> Reckoned:
        """The nth working day after the end of a month."""
        return self.add_workdays(date(year, month, gregorian.monthrange(year, month)[1]), number)

    def _count(self, days: Iterable[date]) -> Count:
        worked = rest = 0
        provisional = False
        for day in days:
            if self.is_workday(day):
                worked += 1
            else:
                rest += 1
            provisional |= self.is_provisional(day)
        return Count(worked, rest, provisional)

    def _seek(self, day: date, step: timedelta) -> Reckoned:
        provisional = self.is_provisional(day)
        while not self.is_workday(day):
            day = self._after(day, step)
            provisional |= self.is_provisional(day)
        return Reckoned(day, provisional)

    @staticmethod
    def _after(day: date, step: timedelta) -> date:
        try:
            return day + step
        except OverflowError:
            raise NoCalendar(day.year) from None


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def why_not(day: date, kind: DayKind) -> str | None:
    """Why a day cannot be of a kind; None if it can."""
    weekend, named = day.weekday() >= SATURDAY, f"{day.isoformat()} 是周{WEEKDAYS[day.weekday()]}"
    if kind is DayKind.MAKEUP and not weekend:
        return f"{named}，本来就上班，不能是调休上班"
    if kind is DayKind.WEEKEND and not weekend:
        return f"{named}，不是双休日"
    if kind is DayKind.SWAPPED and weekend:
        return f"{named}，本来就休息，不能是调休放假"
    return None
