"""Bring the database up to date, and tell which version it has."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from portal.config import ROOT

from .database import read_connection
from .errors import SetupError

FOLDER: Path = ROOT / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def head_revision() -> str:
    """The version the code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current_revision() -> str | None:
    """The version the database has, None while it is empty."""
    with read_connection() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def refuse_newer(at: str | None) -> None:
    """Let no program work on a database whose version it does not know.

    Raises:
        SetupError: the database was made by a newer version of the portal.
    """
    try:
        ScriptDirectory.from_config(_config()).get_revision(at or "base")
    except CommandError:
        raise SetupError(f"数据库的版本 {at} 比程序新：请换用更新的程序，数据没有动") from None


def upgrade(to: str = "head") -> str:
    """Migrate up; returns the version reached.

    Raises:
        SetupError: the database was made by a newer version of the portal.
    """
    at = current_revision()
    refuse_newer(at)
    if at != head_revision() or to != "head":
        command.upgrade(_config(), to)
    return current_revision() or ""


def downgrade(to: str) -> None:
    """Migrate down to a version; "base" empties the schema."""
    command.downgrade(_config(), to)
