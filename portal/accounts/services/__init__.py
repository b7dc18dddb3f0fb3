"""Verbs about people: made, signed in, signed out."""

from datetime import datetime

from sqlalchemy import select, update

from portal.audit.services import SYSTEM, Actor, record
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import begin_write, end_write, writing_now

from ..models import Person, PersonRole, UserSession
from ..rules.roles import LABELS, Role
from ..rules.sessions import SEEN_EVERY, new_secret, secret_hash

DEMO_PEOPLE = (
    ("li", "李坐席", Role.AGENT, "接听企业来电，查答案、念话术"),
    ("qian", "钱工单", Role.TICKET_OFFICER, "导入和办理疑难工单"),
    ("zhou", "周编辑", Role.EDITOR, "写知识、改知识"),
    ("wu", "吴审核", Role.REVIEWER, "审核、发布、下架"),
    ("wang", "王培训", Role.TRAINER, "排培训、记考勤"),
    ("zhao", "赵走访", Role.VISITOR, "走访企业和承办单位"),
    ("sun", "孙负责", Role.HEAD, "盯时限、盯履约"),
    ("jia", "甲方代表", Role.CLIENT, "查看、批准、验收"),
    ("zheng", "郑审计", Role.AUDITOR, "查看和校验操作记录"),
    ("chen", "陈安全", Role.SECURITY, "授予角色、结束会话"),
    ("feng", "冯系统", Role.SYSTEM, "看运行状况、管人员"),
)
"""Login, name, role and what the person does here: one for each role."""

CONTENT_PACK = "内容包"
"""The service that is named as the author of what comes from kb_content/."""


def ensure_service(name: str, *, now: datetime) -> Person:
    """The service account of this name, made when it is not there; it can never sign in."""
    person = db.session.scalar(select(Person).where(Person.login == f"service:{name}"))
    if person is None:
        person = Person(login=f"service:{name}", name=name, kind="service", created_at=now)
        db.session.add(person)
        db.session.flush()
        record("accounts:person:create", f"person:{person.login}", by=SYSTEM, now=now, changes={"kind": "service"})
    return person


def load_demo_people(*, now: datetime) -> int:
    """One person for each role, for the demo; returns how many were new."""
    known = set(db.session.scalars(select(Person.login)))
    new = [entry for entry in DEMO_PEOPLE if f"demo.{entry[0]}" not in known]
    for login, name, role, _ in new:
        person = Person(login=f"demo.{login}", name=name, demo=True, created_at=now)
        person.roles.append(PersonRole(role=role, granted_at=now, granted_by=SYSTEM.name))
        db.session.add(person)
        db.session.flush()
        record("accounts:person:create", f"person:{person.login}", by=SYSTEM, now=now, changes={"role": LABELS[role]})
    return len(new)


def sign_in_demo(person_id: int, *, browser: str, address: str, now: datetime) -> str:
    """Sign a demo person in; returns the session's secret.

    Raises:
        DomainError: no such demo person.
    """
    person = db.session.get(Person, person_id)
    if person is None or not person.demo or not person.active:
        raise DomainError("没有这个演示人物")
    return start_session(person, browser=browser, address=address, now=now)


def start_session(person: Person, *, browser: str, address: str, now: datetime) -> str:
    """Open a session for a person whose identity has been proven; returns its secret."""
    secret = new_secret()
    session = UserSession(
        secret_hash=secret_hash(secret),
        person_id=person.id,
        started_at=now,
        seen_at=now,
        browser=browser[:200],
        address=address[:60],
    )
    db.session.add(session)
    db.session.flush()
    by = Actor(person.id, person.name, session=str(session.id), ip=address)
    record("accounts:session:start", f"person:{person.login}", by=by, now=now)
    return secret


def end_session(session_id: int, *, why: str, by: Actor, now: datetime) -> None:
    """End a session; ending it twice changes nothing."""
    session = db.session.get(UserSession, session_id)
    if session is None or session.ended_at is not None:
        return
    session.ended_at, session.ended_why = now, why
    record("accounts:session:end", f"session:{session.id}", by=by, now=now, reason=why)


def mark_seen(session_id: int, *, seen_at: datetime, now: datetime) -> None:
    """Write "last seen" in its own short transaction, at most once a minute; a mark, not an act (no audit)."""
    if now - seen_at < SEEN_EVERY or writing_now():
        return
    begin_write()
    try:
        db.session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=now))
        db.session.commit()
    finally:
        end_write()
