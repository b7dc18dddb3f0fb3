"""Verbs of the tests about keeping articles true: a revision is written, reviewed and speaks; a line is withdrawn."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.models import Notice
from portal.knowledge.models import Article, Publication, Revision
from portal.knowledge.rules.identity import TEXT_FIELDS
from portal.knowledge.services import ledger
from portal.knowledge.services.publishing import add_revision

from .asking import article_of, who
from .pack import NOW, reviewer


def person(login: str) -> Person:
    """The person behind a demo login."""
    found = person_by_name(login)
    assert found is not None
    return found


def newest(slug: str) -> Revision:
    """The newest revision of an article, with its basis."""
    return db.session.scalars(
        select(Revision)
        .join(Article, Article.id == Revision.article_id)
        .where(Article.slug == slug)
        .order_by(Revision.no.desc())
        .options(selectinload(Revision.basis))
        .limit(1)
    ).one()


def basis(source: str = "示例条例", article: str = "第一条", **more: Any) -> dict[str, Any]:
    """A row of basis."""
    row = {"text": "依据的原话。", "source": source, "article": article, "in_force_from": date(2024, 7, 1)}
    return {**row, "in_force_to": None, "checked": "text-2026-07", "note": "", **more}


def edit(
    slug: str,
    *,
    now: datetime = NOW,
    from_at: datetime | None = None,
    publish: bool = True,
    critical: bool = False,
    rows: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> tuple[int, int]:
    """Write a new revision with some fields changed and let it speak; the revision's number and the line's."""
    with transaction():
        old, article = newest(slug), article_of(slug)
        content = {name: changes.get(name, getattr(old, name)) for name in TEXT_FIELDS}
        kept = [
            basis(row.source, row.article, text=row.text, in_force_from=row.in_force_from, in_force_to=row.in_force_to)
            for row in old.basis
        ]
        revision = add_revision(
            article,
            content=content,
            body_html="<p>正文在这里。</p>",
            basis=kept if rows is None else rows,
            author=person("demo.zhou"),
            why="改一处",
            weight="一般修改",
            now=now,
        )
        if not publish:
            return revision.id, 0
        review = ledger.approve(revision, by=reviewer(), remark="", now=now)
        line = ledger.publish(
            article,
            revision,
            review=review,
            from_at=from_at or now,
            by=who("demo.wu"),
            reason="改了",
            now=now,
            critical=critical,
        )
        return revision.id, line.id


def withdraw(slug: str, *, now: datetime = NOW) -> int:
    """Take an article away; the line's number."""
    with transaction():
        return ledger.withdraw(article_of(slug), by=who("demo.wu"), reason="停用", now=now).id


def notices(login: str) -> list[str]:
    """What somebody was told, the newest last."""
    found = select(Notice.text).where(Notice.person_id == person(login).id).order_by(Notice.id)
    return list(db.session.scalars(found))


def lines(slug: str) -> list[Publication]:
    """The ledger of an article."""
    return list(
        db.session.scalars(
            select(Publication).where(Publication.article_id == article_of(slug).id).order_by(Publication.id)
        )
    )
