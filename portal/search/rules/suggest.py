"""Texts to be completed while someone types: by their beginning, by a later part, by syllables or first letters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import letters
from .normalise import normalise
from .pinyin import readings
from .tokens import chunks

_END = b"\n"


@dataclass(frozen=True, slots=True)
class Found:
    """A text that may be meant: its number in the book, and whether it begins so (or only goes on so)."""

    number: int
    begins: bool


class Typed:
    """What was typed so far, read once for all books."""

    def __init__(self, query: str) -> None:
        self.text = normalise(query).strip()
        self.rows = [row for ways in letters.rows(self.text) for row in ways] if letters.has_letters(self.text) else []


@dataclass(frozen=True, slots=True)
class Column:
    """Many short texts as one row of bytes, each after a line end, and where each line end stands."""

    data: bytes
    starts: npt.NDArray[np.int64]

    @staticmethod
    def of(texts: Sequence[str]) -> "Column":
        """The column of these texts."""
        lines = [_END + text.replace("\n", " ").encode("utf-8", "replace") for text in texts]
        return Column(b"".join(lines), np.cumsum([0, *map(len, lines)])[:-1].astype(np.int64))

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, number: int) -> str:
        """One of the texts."""
        end = self.data.find(_END, int(self.starts[number]) + 1)
        return self.data[int(self.starts[number]) + 1 : end if end >= 0 else None].decode()

    def holding(self, needle: bytes, most: int = 100) -> Iterator[tuple[int, int]]:
        """The numbers of the texts that begin with the needle, then (if these are few) of those that have it, and at
        which byte.
        """
        enough = 0
        for wanted in (_END + needle, needle):
            at, last = self.data.find(wanted), -1
            while at >= 0 and enough < most:
                number = int(np.searchsorted(self.starts, at, side="right")) - 1
                if number != last:
                    enough += 1
                    yield number, max(0, at - int(self.starts[number]) - 1)
                last = number
                at = self.data.find(wanted, at + len(wanted))


@dataclass(frozen=True, slots=True)
class Book:
    """Texts in the order in which they are worth showing, with their looks and their first letters to search in."""

    texts: Column
    looks: Column
    initials: Column

    @staticmethod
    def of(texts: Sequence[str]) -> "Book":
        """The book of these texts."""
        looks = [normalise(text) for text in texts]
        return Book(Column.of(texts), Column.of(looks), Column.of([first_letters(look) for look in looks]))

    def find(self, typed: Typed, most: int = 100) -> list[Found]:
        """The texts that begin with what was typed, then those that have it further on; at most `most`."""
        if not typed.text or "\n" in typed.text:
            return []
        found: dict[int, bool] = {}
        for number, at in self.looks.holding(typed.text.encode("utf-8", "replace"), most):
            found[number] = found.get(number, False) or not at
        for row in typed.rows:
            spelt = all(len(unit.sound) == 1 and not unit.char for unit in row)
            for number, at in self.initials.holding("".join(unit.sound[:1] for unit in row).encode(), most):
                if not found.get(number) and (spelt or self._stands(row, number, at)):
                    found[number] = not at
        return [Found(number, begins) for number, begins in sorted(found.items(), key=lambda f: (not f[1], f[0]))]

    def _stands(self, row: letters.Row, number: int, at: int) -> bool:
        """Whether the text has these units where its first letters match."""
        if not self.initials.text(number).isascii():
            return False  # bytes are not characters there; rare enough to be left to the looks
        chars = self.looks.text(number)[at : at + len(row)]
        return bool(letters.places(row, chars, readings(chars)))


def first_letters(text: str) -> str:
    """A normalised text with each Chinese character as its first letter, position by position."""
    out = list(text)
    for chunk, start, han in chunks(text):
        if han:
            out[start : start + len(chunk)] = [sound[:1] or "?" for sound in readings(chunk)]
    return "".join(out)
