"""What the tests of the ground share: routes of their own, and many hands at once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditRow
from portal.core.database import db
from portal.core.marks import public
from portal.core.models import CalendarDay
from portal.search.models import OutboxRow

Result = TypeVar("Result")
DAY = date(2031, 5, 1)
"""A day that no calendar has yet."""


def open_route(app: Flask, path: str, view: Callable[..., Any], *, methods: Sequence[str] = ("POST",)) -> None:
    """Give the application a route of the test's own, open to everybody and without a token."""
    name = path.strip("/").replace("/", "_")
    view.__name__ = name
    app.extensions["csrf"].exempt(view)
    app.add_url_rule(path, name, public("a route of a test")(view), methods=list(methods))


def day(on: date = DAY, name: str = "试") -> CalendarDay:
    """A row of a table that belongs to no domain."""
    return CalendarDay(day=on, kind="statutory", name=name, source="测试", provisional=True)


def days_since(app: Flask, first: date = DAY) -> int:
    """How many such rows are kept."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(CalendarDay).where(CalendarDay.day >= first)) or 0


def counts(app: Flask) -> tuple[int, int]:
    """How many rows the audit and the outbox have."""
    with app.app_context():
        numbers = [db.session.scalar(select(func.count()).select_from(table)) for table in (AuditRow, OutboxRow)]
    return numbers[0] or 0, numbers[1] or 0


def at_once(work: Callable[[int], Result], hands: int = 8) -> list[Result]:
    """Let so many threads begin the same work at the same moment; their results by number."""
    ready = threading.Barrier(hands)

    def begin(number: int) -> Result:
        ready.wait(30)
        return work(number)

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(begin, range(hands)))
