"""Two people changed one text: what both meant, put together; where they meant different things, both are named.

Three-way: what only one changed is as that one wrote it, what both changed alike is so, and what they changed
differently is a conflict that holds both texts; the merged text then carries mine in that place. Nothing that either
wrote is lost: it stands in the merge or in a conflict.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

Fields = Mapping[str, Any]
LISTS = frozenset({"phrases", "categories"})
"""Fields that are sets written as lines: what one added or took away is so, in any order."""
TEXTS = frozenset({"script", "body", "note"})
"""Fields that are put together by sentence and line; all other texts are taken whole."""

_UNIT = re.compile(r"[^。！？；\n]*(?:[。！？；]+|\n|$)")


@dataclass(frozen=True)
class Conflict:
    """One place that both changed, each in another way."""

    field: str
    base: str
    mine: str
    theirs: str
    where: str = ""
    """Which row of the basis, in words."""


@dataclass(frozen=True)
class Merged:
    """All fields put together, and the places where a person must decide."""

    content: dict[str, Any]
    conflicts: list[Conflict] = field(default_factory=list)


def merge(base: Fields, mine: Fields, theirs: Fields) -> Merged:
    """Put two changed texts together over the one they both began with.

    Args:
        base: the text both began with; what is not in it counts as empty.
        mine: one text.
        theirs: the other.
    """
    content: dict[str, Any] = {}
    conflicts: list[Conflict] = []
    for name in dict.fromkeys([*base, *mine, *theirs]):
        was = base.get(name)
        one, other = mine.get(name, was), theirs.get(name, was)
        content[name], found = _merge_field(name, was, one, other)
        conflicts += found
    return Merged(content, conflicts)


def _merge_field(name: str, base: Any, mine: Any, theirs: Any) -> tuple[Any, list[Conflict]]:
    if mine == theirs or theirs == base:
        return mine, []
    if mine == base:
        return theirs, []
    values = [value for value in (base, mine, theirs) if value is not None]
    if all(isinstance(value, str) for value in values):
        if name in LISTS:
            return "\n".join(_as_set(*((value or "").splitlines() for value in (base, mine, theirs)))), []
        if name in TEXTS:
            return _merge_text(name, base or "", mine or "", theirs or "")
    elif all(_is_list(value) for value in values):
        if any(isinstance(row, Mapping) for value in values for row in value):
            return _merge_rows(name, base or [], mine or [], theirs or [])
        return _as_set(base or [], mine or [], theirs or []), []
    return mine, [Conflict(name, _words(base), _words(mine), _words(theirs))]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _words(value: Any) -> str:
    return "" if value is None else str(value)


def _as_set(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """What neither took away, then what each added."""
    kept = [each for each in mine if each not in base or each in theirs]
    return kept + [each for each in theirs if each not in base and each not in mine]


# -- sentences and lines -------------------------------------------------------------------------------------


def units(text: str) -> list[str]:
    """A text in sentences and lines, each with the sign that ends it; joined they give the text."""
    return [part for part in _UNIT.findall(text) if part]


def _merge_text(name: str, base: str, mine: str, theirs: str) -> tuple[str, list[Conflict]]:
    merged: list[str] = []
    conflicts = []
    for old, one, other in _regions(units(base), units(mine), units(theirs)):
        if one == other or other == old:
            merged += one
        elif one == old:
            merged += other
        else:
            merged += one
            conflicts.append(Conflict(name, "".join(old), "".join(one), "".join(other)))
    return "".join(merged), conflicts


Region = tuple[Sequence[str], Sequence[str], Sequence[str]]


def _regions(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Region]:
    """The texts cut at what all three have in common, in order: (base, mine, theirs) of each stretch."""
    at = a = b = 0
    for start, in_mine, in_theirs, length in _in_common(base, mine, theirs):
        if (at, a, b) != (start, in_mine, in_theirs):
            yield base[at:start], mine[a:in_mine], theirs[b:in_theirs]
        at, a, b = start + length, in_mine + length, in_theirs + length
        if length:
            same = base[start:at]
            yield same, same, same


def _in_common(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of the base that both kept: where they begin in each of the three, and how long they are."""
    one = SequenceMatcher(None, base, mine, autojunk=False).get_matching_blocks()
    other = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    i = j = 0
    while i < len(one) and j < len(other):
        (start, there, length), (begin, here, size) = one[i], other[j]
        first, last = max(start, begin), min(start + length, begin + size)
        if first < last:
            yield first, there + first - start, here + first - begin, last - first
        if start + length < begin + size:
            i += 1
        else:
            j += 1
    yield len(base), len(mine), len(theirs), 0


# -- rows of the basis ---------------------------------------------------------------------------------------

Row = Mapping[str, Any]


def _merge_rows(
    name: str, base: Sequence[Row], mine: Sequence[Row], theirs: Sequence[Row]
) -> tuple[list[dict[str, Any]], list[Conflict]]:
    one, other = _partners(base, mine), _partners(base, theirs)
    rows: list[dict[str, Any]] = []
    conflicts: list[Conflict] = []
    said: set[int] = set()
    for row in mine:
        at = one.get(id(row))
        if at is None:
            rows.append(dict(row))
            continue
        said.add(at)
        across = next((each for each in theirs if other.get(id(each)) == at), None)
        if across is None:
            if row != base[at]:
                rows.append(dict(row))
                conflicts.append(Conflict(name, _row(base[at]), _row(row), "", where="对方删了这一行，您改了它"))
            continue
        together, found = _merge_row(name, base[at], row, across)
        rows.append(together)
        conflicts += found
    for row in theirs:
        at = other.get(id(row))
        if at is None:
            rows += [dict(row)] if row not in rows else []
        elif at not in said and row != base[at]:
            rows.append(dict(row))
            conflicts.append(Conflict(name, _row(base[at]), "", _row(row), where="您删了这一行，对方改了它"))
    return rows, conflicts


def _partners(base: Sequence[Row], rows: Sequence[Row]) -> dict[int, int]:
    """id of a row → the row of the base that it was: the same one, else one on the same article, else one that says
    the same; each row of the base is taken once.
    """
    found: dict[int, int] = {}
    for alike in (
        lambda was, now: was == now,
        lambda was, now: _rests_on(was) == _rests_on(now) and any(_rests_on(was)),
        lambda was, now: bool(was.get("text")) and was.get("text") == now.get("text"),
    ):
        for row in rows:
            if id(row) in found:
                continue
            taken = set(found.values())
            at = next((n for n, was in enumerate(base) if n not in taken and alike(was, row)), None)
            if at is not None:
                found[id(row)] = at
    return found


def _rests_on(row: Row) -> tuple[Any, Any]:
    return row.get("source"), row.get("article")


def _merge_row(name: str, base: Row, mine: Row, theirs: Row) -> tuple[dict[str, Any], list[Conflict]]:
    together: dict[str, Any] = {}
    conflicts = []
    for key in dict.fromkeys([*base, *mine, *theirs]):
        was = base.get(key)
        one, other = mine.get(key, was), theirs.get(key, was)
        together[key] = other if one == was else one
        if one not in (was, other) and other != was:
            conflicts.append(Conflict(name, _words(was), _words(one), _words(other), where=_row(base)))
    return together, conflicts


def _row(row: Row) -> str:
    return " ".join(_words(value) for value in row.values() if value)
