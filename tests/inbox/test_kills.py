"""A runner that is killed at any moment loses nothing and does nothing twice."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditRow
from portal.core.clock import set_clock
from portal.core.database import db
from portal.inbox.models import Export, Job, Notice
from portal.inbox.rules.exports import ExportState
from portal.inbox.rules.jobs import UNFINISHED, JobState

from . import desk_of_jobs
from .conftest import reading

ROOT = Path(__file__).resolve().parents[2]


def _runner(app: Flask) -> subprocess.Popen[bytes]:
    settings = app.config["PORTAL"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.inbox.desk_of_jobs", str(settings.data_dir), settings.database_url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def _started(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _end(process: subprocess.Popen[bytes], *, kill: bool) -> None:
    process.kill() if kill else process.terminate()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()


def _unfinished(app: Flask) -> int:
    with reading(app):
        return db.session.scalar(select(func.count()).where(Job.state.in_(UNFINISHED))) or 0


def _kill_until_done(app: Flask, *, kills: int, seed: int) -> int:
    """Kill the runner at random moments, then let one work until nothing is left; returns the kills in mid-work."""
    dice, in_the_middle = random.Random(seed), 0
    for _ in range(kills):
        process = _started(_runner(app))
        time.sleep(dice.uniform(0, 0.6))
        in_the_middle += _unfinished(app) > 0
        _end(process, kill=True)
    process = _started(_runner(app))
    deadline = time.monotonic() + 60
    while _unfinished(app):
        assert time.monotonic() < deadline, "the work did not come to its end"
        time.sleep(0.05)
    _end(process, kill=False)
    assert process.returncode == 0
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
def stepping(any_full_app: Flask) -> Flask:
    set_clock(None)
    desk_of_jobs.register_kind(desk_of_jobs.STEPPING)
    return any_full_app


def test_a_job_killed_at_random_moments_ends_once_and_whole(stepping: Flask) -> None:
    job_id = desk_of_jobs.begin(stepping)
    _kill_until_done(stepping, kills=5, seed=12345)
    _is_whole(stepping, job_id)


@pytest.mark.drill
def test_a_job_killed_at_random_fifty_times_ends_once_and_whole(stepping: Flask) -> None:
    rounds, kills = 10, 0
    for seed in range(rounds):
        job_id = desk_of_jobs.begin(stepping, pause=0.05)
        kills += _kill_until_done(stepping, kills=6, seed=seed)
        _is_whole(stepping, job_id)
    assert kills >= 50


def test_an_export_whose_runner_is_killed_is_one_whole_file(
    stepping: Flask, ask_articles: Callable[[Flask], str]
) -> None:
    number = ask_articles(stepping)
    _kill_until_done(stepping, kills=3, seed=1)
    with reading(stepping):
        export = db.session.scalars(select(Export).where(Export.number == number)).one()
        assert export.state == ExportState.READY
        built = select(func.count()).where(AuditRow.action == "inbox:export:build")
        assert db.session.scalar(built) == 1
        assert db.session.scalar(select(func.count()).where(Notice.address == f"/inbox/exports/{number}")) == 1
        file = export.file
    stored = [path for path in (stepping.config["PORTAL"].data_dir / "files" / "exports").rglob("*") if path.is_file()]
    assert file in [path.name for path in stored]
