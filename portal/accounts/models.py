"""People, what they may do, and the sessions they are signed in with."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, instant, pk

from .rules.roles import Role


class Person(Base):
    """Somebody who may sign in, or a service that acts by name (kind "service", which never signs in)."""

    __tablename__ = "people"

    id: Mapped[pk]
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20), default="person")
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[instant]
    created_by: Mapped[str] = mapped_column(String(60), default="")
    disabled_at: Mapped[datetime | None]
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    password_set_at: Mapped[datetime | None]
    must_change: Mapped[bool] = mapped_column(default=False)
    totp_sealed: Mapped[str] = mapped_column(String(200), default="")
    totp_confirmed_at: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    roles: Mapped[list["PersonRole"]] = relationship(lazy="selectin", order_by="PersonRole.id")

    @property
    def role_set(self) -> frozenset[Role]:
        """The roles held now."""
        return frozenset(Role(held.role) for held in self.roles)


class PersonRole(Base):
    """A role a person holds."""

    __tablename__ = "person_roles"
    __table_args__ = (UniqueConstraint("person_id", "role"),)

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[Role] = mapped_column(String(1))
    granted_at: Mapped[instant]
    granted_by: Mapped[str] = mapped_column(String(60))


class UserSession(Base):
    """One sign-in in one browser. The browser holds the secret, the database only its hash."""

    __tablename__ = "user_sessions"

    id: Mapped[pk]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    started_at: Mapped[instant]
    seen_at: Mapped[instant]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(String(60), default="")
    second_at: Mapped[datetime | None]
    browser: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(60), default="")

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class OldPassword(Base):
    """The hash of a password that was in use, so that it is not used again."""

    __tablename__ = "old_passwords"

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    at: Mapped[instant]


class BackupCode(Base):
    """A code that stands in for the second factor once."""

    __tablename__ = "backup_codes"

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class FailedTry(Base):
    """A wrong password or code, by account and by address; the lock-out is read from these rows."""

    __tablename__ = "failed_tries"

    id: Mapped[pk]
    login: Mapped[str] = mapped_column(String(60), index=True)
    address: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    cleared: Mapped[bool] = mapped_column(default=False)


class ApiToken(Base):
    """A key by which another system asks. One person asks for it, a second one grants it (kept by the database)."""

    __tablename__ = "api_tokens"
    __table_args__ = (CheckConstraint("granted_by_id <> made_by_id", name="four_eyes"),)

    id: Mapped[pk]
    name: Mapped[str] = mapped_column(String(60))
    why: Mapped[str] = mapped_column(String(200))
    until: Mapped[date]
    made_at: Mapped[instant]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    made_by_name: Mapped[str] = mapped_column(String(60))
    granted_at: Mapped[datetime | None]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted_by_name: Mapped[str] = mapped_column(String(60), default="")
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    taken_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str] = mapped_column(String(60), default="")
    ended_why: Mapped[str] = mapped_column(String(200), default="")


class RateWindow(Base):
    """How many requests of one subject were let through in its running minute; one row a subject, never added to."""

    __tablename__ = "rate_windows"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    minute: Mapped[int]
    taken: Mapped[int]
