"""The database: typed columns, one engine, and the transactions of DESIGN §6.

On SQLite pysqlite's own transaction handling is switched off and BEGIN is said by us: plain for reads, IMMEDIATE for
writes. With the library's default 28 % of concurrent edits were lost without an error.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, String, Text, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

TRUSTED = 2.0
"""Seconds for which a connection put back is taken for alive."""

writing: ContextVar[bool] = ContextVar("writing", default=False)
"""Whether the next transaction of this context may write."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC; a naive one is refused (SQLite forgets the zone by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


pk = Annotated[int, mapped_column(primary_key=True)]
instant = Annotated[datetime, mapped_column(UtcDateTime)]
short = Annotated[str, mapped_column(String(200))]
long = Annotated[str, mapped_column(Text)]


class Base(DeclarativeBase):
    """All tables, with constraints named so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, str: Text}


db = SQLAlchemy(metadata=Base.metadata, session_options={"autoflush": True})


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")


@event.listens_for(Engine, "checkin")
def _put_back(connection: Any, record: Any) -> None:
    record.info["idle since"] = time.monotonic()


@event.listens_for(Engine, "checkout")
def _see_that_it_lives(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that lay idle may have died with its server; asking each time would cost a way there and back."""
    idle = time.monotonic() - record.info.get("idle since", time.monotonic())
    if idle < TRUSTED or isinstance(connection, sqlite3.Connection):
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


@contextmanager
def read_connection() -> Iterator[Connection]:
    """A connection of its own that only reads what is committed, even while the session at hand writes."""
    with db.engine.connect() as connection:
        token = writing.set(False)
        try:
            connection.begin()
        finally:
            writing.reset(token)
        yield connection


def is_postgres() -> bool:
    """Whether the database is PostgreSQL (the other one is SQLite)."""
    return db.engine.dialect.name == "postgresql"


APPEND_ONLY_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""

APPEND_ONLY_POSTGRES = (
    """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$
""",
    "CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
)

FORGET_UNUSED = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'refuse_change')
  THEN DROP FUNCTION IF EXISTS refuse_change(); END IF;
END $$
"""


def keep_append_only(connection: Connection, *tables: str) -> None:
    """Let the database itself refuse UPDATE and DELETE on these tables; called by migrations."""
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.exec_driver_sql(APPEND_ONLY_POSTGRES[0])
    for table in tables:
        for verb in ("update", "delete"):
            statement = APPEND_ONLY_POSTGRES[1] if postgres else APPEND_ONLY_SQLITE
            connection.exec_driver_sql(statement.format(table=table, verb=verb))


def drop_append_only(connection: Connection, *tables: str) -> None:
    """Take the refusal away again; called by migrations on the way down."""
    postgres = connection.dialect.name == "postgresql"
    on = " ON {table}" if postgres else ""
    for table in tables:
        for verb in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}" + on.format(table=table))
    if postgres:
        connection.exec_driver_sql(FORGET_UNUSED)
