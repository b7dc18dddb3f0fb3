"""Read people and sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.audit.services import Actor
from portal.config import Mfa, Profile
from portal.core.database import db

from .models import FailedTry, Person, UserSession
from .rules import signing_in
from .rules.passwords import is_due
from .rules.permissions import Permission, permissions_of
from .rules.roles import LABELS, OFFICES, Role
from .rules.sessions import ABSOLUTE, secret_hash, why_ended
from .rules.signing_in import Step, next_step


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
    step: Step = Step.NONE
    demo: bool = False

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


@dataclass(frozen=True)
class SignInPolicy:
    """What this installation asks of those who sign in; the demo asks nothing."""

    production: bool = False
    profile: Profile = Profile.MLPS3
    mfa: Mfa = Mfa.ALL

    def wants_second_factor(self, roles: frozenset[Role]) -> bool:
        """Whether somebody with these roles needs a second factor."""
        if not self.production:
            return False
        return self.mfa is Mfa.ALL or bool(roles - {Role.AGENT, Role.VISITOR})


def principal_by_secret(secret: str, now: datetime, policy: SignInPolicy) -> Principal | None:
    """The person of a session that still holds, with the step still owed, or None."""
    session = (
        db.session.scalars(
            select(UserSession)
            .where(UserSession.secret_hash == secret_hash(secret))
            .options(joinedload(UserSession.person).joinedload(Person.roles))
        )
        .unique()
        .one_or_none()
    )
    if session is None:
        return None
    person = session.person
    ended = why_ended(
        started_at=session.started_at,
        seen_at=session.seen_at,
        ended_at=session.ended_at,
        active=person.active and person.kind == "person" and not (person.demo and policy.production),
        now=now,
    )
    if ended and (ended != "idle" or person.demo):
        return None
    roles = person.role_set
    step = Step.RESUME if ended == "idle" else _step(person, session, roles, policy, now)
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
        step=step,
        demo=person.demo,
    )


def _step(person: Person, session: UserSession, roles: frozenset[Role], policy: SignInPolicy, now: datetime) -> Step:
    if person.demo:
        return Step.NONE
    return next_step(
        second_factor=policy.wants_second_factor(roles),
        enrolled=person.totp_confirmed_at is not None,
        second_done=session.second_at is not None,
        password_due=is_due(person.password_set_at, must_change=person.must_change, profile=policy.profile, now=now),
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


def sessions_of(person_id: int, now: datetime) -> Sequence[UserSession]:
    """The sessions of a person that still hold, the last seen first."""
    statement = (
        select(UserSession)
        .where(
            UserSession.person_id == person_id, UserSession.ended_at.is_(None), UserSession.started_at > now - ABSOLUTE
        )
        .order_by(UserSession.seen_at.desc())
    )
    return db.session.scalars(statement).all()


def is_locked(login: str, now: datetime) -> datetime | None:
    """Until when an account is locked, None if it is not."""
    statement = select(FailedTry.at).where(
        FailedTry.login == login, ~FailedTry.cleared, FailedTry.at > now - signing_in.WINDOW
    )
    return signing_in.locked_until(db.session.scalars(statement).all(), most=signing_in.MOST_PER_PERSON, now=now)


def role_words(person: Person) -> str:
    """The roles a person holds, in words."""
    return "、".join(LABELS[role] for role in LABELS if role in person.role_set) or "未授角色"


def session_of(secret: str) -> UserSession | None:
    """The session this secret ever opened, whether it still holds or not."""
    return db.session.scalar(select(UserSession).where(UserSession.secret_hash == secret_hash(secret)))
