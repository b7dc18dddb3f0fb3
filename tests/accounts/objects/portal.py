"""A portal with the world of the object matrix in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal import create_app
from portal.accounts.rules.permissions import Permission
from portal.core import write
from portal.core.clock import set_clock
from portal.core.masking import Personal, Secret
from portal.inbox import kinds as registry
from portal.inbox.kinds import ExportKind, register_export
from portal.inbox.sheets import Column, Sheet
from tests.accounts.matrix import Snapshot, Watch, granted, guests
from tests.support.databases import Templates, let_go

from .postgres import PostgresSnapshot, PostgresWatch
from .table import Matrix
from .world import make_world


def _rows() -> Iterator[list[Any]]:
    yield [Secret("王小明", Personal.NAME)]


def _kind(name: str, permission: Permission, *, personal: bool) -> ExportKind:
    return ExportKind(
        name=name,
        title=name,
        permission=permission,
        sheets=lambda asked: [Sheet(name, [Column("姓名")], _rows())],
        count=lambda asked: 1,
        conditions=lambda params: "",
        back="/units/",
        personal=personal,
    )


@contextmanager
def object_matrix(templates: Templates, folder: Path, *, engine: str = "sqlite") -> Iterator[Matrix]:
    """The matrix of objects over a portal of its own."""
    with templates.copy(engine, "bare", folder / "data") as settings:
        app = create_app(settings)
        before = dict(registry._kinds)
        register_export(_kind("people", Permission.DIRECTORY_UNIT_READ, personal=True))
        register_export(_kind("closed", Permission.ADMIN_AUDIT_READ, personal=False))
        world = make_world(app, guests(app), folder / "pack")
        followers, write._followers = write._followers, {}  # the index must not run ahead of a database set back
        watch: Watch | PostgresWatch
        snapshot: Snapshot | PostgresSnapshot
        if engine == "sqlite":
            watch, snapshot = Watch(folder / "data" / "portal.db"), Snapshot(folder / "data" / "portal.db")
        else:
            url = settings.database_url.replace("postgresql+psycopg://", "postgresql://")
            watch, snapshot = PostgresWatch(url), PostgresSnapshot(url)
        yield Matrix(world, watch, snapshot, granted())
        write._followers = followers
        watch.connection.close()
        snapshot.connection.close()
        registry._kinds.clear()
        registry._kinds.update(before)
        let_go(app)
        set_clock(None)
