"""A runner that is killed at any moment loses nothing and does nothing twice."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditRow
from portal.core import files
from portal.core.clock import set_clock
from portal.core.database import db
from portal.inbox.models import Export, Job, Notice
from portal.inbox.rules.exports import ExportState
from portal.inbox.rules.jobs import UNFINISHED, JobState
from portal.inbox.services.work import JobKind

from . import desk_of_jobs
from .conftest import reading


def _end(process: int, with_signal: signal.Signals) -> None:
    os.kill(process, with_signal)
    os.waitpid(process, 0)


def _unfinished(app: Flask) -> int:
    with reading(app):
        return db.session.scalar(select(func.count()).where(Job.state.in_(UNFINISHED))) or 0


def _claims(app: Flask) -> list[str]:
    with reading(app):
        return list(db.session.scalars(select(Job.claim).order_by(Job.id)))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def _kill_until_done(app: Flask, *, kills: int, within: float, seed: int) -> int:
    """Kill runners at random moments, then let one work until nothing is left; returns the kills in mid-work."""
    dice, in_the_middle = random.Random(seed), 0
    for _ in range(kills):
        before = _claims(app)
        process = desk_of_jobs.fork(app)
        _until(lambda before=before: _claims(app) != before or not _unfinished(app))
        time.sleep(dice.uniform(0, within))
        _end(process, signal.SIGKILL)
        in_the_middle += _unfinished(app) > 0
    process = desk_of_jobs.fork(app)
    try:
        _until(lambda: not _unfinished(app))
    finally:
        _end(process, signal.SIGTERM)
    return in_the_middle


def _is_whole(app: Flask, job_id: int) -> None:
    with reading(app):
        job = db.session.get_one(Job, job_id)
        assert (job.state, job.result) == (JobState.DONE, {"steps": desk_of_jobs.STEPS})
        written = Counter(db.session.scalars(select(Notice.text).where(Notice.text.startswith(f"{job_id}:"))))
        assert written == Counter(f"{job_id}:{step}" for step in range(desk_of_jobs.STEPS))
        told = select(func.count()).where(Notice.text == "分步的活：做完了")
        ended = select(func.count()).where(AuditRow.action == "inbox:job:end", AuditRow.object_ref == f"job:{job_id}")
        assert db.session.scalar(ended) == 1
        assert db.session.scalar(told) == db.session.scalar(select(func.count()).where(Job.kind == "tests:steps"))


@pytest.fixture
def stepping(any_full_app: Flask, kinds: Callable[[JobKind], None]) -> Flask:
    set_clock(None)
    kinds(desk_of_jobs.STEPPING)
    return any_full_app


def test_a_job_killed_at_random_moments_ends_once_and_whole(stepping: Flask) -> None:
    job_id = desk_of_jobs.begin(stepping, pause=0.06)
    assert _kill_until_done(stepping, kills=5, within=0.2, seed=12345) == 5
    _is_whole(stepping, job_id)


@pytest.mark.drill
def test_a_job_killed_at_random_fifty_times_ends_once_and_whole(stepping: Flask) -> None:
    """Ten jobs, each killed at least five times in the middle of its work."""
    for seed in range(10):
        job_id = desk_of_jobs.begin(stepping)
        assert _kill_until_done(stepping, kills=5, within=0.4, seed=seed) == 5
        _is_whole(stepping, job_id)


def test_an_export_whose_runner_is_killed_is_one_whole_file(
    stepping: Flask, ask_articles: Callable[[Flask], str]
) -> None:
    number = ask_articles(stepping)
    _kill_until_done(stepping, kills=3, within=0.15, seed=1)
    with reading(stepping):
        export = db.session.scalars(select(Export).where(Export.number == number)).one()
        assert export.state == ExportState.READY
        built = select(func.count()).where(AuditRow.action == "inbox:export:build")
        assert db.session.scalar(built) == 1
        assert db.session.scalar(select(func.count()).where(Notice.address == f"/inbox/exports/{number}")) == 1
        assert files.look(files.path_of(export.file)).sha256 == export.sha256
