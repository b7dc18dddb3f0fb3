"""Texts that leave force soon, or have left it, with nothing to take over."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from portal.core.clock import beijing_day, day_start
from portal.core.database import db

from ..models import Article, Basis, Publication, Revision
from .visible import stretches

AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Expiring:
    """A text that stops answering by its own dates.

    Attributes:
        article: the article with its category.
        revision: its last text.
        last_on: the last day on which it answers.
        why: which of its dates ends it.
        is_over: whether that day is past.
    """

    article: Article
    revision: Revision
    last_on: date
    why: str
    is_over: bool

    def days_left(self, today: date) -> int:
        """Days until it ends, 0 on its last day; negative once it is over."""
        return (self.last_on - today).days


def expiring(now: datetime) -> list[Expiring]:
    """What ends within a month or has ended and nothing takes over, the first to end first."""
    until = beijing_day(now) + AHEAD
    ending = select(Basis.revision_id).where(Basis.in_force_to <= until)
    statement = (
        select(Revision)
        .where(
            Revision.id.in_(select(Publication.revision_id).where(Publication.revision_id.is_not(None))),
            or_(Revision.valid_to <= until, Revision.id.in_(ending)),
        )
        .options(selectinload(Revision.basis), selectinload(Revision.article).selectinload(Article.category))
    )
    found = {revision.id: revision for revision in db.session.scalars(statement)}
    ahead = stretches({revision.article_id for revision in found.values()})
    rows = []
    for of_one in ahead.values():
        last = max(of_one, key=lambda window: window.start, default=None)
        revision = found.get(last.revision_id) if last else None
        if last is None or revision is None:
            continue
        last_on, why = ends(revision)
        if last.end != day_start(last_on + timedelta(days=1)):
            continue  # taken away by hand before its day
        rows.append(Expiring(revision.article, revision, last_on, why, is_over=last.end <= now))
    return sorted(rows, key=lambda row: (row.last_on, row.article.number))


def ends(revision: Revision) -> tuple[date, str]:
    """The last day of a text and what ends it; date.max where nothing does. `basis` must be loaded."""
    days = [(row.in_force_to, f"依据「{row.source} {row.article}」到期") for row in revision.basis if row.in_force_to]
    if revision.valid_to:
        days.append((revision.valid_to, "有效期到"))
    return min(days, key=lambda each: each[0], default=(date.max, ""))
