"""Which documents were used of late: a small, bounded help that decides between answers that are almost equal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from portal.core.database import db

from .engine.engine import Engine
from .engine.searching import MOST_LIKED
from .events import How
from .models import SearchClick
from .services import engine

OF_LATE = timedelta(days=90)
LAST_ACTS = 20_000
"""So many of the last acts are looked at, however many there were."""
HELD = timedelta(minutes=10)
"""So long a process takes the figures for true."""


@dataclass(frozen=True)
class _Seen:
    at: datetime
    liked: Mapping[str, float]


_seen: WeakKeyDictionary[Engine, _Seen] = WeakKeyDictionary()


def liked(at: datetime) -> Mapping[str, float]:
    """Document id → the share by which its score grows, at most MOST_LIKED for the one used most."""
    host = engine()
    seen = _seen.get(host)
    if seen is None or not seen.at <= at < seen.at + HELD:
        seen = _seen[host] = _Seen(at, shares(_uses(at)))
    return seen.liked


def shares(uses: Mapping[str, int]) -> dict[str, float]:
    """The shares of documents that were used so often; slowly growing, so that what is in front is not kept there."""
    most = max(uses.values(), default=0)
    return {document: MOST_LIKED * log1p(count) / log1p(most) for document, count in uses.items()}


def _uses(at: datetime) -> dict[str, int]:
    last = select(SearchClick.document, SearchClick.how, SearchClick.at).order_by(SearchClick.id.desc())
    acts = last.limit(LAST_ACTS).subquery()
    counted = select(acts.c.document, func.count()).where(
        acts.c.how.in_([How.USED.value, How.COPIED.value, How.READ.value]),
        acts.c.at > at - OF_LATE,
        acts.c.at <= at,
    )
    return dict(db.session.execute(counted.group_by(acts.c.document)).all())
