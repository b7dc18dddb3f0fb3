"""A kind of work for the tests, and runners over it that are processes of their own, to be killed.

The work is a long one done in steps: each step writes a notice in a fenced transaction and remembers how far it is.
Whole means: each step's notice is there exactly once, however often the runner died.
"""

import os
import time
from datetime import timedelta
from typing import Any

from flask import Flask

from portal.accounts.queries import person_by_name
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.models import Notice
from portal.inbox.runner import Runner
from portal.inbox.services.jobs import ask_for
from portal.inbox.services.work import JobContext, JobKind

STEPS = 20
LEASE = timedelta(seconds=0.5)


def _steps(context: JobContext) -> dict[str, Any]:
    for step in range(context.checkpoint.get("next", 0), STEPS):
        with context.transaction():
            db.session.add(
                Notice(person_id=context.owner.id, text=f"{context.id}:{step}", address="/", at=utc_now())  # type: ignore[misc]
            )
            context.keep({"next": step + 1})
        context.progress(step + 1, STEPS)
        time.sleep(context.payload["pause"])
    return {"steps": STEPS}


STEPPING = JobKind("tests:steps", "分步的活", _steps, unit="步", attempts=100, stopping="已做的步子留着。")


def begin(app: Flask, login: str = "demo.sun", *, pause: float = 0.1) -> int:
    with app.app_context():
        owner = person_by_name(login)
        assert owner is not None
        by = Actor(owner.id, owner.name)
        with transaction():
            return ask_for(STEPPING.name, {"pause": pause}, by=by, now=utc_now()).id


def fork(app: Flask) -> int:
    """A runner over this application as a process of its own; returns its process id."""
    process = os.fork()
    if process:
        return process
    try:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)
        runner = Runner(app, lease=LEASE, look_every=0.02)
        runner.obey_signals()
        runner.run()
    finally:
        os._exit(0)
