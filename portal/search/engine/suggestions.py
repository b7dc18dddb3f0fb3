"""What to offer while someone types, from all segments and from lists beside the index."""

from collections.abc import Iterable, Sequence

from ..rules.suggest import Book, Typed
from .snapshot import Snapshot
from .types import Suggestion

MOST_LOOKED_AT = 120
"""Candidates that are looked at for one query; those most worth showing stand first in each segment."""


def suggest(snapshot: Snapshot, typed: Typed, at: float, books: Sequence[Book], limit: int) -> list[Suggestion]:
    """Suggestions for a moment: words for at most half of the places, if documents fill the others; no text twice."""
    if not typed.text:
        return []
    words = _ranked(
        (not place.begins, book.texts.text(place.number), None) for book in books for place in book.find(typed)
    )
    visible = snapshot.visible(at)
    most = max(3 * limit, MOST_LOOKED_AT // max(1, len(snapshot.segments)))
    documents = _ranked(
        (not place.begins, segment.book.texts.text(place.number), snapshot.id_of(document))
        for segment, offset in zip(snapshot.segments, snapshot.offsets, strict=False)
        for place in segment.book.find(typed, most)
        if visible[document := int(segment.book_docs[place.number]) + int(offset)]
    )
    own = {suggestion.text for suggestion in documents[:limit]}
    words = [word for word in words if word.text not in own][: max(limit // 2, limit - len(documents))]
    return words + documents[: limit - len(words)]


def _ranked(found: Iterable[tuple[bool, str, str | None]]) -> list[Suggestion]:
    """Those that begin with what was typed first, then the shorter ones; no text twice."""
    ranked = sorted(found, key=lambda entry: (entry[0], len(entry[1]), entry[1]))
    return list({text: Suggestion(text, document) for _, text, document in ranked}.values())
