"""The one place that decides which text answers at a moment; every surface asks here.

`answering` is the pure rule of rules/force.py said in SQL, for lists; a test holds the two against each other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BindParameter, ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from portal.core.clock import beijing_day
from portal.core.database import db

from ..models import Article, Basis, Publication, Revision
from ..rules import force


def answering(now: datetime) -> Select[int]:
    """The ids of the revisions that may be read out at this moment: live in the ledger and in force."""
    return answering_on(now, beijing_day(now))


def answering_on(now: datetime | BindParameter[datetime], today: date | BindParameter[date]) -> Select[int]:
    """As `answering`, with the day in Beijing told; both may be left open, for a statement that is asked again."""
    line, later = aliased(Publication), aliased(Publication)
    overtaken = exists().where(
        later.article_id == line.article_id,
        later.from_at <= now,
        or_(later.lapses_at.is_(None), later.lapses_at > now),
        or_(later.from_at > line.from_at, and_(later.from_at == line.from_at, later.id > line.id)),
        ~called_off(later),
    )
    return (
        select(Revision.id)
        .join(line, line.revision_id == Revision.id)
        .where(
            line.from_at <= now,
            or_(line.lapses_at.is_(None), line.lapses_at > now),
            ~overtaken,
            ~called_off(line),
            in_force(today),
        )
    )


def called_off(line: type[Publication]) -> ColumnElement[bool]:
    """That a later line says that this one does not count (rules/force.py, `calls_off`)."""
    off = aliased(Publication)
    return exists().where(
        off.article_id == line.article_id,
        off.from_at == line.from_at,
        off.lapses_at <= off.from_at,
        off.id > line.id,
    )


def stands(line: type[Publication]) -> ColumnElement[bool]:
    """That a line of the ledger was not called off, and does not itself only call another one off."""
    return and_(~called_off(line), or_(line.lapses_at.is_(None), line.lapses_at > line.from_at))


def in_force(today: date | BindParameter[date]) -> ColumnElement[bool]:
    """That a revision's own validity and every one of its basis rows hold today."""
    row = aliased(Basis)
    out = exists().where(row.revision_id == Revision.id, or_(row.in_force_from > today, row.in_force_to < today))
    return and_(Revision.valid_from <= today, or_(Revision.valid_to.is_(None), Revision.valid_to >= today), ~out)


@dataclass(frozen=True)
class Outlook:
    """What an article says now, and when that changes.

    Attributes:
        current: the stretch that holds now, None when nothing answers.
        following: the next stretch, None when none is published.
    """

    current: force.Window | None
    following: force.Window | None

    @property
    def changes_on(self) -> date | None:
        """The day in Beijing on which another text takes over."""
        return beijing_day(self.following.start) if self.following else None


@dataclass(frozen=True)
class _Line:
    """A line of the ledger with the days between which its text and all its basis are in force."""

    id: int
    revision_id: int | None
    from_at: datetime
    lapses_at: datetime | None
    in_force_from: date | None
    in_force_to: date | None


def stretches(article_ids: Collection[int]) -> dict[int, list[force.Window]]:
    """Article id → the stretches during which each published revision may answer, in order."""
    first = select(func.max(Basis.in_force_from)).where(Basis.revision_id == Revision.id).scalar_subquery()
    last = select(func.min(Basis.in_force_to)).where(Basis.revision_id == Revision.id).scalar_subquery()
    statement = (
        select(Publication, Revision.valid_from, Revision.valid_to, first, last)
        .join(Revision, Revision.id == Publication.revision_id, isouter=True)
        .where(Publication.article_id.in_(article_ids))
    )
    lines: dict[int, list[_Line]] = {key: [] for key in article_ids}
    for line, valid_from, valid_to, basis_from, basis_to in db.session.execute(statement):
        start = max((day for day in (valid_from, basis_from) if day), default=None)
        end = min((day for day in (valid_to, basis_to) if day), default=None)
        lines[line.article_id].append(_Line(line.id, line.revision_id, line.from_at, line.lapses_at, start, end))
    return {key: _narrowed(of_one) for key, of_one in lines.items()}


def _narrowed(lines: list[_Line]) -> list[force.Window]:
    days = {line.revision_id: line for line in lines}
    found = []
    for window in force.windows(lines):
        line = days[window.revision_id]
        narrow = force.answering(window, valid_from=line.in_force_from or date.min, valid_to=line.in_force_to, basis=())
        if narrow:
            found.append(narrow)
    return found


def outlook(of_one: list[force.Window], now: datetime) -> Outlook:
    """What holds now and what comes next, of one article's stretches."""
    current = next((window for window in of_one if window.holds(now)), None)
    following = next((window for window in of_one if window.start > now), None)
    return Outlook(current, following)


def article_by_number(number: str) -> Article | None:
    """One article with its category, phrases and ledger."""
    return db.session.scalar(
        select(Article)
        .where(Article.number == number)
        .options(
            selectinload(Article.category).selectinload(Article.category.property.mapper.class_.parent),
            selectinload(Article.phrases),
            selectinload(Article.publications),
        )
    )


def article_of_readers(number: str) -> Article | None:
    """One article as readers know it: None where nothing of it was ever published, as if there were no such number."""
    article = article_by_number(number)
    return article if article and any(line.revision_id for line in force.standing(article.publications)) else None
