"""What every command shares: one JSON object on standard output, words for people on standard error, three exit codes.

0 done · 1 the content says no · 2 wrong use, file unreadable, database missing or newer.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import click
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from .errors import SetupError
from .migrations import current_revision, head_revision, refuse_newer

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象，别无其他")


def emit(result: Mapping[str, Any], *, as_json: bool, words: str) -> None:
    """Print the result: as JSON, or in words."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, default=str))
    else:
        click.echo(words)


def say(words: str) -> None:
    """Words for people, on standard error."""
    click.echo(words, err=True)


def stop(words: str, code: int = 2) -> NoReturn:
    """One clear sentence, and out."""
    say(words)
    raise SystemExit(code)


def needs_database(command: Command) -> Command:
    """Refuse to work on a database that is missing, older or newer than the program."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            at, head = current_revision(), head_revision()
            refuse_newer(at)
        except SetupError as error:
            stop(str(error))
        except DatabaseError as error:
            stop(f"连不上数据库（{_first_line(error)}）：请看 PORTAL_DATABASE_URL，或先运行 flask setup")
        if at is None:
            stop("数据库还没有建：请先运行 flask setup")
        if at != head:
            stop(f"数据库的版本是 {at}，程序要 {head}：请先运行 flask setup")
        return command(*args, **kwargs)

    return wrapped  # type: ignore[return-value]


def sentences(command: Command) -> Command:
    """Turn what the administrator can mend into one sentence and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except SetupError as error:
            stop(str(error))
        except (IntegrityError, DataError):
            raise
        except DatabaseError as error:
            stop(f"数据库不答应：{_first_line(error)}")

    return wrapped  # type: ignore[return-value]


def _first_line(error: DatabaseError) -> str:
    return str(error.orig).splitlines()[0]
