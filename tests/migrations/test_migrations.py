"""Migrations: up from nothing, down to nothing, up again; with data; on both databases; all or nothing."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import CheckConstraint, inspect, text

from portal import create_app
from portal.admin.services import set_up
from portal.core import migrations
from portal.core.clock import set_clock
from portal.core.database import Base, db
from portal.core.errors import SetupError
from portal.core.migrations import current_revision, downgrade, head_revision, upgrade
from tests.accounts.matrix import seed_every_table
from tests.support.databases import EARLIER, Templates, let_go

from .schema import Rows, connected, empty_app, revisions, rows, schema, tables, without

ENGINES = ["sqlite", "postgres"]


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    with empty_app(templates, request.param, tmp_path / "data", "migrations_empty") as app:
        yield app


def _migrate(app: Flask, to: str) -> None:
    """Up or down, whichever way it lies."""
    with app.app_context():
        order = ["base", *revisions(), "head"]
        at = current_revision() or "base"
        (upgrade if order.index(to) >= order.index(at) else downgrade)(to)


def test_from_nothing_the_head_is_what_the_models_say(empty: Flask) -> None:
    _migrate(empty, "head")
    assert tables(empty) == set(Base.metadata.tables)
    with connected(empty) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        for table in Base.metadata.sorted_tables:
            checks = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            named = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            assert named == checks, table.name
    with empty.app_context():
        assert current_revision() == head_revision() == revisions()[-1]


def test_the_way_from_the_first_to_the_last_is_one(empty: Flask) -> None:
    order = revisions()
    assert len(set(order)) == len(order)
    assert head_revision() == order[-1]


def test_down_to_the_base_leaves_nothing(empty: Flask) -> None:
    before = schema(empty)
    assert before == []
    _migrate(empty, "head")
    _migrate(empty, "base")
    assert schema(empty) == []
    with empty.app_context():
        assert current_revision() is None


def test_each_step_down_and_up_again_is_the_same_schema(empty: Flask) -> None:
    steps = ["base", *revisions()]
    for below, step in zip(steps, steps[1:], strict=False):
        under = schema(empty)
        _migrate(empty, step)
        above = schema(empty)
        _migrate(empty, below)
        assert schema(empty) == under, f"{step} down"
        _migrate(empty, step)
        assert schema(empty) == above, f"{step} up again"


@pytest.mark.parametrize("engine", ENGINES)
def test_each_step_down_and_up_again_keeps_the_data_below_it(templates: Templates, tmp_path: Path, engine: str) -> None:
    with templates.copy(engine, "bare", tmp_path / "data") as settings:
        app = create_app(settings)
        seed_every_table(app)
        assert all(rows(app).values())
        head = schema(app)
        steps = ["base", *revisions()]
        before, shape = rows(app), head
        for below, step in list(zip(steps, steps[1:], strict=False))[::-1]:
            _migrate(app, below)
            lower, under = rows(app), schema(app)
            assert without(before, lower) == lower, f"{step} down"
            _migrate(app, step)
            assert schema(app) == shape, f"{step} up again"
            assert _kept(lower, rows(app)), f"{step} up again"
            _migrate(app, below)
            before, shape = lower, under
        assert tables(app) == set()
        _migrate(app, "head")
        assert schema(app) == head
        let_go(app)
        set_clock(None)


def _kept(lower: Rows, upper: Rows) -> bool:
    """Whether every row is still there, though a step may have added columns to it or rows of its own."""
    for table, held in lower.items():
        mine = [dict(row) for row in upper[table]]
        if len(mine) < len(held):
            return False
        for row in map(dict, held):
            if not any(row.items() <= other.items() for other in mine):
                return False
    return True


def test_after_going_down_and_up_it_can_be_set_up_and_used(any_app: Flask) -> None:
    _migrate(any_app, "base")
    with any_app.app_context():
        result = set_up(demo=True, now=EARLIER)
    assert result["people"]["new"] == 11
    assert any_app.test_client().get("/account/sign-in").status_code == 200


def test_a_second_upgrade_changes_nothing(any_app: Flask) -> None:
    before, shape = rows(any_app), schema(any_app)
    with any_app.app_context():
        assert upgrade() == head_revision()
    assert rows(any_app) == before
    assert schema(any_app) == shape


def test_a_database_of_a_newer_version_is_left_alone(any_app: Flask) -> None:
    _say_version(any_app, "ffff_tomorrow")
    before, shape = rows(any_app), schema(any_app)
    with any_app.app_context(), pytest.raises(SetupError, match="ffff_tomorrow 比程序新"):
        upgrade()
    for command in (["setup"], ["setup", "--json"], ["kb", "import"], ["search", "check"], ["audit", "verify"]):
        result = any_app.test_cli_runner().invoke(args=command)
        assert (result.exit_code, result.stdout) == (2, ""), command
        assert result.stderr.strip().count("\n") == 0
        assert "比程序新" in result.stderr
    assert rows(any_app) == before
    assert schema(any_app) == shape


def _say_version(app: Flask, version: str) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})


def test_a_database_of_an_older_version_asks_for_the_setup(any_app: Flask) -> None:
    _say_version(any_app, revisions()[0])
    result = any_app.test_cli_runner().invoke(args=["kb", "import"])
    assert result.exit_code == 2
    assert "flask setup" in result.stderr


BROKEN = '''
"""breaks half way"""

import sqlalchemy as sa
from alembic import op

revision = "ffff_broken"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("half_made", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO half_made (id) VALUES (1)")
    with op.batch_alter_table("units") as batch:
        batch.add_column(sa.Column("half", sa.Integer(), nullable=True))
    op.execute("UPDATE people SET name = 'half'")
    {end}


def downgrade() -> None:
    raise NotImplementedError
'''


@pytest.fixture
def add_migration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """add_migration(end) lays a last migration beside ours that does half its work, and then `end`."""

    def add(end: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(migrations.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "ffff_broken.py").write_text(BROKEN.format(head=revisions()[-1], end=end))
        monkeypatch.setattr(migrations, "FOLDER", folder)

    return add


@pytest.mark.parametrize(
    "end",
    [
        'raise RuntimeError("half way")',
        'op.execute("INSERT INTO nowhere VALUES (1)")',
        'op.execute("INSERT INTO half_made (id) VALUES (1)")',
        "raise KeyboardInterrupt",
    ],
)
def test_a_migration_that_fails_half_way_leaves_what_was(
    any_app: Flask, add_migration: Callable[[str], None], end: str
) -> None:
    before, shape = rows(any_app), schema(any_app)
    add_migration(end)
    with any_app.app_context():
        old = current_revision()
        with pytest.raises((Exception, KeyboardInterrupt)):
            upgrade()
        assert current_revision() == old
    assert rows(any_app) == before
    assert schema(any_app) == shape


def test_the_same_migration_without_its_fault_goes_through(
    any_app: Flask, add_migration: Callable[[str], None]
) -> None:
    add_migration("")
    with any_app.app_context():
        assert upgrade() == "ffff_broken"
    assert "half_made" in tables(any_app)
