"""Keep the index equal to the database: what must be indexed is a row of the same transaction (DESIGN §6, outbox).

Each host keeps its own index and follows the outbox by number. Whoever commits drains it under a file lock; start-up
and every search see to what was left.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.remember import forget, remembered
from portal.core.write import after_commit, at_commit, collect, writing_now

from .engine.engine import Engine
from .engine.types import Change, Check, Deleted, Document, IndexBusy, IndexDamaged
from .models import OutboxRow

log = structlog.get_logger("portal.search")
BATCH = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """A domain that feeds the index: how its keys become documents, and all it has."""

    documents: Callable[[Iterable[str]], Mapping[str, Document | None]]
    all_documents: Callable[[], Iterable[Document]]


_sources: dict[str, Source] = {}
_engines: dict[Path, Engine] = {}
_rebuilding = threading.Lock()
_folder: Path | None = None


def register_source(prefix: str, source: Source) -> None:
    """Let a domain feed the index; outbox keys that begin with the prefix are its own."""
    _sources[prefix] = source


def use_folder(folder: Path) -> None:
    """Where this host keeps its index."""
    global _folder
    _folder = folder


def engine() -> Engine:
    """The engine over this host's index."""
    if _folder is None:
        raise RuntimeError("the search has no folder yet")
    if _folder not in _engines:
        _engines[_folder] = Engine(_folder)
    return _engines[_folder]


def index_later(key: str) -> None:
    """Ask for a thing to be indexed anew once this transaction is committed."""
    collect("search", key)


def write_rows(session: Session, keys: list[str]) -> None:
    """Write the collected keys into the outbox; called by the write path under its lock."""
    last = session.scalar(select(func.max(OutboxRow.seq))) or 0
    now = utc_now()
    for seq, key in enumerate(dict.fromkeys(keys), start=last + 1):
        session.add(OutboxRow(seq=seq, key=key, at=now))


def behind() -> int:
    """How many rows of the outbox this host's index has not followed yet."""
    return max(0, _last() - engine().position())


def last_change() -> int:
    """The number of the last thing that had to be indexed."""
    return _last()


@dataclass
class _Unchanged:
    last: int
    values: dict[Any, Any]


_unchanged: WeakKeyDictionary[Engine, _Unchanged] = WeakKeyDictionary()


def while_unchanged(key: Any, make: Callable[[], T]) -> T:
    """A plain value made from what the outbox tells of, kept in this process until the outbox moves on.

    Whatever changes what the value is made from must call `index_later`. In the middle of a write it is made anew for
    that transaction: what is not committed stands in no outbox.
    """
    if writing_now():
        return remembered(f"while unchanged {key}", make)
    last, host = remembered("last change", _last), engine()
    known = _unchanged.get(host)
    if known is None or known.last != last:
        known = _unchanged[host] = _Unchanged(last, {})
    if key not in known.values:
        known.values[key] = make()
    found: T = known.values[key]
    return found


def forget_unchanged(key: Any) -> None:
    """What was made under this key has changed within this transaction."""
    forget(f"while unchanged {key}")


def drain(*, wait: bool = False) -> bool:
    """Bring the index up to the outbox; returns whether it is.

    Without `wait` another process that is draining already is trusted to go on. A damaged or missing index is rebuilt.
    """
    if not _sources:
        return True
    try:
        if engine().position() < _ensure_sound():
            engine().follow(_fetch, wait=wait)
        return True
    except IndexBusy:
        return False
    except IndexDamaged as damage:
        log.warning("index damaged", reason=str(damage))
        return rebuild() is not None
    finally:
        _let_go()


def _ensure_sound() -> int:
    """Refuse an index that is no copy of this database; one that is ahead of what was read before is sound.

    Another process may have committed and indexed since this transaction began to read: look again before judging.
    Returns the number of the last thing that had to be indexed.
    """
    _let_go()
    last = _last()
    try:
        engine().ensure(at_least=0, at_most=last)
    except IndexDamaged:
        _let_go()
        last = _last()
        engine().ensure(at_least=0, at_most=last)
    return last


def _let_go() -> None:
    """End the read transaction, unless the caller is in the middle of a write."""
    if not writing_now():
        db.session.rollback()


def _last() -> int:
    return db.session.scalar(select(func.max(OutboxRow.seq))) or 0


def _fetch(position: int) -> tuple[list[Change], int]:
    """What the outbox has after a position, as documents of now; read in a transaction of its own."""
    db.session.rollback()
    statement = select(OutboxRow.seq, OutboxRow.key).where(OutboxRow.seq > position).order_by(OutboxRow.seq)
    rows = db.session.execute(statement.limit(BATCH)).all()
    return _changes({row.key for row in rows}), rows[-1].seq if rows else position


def drain_quietly() -> None:
    """Drain after a commit; the commit stands whatever happens to the index."""
    try:
        drain()
    except Exception:  # the act is committed; the next search or start drains what was left
        log.exception("drain failed")


def _changes(keys: set[str]) -> list[Change]:
    changes: list[Change] = []
    for prefix, source in _sources.items():
        mine = {key for key in keys if key.startswith(prefix)}
        if mine:
            found = source.documents(mine)
            changes += [document or Deleted(name) for name, document in found.items()]
    return changes


def rebuild() -> dict[str, Any] | None:
    """Build the index anew beside the old one and swap; None when somebody else is at it already."""
    if not _rebuilding.acquire(blocking=False):
        return None
    try:
        started = time.monotonic()
        position = _last()
        documents = [document for source in _sources.values() for document in source.all_documents()]
        engine().rebuild(documents, position)
        seconds = round(time.monotonic() - started, 3)
        log.info("index rebuilt", documents=len(documents), seconds=seconds)
        return {"documents": len(documents), "seconds": seconds}
    except IndexBusy:
        return None
    finally:
        _rebuilding.release()
        _let_go()


def check() -> Check:
    """Compare the index with the database, file by file and document by document."""
    drain(wait=True)
    expected = {d.id: d.digest for source in _sources.values() for d in source.all_documents()}
    db.session.rollback()
    return engine().check(expected)


at_commit("search", write_rows)
after_commit("search", drain_quietly)
