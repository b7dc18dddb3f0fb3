"""Read people and sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.audit.services import Actor
from portal.core.database import db

from .models import Person, UserSession
from .rules.permissions import Permission, permissions_of
from .rules.roles import LABELS, OFFICES, Role
from .rules.sessions import secret_hash, why_ended


@dataclass(frozen=True)
class Principal:
    """The person behind a request, as a snapshot that needs no database."""

    id: int
    login: str
    name: str
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    session_id: int
    secret: str
    seen_at: datetime
    started_at: datetime

    is_active = is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the browser's cookie names: the session's secret, never the person."""
        return self.secret

    def may(self, permission: str) -> bool:
        """Whether any of the roles held allows it."""
        return permission in self.permissions

    @property
    def is_office(self) -> bool:
        """Whether this is one of the three administrators (三员)."""
        return bool(self.roles & OFFICES)

    @property
    def role_label(self) -> str:
        """The roles in words."""
        return "、".join(LABELS[role] for role in LABELS if role in self.roles) or "未授角色"

    @property
    def initial(self) -> str:
        """One character for the round badge."""
        return self.name[:1]

    @property
    def actor(self) -> Actor:
        """This person as the audit writes it."""
        return Actor(self.id, self.name, session=str(self.session_id))


def principal_by_secret(secret: str, now: datetime) -> Principal | None:
    """The person of a session that still holds, or None."""
    session = db.session.scalar(
        select(UserSession)
        .where(UserSession.secret_hash == secret_hash(secret))
        .options(joinedload(UserSession.person))
    )
    if session is None:
        return None
    person = session.person
    ended = why_ended(
        started_at=session.started_at,
        seen_at=session.seen_at,
        ended_at=session.ended_at,
        active=person.active and person.kind == "person",
        now=now,
    )
    if ended:
        return None
    roles = person.role_set
    return Principal(
        id=person.id,
        login=person.login,
        name=person.name,
        roles=roles,
        permissions=permissions_of(roles),
        session_id=session.id,
        secret=secret,
        seen_at=session.seen_at,
        started_at=session.started_at,
    )


def demo_people() -> Sequence[Person]:
    """The demo people who may sign in with one click, in the order of the roles."""
    return db.session.scalars(select(Person).where(Person.demo, Person.active).order_by(Person.id)).all()


def person_by_name(name: str) -> Person | None:
    """An active person or service, by login or by name."""
    return db.session.scalars(
        select(Person).where((Person.login == name) | (Person.name == name), Person.active).order_by(Person.id)
    ).first()


def everyone() -> Sequence[Person]:
    """All people who may sign in, by name."""
    return db.session.scalars(select(Person).where(Person.kind == "person").order_by(Person.id)).all()


def last_seen() -> dict[int, datetime]:
    """Person id → when a session of theirs was last seen."""
    statement = select(UserSession.person_id, func.max(UserSession.seen_at)).group_by(UserSession.person_id)
    return dict(db.session.execute(statement).all())
