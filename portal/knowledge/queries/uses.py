"""Read what was told to callers, and what readers said is wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.database import db
from portal.core.paging import pages

from ..models import Flag, Revision, Use
from ..rules.states import FlagState

Row = TypeVar("Row", Use, Flag)
PAGE = 25
PERIOD = timedelta(days=90)
"""Uses are counted over the last 90 days."""


def times_used(article_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Article id → how often it was used in the last 90 days; those never used are absent."""
    statement = (
        select(Use.article_id, func.count())
        .where(Use.article_id.in_(article_ids), Use.at > now - PERIOD)
        .group_by(Use.article_id)
    )
    return dict(db.session.execute(statement).all())


@dataclass(frozen=True)
class Usage:
    """How an article is used: times in the last 90 days, times in all by number of revision, and the last time."""

    recent: int
    by_revision: list[tuple[int, int]]
    last_at: datetime | None

    @property
    def total(self) -> int:
        """How often it was ever used."""
        return sum(times for _, times in self.by_revision)


def usage(article_id: int, now: datetime) -> Usage:
    """How an article is used."""
    rows = db.session.execute(
        select(Revision.no, func.count(), func.max(Use.at))
        .join(Use, Use.revision_id == Revision.id)
        .where(Use.article_id == article_id)
        .group_by(Revision.no)
        .order_by(Revision.no.desc())
    ).all()
    recent = times_used([article_id], now).get(article_id, 0)
    return Usage(recent, [(no, times) for no, times, _ in rows], max((last for *_, last in rows), default=None))


def uses_of(
    article_id: int, *, since: datetime | None = None, page: int = 1, size: int = PAGE
) -> tuple[Sequence[Use], int]:
    """A page of an article's uses, the newest first, and how many there are in all."""
    statement = select(Use).where(Use.article_id == article_id)
    if since is not None:
        statement = statement.where(Use.at > since)
    ordered = statement.options(joinedload(Use.revision)).order_by(Use.at.desc(), Use.id.desc())
    return _page(ordered, statement, page, size)


def use_by_id(use_id: int) -> Use | None:
    """One use with the very text that was told."""
    return db.session.scalar(
        select(Use)
        .where(Use.id == use_id)
        .options(joinedload(Use.article), joinedload(Use.revision).selectinload(Revision.basis))
    )


def flags(*, only_new: bool, page: int) -> tuple[Sequence[Flag], int]:
    """A page of flags, those nobody has read first, and how many there are in all."""
    statement = select(Flag)
    if only_new:
        statement = statement.where(Flag.state == FlagState.NEW)
    ordered = statement.options(joinedload(Flag.article), joinedload(Flag.revision)).order_by(
        (Flag.state == FlagState.NEW).desc(), Flag.at.desc(), Flag.id.desc()
    )
    return _page(ordered, statement, page, PAGE)


def new_flags() -> int:
    """How many flags nobody has read."""
    return db.session.scalar(select(func.count()).where(Flag.state == FlagState.NEW)) or 0


def flag_by_id(flag_id: int) -> Flag | None:
    """One flag with its article."""
    return db.session.scalar(select(Flag).where(Flag.id == flag_id).options(selectinload(Flag.article)))


def _page(ordered: Select[Row], all_of: Select[Row], page: int, size: int) -> tuple[Sequence[Row], int]:
    total = db.session.scalar(select(func.count()).select_from(all_of.subquery())) or 0
    rows = db.session.scalars(ordered.limit(size).offset(size * (min(page, pages(total, size)) - 1))).all()
    return rows, total
