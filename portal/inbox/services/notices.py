"""Tell people; and take note that they have read it (a mark, not an act: no audit)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update

from portal.accounts.rules.permissions import Permission
from portal.core.database import db

from ..models import Notice
from ..queries.notices import people_who_may


def tell(person_id: int, text: str, *, address: str, now: datetime, key: str | None = None) -> None:
    """Leave a line for one person.

    Args:
        person_id: whom.
        text: one sentence, without personal data.
        address: the path of the portal it leads to.
        now: when.
        key: names the occasion; the same person is told of it once.
    """
    _tell([person_id], text, address=address, now=now, key=key)


def tell_all(permission: Permission, text: str, *, address: str, now: datetime, key: str | None = None) -> None:
    """Leave the line for everybody who holds this permission now."""
    _tell(people_who_may(permission), text, address=address, now=now, key=key)


def _tell(people: Iterable[int], text: str, *, address: str, now: datetime, key: str | None) -> None:
    if not address.startswith("/") or address.startswith("//"):
        raise ValueError("a notice leads to a path of the portal")
    wanted = set(people)
    if key:
        wanted -= set(db.session.scalars(select(Notice.person_id).where(Notice.key == key)))
    for person_id in sorted(wanted):
        db.session.add(Notice(person_id=person_id, text=text[:300], address=address, key=key, at=now))


def mark_read(notice_id: int, *, person_id: int, now: datetime) -> str | None:
    """Mark one's own notice as read; returns where it leads, None where there is no such notice of theirs."""
    notice = db.session.scalar(select(Notice).where(Notice.id == notice_id, Notice.person_id == person_id))
    if notice is None:
        return None
    notice.read_at = notice.read_at or now
    return notice.address


def mark_all_read(*, person_id: int, up_to: int, now: datetime) -> None:
    """Mark one's own notices as read, up to the last one that was on the page."""
    db.session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.read_at.is_(None), Notice.id <= up_to)
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )


def mark_read_at(address: str, *, person_id: int, now: datetime) -> None:
    """Mark what somebody was told of a place as read: they were there."""
    db.session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.address == address, Notice.read_at.is_(None))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
