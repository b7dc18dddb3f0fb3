"""A migration whose process is killed, or that two start at once, leaves the old or the new; never a mix."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from portal.config import ROOT, Settings
from portal.core.migrations import current_revision, head_revision, upgrade
from tests.support.databases import Templates

from .schema import empty_app, revisions, schema, tables

UPGRADE = """
import sys, time
from pathlib import Path
from alembic.operations.base import AbstractOperations
from portal import create_app
from portal.core.migrations import upgrade

stop_at, mark, calls, invoke = int(sys.argv[1]), Path(sys.argv[2]), 0, AbstractOperations.invoke

def counted(self, operation):
    global calls
    calls += 1
    if calls == stop_at:
        mark.touch()
        time.sleep(60)
    return invoke(self, operation)

AbstractOperations.invoke = counted
with create_app().app_context():
    upgrade()
"""
"""Migrate to the head; stop before the operation of this number, where it can be killed."""


def _env(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    ours = {"ENV": "test", "DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url}
    return kept | {f"PORTAL_{name}": value for name, value in ours.items()}


def _kill_half_way(app: Flask, stop_at: int, mark: Path) -> None:
    command = [sys.executable, "-c", UPGRADE, str(stop_at), str(mark)]
    process = subprocess.Popen(command, cwd=ROOT, env=_env(app.config["PORTAL"]))
    deadline = time.monotonic() + 60
    while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    reached = mark.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert reached, "the migration never came so far"


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_killed_migration_leaves_the_old_schema_and_can_be_run_again(
    templates: Templates, tmp_path: Path, engine: str
) -> None:
    with empty_app(templates, engine, tmp_path / "data", "migrations_killed") as app:
        _kill_half_way(app, 31, tmp_path / "mark")
        assert tables(app) == set()
        with app.app_context():
            assert current_revision() is None
            assert upgrade() == head_revision() == revisions()[-1]
        killed = schema(app)
    with empty_app(templates, engine, tmp_path / "other", "migrations_whole") as other:
        with other.app_context():
            upgrade()
        assert schema(other) == killed


def _upgrade_in_a_process(app: Flask) -> None:
    command = [sys.executable, "-c", UPGRADE, "-1", "/nowhere"]
    subprocess.run(command, cwd=ROOT, env=_env(app.config["PORTAL"]), check=True, timeout=120)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_two_that_migrate_at_once_both_come_through(templates: Templates, tmp_path: Path, engine: str) -> None:
    with empty_app(templates, engine, tmp_path / "data", "migrations_twice") as app:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: _upgrade_in_a_process(app), range(2)))
        with app.app_context():
            assert current_revision() == head_revision()
