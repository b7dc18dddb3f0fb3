"""What to offer while someone types: titles, phrases, domain words, and what several colleagues asked lately."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import structlog

from portal.core.database import db
from portal.core.write import writing_now

from .engine.engine import Engine
from .engine.types import IndexDamaged, Suggestion
from .rules.suggest import Book
from .services import drain, engine
from .wordlists import asked_by_several
from .words import follow_words

log = structlog.get_logger("portal.search")
LATELY = timedelta(days=30)
KEPT_SECONDS = 300
"""What colleagues asked is read anew after so long."""


@dataclass(frozen=True)
class _Asked:
    book: Book
    read_at: float


_asked: WeakKeyDictionary[Engine, _Asked] = WeakKeyDictionary()
_reading = threading.Lock()


def complete(typed: str, *, at: datetime, limit: int) -> list[Suggestion]:
    """What goes on from the words or letters typed so far; nothing while the index is being mended."""
    return complete_any([typed], at=at, limit=limit)


def complete_any(beginnings: Sequence[str], *, at: datetime, limit: int) -> list[Suggestion]:
    """What goes on from any of these, those of the first ones first; each text once."""
    found: dict[str, Suggestion] = {}
    try:
        drain()
        follow_words()
        asked = _colleagues(at)
        for typed in beginnings:
            for each in engine().suggest(typed, at=at.timestamp(), limit=limit, asked=asked):
                found.setdefault(each.text, each)
            if len(found) >= limit:
                break
        return list(found.values())[:limit]
    except IndexDamaged as damage:
        log.warning("no suggestions without index", reason=str(damage))
        return []


def forget_asked() -> None:
    """Read anew what colleagues asked."""
    _asked.pop(engine(), None)


def _colleagues(now: datetime) -> Book:
    host = engine()
    kept = _asked.get(host)
    if kept and time.monotonic() - kept.read_at < KEPT_SECONDS:
        return kept.book
    with _reading:
        kept = _asked.get(host)
        if kept is None or time.monotonic() - kept.read_at >= KEPT_SECONDS:
            kept = _asked[host] = _Asked(Book.of(asked_by_several(now - LATELY)), time.monotonic())
            if not writing_now():
                db.session.rollback()
    return kept.book
