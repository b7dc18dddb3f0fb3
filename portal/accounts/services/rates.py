"""How often somebody may ask, counted in the database, so that it does not matter which process or host answers.

A process claims permits of the running minute and uses them up from memory: one at a time where the limit must be
exact (tokens), a handful at a time where writing for each request would cost more than it protects (people). Never are
more let through than the limit; with several processes some of a handful may be left unused.
"""

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, or_
from sqlalchemy.dialects import postgresql, sqlite

from portal.core.database import db, is_postgres
from portal.core.write import begin_write, end_write

from ..models import RateWindow


@dataclass(frozen=True)
class Rate:
    """A limit for each minute of the clock, and how many permits are claimed at once."""

    a_minute: int
    at_once: int = 1


PEOPLE = Rate(600, at_once=50)
"""Search and suggestions together, for each person."""

TOKENS = Rate(120)
"""Search and suggestions together, for each API token."""

WRONG_TOKENS = Rate(30)
"""Requests without a valid token, for each address."""

_held: dict[tuple[str, str], tuple[int, int]] = {}
"""(database, subject) → the minute of the permits at hand, and how many are left."""
_one_by_one = threading.Lock()
MOST_HELD = 10_000


def let_through(subject: str, rate: Rate, *, now: datetime) -> bool:
    """Whether this request may pass; counts it. Called with no transaction open: it may write in one of its own."""
    minute = int(now.timestamp() // 60)
    key = (str(db.engine.url), subject)
    with _one_by_one:
        if _use_one(key, minute):
            return True
    claimed = _claim(subject, minute, rate)
    with _one_by_one:
        if len(_held) >= MOST_HELD:
            _held.clear()
        held, left = _held.get(key, (minute, 0))
        _held[key] = (minute, claimed + (left if held == minute else 0))
        return _use_one(key, minute)


def seconds_left(now: datetime) -> int:
    """Until the next minute of the clock begins."""
    return 60 - int(now.timestamp()) % 60


def _use_one(key: tuple[str, str], minute: int) -> bool:
    held, left = _held.get(key, (0, 0))
    if held != minute or left < 1:
        return False
    _held[key] = (minute, left - 1)
    return True


def _claim(subject: str, minute: int, rate: Rate) -> int:
    """Claim permits in one statement; 0 where the minute has none left."""
    insert = postgresql.insert if is_postgres() else sqlite.insert
    statement = insert(RateWindow).values(subject=subject, minute=minute, taken=rate.at_once)
    fresh = RateWindow.minute < minute
    statement = statement.on_conflict_do_update(
        index_elements=[RateWindow.subject],
        set_={
            "minute": case((fresh, minute), else_=RateWindow.minute),
            "taken": case((fresh, rate.at_once), else_=RateWindow.taken + rate.at_once),
        },
        where=or_(fresh, RateWindow.taken + rate.at_once <= rate.a_minute),
    )
    begin_write()
    try:
        taken = db.session.execute(statement.returning(RateWindow.taken)).scalar()
        db.session.commit()
    finally:
        end_write()
    return rate.at_once if taken else 0
