"""What a group of words would change, before it is saved: orders side by side, and the queries whose first three move.

Only the order by letters is compared: what meaning adds does not depend on these words.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .engine.engine import Engine
from .engine.snapshot import Snapshot
from .rules.lexicon import Lexicon
from .rules.normalise import normalise
from .services import engine
from .words import follow_words, lexicon

DEPTH = 5
FIRST = 3
MOST_LOOKED_AT = 200
LONGEST_LOOK = 0.8
"""Seconds after which no further query is tried; the page says how many were."""


@dataclass(frozen=True)
class Place:
    """A document in a list of results, and how it stands against the other list."""

    title: str
    moved: str
    """new, up, down, or nothing."""


@dataclass(frozen=True)
class Compared:
    """A query with its results by the words of now, and by those on trial."""

    query: str
    now: list[Place]
    then: list[Place]
    differs: bool


@dataclass(frozen=True)
class Effect:
    """What a group would do: to the query tried, and to known questions that say one of its words."""

    tried: Compared | None
    looked_at: int = 0
    known: int = 0
    moved: list[Compared] = field(default_factory=list)


def effect(
    words: Sequence[str], *, instead_of: tuple[int, Sequence[str]] | None, query: str, asked: Sequence[str], at: float
) -> Effect:
    """Compare the words of now with the same ones and this group; a group that is as it was moves nothing.

    Args:
        words: the group on trial.
        instead_of: the group it replaces, with its words of now; None for one that does not count yet.
        query: one query to show whole.
        asked: what was asked lately, beside the titles and phrases of the documents.
        at: the moment, in epoch seconds.

    Raises:
        IndexDamaged: the index must be rebuilt.
    """
    follow_words()
    host = engine()
    snapshot, before = host.state().snapshot, host.lexicon
    after = lexicon(without=instead_of[0] if instead_of else None, and_also=words)
    tried = _compare(host, snapshot, query, (before, after), at, DEPTH) if query else None
    if instead_of and list(words) == list(instead_of[1]):
        return Effect(tried)
    touched = {normalise(word) for word in (*words, *(instead_of[1] if instead_of else ()))}
    known = list(dict.fromkeys([*(text for text in asked if _says(text, touched)), *_questions(snapshot, touched, at)]))
    moved, looked, until = [], 0, time.perf_counter() + LONGEST_LOOK
    for text in known[:MOST_LOOKED_AT]:
        if time.perf_counter() > until:
            break
        looked += 1
        compared = _compare(host, snapshot, text, (before, after), at, FIRST)
        if compared.differs:
            moved.append(compared)
    return Effect(tried, looked, len(known), moved)


def _says(text: str, words: set[str]) -> bool:
    plain = normalise(text)
    return any(word in plain for word in words)


def _questions(snapshot: Snapshot, words: set[str], at: float) -> Iterator[str]:
    """The titles and phrases of documents in force that say one of the words."""
    visible = snapshot.visible(at)
    for segment, offset in zip(snapshot.segments, snapshot.offsets, strict=False):
        for word in sorted(words):
            for number, _ in segment.book.looks.holding(word.encode("utf-8", "replace"), MOST_LOOKED_AT):
                if visible[int(segment.book_docs[number]) + int(offset)]:
                    yield segment.book.texts.text(number)


def _compare(
    host: Engine, snapshot: Snapshot, query: str, lexicons: tuple[Lexicon, Lexicon], at: float, depth: int
) -> Compared:
    now, then = (
        [hit.id for hit in host.search(query, at=at, limit=depth, facets=(), lexicon=each).hits] for each in lexicons
    )
    return Compared(
        query,
        [Place(_title(snapshot, id_), "" if id_ in then else "gone") for id_ in now],
        [Place(_title(snapshot, id_), _moved(id_, now, then)) for id_ in then],
        now[:FIRST] != then[:FIRST],
    )


def _moved(id_: str, now: list[str], then: list[str]) -> str:
    if id_ not in now:
        return "new"
    steps = now.index(id_) - then.index(id_)
    return "up" if steps > 0 else "down" if steps < 0 else ""


def _title(snapshot: Snapshot, id_: str) -> str:
    for segment, offset in zip(snapshot.segments, snapshot.offsets, strict=False):
        if id_ in segment.ids:
            place = segment.ids.index(id_) + int(offset)
            if snapshot.alive[place]:
                return (snapshot.document(place).texts("title") or (id_,))[0]
    return id_
