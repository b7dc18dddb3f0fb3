"""A selection of the texts in force, whole, as it is taken out of the house: by conditions, or by their numbers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.categories.models import Category
from portal.categories.queries import standing
from portal.core.clock import beijing_day
from portal.core.database import db

from ..models import Article, Phrase, Revision
from ..queries import articles as listing
from ..rules.identity import basis_rows, content_of
from .cards import basis_labels
from .visible import answering, outlook, stretches

AT_ONCE = 200


@dataclass(frozen=True)
class Whole:
    """A text in force with everything that stands around it, as plain data."""

    number: str
    slug: str | None
    revision_no: int
    category: str
    category_name: str
    category_path: str
    content: dict[str, Any]
    body_html: str
    basis: list[dict[str, Any]]
    labels: list[str]
    phrases: list[str]
    sha256: str


def numbers_in(params: Mapping[str, str]) -> list[str]:
    """The numbers of the articles that were chosen one by one."""
    return list(dict.fromkeys(re.findall(r"KB-\d{2,6}-\d{3,6}", params.get("numbers", ""))))


def filters_in(params: Mapping[str, str]) -> listing.Filters:
    """The conditions of the list."""
    return listing.Filters(
        words=params.get("q", ""),
        category=params.get("category", ""),
        kind=params.get("kind", ""),
        unit=params.get("unit", ""),
        sort=params.get("sort", "number"),
    )


def count(params: Mapping[str, str], now: datetime) -> int:
    """How many texts there are."""
    if numbers := numbers_in(params):
        return db.session.scalar(select(func.count()).select_from(_chosen(numbers, now).subquery())) or 0
    return listing.articles(filters_in(params), now)[1]


def _chosen(numbers: Sequence[str], now: datetime) -> Any:
    ids = select(Article.id).where(Article.number.in_(numbers))
    return select(Revision).where(Revision.id.in_(answering(now)), Revision.article_id.in_(ids))


def selection(params: Mapping[str, str], now: datetime) -> Iterator[Whole]:
    """The texts, a few hundred at a time."""
    if numbers := numbers_in(params):
        statement = _chosen(numbers, now).options(
            joinedload(Revision.article).joinedload(Article.category), selectinload(Revision.basis)
        )
        found: Iterator[Revision] = iter(db.session.scalars(statement.order_by(Revision.article_id)).all())
    else:
        found = listing.every_article(filters_in(params), now)
    while part := list(islice(found, AT_ONCE)):
        yield from _whole(part, beijing_day(now))


def text_at(number: str, moment: datetime) -> Whole | None:
    """What an article said at a moment that is past, None where nothing of it could be read out then."""
    article_id = db.session.scalar(select(Article.id).where(Article.number == number))
    if article_id is None:
        return None
    window = outlook(stretches([article_id])[article_id], moment).current
    if window is None:
        return None
    options = (joinedload(Revision.article).joinedload(Article.category), selectinload(Revision.basis))
    revision = db.session.get_one(Revision, window.revision_id, options=options)
    return _whole([revision], beijing_day(moment))[0]


def _whole(revisions: Sequence[Revision], day: date) -> list[Whole]:
    phrases: dict[int, list[str]] = {}
    of_these = select(Phrase.article_id, Phrase.text).where(Phrase.article_id.in_([r.article_id for r in revisions]))
    for article_id, text in db.session.execute(of_these.order_by(Phrase.id)):
        phrases.setdefault(article_id, []).append(text)
    stands = standing((revision.article.category for revision in revisions), day)
    parents = _parents([category.parent_id for category in stands.values() if category.parent_id])
    made = []
    for revision in revisions:
        article, category = revision.article, stands[revision.article.category_id]
        parent = parents.get(category.parent_id or 0)
        made.append(
            Whole(
                number=article.number,
                slug=article.slug,
                revision_no=revision.no,
                category=category.code,
                category_name=category.name,
                category_path=f"{parent}/{category.name}" if parent else category.name,
                content=content_of(revision),
                body_html=revision.body_html,
                basis=basis_rows(revision),
                labels=[str(each["label"]) for each in basis_labels(revision.basis)],
                phrases=phrases.get(revision.article_id, []),
                sha256=revision.sha256,
            )
        )
    return made


def _parents(ids: Sequence[int]) -> dict[int, str]:
    from_ids = select(Category).where(Category.id.in_(ids))
    return {category.id: category.name for category in db.session.scalars(from_ids)}
