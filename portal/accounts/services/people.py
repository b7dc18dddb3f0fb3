"""Verbs about accounts: made, disabled, helped; roles granted; passwords and second factors set."""

import re
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, select, update

from portal.audit.services import SYSTEM, Actor, record
from portal.config import Profile
from portal.core.database import db
from portal.core.encryption import seal
from portal.core.errors import ConflictError, DomainError

from ..models import BackupCode, FailedTry, OldPassword, Person, PersonRole, UserSession
from ..rules.passwords import POLICIES
from ..rules.roles import LABELS, OFFICES, Role, why_not_together
from .signing_in import code_hash, hash_password, matches, matching_step

LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,39}")
CODES = 10


def one_time_password() -> str:
    """A password for the first sign-in: it must be changed at once, and is shown once."""
    alphabet = "abcdefghjkmnpqrstuvwxyz"
    words = "".join(secrets.choice(alphabet) for _ in range(8))
    return f"{words[:4].capitalize()}-{words[4:]}-{secrets.randbelow(9000) + 1000}"


def create_person(login: str, name: str, *, password_hash: str, by: Actor, now: datetime) -> Person:
    """Make an account without any role, with a one-time password.

    Raises:
        DomainError: the login is taken or cannot be used.
    """
    login, name = login.strip().casefold(), name.strip()
    if not LOGIN.fullmatch(login):
        raise DomainError("账号用小写字母开头，2 到 40 位，只含小写字母、数字、点、横线")
    if not name:
        raise DomainError("姓名没有填")
    if db.session.scalar(select(Person.id).where(Person.login == login)):
        raise DomainError(f"账号 {login} 已经有人用")
    person = Person(
        login=login,
        name=name[:60],
        created_at=now,
        created_by=by.name,
        password_hash=password_hash,
        password_set_at=now,
        must_change=True,
    )
    db.session.add(person)
    db.session.flush()
    record("accounts:person:create", ref(person), by=by, now=now, changes={"name": name})
    return person


def ref(person: Person) -> str:
    """The person as the audit names them."""
    return f"person:{person.login}"


def set_active(person: Person, *, active: bool, reason: str, by: Actor, now: datetime) -> None:
    """Disable or enable an account; disabling ends every session at once. Doing it twice changes nothing.

    Raises:
        DomainError: one's own account.
    """
    if person.id == by.id:
        raise DomainError("不能停用自己的账号")
    if person.active == active:
        return
    person.active, person.disabled_at = active, None if active else now
    person.version += 1
    if not active:
        end_sessions(person, why="账号停用", by=by, now=now)
    verb = "enable" if active else "disable"
    record(f"accounts:person:{verb}", ref(person), by=by, now=now, reason=reason)


def end_sessions(person: Person, *, why: str, by: Actor, now: datetime, but: int | None = None) -> None:
    """End the sessions of a person, but for one."""
    statement = select(UserSession).where(UserSession.person_id == person.id, UserSession.ended_at.is_(None))
    for session in db.session.scalars(statement):
        if session.id != but:
            session.ended_at, session.ended_why = now, why
            record("accounts:session:end", f"session:{session.id}", by=by, now=now, reason=why)


def reset_password(person: Person, *, password_hash: str, by: Actor, now: datetime) -> None:
    """Help somebody who is locked out: a new one-time password, the lock lifted, all sessions ended."""
    if person.demo or person.kind != "person":
        raise DomainError("演示人物和服务账号没有密码")
    person.password_hash, person.password_set_at, person.must_change = password_hash, now, True
    db.session.execute(update(FailedTry).where(FailedTry.login == person.login).values(cleared=True))
    end_sessions(person, why="密码重置", by=by, now=now)
    record("accounts:password:reset", ref(person), by=by, now=now)


def reset_second_factor(person: Person, *, by: Actor, now: datetime) -> None:
    """Take the second factor away, so that it is set up anew at the next sign-in.

    Raises:
        DomainError: one's own.
    """
    if person.id == by.id:
        raise DomainError("自己的第二因素要由另一位管理员重置")
    person.totp_sealed, person.totp_confirmed_at = "", None
    db.session.execute(delete(BackupCode).where(BackupCode.person_id == person.id))
    end_sessions(person, why="第二因素重置", by=by, now=now)
    record("accounts:second-factor:reset", ref(person), by=by, now=now)


def used_before(person: Person, password: str, *, profile: Profile) -> bool:
    """Whether a password is the present one or one of those remembered; slow, call it before the write begins."""
    remembered = POLICIES[profile].remembered
    statement = select(OldPassword.password_hash).where(OldPassword.person_id == person.id)
    hashes = list(db.session.scalars(statement.order_by(OldPassword.id.desc()).limit(remembered)))
    return any(matches(known, password) for known in [person.password_hash, *hashes] if known)


def change_password(person: Person, *, password_hash: str, session_id: int, by: Actor, now: datetime) -> None:
    """Set one's own password; every other session ends."""
    if person.password_hash:
        db.session.add(OldPassword(person_id=person.id, password_hash=person.password_hash, at=now))
    person.password_hash, person.password_set_at, person.must_change = password_hash, now, False
    end_sessions(person, why="改了密码", by=by, now=now, but=session_id)
    record("accounts:password:change", ref(person), by=by, now=now)


def begin_enrolment(person: Person) -> str:
    """A fresh secret for the second factor, not in force until a code proves it; returns it for the QR code."""
    secret = pyotp.random_base32()
    person.totp_sealed, person.totp_confirmed_at = seal(secret, context=f"totp:{person.id}"), None
    return secret


def confirm_enrolment(person: Person, code: str, *, session_id: int, by: Actor, now: datetime) -> list[str]:
    """Prove the second factor by a code; returns ten backup codes, shown once.

    Raises:
        DomainError: the code is not the one of now.
    """
    step = matching_step(person, code.replace(" ", ""), now)
    if step is None:
        raise DomainError("验证码不对：看一下手机时间准不准，等下一个再试")
    person.totp_step, person.totp_confirmed_at = step, now
    db.session.get_one(UserSession, session_id).second_at = now
    record("accounts:second-factor:enrol", ref(person), by=by, now=now)
    return new_backup_codes(person, by=by, now=now)


def new_backup_codes(person: Person, *, by: Actor, now: datetime) -> list[str]:
    """Ten fresh backup codes; the old ones no longer count."""
    db.session.execute(delete(BackupCode).where(BackupCode.person_id == person.id))
    codes = [secrets.token_hex(5) for _ in range(CODES)]
    db.session.add_all(BackupCode(person_id=person.id, code_hash=code_hash(person.id, code)) for code in codes)
    record("accounts:backup-codes:make", ref(person), by=by, now=now)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def set_roles(person: Person, roles: frozenset[Role], *, opened_version: int, by: Actor, now: datetime) -> None:
    """Grant and take roles; they are in effect at the next request.

    Raises:
        DomainError: one's own roles, or roles that one person may not hold together.
        ConflictError: somebody changed this person since the form was opened.
    """
    if person.id == by.id:
        raise DomainError("不能给自己授角色，请另一位安全管理员来办")
    if person.kind != "person":
        raise DomainError("服务账号没有角色")
    db.session.refresh(person, with_for_update={"of": Person})
    held = person.role_set
    if opened_version != person.version:
        now_held = "、".join(LABELS[role] for role in LABELS if role in held) or "没有角色"
        raise ConflictError(
            "有人先改了这个人的角色，您的选择没有存", current={"现在的角色": now_held}, version=person.version
        )
    if why := why_not_together(roles):
        raise DomainError(why)
    if roles == held:
        return
    taken = [row for row in person.roles if row.role not in roles]
    for row in taken:
        person.roles.remove(row)
        db.session.delete(row)
    db.session.flush()  # taken before granted: the database never sees an office beside another role
    for role in LABELS:
        if role in roles - held:
            person.roles.append(PersonRole(role=role, granted_at=now, granted_by=by.name))
    person.version += 1
    words = {name: sorted(LABELS[role] for role in of_one) for name, of_one in (("old", held), ("new", roles))}
    record("accounts:role:grant", ref(person), by=by, now=now, changes=words)


def first_administrators(names: dict[Role, str], *, now: datetime) -> list[tuple[str, Role, str]]:
    """The three administrators of a new installation, once and never again.

    Args:
        names: the login of each office.
        now: the moment.

    Returns:
        Login, office and one-time password of each.

    Raises:
        DomainError: there already is one, or a login cannot be used.
    """
    prepared = {role: (password, hash_password(password)) for role in OFFICES for password in [one_time_password()]}
    if set(names) != OFFICES or len(set(names.values())) != len(OFFICES):
        raise DomainError("系统、安全、审计管理员要是三个不同的人")
    held = select(PersonRole.id).join(Person, Person.id == PersonRole.person_id)
    if db.session.scalar(held.where(PersonRole.role.in_(OFFICES), ~Person.demo).limit(1)):
        raise DomainError("三员已经建过，不能再建：以后的人由系统管理员建、安全管理员授角色")
    made = []
    for role in (Role.SYSTEM, Role.SECURITY, Role.AUDITOR):
        password, password_hash = prepared[role]
        person = create_person(names[role], names[role], password_hash=password_hash, by=SYSTEM, now=now)
        person.roles.append(PersonRole(role=role, granted_at=now, granted_by=SYSTEM.name))
        db.session.flush()
        record("accounts:role:grant", ref(person), by=SYSTEM, now=now, changes={"new": [LABELS[role]]})
        made.append((person.login, role, password))
    return made
