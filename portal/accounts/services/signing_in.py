"""Signing in with a password and a second factor. What is slow (hashing) happens before the write begins."""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, select, text, update

from portal.audit.services import Actor, record
from portal.core.clock import beijing
from portal.core.database import db, is_postgres
from portal.core.encryption import unseal
from portal.core.errors import DomainError
from portal.core.write import transaction

from ..models import BackupCode, FailedTry, Person, UserSession
from ..rules import signing_in as rules
from ..rules.sessions import new_secret, secret_hash
from . import start_session

_hasher = PasswordHasher()
_few = threading.BoundedSemaphore(4)  # 64 MiB each: a flood of sign-ins must not eat the memory
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
"""What an unknown name is verified against, so that it takes as long as a known one."""

WRONG = "账号、密码不对，或账号已停用"
WRONG_CODE = "验证码不对或已经用过，等下一个再试"


class LockedError(DomainError):
    """Too many wrong tries; the message says when to come back."""


@dataclass(frozen=True)
class Account:
    """What is needed to check a password, read before the slow work."""

    id: int
    password_hash: str


def hash_password(password: str) -> str:
    """The argon2id hash of a password; slow on purpose."""
    with _few:
        return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether a password is the one that was hashed; slow on purpose."""
    with _few:
        try:
            return _hasher.verify(password_hash or _NOBODY, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


def read_account(login: str) -> Account | None:
    """The account of this name, if it may sign in with a password at all."""
    person = db.session.scalar(
        select(Person).where(Person.login == login, Person.active, Person.kind == "person", ~Person.demo)
    )
    found = Account(person.id, person.password_hash) if person else None
    db.session.rollback()
    return found


def sign_in(login: str, password: str, *, browser: str, address: str, now: datetime) -> str:
    """Check a password and open a session, which may still owe a second factor; returns its secret.

    Raises:
        LockedError: too many wrong tries for this account or from this address.
        DomainError: the password is wrong or the name unknown; the two look and take alike.
    """
    login = login.strip().casefold()[:60]
    account = read_account(login)
    right = matches(account.password_hash if account else "", password)
    with transaction():
        until = _locked(login, address, now)
        if right and account and not until:
            person = db.session.get_one(Person, account.id)
            if person.active and person.password_hash == account.password_hash:
                _clear(login)
                _end_oldest(person, now)
                return start_session(person, browser=browser, address=address, now=now)
        _note_failure(login, address, account.id if account else None, now, locked=bool(until))
    raise _refusal(until, WRONG)


def resume(session_id: int, password: str, *, address: str, now: datetime) -> None:
    """After an idle time the same browser gives the password only; its session goes on.

    Raises:
        LockedError, DomainError: as for sign_in.
    """
    session = db.session.get_one(UserSession, session_id)
    person = db.session.get_one(Person, session.person_id)
    login, password_hash = person.login, person.password_hash
    db.session.rollback()
    right = matches(password_hash, password)
    with transaction():
        until = _locked(login, address, now)
        if right and not until:
            db.session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=now))
            by = Actor(person.id, person.name, session=str(session_id))
            record("accounts:session:resume", f"person:{login}", by=by, now=now)
            return
        _note_failure(login, address, person.id, now, locked=bool(until))
    raise _refusal(until, "密码不对")


def give_code(session_id: int, code: str, *, address: str, now: datetime) -> str:
    """Check a one-time code (or a backup code) for a session that owes it; returns the session's new secret.

    Raises:
        LockedError: too many wrong tries.
        DomainError: the code is wrong, or was used before.
    """
    code = code.replace(" ", "").replace("-", "").casefold()
    with transaction():
        session = db.session.get_one(UserSession, session_id, with_for_update=is_postgres())
        person = db.session.get_one(Person, session.person_id, with_for_update=is_postgres())
        until = _locked(person.login, address, now)
        if not until and _takes_code(person, code, now):
            secret = new_secret()
            session.second_at, session.secret_hash = now, secret_hash(secret)
            by = Actor(person.id, person.name, session=str(session_id))
            record("accounts:second-factor:pass", f"person:{person.login}", by=by, now=now)
            return secret
        _note_failure(person.login, address, person.id, now, locked=bool(until))
    raise _refusal(until, WRONG_CODE)


def _takes_code(person: Person, code: str, now: datetime) -> bool:
    if step := matching_step(person, code, now):
        person.totp_step = step
        return True
    if len(code) != 10:
        return False
    row = db.session.scalar(
        select(BackupCode).where(
            BackupCode.person_id == person.id,
            BackupCode.code_hash == code_hash(person.id, code),
            BackupCode.used_at.is_(None),
        )
    )
    if row is None:
        return False
    row.used_at = now
    return True


def matching_step(person: Person, code: str, now: datetime) -> int | None:
    """The time step whose code this is, one step off allowed; None if none is or it was used before (RFC 6238 §5.2)."""
    if not person.totp_sealed or not code.isdecimal() or len(code) != 6:
        return None
    totp = pyotp.TOTP(unseal(person.totp_sealed, context=f"totp:{person.id}"))
    current = int(now.timestamp()) // totp.interval
    for step in (current - 1, current, current + 1):
        if step > person.totp_step and secrets.compare_digest(totp.at(step * totp.interval), code):
            return step
    return None


def code_hash(person_id: int, code: str) -> str:
    """What the database keeps of a backup code; the codes are random enough to need no slow hash."""
    return hashlib.sha256(f"{person_id}:{code}".encode()).hexdigest()


def lock_words(until: datetime) -> str:
    """When to come back."""
    return f"试错太多次，{beijing(until):%H:%M} 以后再来；急用请找系统管理员解锁"


def _locked(login: str, address: str, now: datetime) -> datetime | None:
    """Until when tries for this account, or from this address, are refused; asked inside the write transaction."""
    if is_postgres():
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:login))"), {"login": login})
    own = rules.locked_until(_failures(FailedTry.login == login, now), most=rules.MOST_PER_PERSON, now=now)
    there = rules.locked_until(_failures(FailedTry.address == address, now), most=rules.MOST_PER_ADDRESS, now=now)
    return own or there


def _refusal(until: datetime | None, words: str) -> DomainError:
    return LockedError(lock_words(until)) if until else DomainError(words)


def _failures(which: ColumnElement[bool], now: datetime) -> Sequence[datetime]:
    statement = select(FailedTry.at).where(which, ~FailedTry.cleared, FailedTry.at > now - rules.WINDOW)
    return db.session.scalars(statement).all()


def _note_failure(login: str, address: str, person_id: int | None, now: datetime, *, locked: bool) -> None:
    """A wrong try, in the count and in the audit; tries while locked do not lengthen the lock."""
    if not locked:
        db.session.add(FailedTry(login=login, address=address[:60], at=now))
    by = Actor(person_id, "未登录", ip=address)
    why = "已锁定" if locked else "密码或验证码不对"
    record("accounts:session:start", f"person:{login}", by=by, now=now, result="denied", reason=why)


def _clear(login: str) -> None:
    db.session.execute(update(FailedTry).where(FailedTry.login == login, ~FailedTry.cleared).values(cleared=True))


def _end_oldest(person: Person, now: datetime) -> None:
    statement = select(UserSession).where(UserSession.person_id == person.id, UserSession.ended_at.is_(None))
    held = db.session.scalars(statement.order_by(UserSession.seen_at.desc())).all()
    for session in held[rules.AT_ONCE - 1 :]:
        session.ended_at, session.ended_why = now, "在别处登录"
