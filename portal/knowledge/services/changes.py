"""Somebody says that they have read of a change (已读)."""

from datetime import datetime

from sqlalchemy import select

from portal.audit.services import Actor, record
from portal.core.errors import DomainError
from portal.core.once import add_or_find

from ..models import Acknowledgement, Publication


def acknowledge(line: Publication, *, person_id: int, by: Actor, now: datetime) -> bool:
    """Say that a change was read; returns whether that is new.

    Raises:
        DomainError: it has not begun, and nobody can have read of it.
    """
    if line.from_at > now:
        raise DomainError("这次变化还没有开始")
    row = Acknowledgement(person_id=person_id, publication_id=line.id, at=now)
    same = select(Acknowledgement).where(
        Acknowledgement.person_id == person_id, Acknowledgement.publication_id == line.id
    )
    _, new = add_or_find(row, same)
    if new:
        record("knowledge:change:acknowledge", f"publication:{line.id}", by=by, now=now)
    return new
