"""Background work is begun by whoever is free, ends once, and says how far it is."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.audit.models import AuditRow
from portal.audit.services import SYSTEM, Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import begin_write, end_write, transaction
from portal.inbox.models import Job, Notice
from portal.inbox.rules.jobs import LONGEST_LEASE, JobState, is_free, retry_at, time_left, time_left_words
from portal.inbox.runner import Runner, register_chore
from portal.inbox.services import work
from portal.inbox.services.jobs import ask_for, stop
from portal.inbox.services.work import JobContext, JobKind, claim_next

from .conftest import reading

Register = Callable[[JobKind], None]
LEASE = timedelta(seconds=5)


def _ask(app: Flask, kind: str = "tests:work", *, by: Actor = SYSTEM, **payload: Any) -> int:
    with app.app_context(), transaction():
        return ask_for(kind, payload, by=by, now=utc_now()).id


def _job(app: Flask, job_id: int) -> Job:
    with reading(app):
        job = db.session.get_one(Job, job_id)
        db.session.expunge(job)
        return job


def _change(app: Flask, job_id: int, **values: Any) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(Job).where(Job.id == job_id).values(**values))


def _actor(app: Flask, person_id: int) -> Actor:
    return Actor(person_id, "某人")


# -- the rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "lease_in", "free"),
    [
        (JobState.QUEUED, None, True),
        (JobState.QUEUED, timedelta(seconds=5), False),
        (JobState.QUEUED, timedelta(0), True),
        (JobState.RUNNING, timedelta(seconds=1), False),
        (JobState.RUNNING, timedelta(seconds=-1), True),
        (JobState.RUNNING, LONGEST_LEASE + timedelta(hours=3), True),
        (JobState.DONE, None, False),
        (JobState.FAILED, timedelta(seconds=-1), False),
        (JobState.STOPPED, None, False),
    ],
)
def test_a_job_is_free_when_nobody_holds_it_or_its_runner_fell_silent(
    state: JobState, lease_in: timedelta | None, free: bool
) -> None:
    now = utc_now()
    assert is_free(state, None if lease_in is None else now + lease_in, now) is free


def test_each_further_try_waits_twice_as_long_but_never_beyond_ten_minutes() -> None:
    now = utc_now()
    waits = [(retry_at(attempt, now) - now).total_seconds() for attempt in (1, 2, 3, 20)]
    assert waits == [5, 10, 20, 600]


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 100, 60, ""),
        (50, 100, 1, ""),
        (50, 100, 40, "约剩 40 秒"),
        (10, 100, 60, "约剩 9 分"),
        (1, 100, 600, "约剩 16 小时"),
        (100, 100, 60, ""),
    ],
)
def test_the_time_left_is_said_as_soon_as_one_can_tell(done: int, total: int, seconds: int, words: str) -> None:
    now = utc_now()
    assert time_left_words(time_left(done, total, now - timedelta(seconds=seconds), now)) == words


# -- asking --------------------------------------------------------------------------------------------------


def test_a_job_lives_and_dies_with_the_transaction_of_its_cause(full_app: Flask, kinds: Register) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    with full_app.app_context():
        begin_write()
        ask_for("tests:work", {}, by=SYSTEM, now=utc_now())
        end_write()
        assert db.session.scalar(select(func.count()).select_from(Job)) == 0
    _ask(full_app)
    with reading(full_app):
        assert db.session.scalar(select(func.count()).select_from(Job)) == 1


def test_nobody_can_ask_for_work_that_no_one_does(full_app: Flask) -> None:
    with full_app.app_context(), transaction(), pytest.raises(ValueError, match="no such kind"):
        ask_for("tests:unheard-of", {}, by=SYSTEM, now=utc_now())


# -- doing ---------------------------------------------------------------------------------------------------


def test_a_job_is_done_once_and_its_owner_is_told(
    full_app: Flask, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    seen: list[Mapping[str, Any]] = []

    def run(context: JobContext) -> dict[str, Any]:
        seen.append(context.payload)
        context.progress(3, 3)
        return {"answer": 42}

    kinds(JobKind("tests:work", "数一数", run))
    sun = person("demo.sun")
    job_id = _ask(full_app, by=_actor(full_app, sun), what="甲")
    assert runner.work_off() == 1
    job = _job(full_app, job_id)
    assert (job.state, job.done, job.total, job.result) == (JobState.DONE, 3, 3, {"answer": 42})
    assert seen == [{"what": "甲"}]
    assert runner.work_off() == 0
    with reading(full_app):
        assert db.session.scalars(select(Notice.text).where(Notice.person_id == sun)).all() == ["数一数：做完了"]
        ends = select(AuditRow).where(AuditRow.action == "inbox:job:end", AuditRow.object_ref == f"job:{job_id}")
        assert len(db.session.scalars(ends).all()) == 1


def test_a_sentence_of_the_trade_fails_the_job_at_once_and_reaches_its_owner(
    full_app: Flask, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    def run(context: JobContext) -> None:
        raise DomainError("第 7 行的日期看不懂")

    kinds(JobKind("tests:work", "导入", run))
    sun = person("demo.sun")
    job_id = _ask(full_app, by=_actor(full_app, sun))
    runner.work_off()
    job = _job(full_app, job_id)
    assert (job.state, job.error, job.attempts) == (JobState.FAILED, "第 7 行的日期看不懂", 1)
    with reading(full_app):
        assert db.session.scalars(select(Notice.text)).all() == ["导入：没做成。第 7 行的日期看不懂"]


def test_a_breakdown_is_tried_again_later_and_then_given_up(full_app: Flask, runner: Runner, kinds: Register) -> None:
    begun: list[int] = []

    def run(context: JobContext) -> None:
        begun.append(context.attempt)
        raise RuntimeError("the disk is full: secret words")

    kinds(JobKind("tests:work", "活", run, attempts=3))
    job_id = _ask(full_app)
    runner.work_off()
    waiting = _job(full_app, job_id)
    assert waiting.state == JobState.QUEUED
    assert waiting.lease_until is not None
    assert waiting.lease_until > utc_now()
    for _ in range(2):
        _change(full_app, job_id, lease_until=None)
        runner.work_off()
    job = _job(full_app, job_id)
    assert begun == [1, 2, 3]
    assert job.state == JobState.FAILED
    assert "secret words" not in job.error


def test_a_job_whose_runner_dies_each_time_is_given_up_with_a_sentence(
    full_app: Flask, runner: Runner, kinds: Register
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None, attempts=2))
    job_id = _ask(full_app)
    _change(full_app, job_id, attempts=2, state=JobState.RUNNING, claim="x", lease_until=utc_now() - LEASE)
    runner.work_off()
    job = _job(full_app, job_id)
    assert (job.state, job.error) == (JobState.FAILED, "试了 2 次都没有做完，已经记下")


def test_work_of_another_version_of_the_portal_is_not_guessed_at(
    full_app: Flask, runner: Runner, kinds: Register
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    job_id = _ask(full_app)
    work._kinds.pop("tests:work")
    runner.work_off()
    assert _job(full_app, job_id).error == "这个版本的程序不会做这件事"


def test_jobs_are_done_in_the_order_they_were_asked_for(full_app: Flask, runner: Runner, kinds: Register) -> None:
    order: list[int] = []
    kinds(JobKind("tests:work", "活", lambda context: order.append(context.payload["n"])))
    for n in range(5):
        _ask(full_app, n=n)
    runner.work_off()
    assert order == [0, 1, 2, 3, 4]


def test_one_job_that_cannot_be_done_does_not_hold_up_the_next(
    full_app: Flask, runner: Runner, kinds: Register
) -> None:
    def run(context: JobContext) -> None:
        if context.payload["bad"]:
            raise RuntimeError

    kinds(JobKind("tests:work", "活", run))
    bad, good = _ask(full_app, bad=True), _ask(full_app, bad=False)
    runner.work_off()
    assert (_job(full_app, bad).state, _job(full_app, good).state) == (JobState.QUEUED, JobState.DONE)


# -- the fence -----------------------------------------------------------------------------------------------


def test_a_runner_thought_dead_that_comes_back_can_commit_nothing(
    full_app: Flask, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    sun = person("demo.sun")

    def run(context: JobContext) -> None:
        if context.attempt == 1:
            _change_inside(context.id)
        with context.transaction():
            db.session.add(Notice(person_id=sun, text=f"第 {context.attempt} 次", address="/", at=utc_now()))

    def _change_inside(job_id: int) -> None:
        """Another runner takes the job while this one sleeps."""
        thread = threading.Thread(
            target=_change,
            args=(full_app, job_id),
            kwargs={"claim": "another", "lease_until": utc_now() - LEASE},
        )
        thread.start()
        thread.join()

    kinds(JobKind("tests:work", "活", run))
    job_id = _ask(full_app)
    runner.work_off()
    assert _job(full_app, job_id).state == JobState.DONE
    with reading(full_app):
        assert db.session.scalars(select(Notice.text)).all() == ["第 2 次"]


def test_what_a_job_writes_and_its_end_are_one_commit(
    full_app: Flask, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    sun = person("demo.sun")

    def run(context: JobContext) -> None:
        with context.transaction():
            db.session.add(Notice(person_id=sun, text="写下", address="/", at=utc_now()))
            context.finish({"n": 1})
            if context.attempt == 1:
                raise RuntimeError("after finish, before the commit")

    kinds(JobKind("tests:work", "活", run))
    job_id = _ask(full_app)
    runner.work_off()
    with reading(full_app):
        assert db.session.scalars(select(Notice)).all() == []
    _change(full_app, job_id, lease_until=None)
    runner.work_off()
    assert _job(full_app, job_id).result == {"n": 1}
    with reading(full_app):
        assert [notice.text for notice in db.session.scalars(select(Notice))] == ["写下"]


def test_finishing_outside_a_transaction_is_a_fault_of_the_program(
    full_app: Flask, runner: Runner, kinds: Register
) -> None:
    faults: list[str] = []

    def run(context: JobContext) -> None:
        try:
            context.finish()
        except RuntimeError as error:
            faults.append(str(error))

    kinds(JobKind("tests:work", "活", run))
    _ask(full_app)
    runner.work_off()
    assert faults == ["finish() belongs into transaction()"]


def test_two_runners_never_begin_the_same_job(any_full_app: Flask, kinds: Register) -> None:
    begun: list[int] = []
    lock = threading.Lock()

    def run(context: JobContext) -> None:
        with lock:
            begun.append(context.id)

    kinds(JobKind("tests:work", "活", run))
    asked = [_ask(any_full_app) for _ in range(12)]
    threads = [threading.Thread(target=Runner(any_full_app, lease=LEASE).work_off) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(begun) == asked


def test_a_lease_given_before_the_clock_was_set_back_does_not_hold(full_app: Flask, kinds: Register) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    job_id = _ask(full_app)
    _change(full_app, job_id, state=JobState.RUNNING, claim="x", lease_until=utc_now() + timedelta(days=40))
    with full_app.app_context():
        claimed = claim_next(lease=LEASE)
    assert claimed is not None
    assert claimed.id == job_id


# -- progress and stopping -----------------------------------------------------------------------------------


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_the_heartbeat_writes_progress_and_keeps_the_lease(any_full_app: Flask, kinds: Register) -> None:
    go_on = threading.Event()

    def run(context: JobContext) -> None:
        context.progress(5, 20, faults=2)
        go_on.wait(10)

    kinds(JobKind("tests:work", "活", run))
    job_id = _ask(any_full_app)
    thread = threading.Thread(target=Runner(any_full_app, lease=timedelta(seconds=1)).work_off)
    thread.start()
    try:
        _until(lambda: _job(any_full_app, job_id).done == 5)
        before = _job(any_full_app, job_id)
        assert (before.total, before.faults) == (20, 2)
        _until(lambda: (_job(any_full_app, job_id).lease_until or utc_now()) > (before.lease_until or utc_now()))
        with any_full_app.app_context():
            assert claim_next(lease=LEASE) is None
    finally:
        go_on.set()
        thread.join(10)
    assert _job(any_full_app, job_id).state == JobState.DONE


def _endless(context: JobContext) -> None:
    n = 0
    while True:
        n += 1
        context.progress(n, 10**6)
        time.sleep(0.01)


def test_its_owner_stops_a_running_job(full_app: Flask, kinds: Register, person: Callable[[str], int]) -> None:
    ended: list[JobState] = []
    kinds(
        JobKind(
            "tests:work", "活", _endless, stopping="停了就停了。", ended=lambda job, state, now: ended.append(state)
        )
    )
    owner = _actor(full_app, person("demo.sun"))
    job_id = _ask(full_app, by=owner)
    thread = threading.Thread(target=Runner(full_app, lease=timedelta(seconds=1)).work_off)
    thread.start()
    _until(lambda: _job(full_app, job_id).done > 0)
    with full_app.app_context(), transaction():
        stop(job_id, by=owner, now=utc_now())
    thread.join(10)
    assert not thread.is_alive()
    assert _job(full_app, job_id).state == JobState.STOPPED
    assert ended == [JobState.STOPPED]


def test_a_waiting_job_is_stopped_at_once_and_a_finished_one_stays_finished(
    full_app: Flask, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None, stopping="停了就停了。"))
    owner = _actor(full_app, person("demo.sun"))
    waiting = _ask(full_app, by=owner)
    for _ in range(2):
        with full_app.app_context(), transaction():
            stop(waiting, by=owner, now=utc_now())
    assert _job(full_app, waiting).state == JobState.STOPPED
    done = _ask(full_app, by=owner)
    runner.work_off()
    with full_app.app_context(), transaction():
        stop(done, by=owner, now=utc_now())
    assert _job(full_app, done).state == JobState.DONE


def test_a_stop_that_its_runner_never_saw_still_holds(
    full_app: Flask, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None, stopping="停了就停了。"))
    job_id = _ask(full_app, by=_actor(full_app, person("demo.sun")))
    _change(full_app, job_id, state=JobState.RUNNING, claim="x", stop_asked=True, lease_until=utc_now() - LEASE)
    runner.work_off()
    assert _job(full_app, job_id).state == JobState.STOPPED


@pytest.mark.parametrize(("login", "stopping"), [("demo.wang", "停了就停了。"), ("demo.sun", "")])
def test_another_person_and_work_that_must_not_be_broken_off_are_refused(
    full_app: Flask, kinds: Register, person: Callable[[str], int], login: str, stopping: str
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None, stopping=stopping))
    job_id = _ask(full_app, by=_actor(full_app, person("demo.sun")))
    by = _actor(full_app, person(login))
    with full_app.app_context(), pytest.raises(DomainError), transaction():
        stop(job_id, by=by, now=utc_now())
    assert _job(full_app, job_id).state == JobState.QUEUED


def test_a_leaving_runner_gives_its_job_back_uncounted(full_app: Flask, kinds: Register) -> None:
    kinds(JobKind("tests:work", "活", _endless))
    job_id = _ask(full_app)
    runner = Runner(full_app, lease=timedelta(seconds=1))
    thread = threading.Thread(target=runner.run)
    thread.start()
    _until(lambda: _job(full_app, job_id).done > 0)
    runner.leave()
    thread.join(10)
    assert not thread.is_alive()
    job = _job(full_app, job_id)
    assert (job.state, job.attempts, job.lease_until) == (JobState.QUEUED, 0, None)


def test_a_chore_that_breaks_down_does_not_keep_the_others_from_being_done(
    full_app: Flask, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.inbox.runner._chores", {})
    done: list[str] = []

    def broken(now: object) -> None:
        raise RuntimeError("out of order")

    register_chore("broken", broken)
    register_chore("sound", lambda now: done.append("sound"))
    runner.do_chores()
    assert done == ["sound"]
