"""How a runner does a job: it claims the row, works behind a fence, and settles it once.

Every write of a job goes through `JobContext.transaction()`, whose first statement makes sure that this very claim
still holds; so a runner that was thought dead and comes back can commit nothing, and a job ends once and whole however
often it was begun.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from portal.audit.services import SYSTEM, Actor, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction, writing_now

from ..models import Job
from ..rules.jobs import ATTEMPTS, LONGEST_LEASE, UNFINISHED, JobState, retry_at
from .notices import tell


class GivenUp(Exception):  # noqa: N818 — no error: somebody wants the work to end here
    """The work at hand is to end: its owner stopped it, the runner is leaving, or another runner has it."""


class Stopped(GivenUp):
    """Its owner asked for it to stop."""


class Leaving(GivenUp):
    """The runner is shutting down; the job goes back into the queue."""


class Lost(GivenUp):
    """Another runner has the job; nothing of this attempt is kept."""


@dataclass(frozen=True)
class JobKind:
    """A kind of background work, registered by the domain whose work it is.

    Attributes:
        name: what rows call it, such as `inbox:export`.
        title: what people call it.
        run: does it; may run twice without harm, since a runner can die at any moment.
        unit: what its progress counts.
        attempts: how often it is begun at the most.
        stopping: what stopping it means, in a sentence; empty where it cannot be stopped.
        ended: called in the transaction in which a job of this kind fails or is stopped.
    """

    name: str
    title: str
    run: Callable[["JobContext"], Mapping[str, Any] | None]
    unit: str = "条"
    attempts: int = ATTEMPTS
    stopping: str = ""
    ended: Callable[[Job, JobState, datetime], None] | None = None


_kinds: dict[str, JobKind] = {}


def register_kind(kind: JobKind) -> None:
    """Let runners do this kind of work."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> JobKind | None:
    """The kind of this name; None for work of another version of the portal."""
    return _kinds.get(name)


@dataclass
class JobContext:
    """What a job's function is handed: its order, a fenced way to write, and somewhere to say how far it is."""

    id: int
    kind: JobKind
    claim: str
    payload: dict[str, Any]
    checkpoint: dict[str, Any]
    owner: Actor
    attempt: int
    finished: bool = False
    _told: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ending: threading.Event = field(default_factory=threading.Event)
    _why: type[GivenUp] = Lost

    def progress(self, done: int, total: int | None = None, *, faults: int | None = None) -> None:
        """Say how far it is; cheap, since the heartbeat writes it. Raises where the work is to end.

        Raises:
            GivenUp: stopped by its owner, the runner leaves, or another runner has it.
        """
        told = {"done": done, "total": total, "faults": faults}
        with self._lock:
            self._told.update({name: value for name, value in told.items() if value is not None})
        self.check()

    def check(self) -> None:
        """End the work here where somebody wants it to.

        Raises:
            GivenUp: stopped by its owner, the runner leaves, or another runner has it.
        """
        if self._ending.is_set():
            raise self._why

    def end_because(self, why: type[GivenUp]) -> None:
        """Let the next check raise this; called by the heartbeat."""
        if not self._ending.is_set():
            self._why = why
            self._ending.set()

    def told(self) -> dict[str, int]:
        """What was told since the last time it was asked for."""
        with self._lock:
            told, self._told = self._told, {}
        return told

    @contextmanager
    def transaction(self) -> Iterator[Job]:
        """One write transaction of this job; it commits only while this attempt holds the job.

        Raises:
            GivenUp: the job is no longer this attempt's; nothing is kept.
        """
        self.check()
        ended = False
        with transaction():
            yield self._fence()
            ended = db.session.get_one(Job, self.id).state == JobState.DONE
        self.finished = ended

    def _fence(self) -> Job:
        held = update(Job).where(_is_held(self.id, self.claim)).values(claim=self.claim).returning(Job.id)
        if db.session.scalar(held.execution_options(synchronize_session=False)) is None:
            raise Lost
        return db.session.get_one(Job, self.id, populate_existing=True)

    def keep(self, checkpoint: Mapping[str, Any]) -> None:
        """Within transaction(): remember how far the writes of this transaction reach, for a later attempt."""
        db.session.get_one(Job, self.id).checkpoint = dict(checkpoint)
        self.checkpoint = dict(checkpoint)

    def finish(self, result: Mapping[str, Any] | None = None, *, notice: str = "", address: str = "") -> None:
        """Within transaction(): settle the job as done, together with the writes of this transaction.

        Args:
            result: plain facts that the job's page or its asker may want.
            notice: what its owner is told; by default that it is done.
            address: where that leads.
        """
        if not writing_now():
            raise RuntimeError("finish() belongs into transaction()")
        job = db.session.get_one(Job, self.id)
        for name, value in self.told().items():
            setattr(job, name, value)
        job.result = dict(result or {})
        settle(job, JobState.DONE, now=utc_now(), notice=notice or f"{job.title}：做完了", address=address)


def _is_held(job_id: int, claim: str) -> ColumnElement[bool]:
    return (Job.id == job_id) & (Job.claim == claim) & (Job.state == JobState.RUNNING)


def _is_free(now: datetime) -> ColumnElement[bool]:
    """rules.jobs.is_free, said in SQL."""
    late = or_(Job.lease_until.is_(None), Job.lease_until <= now, Job.lease_until > now + LONGEST_LEASE)
    return Job.state.in_(UNFINISHED) & late


def claim_next(*, lease: timedelta) -> JobContext | None:
    """Take the oldest job that is free; settles on the way those that may not be begun again. None: nothing to do."""
    while True:
        now = utc_now()
        free = db.session.scalar(select(Job.id).where(_is_free(now)).limit(1))
        db.session.rollback()
        if free is None:
            return None
        with transaction():
            job = db.session.scalar(
                select(Job).where(_is_free(now)).order_by(Job.id).limit(1).with_for_update(skip_locked=True)
            )
            if job is None:
                return None
            if context := _claim(job, now=now, lease=lease):
                return context


def _claim(job: Job, *, now: datetime, lease: timedelta) -> JobContext | None:
    kind = kind_of(job.kind)
    if kind is None:
        settle(job, JobState.FAILED, now=now, error="这个版本的程序不会做这件事")
        return None
    if job.stop_asked:
        settle(job, JobState.STOPPED, now=now)
        return None
    if job.attempts >= kind.attempts:
        settle(job, JobState.FAILED, now=now, error=job.error or f"试了 {job.attempts} 次都没有做完，已经记下")
        return None
    job.state, job.claim, job.lease_until = JobState.RUNNING, secrets.token_hex(16), now + lease
    job.attempts += 1
    job.started_at = now
    return JobContext(
        id=job.id,
        kind=kind,
        claim=job.claim,
        payload=dict(job.payload),
        checkpoint=dict(job.checkpoint or {}),
        owner=Actor(job.owner_id, job.owner_name),
        attempt=job.attempts,
    )


def beat(context: JobContext, *, lease: timedelta) -> None:
    """Say that this attempt still works and how far it is; learns whether it is to end."""
    with transaction():
        stop_asked = db.session.scalar(
            update(Job)
            .where(_is_held(context.id, context.claim))
            .values(lease_until=utc_now() + lease, **context.told())
            .returning(Job.stop_asked)
            .execution_options(synchronize_session=False)
        )
    if stop_asked is None:
        context.end_because(Lost)
    elif stop_asked:
        context.end_because(Stopped)


def settle(job: Job, state: JobState, *, now: datetime, error: str = "", notice: str = "", address: str = "") -> None:
    """End a job: state, audit row, its owner's notice, and what its kind wants done, all in this transaction."""
    job.state, job.ended_at, job.claim, job.lease_until = state, now, "", None
    job.error = error
    record(
        "inbox:job:end",
        f"job:{job.id}",
        by=SYSTEM,
        now=now,
        changes={"kind": job.kind, "state": state, "attempts": job.attempts},
        result="error" if state is JobState.FAILED else "ok",
        reason=error,
    )
    kind = kind_of(job.kind)
    if state is not JobState.DONE and kind and kind.ended:
        kind.ended(job, state, now)
    if state is JobState.FAILED:
        notice = f"{job.title}：没做成。{error}"
    if notice and job.owner_id is not None and state is not JobState.STOPPED:
        tell(job.owner_id, notice, address=address or job.address or "/inbox/jobs", now=now)


def give_back(context: JobContext) -> None:
    """Put a job back into the queue as if this attempt had not been; the runner is leaving."""
    with transaction():
        db.session.execute(
            update(Job)
            .where(_is_held(context.id, context.claim))
            .values(state=JobState.QUEUED, claim="", lease_until=None, attempts=Job.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def give_up(context: JobContext, state: JobState, *, error: str = "") -> None:
    """Settle a job as failed or stopped, if this attempt still holds it."""
    with transaction():
        job = db.session.scalar(select(Job).where(_is_held(context.id, context.claim)).with_for_update())
        if job is not None:
            settle(job, state, now=utc_now(), error=error)


def try_again(context: JobContext, *, error: str) -> None:
    """After a breakdown: begin again a little later, or give it up after the last attempt."""
    if context.attempt >= context.kind.attempts:
        give_up(context, JobState.FAILED, error=error)
        return
    now = utc_now()
    with transaction():
        db.session.execute(
            update(Job)
            .where(_is_held(context.id, context.claim))
            .values(
                state=JobState.QUEUED,
                claim="",
                error=error,
                lease_until=retry_at(context.attempt, now),
            )
            .execution_options(synchronize_session=False)
        )
