"""What the search index is fed: every published revision that may answer now or later, with its stretch of time."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.clock import utc_now
from portal.core.database import db
from portal.search.engine.types import Document

from ..models import Article, Publication, Revision
from ..rules.force import Window
from .visible import answering, stretches

PREFIX = "article:"
"""Keys of the outbox that belong to articles: article:17; their documents are article:17:<revision id>."""


def documents(keys: Iterable[str]) -> dict[str, Document | None]:
    """Document id → the document as it should be, or None where it should be gone, for these outbox keys."""
    ids = {int(key.removeprefix(PREFIX)) for key in keys}
    lines = db.session.execute(
        select(Publication.article_id, Publication.revision_id, Publication.lapses_at).where(
            Publication.article_id.in_(ids), Publication.revision_id.is_not(None)
        )
    ).all()
    fuses = Counter(line.article_id for line in lines if line.lapses_at)
    spoke = Counter((line.article_id, line.revision_id) for line in lines)
    found: dict[str, Document | None] = {}
    for (article_id, revision), times in spoke.items():
        for nth in range(1, times + fuses[article_id] + 1):
            found[_name(article_id, revision, nth)] = None
    for document in _of(ids):
        found[document.id] = document
    return found


def all_documents() -> Iterator[Document]:
    """Every document the index should hold, a few hundred articles at a time."""
    ids = list(db.session.scalars(select(Article.id).order_by(Article.id)))
    for start in range(0, len(ids), 500):
        yield from _of(set(ids[start : start + 500]))
        db.session.expunge_all()


def document_id(article_id: int, revision_id: int) -> str:
    """The document of the index that stands for a revision."""
    return f"{PREFIX}{article_id}:{revision_id}"


def _name(article_id: int, revision_id: int, nth: int) -> str:
    """The document of the nth stretch of a revision: one that a fuse interrupted speaks twice, and is two documents,
    or it would be counted while the other one speaks.
    """
    return document_id(article_id, revision_id) + (f"~{nth}" if nth > 1 else "")


def titles_in_force() -> Iterator[str]:
    """The titles of what may be read out now: terms are taken from them."""
    yield from db.session.scalars(select(Revision.title).where(Revision.id.in_(answering(utc_now()))))


def revision_id(document_id: str) -> int:
    """The revision a document of the index stands for."""
    return int(document_id.rsplit(":", 1)[1].partition("~")[0])


def _of(article_ids: set[int]) -> Iterator[Document]:
    spans: dict[int, list[Window]] = {}
    for of_one in stretches(article_ids).values():
        for window in of_one:
            spans.setdefault(window.revision_id, []).append(window)
    statement = (
        select(Revision)
        .where(Revision.id.in_(spans))
        .options(
            selectinload(Revision.basis),
            joinedload(Revision.article).joinedload(Article.category),
            joinedload(Revision.article).selectinload(Article.phrases),
        )
        .order_by(Revision.id)
    )
    for revision in db.session.scalars(statement):
        for nth, span in enumerate(spans[revision.id], start=1):
            yield _document(revision, span, nth)


def _document(revision: Revision, span: Window, nth: int) -> Document:
    article = revision.article
    basis = [f"{row.source} {row.article} {row.text} {row.note}".strip() for row in revision.basis]
    return Document(
        id=_name(article.id, revision.id, nth),
        fields={
            "title": revision.title,
            "phrases": [phrase.text for phrase in article.phrases],
            "script": revision.script,
            "body": revision.body,
            "basis": basis,
        },
        filters={
            "category": [article.category.code],
            "kind": [revision.kind],
            "unit": [revision.unit],
            "district": [revision.district],
            "audience": [revision.audience],
        },
        valid_from=span.start.timestamp(),
        valid_to=span.end.timestamp() if span.end else None,
    )
