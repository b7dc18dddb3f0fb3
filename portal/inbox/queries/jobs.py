"""Read background jobs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from portal.core.database import db

from ..models import Job
from ..rules.jobs import UNATTENDED, UNFINISHED, JobState

PAGE = 20


def jobs(owner_id: int | None, *, page: int) -> tuple[Sequence[Job], int]:
    """A page of a person's jobs (everybody's for None): the unfinished ones first, then the newest."""
    statement = select(Job) if owner_id is None else select(Job).where(Job.owner_id == owner_id)
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    order = (Job.state.in_(UNFINISHED).desc(), Job.id.desc())
    return db.session.scalars(statement.order_by(*order).limit(PAGE).offset((page - 1) * PAGE)).all(), total


def counts() -> dict[str, int]:
    """State → how many jobs are in it; for the administrator's health page."""
    return {
        str(state): count for state, count in db.session.execute(select(Job.state, func.count()).group_by(Job.state))
    }


def unattended(now: datetime) -> int:
    """How many jobs wait so long that no runner seems to be there."""
    statement = select(func.count()).where(
        Job.state == JobState.QUEUED, Job.lease_until.is_(None), Job.asked_at < now - UNATTENDED
    )
    return db.session.scalar(statement) or 0
