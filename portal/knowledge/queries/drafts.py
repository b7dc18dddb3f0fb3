"""Read drafts: one's own list, what a draft starts from, and what was written meanwhile."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.database import db

from ..models import Article, Attachment, Draft, Publication, Reference, Revision
from ..rules.drafting import Content
from ..rules.states import Weight


def my_drafts(person_id: int) -> Sequence[Draft]:
    """A person's drafts, the last changed first, with their articles and what they were written against."""
    return db.session.scalars(
        select(Draft)
        .where(Draft.author_id == person_id)
        .options(joinedload(Draft.article), joinedload(Draft.base))
        .order_by(Draft.changed_at.desc(), Draft.id.desc())
    ).all()


def draft_of(draft_id: int, person_id: int) -> Draft | None:
    """One draft of a person's own, with its article; None for everybody else."""
    return db.session.scalar(
        select(Draft)
        .where(Draft.id == draft_id, Draft.author_id == person_id)
        .options(joinedload(Draft.article).selectinload(Article.phrases), joinedload(Draft.base))
    )


def draft_on(article_id: int, person_id: int) -> int | None:
    """The number of the draft that somebody has of an article."""
    return db.session.scalar(select(Draft.id).where(Draft.article_id == article_id, Draft.author_id == person_id))


def others_writing(article_id: int, person_id: int) -> Sequence[Draft]:
    """The drafts that other people have of an article."""
    return db.session.scalars(
        select(Draft).where(Draft.article_id == article_id, Draft.author_id != person_id).order_by(Draft.id)
    ).all()


def newest_revision(article_id: int) -> Revision | None:
    """The last revision of an article, published or not, with its basis."""
    return db.session.scalars(
        select(Revision)
        .where(Revision.article_id == article_id)
        .options(selectinload(Revision.basis))
        .order_by(Revision.no.desc())
        .limit(1)
    ).first()


def revision_with_basis(revision_id: int | None) -> Revision | None:
    """One revision with its basis."""
    if revision_id is None:
        return None
    return db.session.scalar(select(Revision).where(Revision.id == revision_id).options(selectinload(Revision.basis)))


def revisions_of(article_id: int) -> Sequence[Revision]:
    """Every revision of an article, the newest first."""
    return db.session.scalars(
        select(Revision).where(Revision.article_id == article_id).order_by(Revision.no.desc())
    ).all()


def content_of(revision: Revision, article: Article) -> Content:
    """A revision as the form holds it; the article's category must be loaded."""
    return {
        **text_of(revision),
        "category": article.category.code,
        "phrases": "",
        "confidence": revision.confidence,
        "sensitivity": str(article.sensitivity),
        "owner": str(article.owner_id or ""),
        "interval_days": str(article.interval_days or ""),
        "weight": Weight.CHANGE.value,
        "why": "",
        "wanted_on": "",
    }


def text_of(revision: Revision) -> dict[str, Any]:
    """What a revision says, as the form holds it."""
    return {
        "title": revision.title,
        "script": revision.script,
        "body": revision.body,
        "audience": revision.audience,
        "district": revision.district,
        "unit": revision.unit,
        "kind": str(revision.kind),
        "valid_from": revision.valid_from.isoformat(),
        "valid_to": revision.valid_to.isoformat() if revision.valid_to else "",
        "note": revision.note,
        "basis": [
            {
                "text": row.text,
                "source": row.source,
                "article": row.article,
                "in_force_from": row.in_force_from.isoformat(),
                "in_force_to": row.in_force_to.isoformat() if row.in_force_to else "",
                "checked": row.checked,
                "note": row.note,
            }
            for row in revision.basis
        ],
    }


def attachment(file_id: int) -> Attachment | None:
    """A file kept beside articles."""
    return db.session.get(Attachment, file_id)


def is_shown(file_id: int, now: Any) -> bool:
    """Whether a text that has been published by now refers to a file."""
    statement = (
        select(Reference.id)
        .join(Publication, Publication.revision_id == Reference.revision_id)
        .where(Reference.kind == "file", Reference.target == str(file_id), Publication.from_at <= now)
    )
    return db.session.scalars(statement.limit(1)).first() is not None
