"""Domain words: groups that mean the same, and terms; data, not code, so that one more synonym needs no new index."""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from importlib.resources import files

from .normalise import normalise
from .pinyin import readings
from .suggest import Book
from .tokens import is_han

LONGEST_WORD = 16
MOST_CANDIDATES = 6


class Lexicon:
    """Words known by their look, their sound and their first letters. Build a new one to change it."""

    def __init__(self, groups: Iterable[Sequence[str]] = (), terms: Iterable[str] = ()) -> None:
        self.groups = tuple(tuple(dict.fromkeys(filter(None, map(_clean, group)))) for group in groups)
        self._same: dict[str, list[tuple[str, ...]]] = {}
        for group in self.groups:
            for word in group:
                self._same.setdefault(word, []).append(group)
        self.words = frozenset(w for w in (*self._same, *map(_clean, terms)) if 1 < len(w) <= LONGEST_WORD)
        self._lengths: dict[str, list[int]] = {}
        self._by_initials: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._slips: dict[str, set[str]] = {}
        for word in sorted(self.words, key=lambda w: (len(w), w)):
            self._learn(word)

    def _learn(self, word: str) -> None:
        lengths = self._lengths.setdefault(word[0], [])
        if len(word) not in lengths:
            lengths.insert(0, len(word))
        if not all(map(is_han, word)):
            return
        sounds = tuple(readings(word))
        self._by_initials.setdefault("".join(s[:1] for s in sounds), []).append((word, sounds))
        if len(word) > 2:
            for at in range(len(word)):
                self._slips.setdefault(word[:at] + word[at + 1 :], set()).add(word)

    @cached_property
    def book(self) -> Book:
        """The words as a book of suggestions, short ones first."""
        return Book.of(sorted(self.words, key=lambda word: (len(word), word)))

    def within(self, text: str) -> list[tuple[str, int]]:
        """The known words in a normalised text and where they begin, the longest first at each place, none
        overlapping.
        """
        found, at = [], 0
        while at < len(text):
            for length in self._lengths.get(text[at], ()):
                if text[at : at + length] in self.words:
                    found.append((text[at : at + length], at))
                    at += length - 1
                    break
            at += 1
        return found

    def same_as(self, word: str) -> list[str]:
        """Other words for the same thing."""
        return list(dict.fromkeys(other for group in self._same.get(word, ()) for other in group if other != word))

    def begun_by(self, initials: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        """The words with these first letters, each with its syllables."""
        return self._by_initials.get(initials, ())

    def nearly(self, piece: str) -> list[str]:
        """The words that differ from a piece by one character changed, left out or too many; none where the piece is
        a word.
        """
        if piece in self.words or len(piece) < 3:
            return []
        found = set(self._slips.get(piece, ()))
        for at in range(len(piece)):
            shorter = piece[:at] + piece[at + 1 :]
            if shorter in self.words and len(shorter) > 2:
                found.add(shorter)
            found.update(word for word in self._slips.get(shorter, ()) if len(word) == len(piece))
        return sorted(found)[:MOST_CANDIDATES]


def _clean(word: str) -> str:
    return normalise(word).strip()


def parse_groups(text: str) -> list[list[str]]:
    """Groups of words, one group a line, commas between; lines with # are remarks."""
    lines = (line.strip() for line in text.splitlines())
    return [[word.strip() for word in line.replace("，", ",").split(",")] for line in lines if line and line[0] != "#"]


@cache
def shipped() -> Lexicon:
    """The lexicon of the synonyms that come with the portal."""
    return Lexicon(parse_groups(files("portal.search").joinpath("data/synonyms.txt").read_text(encoding="utf-8")))
