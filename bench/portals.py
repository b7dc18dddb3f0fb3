"""A real portal to measure: both databases, all articles and their vectors, people enough, two workers and the jobs."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from portal import create_app
from portal.accounts.rules.roles import Role
from portal.accounts.services import start_session
from portal.accounts.services.people import create_person, set_roles
from portal.audit.services import SYSTEM
from portal.config import Env, Settings
from portal.core.clock import utc_now
from portal.core.write import transaction
from portal.search.nearness import compute, meaning
from portal.search.services import drain
from tests.drills.server import flask, serving
from tests.support.databases import Templates, let_go

ENGINES = ("sqlite", "postgres")


@dataclass
class Place:
    """A portal that is not served yet: its folder, its database, and who may sign in."""

    folder: Path
    url: str
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """Role → the session cookie of each of its people."""


class Portals:
    """Makes portals below one folder; vectors are computed once and taken over by the next one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._templates = Templates(root / "templates")
        self._vectors: Path | None = None

    @contextmanager
    def place(self, engine: str, **people: int) -> Iterator[Place]:
        """A portal as `make run` sets it up, with so many signed-in people of each role besides."""
        place = Place(self.root / engine, self._database() if engine == "postgres" else "")
        done = flask(place.folder, "setup", url=place.url)
        assert done.returncode == 0, done.stderr
        app = create_app(Settings(env=Env.DEMO, data_dir=place.folder, database_url=place.url))
        with app.app_context():
            place.secrets = {role: _people(app, Role[role], number) for role, number in people.items()}
            self._compute(place.folder / "index" / "meaning")
        let_go(app)
        yield place

    def _database(self) -> str:
        self._templates.root.mkdir(parents=True, exist_ok=True)
        self._templates.run("CREATE DATABASE bench")
        return self._templates.url("bench")

    def _compute(self, folder: Path) -> None:
        if self._vectors:
            shutil.copytree(self._vectors, folder)
        drain(wait=True)
        compute(seconds=3600)
        if meaning():
            self._vectors = folder


def _people(app: Flask, role: Role, number: int) -> list[str]:
    """So many new people of a role; gives the session cookie of each."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookies = []
    for at in range(number):
        now = utc_now()
        with transaction():
            person = create_person(f"{role.name.lower()}{at}", f"{role.name}{at}", password_hash="", by=SYSTEM, now=now)
            set_roles(person, frozenset({role}), opened_version=person.version, by=SYSTEM, now=now)
            person.demo, person.must_change = True, False
            secret = start_session(person, browser="bench", address="127.0.0.1", now=now)
        cookies.append(signer.dumps({"_user_id": secret, "_fresh": True}))
    return cookies


@contextmanager
def served(place: Place) -> Iterator[str]:
    """The portal as `make run` serves it: two workers of gunicorn, and the background jobs beside them."""
    with serving(place.folder, place.url, jobs=True) as base:
        yield base


def processor_seconds() -> tuple[float, float]:
    """What this process and everything it started has used of the processors so far: the measuring, the measured."""
    mine, tick = os.getpid(), os.sysconf("SC_CLK_TCK")
    used: dict[int, tuple[int, float]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended meanwhile
            continue
        used[int(stat.parent.name)] = (int(rest[1]), (int(rest[11]) + int(rest[12])) / tick)
    below, found = {mine}, 0
    while len(below) > found:
        found = len(below)
        below |= {pid for pid, (parent, _) in used.items() if parent in below}
    return time.process_time(), sum(used[pid][1] for pid in below - {mine} if pid in used)


def load() -> str:
    """What else this machine had to do."""
    return "load " + "/".join(f"{value:.1f}" for value in os.getloadavg()) + f" on {os.cpu_count()} cores"
