"""References between articles and files: who points to what, and which point to nothing (any more)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.core.database import db

from ..models import Article, Attachment, Publication, Reference, Revision
from .visible import answering

ARTICLE, FILE = "article", "file"


@dataclass(frozen=True)
class Referrer:
    """An article whose text in force points to something."""

    article_id: int
    number: str
    title: str
    owner_id: int | None


def referrers(number: str, now: datetime) -> list[Referrer]:
    """The articles whose texts in force point to this one."""
    statement = (
        select(Article.id, Article.number, Revision.title, Article.owner_id)
        .join(Revision, Revision.article_id == Article.id)
        .join(Reference, Reference.revision_id == Revision.id)
        .where(Reference.kind == ARTICLE, Reference.target == number, Article.number != number)
        .where(Revision.id.in_(answering(now)))
        .order_by(Article.number)
    )
    return [Referrer(*row) for row in db.session.execute(statement)]


@dataclass(frozen=True)
class Loose:
    """A reference that leads nowhere, or to what answers nobody now.

    Attributes:
        source: the article that points.
        kind: article or file.
        target: the number it points to.
        title: what the target was called; empty where it never was.
        missing: whether there is no such thing at all.
    """

    source: Referrer
    kind: str
    target: str
    title: str
    missing: bool


def loose_references(now: datetime) -> list[Loose]:
    """References of the texts in force to articles that are retired or do not exist, and to files that do not."""
    statement = (
        select(Article.id, Article.number, Revision.title, Article.owner_id, Reference.kind, Reference.target)
        .join(Revision, Revision.article_id == Article.id)
        .join(Reference, Reference.revision_id == Revision.id)
        .where(Reference.kind.in_((ARTICLE, FILE)), Revision.id.in_(answering(now)))
        .order_by(Article.number, Reference.id)
    )
    rows = [(Referrer(*row[:4]), row[4], row[5]) for row in db.session.execute(statement)]
    numbers = {target for _, kind, target in rows if kind == ARTICLE}
    files = {int(target) for _, kind, target in rows if kind == FILE and target.isdecimal()}
    speaking = _speaking(numbers, now)
    known = _known(numbers)
    kept = set(db.session.scalars(select(Attachment.id).where(Attachment.id.in_(files)))) if files else set()
    found = []
    for source, kind, target in rows:
        if kind == ARTICLE and target not in speaking:
            found.append(Loose(source, kind, target, known.get(target, ""), missing=target not in known))
        elif kind == FILE and not (target.isdecimal() and int(target) in kept):
            found.append(Loose(source, kind, target, "", missing=True))
    return found


def _speaking(numbers: set[str], now: datetime) -> set[str]:
    statement = (
        select(Article.number)
        .join(Revision, Revision.article_id == Article.id)
        .where(Article.number.in_(numbers), Revision.id.in_(answering(now)))
    )
    return set(db.session.scalars(statement)) if numbers else set()


def _known(numbers: set[str]) -> dict[str, str]:
    """Number → the title of its last text that was published, of those that were ever published."""
    statement = (
        select(Article.number, Revision.title)
        .join(Revision, Revision.article_id == Article.id)
        .where(
            Article.number.in_(numbers),
            Revision.id.in_(select(Publication.revision_id).where(Publication.revision_id.is_not(None))),
        )
        .order_by(Revision.no)
    )
    return dict(db.session.execute(statement).all()) if numbers else {}
