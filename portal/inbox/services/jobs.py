"""Ask for background work, and stop it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.audit.services import Actor, record
from portal.core.database import db
from portal.core.errors import DomainError

from ..models import Job
from ..rules.jobs import UNFINISHED, JobState
from .work import kind_of, settle


def ask_for(
    kind: str,
    payload: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    title: str = "",
    address: str = "",
) -> Job:
    """Ask for work that is done after this transaction: if the transaction is kept, so is the job.

    Args:
        kind: a registered kind.
        payload: its order, as plain JSON values; no personal data.
        by: who wants it done; the system's own jobs belong to nobody.
        now: when.
        title: what people call this very job; by default the kind's title.
        address: where its owner finds what came of it.
    """
    known = kind_of(kind)
    if known is None:
        raise ValueError(f"no such kind of job: {kind}")
    job = Job(
        kind=kind,
        title=title or known.title,
        address=address,
        payload=dict(payload),
        unit=known.unit,
        owner_id=by.id,
        owner_name=by.name,
        asked_at=now,
    )
    db.session.add(job)
    db.session.flush()
    record("inbox:job:ask", f"job:{job.id}", by=by, now=now, changes={"kind": kind, "title": job.title})
    return job


def stop(job_id: int, *, by: Actor, now: datetime) -> None:
    """Stop one's own job: at once while it waits, at its next step while it runs; an ended one stays as it ended.

    Raises:
        DomainError: it is somebody else's, or of a kind that cannot be stopped.
    """
    job = db.session.scalar(select(Job).where(Job.id == job_id, Job.owner_id == by.id).with_for_update())
    if job is None:
        raise DomainError("没有这件后台任务，或者它不是您的")
    if job.state not in UNFINISHED or job.stop_asked:
        return
    kind = kind_of(job.kind)
    if kind is None or not kind.stopping:
        raise DomainError("这件事停不得：做到一半比做完更乱")
    job.stop_asked = True
    record("inbox:job:stop", f"job:{job.id}", by=by, now=now, changes={"kind": job.kind, "done": job.done})
    if job.state == JobState.QUEUED:
        settle(job, JobState.STOPPED, now=now)
