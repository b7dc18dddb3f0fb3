"""What is live, and what is in force, at a moment: derived when read, with no timer (DESIGN §3.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Protocol, TypeVar

from portal.core.clock import beijing_day, day_start


class Standing(StrEnum):
    """How a text stands at a moment."""

    CURRENT = "现行有效"
    PENDING = "待生效"
    EXPIRED = "已失效"
    REPLACED = "已替换"
    WITHDRAWN = "已下架"
    DRAFT = "草稿"


class Line(Protocol):
    """A line of the publication ledger."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def revision_id(self) -> int | None: ...  # noqa: D102
    @property
    def from_at(self) -> datetime: ...  # noqa: D102
    @property
    def lapses_at(self) -> datetime | None: ...  # noqa: D102


AnyLine = TypeVar("AnyLine", bound=Line)


class Span(Protocol):
    """Something that holds from a day to a day, the last one included; None is open."""

    @property
    def in_force_from(self) -> date: ...  # noqa: D102
    @property
    def in_force_to(self) -> date | None: ...  # noqa: D102


@dataclass(frozen=True)
class Window:
    """A revision may answer from `start` up to, not including, `end`; `end` None is open."""

    revision_id: int
    start: datetime
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies within."""
        return self.start <= moment and (self.end is None or moment < self.end)


FUSE = timedelta(hours=24)
"""How long a text speaks that one person alone published in an emergency (knowledge.md N19)."""


def live_line(lines: Iterable[AnyLine], moment: datetime) -> AnyLine | None:
    """The ledger's line that counts at a moment: the latest `from_at`, of equal ones the last written; what has lapsed
    by then counts no more, and what was called off never does.
    """
    speaking = [
        line
        for line in standing(lines)
        if line.from_at <= moment and (line.lapses_at is None or moment < line.lapses_at)
    ]
    return max(speaking, key=lambda line: (line.from_at, line.id), default=None)


def standing(lines: Iterable[AnyLine]) -> list[AnyLine]:
    """The lines that were not called off, without those that only call others off."""
    known = list(lines)
    off: dict[datetime, int] = {}
    for line in known:
        if calls_off(line):
            off[line.from_at] = max(line.id, off.get(line.from_at, 0))
    return [line for line in known if line.id > off.get(line.from_at, 0)]


def calls_off(line: Line) -> bool:
    """Whether a line only voids those written before it for the same moment: it lapses as it begins."""
    return line.lapses_at is not None and line.lapses_at <= line.from_at


def windows(lines: Sequence[Line]) -> list[Window]:
    """The stretches during which each revision is live, in order; withdrawals leave gaps, and where a fuse has burnt
    down the text before speaks again.
    """
    moments = sorted({line.from_at for line in lines} | {line.lapses_at for line in lines if line.lapses_at})
    found: list[Window] = []
    last: Line | None = None
    for moment, end in zip_longest(moments, moments[1:]):
        line = live_line(lines, moment)
        if line is None or line.revision_id is None:
            last = None
        elif last is not None and last.revision_id == line.revision_id:
            found[-1] = Window(line.revision_id, found[-1].start, end)
        else:
            found.append(Window(line.revision_id, moment, end))
            last = line
    return found


def answering(window: Window, *, valid_from: date, valid_to: date | None, basis: Sequence[Span]) -> Window | None:
    """The part of a live stretch in which the text also is in force: its own validity and every basis row's.

    When any basis row leaves force the whole text stops answering: statements are never cut out of a text.
    """
    starts = [window.start, day_start(valid_from), *(day_start(row.in_force_from) for row in basis)]
    ends = [day_start(day + timedelta(days=1)) for day in (valid_to, *(row.in_force_to for row in basis)) if day]
    if window.end is not None:
        ends.append(window.end)
    start, end = max(starts), min(ends, default=None)
    return None if end is not None and end <= start else Window(window.revision_id, start, end)


def has_begun(
    lines: Iterable[Line], revision_id: int, *, valid_from: date, basis: Iterable[Span], now: datetime
) -> bool:
    """Whether a text ever spoke or might have: published from a moment that is past, and all of it in force by now."""
    days = [valid_from, *(row.in_force_from for row in basis)]
    published = any(line.revision_id == revision_id and line.from_at <= now for line in standing(lines))
    return published and max(days) <= beijing_day(now)


def days_left(window_end: datetime | None, now: datetime) -> int | None:
    """Whole days in Beijing until a stretch ends; None where it is open."""
    return None if window_end is None else (beijing_day(window_end) - beijing_day(now)).days


STALE_AFTER = 366
"""Days after which a text that was checked counts as checked against an older text."""


def needs_check(checked: Iterable[str], confidence: str, today: date) -> bool:
    """Whether a text carries 待核实: of medium confidence, from an excerpt, or checked more than a year ago.

    `checked` holds marks such as text-2026-07 or web-excerpt.
    """
    return confidence != "high" or any(mark_is_old(mark, today) for mark in checked)


def mark_is_old(mark: str, today: date) -> bool:
    """Whether one mark of checking is too old, or no reading of the text itself."""
    year_month = mark.removeprefix("text-")
    if year_month == mark:
        return True
    year, month = map(int, year_month.split("-"))
    return (today - date(year, month, 1)).days > STALE_AFTER
