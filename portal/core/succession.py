"""What is renamed, merged or retired keeps its meaning: pure rules shared by categories and units.

A thing keeps its row for ever. Its names are a list by date; an end is a date; a merge adds who stands for it from then
on. What pointed to it goes on pointing to it and is read through: nothing is rewritten, any day can be asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class LaterName(Protocol):
    """A name that took over on a day."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def from_on(self) -> date:
        """The first day on which it holds."""


class Dated(Protocol):
    """A thing with a beginning and an end; None where there is none."""

    @property
    def started_on(self) -> date | None:
        """The first day on which it is used."""

    @property
    def retired_on(self) -> date | None:
        """The first day on which it is no longer used."""


@dataclass(frozen=True)
class NameSpan:
    """A name and the days on which it holds; None is without a bound, `to_on` is the first day of the next name."""

    name: str
    from_on: date | None
    to_on: date | None


def name_spans(first: str, later: Iterable[LaterName]) -> list[NameSpan]:
    """Every name a thing had or will have, in order."""
    ordered = sorted(later, key=lambda each: each.from_on)
    starts = [None, *(each.from_on for each in ordered)]
    names = [first, *(each.name for each in ordered)]
    return [NameSpan(*span) for span in zip(names, starts, [*starts[1:], None], strict=True)]


def name_on(first: str, later: Iterable[LaterName], day: date) -> str:
    """What a thing was called on a day."""
    return [span.name for span in name_spans(first, later) if span.from_on is None or span.from_on <= day][-1]


def in_use(thing: Dated, day: date) -> bool:
    """Whether a thing is used on a day."""
    started = thing.started_on is None or thing.started_on <= day
    return started and (thing.retired_on is None or day < thing.retired_on)


@dataclass(frozen=True)
class Merges:
    """Who stands for whom: id → (the id that took it over, from which day)."""

    taken_over: Mapping[int, tuple[int, date]]

    def stands(self, key: int, day: date) -> int:
        """The id that stands for this one on a day: itself, unless it was merged by then."""
        while (step := self.taken_over.get(key)) and step[1] <= day:
            key = step[0]
        return key

    def standing_as(self, key: int, day: date) -> frozenset[int]:
        """Every id that this one stands for on a day, itself included; empty where another stands for it."""
        if self.stands(key, day) != key:
            return frozenset()
        return frozenset({key, *(other for other in self.taken_over if self.stands(other, day) == key)})

    def circles(self, key: int, into: int) -> bool:
        """Whether merging the one into the other would come back to itself, whatever the dates."""
        while into != key and into in self.taken_over:
            into = self.taken_over[into][0]
        return into == key


def why_not_rename(thing: Dated, spans: Sequence[NameSpan], new: str, on: date) -> str | None:
    """Why a thing cannot take a name on a day; None if it can."""
    last = spans[-1]
    if new == last.name:
        return f"已经叫「{new}」了"
    if last.from_on and on <= last.from_on:
        return f"日期要晚于上一次更名（{last.from_on.isoformat()}，改为「{last.name}」）"
    return _outside(thing, on, "更名")


def why_not_end(thing: Dated, spans: Sequence[NameSpan], name: str, on: date, *, verb: str) -> str | None:
    """Why a thing cannot end on a day; None if it can. The verb is 停用 or 合并."""
    if thing.retired_on:
        return f"「{name}」已定于 {thing.retired_on.isoformat()} 停用或并走，不能再{verb}；要改日期请先撤销"
    if thing.started_on and on <= thing.started_on:
        return f"日期要晚于「{name}」启用的 {thing.started_on.isoformat()}"
    last = spans[-1]
    if last.from_on and on < last.from_on:
        return f"日期不能早于上一次更名（{last.from_on.isoformat()}，改为「{last.name}」）"
    return None


def why_not_take_over(into: Dated, name: str, on: date) -> str | None:
    """Why a thing cannot be what others are merged into from a day on; None if it can."""
    if into.retired_on:
        return f"「{name}」{into.retired_on.isoformat()} 停用或并走，不能并入它"
    if into.started_on and on < into.started_on:
        return f"「{name}」{into.started_on.isoformat()} 才启用，合并的日期不能早于这一天"
    return None


def _outside(thing: Dated, on: date, verb: str) -> str | None:
    if thing.started_on and on < thing.started_on:
        return f"日期早于启用日 {thing.started_on.isoformat()}"
    if thing.retired_on and on >= thing.retired_on:
        return f"{thing.retired_on.isoformat()} 起不再使用，不能从那以后{verb}"
    return None
