"""Who keeps an article: its owner, and everybody who may."""

from collections.abc import Iterable

from sqlalchemy import select

from portal.accounts.models import Person, PersonRole
from portal.accounts.rules.permissions import GRANTS, Permission
from portal.core.database import db


def keepers() -> list[tuple[int, str]]:
    """Everybody who may keep an article: number and name."""
    roles = [str(role) for role in GRANTS[Permission.KNOWLEDGE_FLAG_ANSWER]]
    holders = select(PersonRole.person_id).where(PersonRole.role.in_(roles))
    statement = select(Person.id, Person.name).where(Person.active, Person.kind == "person", Person.id.in_(holders))
    return [(number, name) for number, name in db.session.execute(statement.order_by(Person.id))]


def names(person_ids: Iterable[int]) -> dict[int, str]:
    """Person → name."""
    statement = select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return dict(db.session.execute(statement).all())
