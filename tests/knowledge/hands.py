"""Editors and reviewers at work: the verbs of the tests about the life of an article."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.audit.services import Actor
from portal.categories.queries import codes
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Article, Publication, ReviewRequest, Revision
from portal.knowledge.queries.visible import answering
from portal.knowledge.rules.states import MaterialKind
from portal.knowledge.services import ledger, reviewing
from portal.knowledge.services.publishing import add_revision, create_article

from .pack import NOW, UNIT

EDITOR, REVIEWER, HEAD = "demo.zhou", "demo.wu", "demo.sun"


def person(login: str) -> Person:
    """Somebody of the demo's cast."""
    found = person_by_name(login)
    assert found is not None, login
    return found


def actor(login: str) -> Actor:
    """The same, as the audit writes it."""
    found = person(login)
    return Actor(found.id, found.name)


def another(name: str, *roles: str) -> Person:
    """Somebody who was not there yet."""
    from_db = db.session.scalar(select(Person).where(Person.login == f"test.{name}"))
    if from_db is None:
        with transaction():
            from_db = Person(login=f"test.{name}", name=name, created_at=NOW)
            db.session.add(from_db)
            db.session.flush()
    return from_db


def content(script: str, **more: Any) -> dict[str, Any]:
    """Every field of a text that says this."""
    usual: Mapping[str, Any] = {
        "title": f"题：{script[:20]}",
        "body": f"正文。{script}",
        "audience": "企业",
        "district": "全市",
        "unit": UNIT,
        "kind": MaterialKind.LAW,
        "valid_from": date(2024, 7, 1),
        "valid_to": None,
        "checked": "2026-07",
        "confidence": "high",
        "note": "",
    }
    return {**usual, "script": script, **more}


def basis(*, since: date = date(2024, 7, 1), until: date | None = None, source: str = "示例条例") -> dict[str, Any]:
    """One basis row."""
    return {
        "text": "依据的原话。",
        "source": source,
        "article": "第一条",
        "in_force_from": since,
        "in_force_to": until,
        "checked": "text-2026-07",
        "note": "",
    }


def article(category: str = "0104", *, now: datetime = NOW) -> int:
    """A new article without any text; returns its id."""
    with transaction():
        made = create_article(codes()[category], slug=None, by=actor(EDITOR), now=now)
        return made.id


def write(
    article_id: int, script: str, *, by: str | Person = EDITOR, now: datetime = NOW, rows: Any = None, **more: Any
) -> int:
    """Somebody writes a revision; returns its id."""
    with transaction():
        author = by if isinstance(by, Person) else person(by)
        text = content(script, **more)
        made = add_revision(
            db.session.get_one(Article, article_id),
            content=text,
            body_html=f"<p>{text['body']}</p>",
            basis=[basis()] if rows is None else rows,
            author=db.session.get_one(Person, author.id),
            why="测试",
            weight="一般修改",
            now=now,
        )
        return made.id


def submit(*revision_ids: int, by: str = EDITOR, wanted_on: date | None = None, now: datetime = NOW) -> int:
    """Lay revisions before a reviewer; returns the number of the request."""
    with transaction():
        rows = [db.session.get_one(Revision, key) for key in revision_ids]
        made = reviewing.submit(rows, title="", why="要改", wanted_on=wanted_on, by=actor(by), now=now)
        return made.id


def approve(
    request_id: int,
    *,
    by: str | Person = REVIEWER,
    from_on: date | None = None,
    critical: bool = False,
    now: datetime = NOW,
    version: int = 1,
) -> list[int]:
    """A reviewer says yes; returns the lines of the ledger."""
    with transaction():
        who = db.session.get_one(Person, by.id if isinstance(by, Person) else person(by).id)
        row = reviewing.opened(request_id, version)
        lines = reviewing.approve(row, by=who, words="好", from_on=from_on, critical=critical, now=now)
        return [line.id for line in lines]


def publish(article_id: int, script: str, *, now: datetime = NOW, from_on: date | None = None, **more: Any) -> int:
    """Written, submitted, approved; returns the revision's id."""
    made = write(article_id, script, now=now, **more)
    approve(submit(made, now=now), from_on=from_on, now=now)
    return made


def withdraw(article_id: int, *, by: str = REVIEWER, reason: str = "错了", now: datetime = NOW) -> None:
    """Take an article away."""
    with transaction():
        ledger.withdraw(db.session.get_one(Article, article_id), by=actor(by), reason=reason, now=now)


def light(revision_id: int, *, by: str = HEAD, now: datetime = NOW, reason: str = "夜里出错") -> int:
    """Publish in an emergency; returns the line."""
    with transaction():
        revision = db.session.get_one(Revision, revision_id)
        of = db.session.get_one(Article, revision.article_id)
        return reviewing.publish_in_emergency(of, revision, by=actor(by), reason=reason, now=now).id


def confirm(article_id: int, *, by: str | Person = REVIEWER, now: datetime = NOW) -> int:
    """A second person confirms; returns the line."""
    with transaction():
        who = db.session.get_one(Person, by.id if isinstance(by, Person) else person(by).id)
        of = db.session.get_one(Article, article_id)
        return reviewing.confirm_emergency(of, by=who, words="看过了", now=now).id


def call_off(article_id: int, line_id: int, *, by: str = REVIEWER, now: datetime = NOW) -> None:
    """Call a date off."""
    with transaction():
        ledger.call_off(db.session.get_one(Article, article_id), line_id, by=actor(by), reason="不换了", now=now)


def says(article_id: int, now: datetime = NOW) -> str | None:
    """The script an article answers with at a moment, or None."""
    return db.session.scalar(
        select(Revision.script).where(Revision.article_id == article_id, Revision.id.in_(answering(now)))
    )


def lines(article_id: int) -> list[Publication]:
    """The ledger of an article."""
    return list(db.session.scalars(select(Publication).where(Publication.article_id == article_id)))


def request(request_id: int) -> ReviewRequest:
    """A request as it stands."""
    return db.session.scalars(
        select(ReviewRequest).where(ReviewRequest.id == request_id).execution_options(populate_existing=True)
    ).one()


def later(**span: float) -> datetime:
    """So much after nine."""
    return NOW + timedelta(**span)
