"""Read batches of articles, their rows, and what the knowledge base says already under the same titles."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.categories.models import Category
from portal.categories.queries import standing
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.directory.queries import standing_names
from portal.inbox.models import Job

from ..models import Article, ArticleBatch, ArticleRow, Phrase, Publication, ReviewItem, Revision
from ..rules.identity import basis_rows, content_of
from ..rules.states import BatchState, RowFate
from .visible import answering

PAGE, ROWS = 20, 50


def batches(*, page: int) -> tuple[Sequence[ArticleBatch], int]:
    """A page of all batches, the newest first, and how many there are."""
    total = db.session.scalar(select(func.count()).select_from(ArticleBatch)) or 0
    statement = select(ArticleBatch).order_by(ArticleBatch.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    return db.session.scalars(statement).all(), total


def batch_by_id(batch_id: int) -> ArticleBatch | None:
    """One batch."""
    return db.session.get(ArticleBatch, batch_id)


def waiting() -> int:
    """How many batches wait for somebody to take them in or drop them."""
    statement = select(func.count()).where(ArticleBatch.state == BatchState.STAGED)
    return db.session.scalar(statement) or 0


def fates(batch_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Batch id → how many of its rows meet each fate."""
    statement = select(ArticleRow.batch_id, ArticleRow.fate, func.count()).where(ArticleRow.batch_id.in_(batch_ids))
    found: dict[int, dict[str, int]] = {key: dict.fromkeys((fate.value for fate in RowFate), 0) for key in batch_ids}
    for batch_id, fate, count in db.session.execute(statement.group_by(ArticleRow.batch_id, ArticleRow.fate)):
        found[batch_id][str(fate)] = count
    return found


def batch_rows(batch_id: int, *, fate: str = "", page: int = 1) -> tuple[Sequence[ArticleRow], int]:
    """A page of the rows of a batch, those of one fate only if wanted, and how many there are."""
    statement = select(ArticleRow).where(ArticleRow.batch_id == batch_id)
    if fate:
        statement = statement.where(ArticleRow.fate == fate)
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    return (
        db.session.scalars(statement.order_by(ArticleRow.line).limit(ROWS).offset((page - 1) * ROWS)).all(),
        total,
    )


def rejected(batch_id: int) -> Sequence[ArticleRow]:
    """The rows that were not taken."""
    statement = select(ArticleRow).where(ArticleRow.batch_id == batch_id, ArticleRow.fate == RowFate.REJECTED)
    return db.session.scalars(statement.order_by(ArticleRow.line)).all()


def numbers_of(article_ids: Collection[int]) -> dict[int, str]:
    """Article id → number, of those that readers know: something of them was published."""
    published = select(Publication.article_id).where(Publication.revision_id.is_not(None))
    found = db.session.execute(
        select(Article.id, Article.number).where(Article.id.in_(article_ids), Article.id.in_(published))
    )
    return dict(found.all())


def same_file(sha256: str) -> ArticleBatch | None:
    """The newest batch of this very file that was not dropped."""
    statement = select(ArticleBatch).where(ArticleBatch.sha256 == sha256, ArticleBatch.state != BatchState.DROPPED)
    return db.session.scalar(statement.order_by(ArticleBatch.id.desc()).limit(1))


def job_of(batch_id: int, kind: str) -> Job | None:
    """The newest job that takes a batch in."""
    statement = select(Job).where(Job.kind == kind, Job.address == address(batch_id))
    return db.session.scalar(statement.order_by(Job.id.desc()).limit(1))


def address(batch_id: int) -> str:
    """The path of a batch's page."""
    return f"/knowledge/import/{batch_id}"


def request_of(batch_id: int) -> int | None:
    """The newest request that laid the texts of a batch before a reviewer."""
    statement = select(func.max(ReviewItem.request_id)).join(
        ArticleRow, ArticleRow.revision_id == ReviewItem.revision_id
    )
    return db.session.scalar(statement.where(ArticleRow.batch_id == batch_id))


# -- what is there already -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class There:
    """An article as it is compared with a row, as plain data that outlives the session."""

    article_id: int
    number: str
    slug: str | None
    category: str
    newest_id: int
    """Its newest revision, whatever is compared: a later one than this means that somebody wrote meanwhile."""
    content: dict[str, Any]
    basis: list[dict[str, Any]]
    phrases: frozenset[str]
    taken_from: dict[str, Any] | None
    """What the last row said that was taken in for it."""


@dataclass(frozen=True)
class Known:
    """Everything a row has to be compared with."""

    day: date
    categories: dict[str, str]
    """What a sheet may call a category (code, name if only one has it, path) → its code."""
    units: dict[str, str]
    """Any name of a unit → its name of today."""
    by_title: dict[str, list[There]] = field(default_factory=dict)
    by_name: dict[str, There] = field(default_factory=dict)
    """Slug and number → article."""

    def of(self, content: Mapping[str, Any]) -> list[There]:
        """The articles a text may belong to: the one its file is named after, else those of its title."""
        named = self.by_name.get(str(content.get("slug", "")).upper()) or self.by_name.get(content.get("slug", ""))
        return [named] if named else self.by_title.get(content["title"], [])


def known(contents: Iterable[Mapping[str, Any]], now: datetime) -> Known:
    """What the knowledge base says already where these texts would go."""
    day = beijing_day(now)
    titles, names = set(), set()
    for content in contents:
        titles.add(content["title"])
        names |= {content["slug"], content["slug"].upper()} if content.get("slug") else set()
    found = Known(day, _category_names(day), standing_names(day))
    for there in _there(titles, names, now):
        found.by_title.setdefault(there.content["title"], []).append(there)
        found.by_name[there.number] = there
        if there.slug:
            found.by_name[there.slug] = there
    return found


def _category_names(day: date) -> dict[str, str]:
    statement = select(Category).where(Category.level == 2).options(joinedload(Category.parent))
    names: dict[str, set[str]] = {}
    for category in db.session.scalars(statement):
        if not category.in_use(day):
            continue
        path = f"{category.parent.name}/{category.name}" if category.parent else category.name
        for name in (category.code, category.name, path):
            names.setdefault(name, set()).add(category.code)
    return {name: next(iter(of_name)) for name, of_name in names.items() if len(of_name) == 1}


def _there(titles: Collection[str], names: Collection[str], now: datetime) -> Iterable[There]:
    ids = set(db.session.scalars(select(Revision.article_id).where(Revision.title.in_(titles)).distinct()))
    if names:
        ids |= set(
            db.session.scalars(select(Article.id).where(or_(Article.slug.in_(names), Article.number.in_(names))))
        )
    if not ids:
        return []
    day = beijing_day(now)
    newest, compared = _newest(ids), _compared(ids, now)
    revisions = db.session.scalars(
        select(Revision)
        .where(Revision.id.in_(compared))
        .options(joinedload(Revision.article).joinedload(Article.category), selectinload(Revision.basis))
    ).all()
    phrases: dict[int, set[str]] = {}
    for article_id, text in db.session.execute(
        select(Phrase.article_id, Phrase.text).where(Phrase.article_id.in_(ids))
    ):
        phrases.setdefault(article_id, set()).add(text)
    taken = _taken(ids)
    stands = standing((revision.article.category for revision in revisions), day)
    return [
        There(
            article_id=revision.article_id,
            number=revision.article.number,
            slug=revision.article.slug,
            category=stands[revision.article.category_id].code,
            newest_id=newest[revision.article_id],
            content=content_of(revision),
            basis=basis_rows(revision),
            phrases=frozenset(phrases.get(revision.article_id, ())),
            taken_from=taken.get(revision.article_id),
        )
        for revision in revisions
    ]


def _newest(ids: Collection[int]) -> dict[int, int]:
    statement = select(Revision.article_id, func.max(Revision.id)).where(Revision.article_id.in_(ids))
    return dict(db.session.execute(statement.group_by(Revision.article_id)).all())


def _compared(ids: Collection[int], now: datetime) -> set[int]:
    """The revisions that rows are compared with: the newest, but where that begins later, the one in force today."""
    newest = select(Revision.article_id, Revision.id, Revision.valid_from).where(Revision.id.in_(_newest(ids).values()))
    speaking = select(Revision.article_id, Revision.id).where(
        Revision.article_id.in_(ids), Revision.id.in_(answering(now))
    )
    current = dict(db.session.execute(speaking).all())
    return {
        current.get(article_id, revision_id) if valid_from > beijing_day(now) else revision_id
        for article_id, revision_id, valid_from in db.session.execute(newest)
    }


def _taken(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    last = (
        select(func.max(ArticleRow.id))
        .where(ArticleRow.article_id.in_(ids), ArticleRow.revision_id.is_not(None))
        .group_by(ArticleRow.article_id)
    )
    rows = db.session.execute(select(ArticleRow.article_id, ArticleRow.content).where(ArticleRow.id.in_(last)))
    return {article_id: content for article_id, content in rows if article_id is not None}
