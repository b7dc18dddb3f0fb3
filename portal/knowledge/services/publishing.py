"""A revision is added, reviewed and published; each step a row that is never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Person
from portal.audit.services import Actor, record
from portal.categories.models import Category
from portal.core.database import db
from portal.search.services import index_later

from ..models import Article, Basis, Phrase, Publication, Reference, Revision
from ..queries.documents import PREFIX
from ..rules.identity import TEXT_FIELDS, number, revision_hash
from ..rules.references import references
from .ledger import approve, publish, ref


def create_article(category: Category, *, slug: str | None, by: Actor, now: datetime) -> Article:
    """A new article with the next free number of its category."""
    taken = select(Article.number).where(Article.number.startswith(f"KB-{category.code}-"))
    last = db.session.scalar(taken.order_by(func.length(Article.number).desc(), Article.number.desc()).limit(1))
    highest = int(last.rsplit("-", 1)[1]) if last else 0
    article = Article(number=number(category.code, highest), slug=slug, category_id=category.id, created_at=now)
    db.session.add(article)
    db.session.flush()
    record("knowledge:article:create", ref(article), by=by, now=now, changes={"category": category.code})
    return article


def move_article(article: Article, category: Category, *, by: Actor, now: datetime) -> bool:
    """Put an article under another category; its number stays. Returns whether it had to move."""
    if article.category_id == category.id:
        return False
    record(
        "knowledge:article:move",
        ref(article),
        by=by,
        now=now,
        changes={"category_id": (article.category_id, category.id)},
    )
    article.category_id = category.id
    index_later(f"{PREFIX}{article.id}")
    return True


def content_hash(content: dict[str, Any], basis: Sequence[dict[str, Any]]) -> str:
    """The hash of a revision that says this."""
    return revision_hash({**{key: content[key] for key in TEXT_FIELDS}, "basis": list(basis)})


def add_revision(
    article: Article,
    *,
    content: dict[str, Any],
    body_html: str,
    basis: Sequence[dict[str, Any]],
    author: Person,
    why: str,
    weight: str,
    now: datetime,
    base_id: int | None = None,
) -> Revision:
    """Add an immutable revision; it is live nowhere until it is published.

    Args:
        article: the article it belongs to.
        content: every field of rules/identity.TEXT_FIELDS.
        body_html: the body, rendered and cleaned before the write began.
        basis: rows with text, source, article, in_force_from, in_force_to, checked, note.
        author: who wrote it.
        why: the reason, for the history.
        weight: 勘误, 一般修改 or 实质修改.
        now: the moment.
        base_id: the revision it was written against; None is the newest one.
    """
    newest = db.session.execute(
        select(func.max(Revision.no), func.max(Revision.id)).where(Revision.article_id == article.id)
    ).one()
    revision = Revision(
        article_id=article.id,
        no=(newest[0] or 0) + 1,
        base_id=base_id or newest[1],
        body_html=body_html,
        weight=weight,
        why=why,
        sha256=content_hash(content, basis),
        author_id=author.id,
        author_name=author.name,
        created_at=now,
        **{key: content[key] for key in TEXT_FIELDS},
    )
    revision.basis = [Basis(position=position, **row) for position, row in enumerate(basis, start=1)]
    db.session.add(revision)
    db.session.flush()
    made = references(body_html, content["script"], but=article.number)
    db.session.add_all(Reference(revision_id=revision.id, kind=kind, target=target) for kind, target in made)
    record(
        "knowledge:revision:add",
        ref(article),
        by=Actor(author.id, author.name),
        now=now,
        changes={"no": revision.no, "sha256": revision.sha256, "weight": weight},
        reason=why,
    )
    return revision


def add_phrases(article: Article, phrases: Sequence[str], *, origin: str, by: Actor, now: datetime) -> int:
    """Add the phrases that are not there yet; returns how many were new."""
    known = set(db.session.scalars(select(Phrase.text).where(Phrase.article_id == article.id)))
    new = [text for text in dict.fromkeys(phrases) if text not in known]
    for text in new:
        db.session.add(Phrase(article_id=article.id, text=text, origin=origin, added_at=now))
    if new:
        record("knowledge:phrase:add", ref(article), by=by, now=now, changes={"phrases": new})
        index_later(f"{PREFIX}{article.id}")
    return len(new)


def approve_and_publish(
    article: Article, revision: Revision, *, from_at: datetime, approver: Person, reason: str, now: datetime
) -> Publication:
    """Approve a revision and let it speak from a moment on.

    Raises:
        DomainError: the approver wrote it (four eyes; the database keeps this too).
    """
    review = approve(revision, by=approver, remark=reason, now=now)
    by = Actor(approver.id, approver.name)
    return publish(article, revision, review=review, from_at=from_at, by=by, reason=reason, now=now)
