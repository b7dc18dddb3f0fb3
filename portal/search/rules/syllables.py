"""Typed letters read as syllables: gongjijin, gjj, gongjj, and the same with a slip of the finger.

Letters are cut into units; a unit is a whole syllable or the beginning of one. All cuts of equal cost are kept, few
in number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

LONGEST_LETTERS = 60
_INITIALS = ("zh", "ch", "sh")


@cache
def syllables() -> frozenset[str]:
    """All syllables without tone; ü is v."""
    return frozenset(files("portal.search").joinpath("data/syllables.txt").read_text(encoding="ascii").split())


@cache
def _slips() -> dict[str, tuple[str, ...]]:
    """What a syllable becomes with one letter left out or two changed about, and which syllables that may have been."""
    slips: dict[str, set[str]] = {}
    for syllable in syllables():
        for at in range(1, len(syllable)):
            slips.setdefault(syllable[:at] + syllable[at + 1 :], set()).add(syllable)
        for at in range(1, len(syllable) - 1):
            slips.setdefault(syllable[:at] + syllable[at + 1] + syllable[at] + syllable[at + 2 :], set()).add(syllable)
    return {
        typed: tuple(sorted(meant)) for typed, meant in slips.items() if typed not in syllables() and len(typed) > 1
    }


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to read letters: its units, and for each unit whether it is a whole syllable."""

    units: tuple[str, ...]
    whole: tuple[bool, ...]

    @property
    def initials(self) -> str:
        """The first letter of each unit."""
        return "".join(u[0] for u in self.units)

    @property
    def all_whole(self) -> bool:
        """Whether every unit is a syllable."""
        return all(self.whole)


_WHOLE, _SLIP, _PART = 10, 16, 14
"""What a unit costs: a syllable least; a slip must explain more than a lone letter does."""


@lru_cache(maxsize=20_000)
def cuts(letters: str, most: int = 4) -> tuple[Cut, ...]:
    """The best readings of a run of letters, the most likely first; empty where it is too long to be a word."""
    if not letters.isascii() or not letters.isalpha() or len(letters) > LONGEST_LETTERS:
        return ()
    best: list[list[tuple[int, tuple[str, ...], tuple[bool, ...]]]] = [[(0, (), ())]]
    for end in range(1, len(letters) + 1):
        here = [
            (cost + price, (*units, unit), (*whole, is_whole))
            for start in range(max(0, end - 6), end)
            for unit, price, is_whole in _units(letters[start:end])
            for cost, units, whole in best[start]
        ]
        best.append(sorted(here, key=lambda way: (way[0], len(way[1])))[:most])
    ways = best[-1]
    limit = ways[0][0] + 4 if ways else 0
    return tuple(Cut(units, whole) for cost, units, whole in ways if cost <= limit)


def _units(piece: str) -> Iterator[tuple[str, int, bool]]:
    if piece in syllables():
        yield piece, _WHOLE, True
    elif piece in _INITIALS or len(piece) == 1:
        yield piece, _PART, False
    else:
        for meant in _slips().get(piece, ())[:3]:
            yield meant, _SLIP, True


def spelt(letters: str) -> Cut:
    """Each letter taken for the beginning of a character: gjj."""
    return Cut(tuple(letters), (False,) * len(letters))
