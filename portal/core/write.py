"""The one write path (DESIGN §6): one transaction, audit and outbox rows last, under one lock, then what follows.

Domains collect items while they work (`collect("audit", row)`); when the transaction commits, the writer registered for
each kind turns them into rows. So their numbers follow the order of commits, and a rollback forgets them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import event, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from .database import db, writing

log = structlog.get_logger("portal")
Writer = Callable[[Session, list[Any]], None]
_writers: dict[str, Writer] = {}
_followers: dict[str, Callable[[], None]] = {}
_LOCK = 7_301_230  # an arbitrary number: the advisory lock that orders audit and outbox rows on PostgreSQL


class ReadOnlyError(RuntimeError):
    """Something tried to write where only reading is allowed (a GET, a page, a query)."""


def at_commit(kind: str, writer: Writer) -> None:
    """Register who turns the collected items of a kind into rows, as the last thing before the commit."""
    _writers[kind] = writer


def after_commit(name: str, follower: Callable[[], None]) -> None:
    """Register what is done after each commit that collected something; what it raises is logged, no more."""
    _followers[name] = follower


def collect(kind: str, item: Any) -> None:
    """Hand an item to the writer of its kind; it is written with the commit or not at all.

    Raises:
        ReadOnlyError: no write has begun, so the item would be lost.
    """
    if not writing.get():
        raise ReadOnlyError("a write needs begin_write() or transaction()")
    db.session().info.setdefault("collected", {}).setdefault(kind, []).append(item)


def writing_now() -> bool:
    """Whether this context is in its write transaction, or about to open it."""
    return writing.get()


def begin_write() -> None:
    """From here on, the next statement of this context opens the one write transaction."""
    db.session.rollback()
    writing.set(True)


def end_write() -> None:
    """Back to reading; anything not committed is dropped."""
    db.session.rollback()
    writing.set(False)


def commit() -> None:
    """Commit the write transaction and then do what its rows ask for."""
    session = db.session()
    followed = any(session.info.get("collected", {}).values())
    session.commit()
    writing.set(False)
    if followed:
        for name, follow in _followers.items():
            try:
                follow()
            except Exception:  # the act is committed; nothing that follows may make it look undone
                log.exception("after commit", follower=name)


@contextmanager
def transaction() -> Iterator[None]:
    """A write transaction for commands and jobs: committed at the end, nothing kept of one that raised."""
    begin_write()
    try:
        yield
        commit()
    except BaseException:
        end_write()
        raise


@event.listens_for(Session, "before_flush")
def _refuse_outside(session: Session, context: Any, instances: Any) -> None:
    if not writing.get() and (session.new or session.dirty or session.deleted):
        raise ReadOnlyError("a write needs begin_write() or transaction()")


@event.listens_for(Session, "do_orm_execute")
def _refuse_statement(state: ORMExecuteState) -> None:
    if not writing.get() and (state.is_insert or state.is_update or state.is_delete):
        raise ReadOnlyError("a write needs begin_write() or transaction()")


@event.listens_for(Session, "before_commit")
def _write_collected(session: Session) -> None:
    collected = session.info.get("collected", {})
    if not any(collected.values()) or session.in_nested_transaction():
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    for kind, items in collected.items():
        if items:
            _writers[kind](session, items)
    session.flush()
    collected.clear()


@event.listens_for(Session, "after_transaction_create")
def _remember(session: Session, transaction: SessionTransaction) -> None:
    """What was collected before a savepoint outlives a rollback to it."""
    if transaction.nested:
        collected = session.info.get("collected", {})
        marks = session.info.setdefault("savepoints", {})
        marks[transaction] = {kind: len(items) for kind, items in collected.items()}


@event.listens_for(Session, "after_transaction_end")
def _release(session: Session, transaction: SessionTransaction) -> None:
    if not transaction.nested:
        session.info.pop("savepoints", None)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    kept = session.info.get("savepoints", {}).get(previous, {})
    for kind, items in session.info.get("collected", {}).items():
        del items[kept.get(kind, 0) :]
