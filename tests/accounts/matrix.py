"""The whole matrix: every route, every way of asking, everybody who may come, and one row in every table."""

import csv
import secrets
import sqlite3
import time
import typing
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, Table, event, func, insert, select
from sqlalchemy.orm import Mapper
from werkzeug.routing import Rule

from portal import create_app
from portal.accounts.access import permission_for
from portal.accounts.models import Person, PersonRole, UserSession
from portal.accounts.rules.roles import Role
from portal.accounts.services import end_session, start_session
from portal.accounts.token_access import is_by_token
from portal.audit.services import SYSTEM
from portal.config import ROOT
from portal.core.clock import set_clock, utc_now
from portal.core.database import Base, db, writing
from portal.core.write import transaction
from tests.support.databases import Templates, let_go
from tests.support.visitor import csrf

ROLES = "ADERTVSCUQX"
SIGNS_OUT = {"accounts.sign_out"}
NOBODY = ("anonymous", "disabled", "ended")
"""Principals without a session that holds: everywhere 401."""

PARAMETERS = {
    "alias_id": "category_aliases.id",
    "batch_id": "article_batches.id",
    "code": "categories.code",
    "change_id": "rule_changes.id",
    "draft_id": "drafts.id",
    "file_id": "attachments.id",
    "flag_id": "flags.id",
    "group_id": "synonym_groups.id",
    "job_id": "jobs.id",
    "line_id": "publications.id",
    "notice_id": "notices.id",
    "number": "articles.number",
    "inbox number": "exports.number",
    "person_id": "people.id",
    "phrase_id": "proposed_phrases.id",
    "remark_id": "remarks.id",
    "request_id": "review_requests.id",
    "session_id": "user_sessions.id",
    "term_id": "terms.id",
    "token_id": "api_tokens.id",
    "unit_id": "units.id",
    "use_id": "uses.id",
}
"""Parameter of an address (with its blueprint in front where that matters) → the column that knows its value."""

JSON = {"asked", "content", "detail", "filters", "params", "payload", "result"}
CONSTANTS: dict[str, Any] = {"day": "2026-12-31", "year": 2027, "filename": "dist/none.js", "kind": "articles"}
SEEDS: dict[str, dict[str, Any]] = {
    "article_rows": {"content": {"title": "某题"}},
    "exports": {"kind": "articles", "format": "xlsx"},
    "reviews": {"reviewer_id": 1},
    "subscriptions": {"article_id": 1},
}
"""Where any value would not do: table → column → value."""


def granted() -> dict[str, set[str]]:
    """Permission → letters of the roles that hold it, as docs/permissions.csv says."""
    with (ROOT / "docs" / "permissions.csv").open(encoding="utf-8", newline="") as file:
        return {row["permission"]: {r for r in ROLES if row[r] == "y"} for row in csv.DictReader(file)}


@dataclass
class Guest:
    """Somebody at the door: the browser, the letter of the role ("" without one), a token for forms."""

    name: str
    client: FlaskClient
    role: str = ""
    token: str = ""


def guests(app: Flask) -> list[Guest]:
    """One for each role, one without any role, and those whose session is none."""
    with app.app_context():
        demo = select(Person.id, PersonRole.role).join(PersonRole).where(Person.demo)
        people = {str(row.role): row.id for row in db.session.execute(demo)}
    found = [_with_session(app, role, people[role]) for role in ROLES]
    others = {name: _person(app, name) for name in ("no role", "disabled", "ended")}
    found += [_with_session(app, name, person_id) for name, person_id in others.items()]
    with app.app_context(), transaction():
        db.session.get_one(Person, others["disabled"]).active = False
        ended = select(UserSession.id).where(UserSession.person_id == others["ended"])
        end_session(db.session.scalars(ended).one(), why="结束", by=SYSTEM, now=utc_now())
    return [*found, Guest("anonymous", app.test_client())]


def _person(app: Flask, name: str) -> int:
    with app.app_context(), transaction():
        person = Person(login=f"test.{secrets.token_hex(4)}", name=name, demo=True, created_at=utc_now())
        if name != "no role":
            person.roles = [PersonRole(role=role, granted_at=utc_now(), granted_by="测试") for role in ("A", "E", "S")]
        db.session.add(person)
        db.session.flush()
        return person.id


def _with_session(app: Flask, name: str, person_id: int) -> Guest:
    with app.app_context(), transaction():
        person = db.session.get_one(Person, person_id)
        secret = start_session(person, browser="test", address="127.0.0.1", now=utc_now())
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"], held["_fresh"] = secret, True
    return Guest(
        name, client, name if len(name) == 1 else "", csrf(client.get("/account/mine")) if len(name) == 1 else ""
    )


def seed_every_table(app: Flask) -> None:
    """One row wherever there is none; and a person and a session that may come to harm."""
    mapped = {mapper.local_table: mapper for mapper in Base.registry.mappers}
    with app.app_context(), transaction():
        victim = Person(login="victim", name="某人", created_at=utc_now())
        db.session.add(victim)
        db.session.flush()
        start_session(victim, browser="test", address="127.0.0.1", now=utc_now())
        connection = db.session.connection()
        for table in Base.metadata.sorted_tables:
            if not connection.scalar(select(func.count()).select_from(table)):
                connection.execute(insert(table).values(_values(connection, table, mapped[table])))


def _values(connection: Connection, table: Table, mapper: Mapper[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(mapper.class_)
    values: dict[str, Any] = dict(SEEDS.get(table.name, {}))
    for column in table.columns:
        if (
            column.name in values
            or column.nullable
            or column.default is not None
            or column is table.autoincrement_column
        ):
            continue
        if column.foreign_keys:
            (key,) = list(column.foreign_keys)[:1]
            values[column.name] = connection.scalar(select(func.max(key.column)))
            continue
        (kind,) = typing.get_args(hints[column.name])
        value = _value(kind, column.name)
        values[column.name] = value[: getattr(column.type, "length", None)] if isinstance(value, str) else value
    return values


def _value(kind: Any, name: str) -> Any:
    """Any value of a kind; texts that hold JSON by their name."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next(iter(kind))
    known = {bool: False, int: 1, float: 1.0, datetime: utc_now(), date: date(2031, 5, 1), bytes: b"x"}
    return known.get(kind, "{}" if name in JSON else f"seed {name}")


def address_of(app: Flask, endpoint: str, parameters: set[str]) -> dict[str, Any]:
    """A value for each parameter of an address, of a row that is there."""
    found: dict[str, Any] = {}
    blueprint = endpoint.split(".", maxsplit=1)[0]
    for name in parameters:
        source = PARAMETERS.get(f"{blueprint} {name}", PARAMETERS.get(name))
        if source:
            table, column = source.split(".")
            with app.app_context():
                found[name] = db.session.scalar(select(func.max(Base.metadata.tables[table].c[column])))
        else:
            assert name in CONSTANTS, f"say in tests/accounts/matrix.py what <{name}> of {endpoint} can be"
            found[name] = CONSTANTS[name]
        assert found[name] is not None, f"no row for <{name}> of {endpoint}"
    return found


UNCOUNTED = {"audit": (), "rate_windows": (), "user_sessions": ("seen_at",)}
"""What a refused request may write: its line in the audit, and marks that are no acts. () is the whole table."""


class Watch:
    """Counts, by triggers, every row that anybody writes, but for what a refusal may write."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        names = [row[0] for row in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        self.connection.execute("CREATE TABLE watched (name TEXT)")
        for name in names:
            left_out = UNCOUNTED.get(name)
            if left_out == ():
                continue
            columns = [row[1] for row in self.connection.execute(f"PRAGMA table_info({name})")]
            counted = ", ".join(column for column in columns if column not in (left_out or ()))
            for verb in ("INSERT", "DELETE", f"UPDATE OF {counted}"):
                self.connection.execute(
                    f"CREATE TRIGGER watch_{name}_{verb[:6]} AFTER {verb} ON {name} "
                    f"BEGIN INSERT INTO watched VALUES ('{name}'); END"
                )

    def written(self) -> list[str]:
        """The tables that were written since the last look."""
        found = [row[0] for row in self.connection.execute("SELECT DISTINCT name FROM watched")]
        if found:
            self.connection.execute("DELETE FROM watched")
        return found

    def denials(self) -> int:
        """How many refusals the audit holds."""
        (count,) = self.connection.execute("SELECT count(*) FROM audit WHERE result = 'denied'").fetchone()
        return int(count)


class Snapshot:
    """A whole SQLite database as it was, to be laid back in its place while the portal has it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(path)) as source:
            source.backup(self.connection)

    def restore(self) -> None:
        """Everything is as it was when it was kept."""
        with closing(sqlite3.connect(self.path)) as target:
            self.connection.backup(target)


@dataclass(frozen=True)
class Way:
    """One way of asking one route."""

    endpoint: str
    method: str
    path: str
    permission: str | None
    by_token: bool
    is_step: bool

    def allows(self, guest: Guest, table: dict[str, set[str]]) -> int:
        """The status that refuses this guest, 0 where the door is open."""
        if self.by_token or self.is_step:
            return 401
        if self.permission is None:
            return 0
        if guest.name in NOBODY:
            return 401
        return 0 if guest.role in table[self.permission] else 403


def ask(guest: Guest, way: Way, method: str = "") -> int:
    """The status that this guest is answered with."""
    data = {"csrf_token": guest.token} if way.method == "POST" else None
    with guest.client.open(way.path, method=method or way.method, data=data) as answer:
        return answer.status_code


@dataclass
class House:
    """The portal with a row in every table and everybody at the door."""

    app: Flask
    guests: list[Guest]
    ways: list[Way]
    watch: Watch
    snapshot: Snapshot

    def wrong(self, way: Way, table: dict[str, set[str]], *, stop: bool = False) -> list[str]:
        """Who is answered otherwise than the table says, in words.

        With `stop` no more than the first, and every 403 must have been recorded by the guard as well: a view that has
        a second wall of its own does not hide that the first one is down.
        """
        wrong = []
        if way.by_token:  # so many come without a token that the address would be stopped on the way
            self.watch.connection.execute("DELETE FROM rate_windows")
        self.watch.written()
        for guest in guests(self.app) if way.endpoint in SIGNS_OUT or (stop and way.is_step) else self.guests:
            self.watch.written()
            if stop:
                self.app.extensions.get("refused", {}).clear()
            lines = self.watch.denials()
            expected, status = way.allows(guest, table), ask(guest, way)
            words = f"{way.method} {way.path} by {guest.name}: {status}, expected {expected or 'open'}"
            if expected:
                written = self.watch.written()
                silent = stop and status == 403 and self.watch.denials() == lines
                if status != expected or written or silent:
                    wrong.append(f"{words}; wrote {written}{', no denial recorded' if silent else ''}")
            elif status in {401, 403} or status >= 500:
                wrong.append(words)
            if wrong and stop:
                break
        return wrong


@contextmanager
def open_house(templates: Templates, folder: Path) -> Iterator[House]:
    """A full portal on SQLite, seeded, with everybody at the door."""
    with templates.copy("sqlite", "full", folder) as settings:
        app = create_app(settings)
        seed_every_table(app)
        everybody = guests(app)
        ways = [way for rule in app.url_map.iter_rules() for way in _ways(app, rule)]
        watch = Watch(folder / "portal.db")
        house = House(app, everybody, ways, watch, Snapshot(folder / "portal.db"))
        yield house
        watch.connection.close()
        house.snapshot.connection.close()
        let_go(app)
        set_clock(None)


def _ways(app: Flask, rule: Rule) -> Iterator[Way]:
    view = app.view_functions[rule.endpoint]
    values = address_of(app, rule.endpoint, set(rule.arguments))
    with app.test_request_context():
        path = app.url_map.bind("localhost").build(rule.endpoint, values)
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        permission = permission_for(view, method)
        yield Way(rule.endpoint, method, path, permission, is_by_token(view), "during" in view.__dict__)


@contextmanager
def held_locks(engine: Engine) -> Iterator[list[float]]:
    """How long each write transaction kept the thread busy that held it, in seconds of its own work."""
    began: dict[int, float] = {}
    held: list[float] = []

    def begin(connection: Connection) -> None:
        if writing.get():
            began[id(connection)] = time.thread_time()

    def end(connection: Connection) -> None:
        if id(connection) in began:
            held.append(time.thread_time() - began.pop(id(connection)))

    for name, listener in (("begin", begin), ("commit", end), ("rollback", end)):
        event.listen(engine, name, listener)
    yield held
    for name, listener in (("begin", begin), ("commit", end), ("rollback", end)):
        event.remove(engine, name, listener)


assert set(ROLES) == {str(role) for role in Role}
