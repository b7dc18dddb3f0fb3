"""Read what was told to callers, and what readers said is wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, and_, func, select
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


def flags(*, only_new: bool, page: int, overdue_before: datetime | None = None) -> tuple[Sequence[Flag], int]:
    """A page of flags and how many there are: those overdue first, then those nobody has read, the answered last.

    Args:
        only_new: those alone that nobody has read.
        page: which page.
        overdue_before: what was raised before this moment and is not answered is overdue.
    """
    statement = select(Flag)
    if only_new:
        statement = statement.where(Flag.state == FlagState.NEW)
    late = [and_(Flag.state != FlagState.ANSWERED, Flag.at < overdue_before).desc()] if overdue_before else []
    ordered = statement.options(joinedload(Flag.article), joinedload(Flag.revision)).order_by(
        *late,
        (Flag.state == FlagState.NEW).desc(),
        (Flag.state == FlagState.SEEN).desc(),
        Flag.at.desc(),
        Flag.id.desc(),
    )
    return _page(ordered, statement, page, PAGE)


def open_flags(*, before: datetime | None = None) -> int:
    """How many flags are not answered; with `before`, of those raised before it."""
    statement = select(func.count()).where(Flag.state != FlagState.ANSWERED)
    return db.session.scalar(statement.where(Flag.at < before) if before else statement) or 0


def flags_of(person_id: int, *, page: int) -> tuple[Sequence[Flag], int]:
    """A page of the flags somebody raised: answers not yet read first, then the newest; and how many there are."""
    statement = select(Flag).where(Flag.person_id == person_id)
    unread = and_(Flag.state == FlagState.ANSWERED, Flag.told_at.is_(None))
    ordered = statement.options(joinedload(Flag.article), joinedload(Flag.revision)).order_by(
        unread.desc(), Flag.at.desc(), Flag.id.desc()
    )
    return _page(ordered, statement, page, PAGE)


def later_revisions(flag: Flag) -> Sequence[Revision]:
    """The revisions written after the text that was flagged, the newest first."""
    return db.session.scalars(
        select(Revision)
        .where(Revision.article_id == flag.article_id, Revision.id > flag.revision_id)
        .order_by(Revision.no.desc())
        .limit(PAGE)
    ).all()


def answer_numbers(flags: Collection[Flag]) -> dict[int, int]:
    """Revision id → its number, of the revisions in which these flags ended."""
    ids = {flag.answer_revision_id for flag in flags if flag.answer_revision_id}
    if not ids:
        return {}
    return dict(db.session.execute(select(Revision.id, Revision.no).where(Revision.id.in_(ids))).all())


def new_flags() -> int:
    """How many flags nobody has read."""
    return db.session.scalar(select(func.count()).where(Flag.state == FlagState.NEW)) or 0


def flag_by_id(flag_id: int) -> Flag | None:
    """One flag with its article."""
    return db.session.scalar(
        select(Flag).where(Flag.id == flag_id).options(selectinload(Flag.article), joinedload(Flag.revision))
    )


def _page(ordered: Select[Row], all_of: Select[Row], page: int, size: int) -> tuple[Sequence[Row], int]:
    total = db.session.scalar(select(func.count()).select_from(all_of.subquery())) or 0
    rows = db.session.scalars(ordered.limit(size).offset(size * (min(page, pages(total, size)) - 1))).all()
    return rows, total


MOST_TOLD = 200
"""How many uses a page about a ticket or a day lists."""


def uses_for_ticket(ticket: str) -> Sequence[Use]:
    """Every time something was told for a ticket, in order, with the very texts."""
    return _told(select(Use).where(Use.ticket == ticket))


def uses_between(start: datetime, end: datetime) -> Sequence[Use]:
    """Every time something was told between two moments, in order, with the very texts."""
    return _told(select(Use).where(Use.at >= start, Use.at < end))


def _told(statement: Select[Use]) -> Sequence[Use]:
    texts = joinedload(Use.revision).selectinload(Revision.basis)
    return db.session.scalars(
        statement.options(joinedload(Use.article), texts).order_by(Use.at, Use.id).limit(MOST_TOLD)
    ).all()
