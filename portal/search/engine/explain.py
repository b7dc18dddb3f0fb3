"""Why a document was found: where its words stand, and the one text that speaks for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..rules import letters
from ..rules.highlight import Needles, found, joined, sounding, standing, weight_of_words
from ..rules.normalise import Normal, normalise_with_origin
from ..rules.pinyin import readings
from ..rules.tokens import chunks
from .plan import Plan
from .types import FIELDS, Document, Explained, How, Span, Why

_WORTH: Mapping[str, float] = {"phrases": 1.6, "title": 1.5, "script": 1.1, "body": 1.0, "basis": 0.9}
"""How gladly each field is shown: a caller's phrase or the title says more in less than a body does."""

_SHORT_FIELDS = ("title", "phrases", "script")
_LIST_MARKS = " \t-*#>·"
_SENTENCE = re.compile(r"[^。；;！!？?\n]+[。；;！!？?]?")
LONGEST_EXCERPT = 70
LEAST_SAID = 0.4
"""Where words explain less of the query than this share, the meaning is given as the reason."""


@dataclass(frozen=True, slots=True)
class _Seen:
    field: str
    text: str
    spans: Sequence[Span]
    worth: float
    how: How


def explain(document: Document, plan: Plan, piece: int | None = None) -> Explained:
    """What to mark in each text of each field, and the best reason: what the words say, or the nearest piece."""
    spans: dict[str, list[list[Span]]] = {}
    best: _Seen | None = None
    said: set[str] = set()
    words = Needles(plan.needles.text)
    for field in FIELDS:
        for text in document.texts(field):
            seen = _look(field, text, plan, words)
            spans.setdefault(field, []).append(list(seen.spans))
            said.update(text[start:end] for start, end in seen.spans)
            if seen.spans and (best is None or seen.worth > best.worth):
                best = seen
    asked = max(1, weight_of_words(plan.needles.text))
    why = _reason(best) if best else None
    if piece is not None and (best is None or _said(best.text, best.spans) < LEAST_SAID * asked):
        why = _nearest(document, piece) or why
    return Explained(spans, why, min(1.0, sum(map(len, _longest_only(said))) / asked))


def _nearest(document: Document, piece: int) -> Why | None:
    """The piece nearest in meaning; none where the vectors are still those of an older text."""
    parts = document.pieces()
    return Why(parts[piece][0], parts[piece][1][:LONGEST_EXCERPT], How.MEANING) if piece < len(parts) else None


def _longest_only(words: set[str]) -> list[str]:
    """The words that are in no longer one."""
    return [word for word in words if not any(word != other and word in other for other in words)]


def _look(field: str, text: str, plan: Plan, asked: Needles) -> _Seen:
    normal, needles = normalise_with_origin(text), plan.needles
    ways = {How.WORDS: found(normal, asked)}
    for how, words in ((How.LETTERS, needles.spelt), (How.SLIP, needles.fixed), (How.SYNONYM, needles.words)):
        if words:
            ways[how] = standing(normal, words)
    if field in _SHORT_FIELDS:
        if plan.rows:
            ways[How.LETTERS] = joined([*ways.get(How.LETTERS, ()), *_spelt(normal, plan.rows)])
        if needles.sounds:
            ways[How.SOUND] = sounding(normal, needles)
    if len(ways) == 1:
        spans = ways[How.WORDS]
        return _Seen(field, text, spans, _said(text, spans) * _WORTH[field], How.WORDS)
    spans = joined(span for part in ways.values() for span in part)
    if not spans:
        return _Seen(field, text, (), 0, How.WORDS)
    said = {how: _said(text, part) for how, part in ways.items()}
    how = next(how for how in How if said.get(how, 0) >= max(said.values()) / 2)
    return _Seen(field, text, spans, _said(text, spans) * _WORTH[field], how)


def _said(text: str, spans: Sequence[Span]) -> int:
    """How many characters of different words the spans hold; a word said twice counts once."""
    return sum(map(len, {text[start:end] for start, end in spans})) if spans else 0


def _spelt(text: Normal, rows: Sequence[letters.Row]) -> list[Span]:
    """Where typed letters stand in a text as syllables or first letters."""
    spans = []
    for chunk, start, han in chunks(text.text):
        if han:
            sounds = readings(chunk)
            for row in rows:
                if len(row) > 1:
                    spans += [text.source(start + a, start + b) for a, b in letters.places(row, chunk, sounds)]
    return joined(spans)


def _reason(seen: _Seen) -> Why:
    if seen.field in {"title", "phrases"}:
        return Why(seen.field, seen.text, seen.how, tuple(seen.spans))
    sentences = [match.span() for match in _SENTENCE.finditer(seen.text)] or [(0, len(seen.text))]
    start, end = max(
        sentences, key=lambda s: _said(seen.text, [p for p in seen.spans if s[0] <= p[0] and p[1] <= s[1]])
    )
    inside = [span for span in seen.spans if start <= span[0] and span[1] <= end]
    if end - start > LONGEST_EXCERPT and inside:
        start = max(start, min(inside[0][0] - 10, end - LONGEST_EXCERPT))
        end = min(end, start + LONGEST_EXCERPT)
    shown = seen.text[start:end]
    offset = start + len(shown) - len(shown.lstrip(_LIST_MARKS))
    spans = tuple((a - offset, b - offset) for a, b in inside if a >= offset and b <= end)
    return Why(seen.field, seen.text[offset:end].strip(), seen.how, spans)
