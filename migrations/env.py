"""Alembic's environment: one transaction for all steps, on the portal's own engine."""

from alembic import context
from sqlalchemy import Connection

import portal.accounts.models
import portal.audit.models
import portal.categories.models
import portal.core.models
import portal.directory.models
import portal.inbox.models
import portal.knowledge.models
import portal.search.models  # noqa: F401
from portal.core.database import Base, db, writing

LOCK = 7_301_231


def run() -> None:
    """Run the migrations; SQLite may rebuild tables, so foreign keys are checked at the end, not on the way."""
    token = writing.set(True)
    try:
        with db.engine.connect() as connection:
            lite = connection.dialect.name == "sqlite"
            if lite:
                _pragma(connection, "foreign_keys=OFF")
            try:
                _migrate(connection, check=lite)
            finally:
                if lite:
                    _pragma(connection, "foreign_keys=ON")
    finally:
        writing.reset(token)


def _migrate(connection: Connection, *, check: bool) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        user_module_prefix="types.",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # two that start at once go one after the other
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        context.run_migrations()
        if check and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
            raise RuntimeError(f"a migration left a row without its parent: {tuple(broken)}")


def _pragma(connection: Connection, words: str) -> None:
    """Said outside any transaction, where alone SQLite listens to it."""
    raw = connection.connection.dbapi_connection
    raw.execute(f"PRAGMA {words}")


run()
