"""The log of queries: what was asked and meant, what was done with the answers, and what had failed before.

Marks, no acts: nothing here is audited. The ids of documents are opaque; domains that know them ask here by id.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, exists, select

from portal.core.database import db
from portal.core.masking import HIDDEN, without_numbers
from portal.core.once import add_or_find
from portal.core.text import one_line

from .models import SearchClick, SearchEvent
from .rules.normalise import normalise

LONGEST = 200
FIRST = 10
"""How many of the first documents are kept."""
CHAIN = timedelta(minutes=3)
"""Within this time one person's queries belong to one question."""
TYPING = timedelta(seconds=30)
"""Within this time a longer text is the shorter one typed on."""
CALL = timedelta(minutes=30)
"""Within this time an act belongs to the query that led to the document."""


class How(StrEnum):
    """What can be done with a document that was found."""

    OPENED = "opened"
    COPIED = "copied"
    READ = "read"
    USED = "used"


@dataclass(frozen=True)
class Asked:
    """A query as the desk tells of it.

    Attributes:
        mark: the name of the answer that was shown.
        words: what was typed, as it was typed.
        hits: how many documents were found.
        first: the ids of the first ones.
        context: the category it was asked in, or empty.
        took_ms: how long the answer took.
    """

    mark: str
    words: str
    hits: int
    first: tuple[str, ...] = ()
    context: str = ""
    took_ms: int = 0


def clean(words: str) -> str:
    """The words as they may be kept: one line, and no number of a person in it."""
    return without_numbers(one_line(words, LONGEST))[:LONGEST]


def key_of(words: str) -> str:
    """The words as they are compared: one spelling, without blanks and signs."""
    return re.sub(r"[\W_]+", "", normalise(words.replace(HIDDEN, "")))[:LONGEST]


def remember(asked: Asked, *, person_id: int, now: datetime) -> SearchEvent | None:
    """Keep a query that was meant; None where nothing is left of its words.

    The same answer told twice is one event; so are the same words asked again within a chain, and a text typed on.
    """
    words = clean(asked.words)
    key = key_of(words)
    if not key:
        return None
    told = db.session.scalar(_marked(person_id, asked.mark))
    if told is not None:
        return told
    row = SearchEvent(
        person_id=person_id,
        mark=asked.mark,
        words=words,
        key=key,
        hits=asked.hits,
        first=list(asked.first[:FIRST]),
        context=asked.context,
        took_ms=asked.took_ms,
        at=now,
    )
    last = db.session.scalar(_of(person_id).limit(1))
    if last is not None and _goes_on(last, row):
        for name in ("mark", "words", "key", "hits", "first", "context", "took_ms", "at"):
            setattr(last, name, getattr(row, name))
        return last
    return add_or_find(row, _marked(person_id, asked.mark))[0]


def _marked(person_id: int, mark: str) -> Select[SearchEvent]:
    return select(SearchEvent).where(SearchEvent.person_id == person_id, SearchEvent.mark == mark)


def _of(person_id: int) -> Select[SearchEvent]:
    """A person's events, the last one first."""
    statement = select(SearchEvent).where(SearchEvent.person_id == person_id)
    return statement.order_by(SearchEvent.at.desc(), SearchEvent.id.desc())


def _goes_on(last: SearchEvent, row: SearchEvent) -> bool:
    """Whether a query is the one before it, asked again or typed on."""
    passed = row.at - last.at
    if passed < timedelta(0):
        return False
    if last.key == row.key and last.context == row.context:
        return passed <= CHAIN
    return passed <= TYPING and row.key.startswith(last.key) and not _led_to_something(last)


def _led_to_something(event: SearchEvent) -> bool:
    return bool(db.session.scalar(select(exists().where(SearchClick.event_id == event.id))))


def note(event: SearchEvent, document: str, how: How, *, now: datetime) -> None:
    """Keep what was done with a document that the query had found; told twice it is kept once."""
    rank = event.first.index(document) + 1 if document in event.first else None
    row = SearchClick(event_id=event.id, document=document, how=how.value, rank=rank, at=now)
    find = select(SearchClick).where(
        SearchClick.event_id == event.id, SearchClick.document == document, SearchClick.how == how.value
    )
    add_or_find(row, find)


def by_mark(person_id: int, mark: str) -> SearchEvent | None:
    """The event of an answer that was shown to this person."""
    return db.session.scalar(_marked(person_id, mark)) if mark else None


def leading_to(document: str, *, person_id: int, now: datetime) -> SearchEvent | None:
    """The query by which this person came to a document, within the length of a call."""
    return db.session.scalar(
        select(SearchEvent)
        .join(SearchClick, SearchClick.event_id == SearchEvent.id)
        .where(
            SearchEvent.person_id == person_id,
            SearchClick.document == document,
            SearchClick.at >= now - CALL,
        )
        .order_by(SearchClick.at.desc(), SearchClick.id.desc())
        .limit(1)
    )


def failed_before(event: SearchEvent) -> list[SearchEvent]:
    """The queries of the same chain that led to nothing, the last one first; one that led somewhere ended its chain."""
    led = exists().where(SearchClick.event_id == SearchEvent.id).label("led")
    earlier = db.session.execute(
        _of(event.person_id)
        .add_columns(led)
        .where(SearchEvent.at <= event.at, SearchEvent.at >= event.at - CHAIN, SearchEvent.id != event.id)
    )
    found: list[SearchEvent] = []
    for before, led_somewhere in earlier:
        if led_somewhere:
            break
        if before.key != event.key and before.key not in {other.key for other in found}:
            found.append(before)
    return found


def last_asked(person_id: int, limit: int = 8) -> list[str]:
    """What a person asked last, each text once, the newest first; texts with something hidden in them left out."""
    rows = db.session.execute(
        select(SearchEvent.key, SearchEvent.words)
        .where(SearchEvent.person_id == person_id, SearchEvent.words.not_like(f"%{HIDDEN}%"))
        .order_by(SearchEvent.at.desc(), SearchEvent.id.desc())
        .limit(12 * limit)
    )
    newest: dict[str, str] = {}
    for key, words in rows:
        newest.setdefault(key, words)
    return list(newest.values())[:limit]


def without_hits(since: datetime, until: datetime, keys: Collection[str] | None = None) -> Sequence[SearchEvent]:
    """The queries from `since` until just before `until` that found nothing, the newest first."""
    statement = select(SearchEvent).where(SearchEvent.hits == 0, SearchEvent.at >= since, SearchEvent.at < until)
    if keys is not None:
        statement = statement.where(SearchEvent.key.in_(keys))
    return db.session.scalars(statement.order_by(SearchEvent.at.desc(), SearchEvent.id.desc())).all()


def keys_without_hits(since: datetime) -> Select[str]:
    """The compared words of the queries since a moment that found nothing."""
    return select(SearchEvent.key).where(SearchEvent.hits == 0, SearchEvent.at >= since).distinct()
