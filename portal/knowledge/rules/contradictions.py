"""Two texts that rest on the same article of law and say different figures; and texts that say nearly the same.

Two statements contradict each other when they speak of the same matter in nearly the same words, yet give other days,
amounts or shares for it. Words are compared by their signs, whatever their order, without the figures and without the
small words that every rule is full of (应当, 须在, 自……起): what is left names who, what and when.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from .documents import documents
from .figures import figures, key_spans

SAME_MATTER = 0.8
"""Share of the signs that two statements must have in common to speak of one matter (measured: at 0.7 matters that
share who and when are taken for one, at 0.9 other words for the same deed are missed)."""
SMALL_WORDS = frozenset("应当须要在可以的按不低于由向对将其并及或和与之内上下得为自起")
NEARLY_SAME = 0.8
"""Share of their pieces that two scripts must have in common to be nearly the same."""
SILENT_UNITS = frozenset({"日期", "月日", "月号"})
"""Dates are no figures of a rule: two texts may name different days without contradicting each other."""
_PIECE, _SKETCH, _IN_COMMON = 4, 12, 3


@dataclass(frozen=True)
class Statement:
    """One statement with the law it rests on.

    Attributes:
        article_id: the article it stands in.
        category_id: the article's category.
        source: the document, as it was written.
        clause: the article of law (第十九条).
        text: what it says.
    """

    article_id: int
    category_id: int
    source: str
    clause: str
    text: str


@dataclass(frozen=True)
class Contradiction:
    """Two statements that cannot both be right, with the figures that differ (30日 / 15日)."""

    one: Statement
    other: Statement
    figures: tuple[str, str]


def contradictions(statements: Iterable[Statement]) -> list[Contradiction]:
    """The pairs of one category that rest on one article of law, speak of one matter and give other figures."""
    groups: dict[tuple[int, str, str], list[_Said]] = {}
    for statement in statements:
        said = _said(statement)
        if not said.figures:
            continue
        for document in documents(statement.source):
            for clause in _clauses(statement.clause):
                groups.setdefault((statement.category_id, document.name or document.key, clause), []).append(said)
    found: dict[tuple[int, int, str, str], Contradiction] = {}
    for group in groups.values():
        for one, other in combinations(group, 2):
            if (differing := _differ(one, other)) is not None:
                pair = Contradiction(one.statement, other.statement, differing)
                key = (one.statement.article_id, other.statement.article_id, one.statement.text, other.statement.text)
                found.setdefault(key, pair)
    return list(found.values())


@dataclass(frozen=True)
class _Said:
    statement: Statement
    figures: dict[str, frozenset[str]]
    signs: frozenset[str]


def _said(statement: Statement) -> _Said:
    by_unit: dict[str, set[str]] = {}
    for unit, value in figures(statement.text):
        if unit not in SILENT_UNITS:
            by_unit.setdefault(unit, set()).add(value)
    return _Said(
        statement,
        {unit: frozenset(values) for unit, values in by_unit.items()},
        frozenset(without_figures(statement.text)) - SMALL_WORDS,
    )


def without_figures(text: str) -> str:
    """A text with its figures taken out, and without what is no letter."""
    kept, at = [], 0
    for start, end in key_spans(text):
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return re.sub(r"[^\u4e00-\u9fffA-Za-z]", "", "".join(kept))


def _pairs(text: str, size: int) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


def _clauses(clause: str) -> list[str]:
    """The articles of law a row names: 第四十六条、第四十七条; paragraphs and items below them are one article."""
    found = re.findall(r"第[零〇一二三四五六七八九十百千\d]+条(?:之[一二三四五六七八九十]+)?", clause)
    return list(dict.fromkeys(found)) or ([clause.strip()] if clause.strip() else [])


def _differ(one: _Said, other: _Said) -> tuple[str, str] | None:
    """The figures in which two statements of one matter differ; None where they agree or speak of other matters."""
    if one.statement.article_id == other.statement.article_id or _dice(one.signs, other.signs) < SAME_MATTER:
        return None
    for unit in one.figures.keys() & other.figures.keys():
        mine, theirs = one.figures[unit], other.figures[unit]
        if not (mine <= theirs or theirs <= mine):
            return _in_words(mine - theirs, unit), _in_words(theirs - mine, unit)
    return _days_apart(one, other)


def _days_apart(one: _Said, other: _Said) -> tuple[str, str] | None:
    """Working days on one side and plain days on the other are other terms too, if each says one only."""
    for unit, against in (("日", "工作日"), ("工作日", "日")):
        mine, theirs = one.figures.get(unit), other.figures.get(against)
        if mine and theirs and unit not in other.figures and against not in one.figures:
            return _in_words(mine, unit), _in_words(theirs, against)
    return None


def _in_words(values: Iterable[str], unit: str) -> str:
    return "、".join(f"{value}{unit}" for value in sorted(values))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.0
    return 2 * len(one & other) / (len(one) + len(other))


def near_pairs(texts: Sequence[tuple[int, str]]) -> list[tuple[int, int, float]]:
    """Pairs of texts that are nearly the same, by number, with how much they have in common; the most alike first.

    Each text is known by its few pieces with the lowest hash; only texts that share some of them are compared whole.
    """
    pieces = {key: frozenset(_pairs(re.sub(r"\W", "", text), _PIECE)) for key, text in texts}
    holders: dict[int, list[int]] = {}
    for key, own in pieces.items():
        for mark in sorted(zlib.crc32(piece.encode()) for piece in own)[:_SKETCH]:
            holders.setdefault(mark, []).append(key)
    shared: dict[tuple[int, int], int] = {}
    for keys in holders.values():
        if len(keys) <= _MOST_HOLDERS:
            for pair in combinations(keys, 2):
                shared[pair] = shared.get(pair, 0) + 1
    found = []
    for (one, other), times in shared.items():
        if times >= _IN_COMMON and (alike := _jaccard(pieces[one], pieces[other])) >= NEARLY_SAME:
            found.append((one, other, alike))
    return sorted(found, key=lambda each: (-each[2], each[0], each[1]))


_MOST_HOLDERS = 200
"""A piece that so many texts have is a phrase of the trade and says nothing."""


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if one or other else 0.0
