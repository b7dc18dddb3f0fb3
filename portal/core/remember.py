"""Values that many parts of one request ask for, made once a transaction: nothing stale outlives it."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from .database import db

T = TypeVar("T")
_KEPT = "remembered"


def remembered(key: str, make: Callable[[], T]) -> T:
    """The value kept under a key for the transaction at hand, made when first asked for."""
    kept: dict[str, Any] = db.session().info.setdefault(_KEPT, {})
    if key not in kept:
        kept[key] = make()
    found: T = kept[key]
    return found


def forget(key: str) -> None:
    """What the value was made from has changed within this transaction."""
    db.session().info.get(_KEPT, {}).pop(key, None)


@event.listens_for(Session, "after_transaction_end")
def _forget_all(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_KEPT, None)
