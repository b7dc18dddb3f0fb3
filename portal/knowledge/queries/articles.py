"""Lists of articles, and what one article's page shows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.categories.models import Category
from portal.categories.queries import codes_standing_under, standing_codes
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.paging import pages
from portal.core.text import like_pattern
from portal.directory.queries import names_standing_as, standing_names

from ..models import Article, Favourite, Opened, Phrase, Proposal, Publication, Review, Revision
from .visible import answering

Columns = TypeVarTuple("Columns")
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


NO_FILTER = Filters()


def articles(filters: Filters, now: datetime) -> tuple[Sequence[Revision], int]:
    """A page of the texts that answer now (the last one where fewer are left), and how many there are in all."""
    statement = _narrow(select(Revision).where(Revision.id.in_(answering(now))), filters, now)
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    before = PAGE * (min(filters.page, pages(total, PAGE)) - 1)
    rows = db.session.scalars(
        statement.join(Article, Article.id == Revision.article_id, isouter=False)
        .options(joinedload(Revision.article).joinedload(Article.category), selectinload(Revision.basis))
        .order_by(*SORTS.get(filters.sort, SORTS["number"]))
        .limit(PAGE)
        .offset(before)
    ).all()
    return rows, total


def every_article(filters: Filters, now: datetime) -> Iterator[Revision]:
    """All the texts that answer now, in the order of the list, a few hundred at a time."""
    order = SORTS.get(filters.sort, SORTS["number"])
    statement = _narrow(select(Revision.id).where(Revision.id.in_(answering(now))), filters, now)
    ids = db.session.scalars(statement.join(Article, Article.id == Revision.article_id).order_by(*order)).all()
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        found = db.session.scalars(
            select(Revision)
            .where(Revision.id.in_(part))
            .options(joinedload(Revision.article).joinedload(Article.category), selectinload(Revision.basis))
        )
        by_id = {revision.id: revision for revision in found}
        yield from (by_id[key] for key in part)
        db.session.expunge_all()


def _narrow(statement: Select[*Columns], filters: Filters, now: datetime) -> Select[*Columns]:
    if filters.category:
        codes = select(Article.id).join(Category, Category.id == Article.category_id)
        under = codes_standing_under(filters.category, beijing_day(now))
        statement = statement.where(Revision.article_id.in_(codes.where(Category.code.in_(under))))
    if filters.kind:
        statement = statement.where(Revision.kind == filters.kind)
    if filters.unit:
        statement = statement.where(Revision.unit.in_(names_standing_as(filters.unit, beijing_day(now))))
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


def counts_by_category(now: datetime, within: Filters = NO_FILTER) -> dict[str, int]:
    """Category code → how many articles answer now, of those that meet the other conditions."""
    statement = (
        select(Category.code, func.count())
        .join(Article, Article.category_id == Category.id)
        .join(Revision, Revision.article_id == Article.id)
        .where(Revision.id.in_(answering(now)))
        .group_by(Category.code)
    )
    found = db.session.execute(_narrow(statement, replace(within, category=""), now))
    return _folded(found.all(), standing_codes(beijing_day(now)))


def counts_by(column: str, now: datetime, within: Filters = NO_FILTER) -> dict[str, int]:
    """Value → how many answering texts have it, for `kind` or `unit`, of those that meet the other conditions."""
    chosen = {"kind": Revision.kind, "unit": Revision.unit}[column]
    others = replace(within, kind="") if column == "kind" else replace(within, unit="")
    statement = select(chosen, func.count()).where(Revision.id.in_(answering(now))).group_by(chosen)
    found = db.session.execute(_narrow(statement, others, now))
    return _folded(found.all(), standing_names(beijing_day(now)) if column == "unit" else {})


def _folded(counts: Iterable[Row[str, int]], stands: Mapping[str, str]) -> dict[str, int]:
    """What was renamed or merged counts with what stands for it today."""
    folded: dict[str, int] = {}
    for value, count in counts:
        key = stands.get(value, value)
        folded[key] = folded.get(key, 0) + count
    return folded


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
