"""One spelling for one text: full-width, capital and traditional characters made equal, position by position."""

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import opencc


class _Folding(dict[int, str]):
    """What each character becomes; learned on first sight, so that `str.translate` does the work."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        # Whatever cannot be seen separates words, as a space does; surrogates cannot be encoded at all.
        folded = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Cn", "Co"} else c for c in folded) or " "
        self[code] = folded
        return folded


_FOLDING = _Folding({ord(bracket): "(" for bracket in "〔［【〈《"} | {ord(bracket): ")" for bracket in "〕］】〉》"})


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Normal:
    """A normalised text and, where lengths differ, the source position of each of its characters."""

    text: str
    origin: tuple[int, ...] | None = None

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The span of the source text that became `text[start:end]`."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


def normalise(text: str) -> str:
    """NFKC per character, lower case, simplified characters; brackets of document numbers made round."""
    folded = text.translate(_FOLDING)
    simple: str = _simplifier().convert(folded)
    return simple if len(simple) == len(folded) else "".join(_simplifier().convert(c) for c in folded)


@lru_cache(maxsize=10_000)
def normalise_with_origin(text: str) -> Normal:
    """As `normalise`, with the way back to the source for highlighting; texts of answers come again and again."""
    plain = normalise(text)
    if len(plain) == len(text):
        return Normal(plain)
    pieces = [normalise(c) for c in text]
    origin = tuple(at for at, piece in enumerate(pieces) for _ in piece)
    return Normal("".join(pieces), origin)
