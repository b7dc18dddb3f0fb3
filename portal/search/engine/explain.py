"""Why a document was found: where its words stand, and the one text that speaks for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..rules import letters
from ..rules.highlight import Needles, found, joined, sounding
from ..rules.normalise import Normal, normalise_with_origin
from ..rules.pinyin import readings
from ..rules.tokens import chunks
from .plan import Plan
from .types import FIELDS, Document, How, Span, Why

_WORTH: Mapping[str, float] = {"phrases": 1.6, "title": 1.5, "script": 1.1, "body": 1.0, "basis": 0.9}
"""How gladly each field is shown: a caller's phrase or the title says more in less than a body does."""

_SHORT_FIELDS = ("title", "phrases", "script")
_SENTENCE = re.compile(r"[^。；;！!？?\n]+[。；;！!？?]?")
LONGEST_EXCERPT = 70


@dataclass(frozen=True, slots=True)
class _Seen:
    field: str
    text: str
    spans: Sequence[Span]
    worth: float
    how: How


def explain(document: Document, plan: Plan) -> tuple[dict[str, list[list[Span]]], Why | None]:
    """The spans of each text of each field, and the best reason."""
    spans: dict[str, list[list[Span]]] = {}
    best: _Seen | None = None
    for field in FIELDS:
        for text in document.texts(field):
            seen = _look(field, text, plan)
            spans.setdefault(field, []).append(list(seen.spans))
            if seen.spans and (best is None or seen.worth > best.worth):
                best = seen
    return spans, _reason(best) if best else None


def _look(field: str, text: str, plan: Plan) -> _Seen:
    normal = normalise_with_origin(text)
    ways: list[tuple[How, list[Span]]] = [(How.WORDS, found(normal, Needles(plan.needles.text)))]
    if plan.needles.words:
        how = How.LETTERS if plan.rows else How.SYNONYM
        ways.append((how, found(normal, Needles("", plan.needles.words))))
    if field in _SHORT_FIELDS:
        if plan.rows:
            ways.append((How.LETTERS, _spelt(normal, plan.rows)))
        if plan.needles.sounds:
            ways.append((How.SOUND, sounding(normal, plan.needles)))
    if len(ways) == 1:
        spans = ways[0][1]
        return _Seen(field, text, spans, _said(normal.text, spans) * _WORTH[field], How.WORDS)
    spans = joined(span for _, part in ways for span in part)
    how = max(ways, key=lambda way: _said(normal.text, way[1]))[0]
    return _Seen(field, text, spans, _said(normal.text, spans) * _WORTH[field], how)


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
    offset = start + len(shown) - len(shown.lstrip())
    spans = tuple((a - offset, b - offset) for a, b in inside if a >= offset and b <= end)
    return Why(seen.field, shown.strip(), seen.how, spans)
