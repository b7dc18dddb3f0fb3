"""Where a text says what was asked: the longest stretches of the query that stand in it, never cut at the edge of a
token.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .figures import spelt_figures
from .normalise import Normal
from .pinyin import sound_pair
from .tokens import HAN

Span = tuple[int, int]

_EMPTY = re.compile(
    r"(?:怎么样?|如何|什么|哪些|哪里|哪个|多少|是否|能否|可否|可以|能不能|可不可以|是不是|有没有|需要|要不要|应该|应当|请问|一下|为什么"
    r"|我们?|你们?|您|他们?|的|了|吗|呢|啊|吧|是|有|在|和|与|或|及|要|会|能|被|把|对|就|都|也|还|又|不|没|办|想|咋|啥|个|这|那)*"
)
_EDGE = "怎么样?|如何|什么|哪些|哪里|哪个|多少|是否|能否|可否|可以|需要|请问|我们|你们|他们|[的了吗呢啊吧]"
_PARTICLES = re.compile(_EDGE)
_FRONT, _BACK = re.compile(rf"(?:{_EDGE})+"), re.compile(rf"(?:{_EDGE})+$")
_FIRST_PRIVATE = 0xF0000
_RUN = re.compile(rf"[^\W_{HAN}]+")
LONGEST_TEXT = 3000
"""Characters of a text that are looked through; nobody marks words deeper in a page of results."""


@dataclass(frozen=True, slots=True)
class Needles:
    """What to mark: the query as normalised, further words (synonyms, words meant by letters), and sounds that stand
    for slips.
    """

    text: str
    words: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    spelt: frozenset[str] = frozenset()
    sounds: frozenset[str] = frozenset()


def cut(text: str, spans: Iterable[Span]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is marked."""
    pieces: list[tuple[str, bool]] = []
    done = 0
    for start, end in sorted(spans):
        if start < done or end <= start:
            continue
        pieces += [(text[done:start], False)] if start > done else []
        pieces.append((text[start:end], True))
        done = end
    return [*pieces, (text[done:], False)] if done < len(text) or not pieces else pieces


def found(text: Normal, needles: Needles) -> list[Span]:
    """The spans of the query's words in a normalised text, joined where they touch, as places in the source."""
    body = text.text[:LONGEST_TEXT]
    spans = [*_longest(body, needles.text), *_figures(body, needles.text)]
    if len(needles.text.strip()) == 1:
        spans += [(at, at + 1) for at in _finds(body, needles.text.strip())]
    for word in needles.words:
        spans += [(at, at + len(word)) for at in _finds(body, word)]
    return [text.source(*span) for span in joined(spans) if span[0] < span[1]] if spans else []


def standing(text: Normal, words: Iterable[str]) -> list[Span]:
    """The spans of these words in a normalised text, joined where they touch, as places in the source."""
    body = text.text[:LONGEST_TEXT]
    spans = [(at, at + len(word)) for word in words if word in body for at in _finds(body, word)]
    return [text.source(*span) for span in joined(spans)] if spans else []


def sounding(text: Normal, needles: Needles) -> list[Span]:
    """The spans of a text that sound like the query without being spelt like it."""
    body = text.text[:LONGEST_TEXT]
    spans = [(at, at + 2) for at in range(len(body) - 1) if sound_pair(body[at : at + 2]) in needles.sounds]
    return [text.source(*span) for span in joined(spans) if span[0] < span[1]]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that overlap or touch made one."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def says_nothing(text: str) -> bool:
    """Whether a text is made of question words and particles only."""
    return _EMPTY.fullmatch(text) is not None


def weight_of_words(text: str) -> int:
    """How many characters a normalised text has besides question words, particles and punctuation."""
    return sum(map(str.isalnum, _PARTICLES.sub("", text)))


def _longest(text: str, query: str) -> list[Span]:
    """The stretches of the text that stand in the query too, each as long as can be; runs of letters and digits count
    as one.
    """
    runs = _codes(query)
    if not runs:
        return [_trimmed(text, span) for span in _common(text, query)]
    coded, starts, ends = _coded(text, runs)
    asked, _, _ = _coded(query, runs)
    return [_trimmed(text, (starts[start], ends[end - 1])) for start, end in _common(coded, asked)]


@lru_cache(maxsize=64)
def _codes(query: str) -> Mapping[str, str]:
    """One private character for each run of letters or digits in a query."""
    return {run: chr(_FIRST_PRIVATE + at) for at, run in enumerate(dict.fromkeys(_RUN.findall(query)))}


@lru_cache(maxsize=64)
def _pairs(query: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pairs of characters in a query with nothing between words in them, and the codes in it."""
    word = [c.isalnum() or ord(c) >= _FIRST_PRIVATE for c in query]
    pairs = dict.fromkeys(query[at : at + 2] for at in range(len(query) - 1) if word[at] and word[at + 1])
    return tuple(pairs), tuple({c for c in query if ord(c) >= _FIRST_PRIVATE})


def _common(text: str, query: str) -> list[Span]:
    """Maximal stretches of two or more characters in both, and single characters that stand for a run."""
    pairs, codes = _pairs(query)
    places = [at for pair in pairs if pair in text for at in _finds(text, pair)]
    places.sort()
    spans: list[Span] = []
    begin = end = -1
    for start in places:
        if end == start + 1 and text[begin : start + 2] in query:
            end = start + 2
            spans[-1] = (begin, end)
        else:
            begin, end = start, start + 2
            spans.append((begin, end))
    for code in codes:
        spans += [(at, at + 1) for at in _finds(text, code)]
    return spans


def _finds(text: str, piece: str) -> list[int]:
    places = []
    at = text.find(piece)
    while at >= 0:
        places.append(at)
        at = text.find(piece, at + 1)
    return places


def _coded(text: str, runs: Mapping[str, str]) -> tuple[str, list[int], list[int]]:
    """The text with each run as one character, and where each character of that begins and ends in the text."""
    out, starts, ends = [], [], []
    for match in re.finditer(rf"[^\W_{HAN}]+|.", text, re.DOTALL):
        out.append(runs.get(match[0], "\n") if _RUN.match(match[0]) else match[0])
        starts.append(match.start())
        ends.append(match.end())
    return "".join(out), starts, ends


def _trimmed(text: str, span: Span) -> Span:
    """A span without question words and particles at its ends."""
    start, end = span
    words = text[start:end]
    if says_nothing(words):
        return start, start
    front, back = _FRONT.match(words), _BACK.search(words)
    return start + (front.end() if front else 0), end - (len(back[0]) if back else 0)


@lru_cache(maxsize=64)
def _wanted(query: str) -> frozenset[str]:
    return frozenset(token for token, _, _ in spelt_figures(query))


def _figures(text: str, query: str) -> list[Span]:
    wanted = _wanted(query)
    return [(start, end) for token, start, end in spelt_figures(text) if token in wanted] if wanted else []
