"""Lists of articles, and what one article's page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.categories.models import Category
from portal.core.database import db
from portal.core.text import like_pattern

from ..models import Article, Favourite, Opened, Phrase, Proposal, Publication, Review, Revision
from .visible import answering

PAGE = 25
SORTS = {
    "number": (Article.number.asc(),),
    "title": (Revision.title.asc(), Article.number.asc()),
    "checked": (Revision.checked.asc(), Article.number.asc()),
    "valid_to": (Revision.valid_to.is_(None).asc(), Revision.valid_to.asc(), Article.number.asc()),
}


@dataclass(frozen=True)
class Filters:
    """What the list of articles is narrowed to; empty text is no filter."""

    words: str = ""
    category: str = ""
    kind: str = ""
    unit: str = ""
    sort: str = "number"
    page: int = 1


def articles(filters: Filters, now: datetime) -> tuple[Sequence[Revision], int]:
    """A page of the texts that answer now, with their articles, and how many there are in all."""
    statement = _narrow(select(Revision).where(Revision.id.in_(answering(now))), filters)
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = db.session.scalars(
        statement.join(Article, Article.id == Revision.article_id, isouter=False)
        .options(joinedload(Revision.article).joinedload(Article.category), selectinload(Revision.basis))
        .order_by(*SORTS.get(filters.sort, SORTS["number"]))
        .limit(PAGE)
        .offset((filters.page - 1) * PAGE)
    ).all()
    return rows, total


def _narrow(statement: Select[Revision], filters: Filters) -> Select[Revision]:
    if filters.category:
        codes = select(Article.id).join(Category, Category.id == Article.category_id)
        statement = statement.where(
            Revision.article_id.in_(codes.where(Category.code.startswith(filters.category, autoescape=True)))
        )
    if filters.kind:
        statement = statement.where(Revision.kind == filters.kind)
    if filters.unit:
        statement = statement.where(Revision.unit == filters.unit)
    if filters.words:
        like = like_pattern(filters.words)
        phrased = select(Phrase.article_id).where(Phrase.text.like(like, escape="\\"))
        statement = statement.where(
            Revision.title.like(like, escape="\\")
            | Revision.script.like(like, escape="\\")
            | Revision.article_id.in_(phrased)
            | Revision.article_id.in_(select(Article.id).where(Article.number.like(like, escape="\\")))
        )
    return statement


def counts_by_category(now: datetime) -> dict[str, int]:
    """Category code → how many articles answer now."""
    statement = (
        select(Category.code, func.count())
        .join(Article, Article.category_id == Category.id)
        .join(Revision, Revision.article_id == Article.id)
        .where(Revision.id.in_(answering(now)))
        .group_by(Category.code)
    )
    return dict(db.session.execute(statement).all())


def counts_by(column: str, now: datetime) -> dict[str, int]:
    """Value → how many answering texts have it, for `kind` or `unit`."""
    chosen = {"kind": Revision.kind, "unit": Revision.unit}[column]
    statement = select(chosen, func.count()).where(Revision.id.in_(answering(now))).group_by(chosen)
    return {str(value): count for value, count in db.session.execute(statement)}


def published_revisions(article_id: int) -> Sequence[Revision]:
    """The revisions of an article that were ever published or are about to be, the newest first, with their basis."""
    ever = select(Publication.revision_id).where(Publication.article_id == article_id)
    return db.session.scalars(
        select(Revision).where(Revision.id.in_(ever)).options(selectinload(Revision.basis)).order_by(Revision.no.desc())
    ).all()


def ledger(article_id: int) -> Sequence[Publication]:
    """The publication ledger of an article."""
    return db.session.scalars(
        select(Publication).where(Publication.article_id == article_id).order_by(Publication.id)
    ).all()


def reviews(article_id: int) -> dict[int, Review]:
    """Revision id → its last review."""
    statement = (
        select(Review).join(Revision, Revision.id == Review.revision_id).where(Revision.article_id == article_id)
    )
    return {review.revision_id: review for review in db.session.scalars(statement.order_by(Review.id))}


def favourites(person_id: int) -> list[int]:
    """The articles a person keeps, the last kept first."""
    return list(
        db.session.scalars(
            select(Favourite.article_id).where(Favourite.person_id == person_id).order_by(Favourite.id.desc())
        )
    )


def recently_opened(person_id: int, limit: int = 8) -> list[int]:
    """The articles a person opened last, the newest first."""
    return list(
        db.session.scalars(
            select(Opened.article_id).where(Opened.person_id == person_id).order_by(Opened.at.desc()).limit(limit)
        )
    )


def proposals(article_id: int) -> Sequence[Proposal]:
    """Texts of the content pack that lie beside the article."""
    return db.session.scalars(
        select(Proposal).where(Proposal.article_id == article_id).order_by(Proposal.id.desc())
    ).all()
