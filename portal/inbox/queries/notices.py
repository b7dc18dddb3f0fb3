"""Read notices."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal.accounts.models import Person, PersonRole
from portal.accounts.rules.permissions import GRANTS, Permission
from portal.core.database import db

from ..models import Notice

PAGE = 30


def people_who_may(permission: Permission) -> Sequence[int]:
    """Everybody who may sign in and holds this permission."""
    holders = select(PersonRole.person_id).where(PersonRole.role.in_([str(role) for role in GRANTS[permission]]))
    return db.session.scalars(
        select(Person.id).where(Person.active, Person.kind == "person", Person.id.in_(holders)).order_by(Person.id)
    ).all()


def notices(person_id: int, *, unread_only: bool, page: int) -> tuple[Sequence[Notice], int]:
    """A page of a person's notices, the newest first, and how many there are."""
    statement = select(Notice).where(Notice.person_id == person_id)
    if unread_only:
        statement = statement.where(Notice.read_at.is_(None))
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    rows = db.session.scalars(statement.order_by(Notice.id.desc()).limit(PAGE).offset((page - 1) * PAGE)).all()
    return rows, total


def unread(person_id: int) -> int:
    """How many notices a person has not read; 0 where the database cannot tell, for the bell is no reason to fail."""
    try:
        if not db.session.is_active:
            return 0
        statement = select(func.count()).where(Notice.person_id == person_id, Notice.read_at.is_(None))
        return db.session.scalar(statement) or 0
    except SQLAlchemyError:
        return 0
