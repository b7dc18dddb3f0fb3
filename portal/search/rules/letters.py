"""Queries typed in letters, alone or among characters: 社保bj, gongjijin tiqu, gxjsqy.

A query becomes a row of units. A unit is a character, or a syllable, or the beginning of one; a row is matched with
words by first letters, and then unit by unit.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from .pinyin import readings
from .syllables import Cut, cuts, spelt
from .tokens import HAN

_STRETCH = re.compile(rf"[{HAN}a-z]+(?:[ ']+[{HAN}a-z]+)*")
_PIECE = re.compile(rf"[a-z]+|[{HAN}]+")
_LETTERS = re.compile(r"[a-z]")
LONGEST_SPELT = 12
"""More letters than this are not taken for first letters only."""
MOST_ROWS = 4
MOST_CANDIDATES = 6
_LONGEST_WINDOW = 10

BegunBy = Callable[[str], Sequence[tuple[str, tuple[str, ...]]]]
"""Gives the known words with these first letters, each with its syllables."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A character with its syllable, or typed letters: a whole syllable or the beginning of one."""

    sound: str
    whole: bool
    char: str = ""

    def may_be(self, char: str, sound: str) -> bool:
        """Whether this unit may stand for a character that sounds so."""
        if self.char:
            return self.char == char
        return sound == self.sound if self.whole else sound.startswith(self.sound)


Row = tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """A word that a part of a row may stand for."""

    start: int
    end: int
    words: tuple[str, ...]


def has_letters(text: str) -> bool:
    """Whether a normalised query has letters at all."""
    return _LETTERS.search(text) is not None


def rows(text: str, literal: frozenset[str] = frozenset()) -> list[list[Row]]:
    """For each stretch with letters in a normalised query, the ways to read it, the most likely first.

    Runs in `literal` are words that stand in the texts as they are (pos, app); they end a stretch.
    """
    found = []
    for match in _STRETCH.finditer(text):
        pieces: list[str] = _PIECE.findall(match[0])
        for stretch in _split(pieces, literal):
            if any(_LETTERS.match(piece) for piece in stretch):
                found.append(_readings(stretch))
    return [ways for ways in found if ways]


def _split(pieces: Sequence[str], literal: frozenset[str]) -> Iterator[list[str]]:
    stretch: list[str] = []
    for piece in pieces:
        if piece in literal:
            yield stretch
            stretch = []
        else:
            stretch.append(piece)
    yield stretch


def _readings(pieces: Sequence[str]) -> list[Row]:
    options: list[list[Row]] = []
    for piece in pieces:
        if _LETTERS.match(piece):
            options.append([_units(cut) for cut in _ways(piece)])
        else:
            options.append([tuple(Unit(s, True, c) for c, s in zip(piece, readings(piece), strict=True))])
    if not all(options):
        return []
    ways = (tuple(unit for part in parts for unit in part) for parts in product(*options))
    return list(dict.fromkeys(way for way, _ in zip(ways, range(MOST_ROWS), strict=False)))


def _ways(letters: str) -> list[Cut]:
    """The cuts of a run; where syllables do not explain it whole, it may be first letters."""
    ways = list(cuts(letters))
    if len(letters) <= LONGEST_SPELT and not any(way.all_whole for way in ways):
        ways = [spelt(letters), *(way for way in ways if way != spelt(letters))]
    elif len(letters) <= 4:
        ways.append(spelt(letters))
    return ways[:MOST_ROWS]


def _units(cut: Cut) -> Row:
    return tuple(Unit(u, w) for u, w in zip(cut.units, cut.whole, strict=True))


def meant(row: Row, begun_by: BegunBy) -> list[Meant]:
    """The known words that a row may stand for, the longest first, none overlapping, each with typed letters in it."""
    initials = "".join(unit.sound[:1] for unit in row)
    taken = [False] * len(row)
    found = []
    for size in range(min(len(row), _LONGEST_WINDOW), 1, -1):
        for start in range(len(row) - size + 1):
            part = row[start : start + size]
            if any(taken[start : start + size]) or all(unit.char for unit in part):
                continue
            words = tuple(
                word
                for word, sounds in begun_by(initials[start : start + size])
                if all(unit.may_be(c, s) for unit, c, s in zip(part, word, sounds, strict=True))
            )
            if words:
                taken[start : start + size] = [True] * size
                found.append(Meant(start, start + size, words[:MOST_CANDIDATES]))
    return sorted(found, key=lambda m: m.start)


def sound_terms(row: Row) -> list[str]:
    """Pairs of whole syllables next to each other, at least one of them typed in letters."""
    return [
        f"{a.sound} {b.sound}"
        for a, b in zip(row, row[1:], strict=False)
        if a.whole and b.whole and not (a.char and b.char)
    ]


def initial_terms(row: Row, sizes: Sequence[int] = (2, 3, 4)) -> list[str]:
    """Runs of first letters, at least one of them of a unit typed in letters."""
    return [
        "".join(unit.sound[:1] for unit in row[at : at + n])
        for n in sizes
        for at in range(len(row) - n + 1)
        if not all(unit.char for unit in row[at : at + n])
    ]


def places(row: Row, chars: str, sounds: Sequence[str]) -> list[tuple[int, int]]:
    """Where a row of units stands, unit by unit, in a stretch of characters with their syllables."""
    size = len(row)
    return [
        (at, at + size)
        for at in range(len(chars) - size + 1)
        if all(u.may_be(c, s) for u, c, s in zip(row, chars[at : at + size], sounds[at : at + size], strict=True))
    ]
