"""What a database looks like, and what it holds, in a form that two moments can be compared by."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, inspect, text

from portal import create_app
from portal.core import migrations
from portal.core.clock import set_clock
from portal.core.database import db
from tests.support.databases import Templates, let_go, settings

Rows = dict[str, list[tuple[Any, ...]]]


@contextmanager
def empty_app(templates: Templates, engine: str, folder: Path, name: str) -> Iterator[Flask]:
    """The portal over a database without any table."""
    url = ""
    if engine == "postgres":
        templates.run(f"CREATE DATABASE {name}")
        url = templates.url(name)
    app = create_app(settings(folder, url))
    try:
        yield app
    finally:
        let_go(app)
        set_clock(None)
        if engine == "postgres":
            templates.run(f"DROP DATABASE {name} WITH (FORCE)")


def revisions() -> list[str]:
    """Every version, from the first to the last."""
    script = ScriptDirectory(str(migrations.FOLDER))
    return [revision.revision for revision in script.walk_revisions()][::-1]


@contextmanager
def connected(app: Flask) -> Iterator[Connection]:
    """A connection of its own, for looking."""
    with app.app_context(), db.engine.connect() as connection:
        yield connection


def schema(app: Flask) -> list[str]:
    """Everything the database has: tables, columns, keys, indexes, triggers, functions; the version left out."""
    with connected(app) as connection:
        if connection.dialect.name == "sqlite":
            return sorted(_lite(connection))
        return sorted(_postgres(connection))


def _lite(connection: Connection) -> Iterator[str]:
    rows = connection.execute(text("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master"))
    for kind, name, table, sql in rows:
        if "alembic_version" not in table:
            words = re.sub(r"\s+", " ", re.sub(r'["\n\t]', " ", sql))
            yield f"{kind} {name} {_sorted_columns(words) if kind == 'table' else words}"


def _sorted_columns(words: str) -> str:
    """A rebuilt table may name its columns in another order; what they are must stay."""
    inside = words[words.index("(") + 1 : words.rindex(")")]
    parts, depth, part = [], 0, ""
    for sign in inside:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(part.strip())
            part = ""
        else:
            part += sign
    return "; ".join(sorted([*parts, part.strip()]))


POSTGRES = {
    "columns": """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'",
    "types": "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')",
}


def _postgres(connection: Connection) -> Iterator[str]:
    for kind, statement in POSTGRES.items():
        for row in connection.execute(text(statement)):
            if "alembic_version" not in str(row[0]):
                yield f"{kind} {tuple(row)}"


def rows(app: Flask) -> Rows:
    """Every row of every table, by name, as the database keeps it; the version left out."""
    names = sorted(tables(app))
    with connected(app) as connection:
        return {
            name: sorted((_plain(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))), key=repr)
            for name in names
        }


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(sorted((name, repr(value)) for name, value in row._mapping.items()))


def without(before: Rows, after: Rows) -> Rows:
    """The rows of before with only the tables and columns that after has too."""
    kept: Rows = {}
    for table, held in before.items():
        if table in after:
            names = {name for row in after[table] for name, _ in row} or None
            kept[table] = sorted((tuple(p for p in row if names is None or p[0] in names) for row in held), key=repr)
    return kept


def tables(app: Flask) -> set[str]:
    """The names of the tables, the version's own left out."""
    with connected(app) as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}
