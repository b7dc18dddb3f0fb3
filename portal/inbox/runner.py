"""The process that does background work: every second it looks for a free job, does it, and says that it still works.

Whoever looks finds both what was never started and what a dead runner left behind, so no wake-up can get lost. Any
number of runners, on any number of hosts, share the one table.
"""

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType, TracebackType

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError

from .rules.jobs import LEASE, JobState
from .services.work import (
    JobContext,
    Leaving,
    Lost,
    Stopped,
    beat,
    claim_next,
    give_back,
    give_up,
    try_again,
)

log = structlog.get_logger("portal.jobs")
LOOK_EVERY = 1.0
CHORES_EVERY = 60.0

_chores: dict[str, Callable[[datetime], None]] = {}


def register_chore(name: str, chore: Callable[[datetime], None]) -> None:
    """Let runners do this about once a minute; it begins its own transactions and may run on several hosts at once."""
    _chores[name] = chore


class Runner:
    """One runner. `leave` makes it finish what cannot be left, give the rest back, and end."""

    def __init__(self, app: Flask, *, lease: timedelta = LEASE, look_every: float = LOOK_EVERY) -> None:
        self.app = app
        self.lease = lease
        self.look_every = look_every
        self.leaving = threading.Event()

    def leave(self, signal_number: int = 0, frame: FrameType | None = None) -> None:
        """End soon; also the handler of the signals that say so."""
        self.leaving.set()

    def obey_signals(self) -> None:
        """Leave on SIGTERM and SIGINT."""
        signal.signal(signal.SIGTERM, self.leave)
        signal.signal(signal.SIGINT, self.leave)

    def run(self) -> None:
        """Work until told to leave."""
        chores_at = time.monotonic()
        while not self.leaving.is_set():
            worked = False
            try:
                if time.monotonic() >= chores_at:
                    chores_at = time.monotonic() + CHORES_EVERY
                    self.do_chores()
                worked = self.work_one()
            except SQLAlchemyError:  # the database is away: it comes back, or the administrator sees the line
                log.exception("runner")
                self.leaving.wait(5 * self.look_every)
            if not worked:
                self.leaving.wait(self.look_every)

    def work_off(self) -> int:
        """Do every job that is free now; returns how many were begun."""
        begun = 0
        while not self.leaving.is_set() and self.work_one():
            begun += 1
        return begun

    def do_chores(self) -> None:
        """What is due about once a minute; one that breaks down does not keep the others from being done."""
        for name, chore in _chores.items():
            with self.app.app_context():
                try:
                    chore(utc_now())
                except Exception:
                    log.exception("chore", name=name)
                finally:
                    db.session.remove()

    def work_one(self) -> bool:
        """Do one job, if one is free."""
        with self.app.app_context():
            try:
                context = claim_next(lease=self.lease)
                if context is None:
                    return False
                with Heartbeat(self, context):
                    _do(context)
                return True
            finally:
                db.session.remove()


def _do(context: JobContext) -> None:
    log.info("job", id=context.id, kind=context.kind.name, attempt=context.attempt)
    try:
        result = context.kind.run(context)
        if not context.finished:
            with context.transaction():
                context.finish(result)
    except Stopped:
        give_up(context, JobState.STOPPED)
    except Leaving:
        give_back(context)
    except Lost:
        log.warning("job lost", id=context.id, kind=context.kind.name, attempt=context.attempt)
    except DomainError as error:
        give_up(context, JobState.FAILED, error=str(error))
    except Exception:
        log.exception("job broke down", id=context.id, kind=context.kind.name, attempt=context.attempt)
        try_again(context, error="程序出了错，已经记下；再不行请告诉系统管理员")
    finally:
        db.session.rollback()


class Heartbeat:
    """While a job runs, a thread beside it extends its lease, writes how far it is, and learns that it should end."""

    def __init__(self, runner: Runner, context: JobContext) -> None:
        self.runner = runner
        self.context = context
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heartbeat-{context.id}", daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self.thread.join()

    def _beat(self) -> None:
        every = min(1.0, self.runner.lease.total_seconds() / 5)
        while not self.over.wait(every):
            if self.runner.leaving.is_set():
                self.context.end_because(Leaving)
            with self.runner.app.app_context():
                try:
                    beat(self.context, lease=self.runner.lease)
                except Exception:  # a missed beat is made up by the next; the lease is many beats long
                    log.warning("missed beat", id=self.context.id)
                finally:
                    db.session.remove()
