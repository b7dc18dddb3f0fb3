"""What is indexed of a text: units (one Chinese character, or a run of letters and digits) and pairs of neighbours.

One analyzer serves index and query. Letters and digits stay whole (A类, e窗通, 12345), and count as one neighbour:
2024年 gives the
pair 2024年. Pairs never reach over punctuation, nor over white space between Chinese characters.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .figures import figures
from .normalise import normalise

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CHUNK = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:\.\d+)*%?")
_PIECE = re.compile(r"[a-z]+|\d+")
_JOINED = re.compile(r"[a-z0-9]+(?:[+\-/&.][a-z0-9]+)+")
_HAN = re.compile(rf"[{HAN}]")
LONGEST_RUN = 40
"""Longer runs of letters and digits are cut: nobody looks for them, and they must not fill the index."""


@dataclass(slots=True)
class Tokens:
    """The tokens of a text with their counts: pairs (with whole runs and figures), and single units."""

    pairs: Counter[str] = field(default_factory=Counter)
    singles: Counter[str] = field(default_factory=Counter)


def is_han(text: str) -> bool:
    """Whether a text begins with a Chinese character."""
    return bool(_HAN.match(text))


def chunks(text: str) -> list[tuple[str, int, bool]]:
    """The stretches of Chinese characters and the runs of letters or digits in a normalised text: (text, start,
    Chinese).
    """
    return [(m[0], m.start(), is_han(m[0])) for m in _CHUNK.finditer(text)]


def analyse(texts: Iterable[str]) -> Tokens:
    """The tokens of normalised texts, none of them paired across two texts."""
    tokens = Tokens()
    for text in texts:
        pairs: list[str] = []
        singles: list[str] = []
        last, end, last_han = "", -1, True
        for chunk, start, han in chunks(text):
            unit = chunk[0] if han else chunk[:LONGEST_RUN]
            if start == end or (last and not (han and last_han) and text[end:start] in {" ", "  "}):
                pairs.append(last + unit)
            if han:
                singles.extend(chunk)
                pairs.extend(map(str.__add__, chunk, chunk[1:]))
            else:
                singles.append(unit)
                _add_run(unit, pairs, singles)
            last, end, last_han = (chunk[-1] if han else unit), start + len(chunk), han
        pairs.extend(figures(text))
        pairs.extend(run[:LONGEST_RUN] for run in _JOINED.findall(text))
        tokens.pairs.update(pairs)
        tokens.singles.update(singles)
    return tokens


def _add_run(run: str, pairs: list[str], singles: list[str]) -> None:
    """A run is a word of its own; one of letters and digits is also known by its parts."""
    if len(run) > 1:
        pairs.append(run)
    pieces = _PIECE.findall(run)
    if len(pieces) > 1:
        singles.extend(pieces)
        pairs.extend(piece for piece in pieces if len(piece) > 1)


def tokens_of(text: str) -> Tokens:
    """The tokens of one text as written, for queries and tests."""
    return analyse([normalise(text)])
