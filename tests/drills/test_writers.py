"""Many people save the same unit at once: every save that was acknowledged is there, and nobody meets an error."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask

from portal import create_app
from portal.core.database import db
from portal.directory.models import Unit
from tests.support.databases import Templates, let_go, settings

from .server import Talker, serving, token


@dataclass
class Tally:
    """What the writers saw."""

    saved: int = 0
    conflicts: int = 0
    errors: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[tuple[str, Path, str]]:
    with templates.copy(request.param, "bare", tmp_path / "data") as found:
        yield request.param, found.data_dir, found.database_url


def _writer(base: str, until: float, tally: Tally) -> None:
    """Read the counter, add one, save; a conflict is read again and tried again."""
    guest = Talker(base).sign_in("赵走访")
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            status, page = guest.ask("/units/1/edit")
            assert status == 200, status
            note = re.search(r"<textarea[^>]*name=\"note\"[^>]*>\s*(\d*)", page)
            version = re.search(r'name="opened_version"[^>]*value="(\d+)"', page)
            assert note
            assert version
            data = {"csrf_token": token(page), "opened_version": version[1], "contact": ""}
            status, page = guest.ask("/units/1/edit", {**data, "note": str(int(note[1] or 0) + 1)})
        except (AssertionError, OSError) as error:
            with tally.lock:
                tally.errors.append(repr(error))
            continue
        with tally.lock:
            tally.times.append(time.monotonic() - started)
            if status == 303:
                tally.saved += 1
            elif status == 409:
                tally.conflicts += 1
            else:
                tally.errors.append(str(status))


def _drill(place: tuple[str, Path, str], *, writers: int, seconds: float) -> Tally:
    engine, folder, url = place
    tally = Tally()
    with serving(folder, url) as base:
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=_writer, args=(base, until, tally)) for _ in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    counted = _counter(create_app(settings(folder, url, now=None)))
    slow = sorted(tally.times)[int(len(tally.times) * 0.99) - 1] if tally.times else 0.0
    print(
        f"| {writers} writers, {seconds:.0f} s, {engine} | {tally.saved} saved, {tally.conflicts} conflicts, "
        f"{tally.saved - counted} lost, {len(tally.errors)} errors, p99 {slow:.2f} s | 0 lost, 0 errors |"
    )
    assert not tally.errors, tally.errors[:5]
    assert counted == tally.saved > 0
    return tally


def _counter(app: Flask) -> int:
    with app.app_context():
        found = int(db.session.get_one(Unit, 1).note or 0)
    let_go(app)
    return found


def test_writers_lose_nothing(place: tuple[str, Path, str]) -> None:
    _drill(place, writers=6, seconds=3)


@pytest.mark.drill
def test_twenty_writers_for_twenty_seconds_lose_nothing(place: tuple[str, Path, str]) -> None:
    _drill(place, writers=20, seconds=20)
