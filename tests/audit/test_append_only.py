"""The database itself refuses to change what was written."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from portal.audit.models import AuditRow
from portal.audit.queries import check_chain, head
from portal.audit.services import SYSTEM, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction

from .tampering import fill, read

TABLES = ("audit", "revisions", "basis", "reviews", "publications")
FORBIDDEN = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "UPDATE {table} SET {column} = {column} WHERE {column} = (SELECT MIN({column}) FROM {table})",
    "DELETE FROM {table} WHERE {column} = (SELECT MAX({column}) FROM {table})",
]


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_changed_or_deleted(any_full_app: Flask, table: str) -> None:
    column = "seq" if table == "audit" else "id"
    with any_full_app.app_context():
        before = _all(table, column)
        assert before
        for statement in FORBIDDEN:
            with pytest.raises(DBAPIError, match=f"{table} is append-only"), db.engine.begin() as connection:
                connection.execute(text(statement.format(table=table, column=column)))
        assert _all(table, column) == before


def _all(table: str, column: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY {column}"))]


@pytest.mark.parametrize("verb", ["update", "delete", "object"])
def test_the_program_itself_cannot_change_an_act(any_app: Flask, verb: str) -> None:
    fill(any_app, 3)
    before = read(any_app)
    with any_app.app_context(), pytest.raises(DBAPIError, match="append-only"):
        _change(verb)
    assert read(any_app) == before


def _change(verb: str) -> None:
    with transaction():
        if verb == "update":
            db.session.execute(update(AuditRow).values(actor_name="别人"))
        elif verb == "delete":
            db.session.execute(delete(AuditRow).where(AuditRow.seq == 1))
        else:
            db.session.get_one(AuditRow, 2).reason = "别的理由"


def test_a_number_is_given_once(any_app: Flask) -> None:
    fill(any_app, 1)
    with any_app.app_context():
        seq, value = head()
        with pytest.raises(DBAPIError):
            _write_again(seq)
        assert head() == (seq, value)
        assert check_chain().ok


def _write_again(seq: int) -> None:
    with transaction():
        row = db.session.get_one(AuditRow, seq)
        db.session.add(AuditRow(**{c.name: getattr(row, c.name) for c in AuditRow.__table__.columns}))
        db.session.expunge(row)


def test_an_act_may_be_dated_in_any_zone_and_the_chain_still_holds(any_app: Flask) -> None:
    with any_app.app_context():
        for at in ("2026-11-23T09:00:00+08:00", "2026-11-23T01:00:00.5+00:00", "2026-11-22T20:00:00.000001-05:00"):
            with transaction():
                record("core:day:add", "day", by=SYSTEM, now=datetime.fromisoformat(at))
        assert check_chain().ok


def test_what_people_type_does_not_break_the_chain(any_app: Flask) -> None:
    words = [
        "",
        " ",
        "\n\r\t",
        "'\"\\",
        "中文，。！",
        "é e\u0301",
        "\u202e\u200b",
        "🀄️",
        "<script>",
        "\ud7ff\ue000",
        "长" * 5000,
    ]
    with any_app.app_context():
        with transaction():
            for word in words:
                record("core:day:add", word[:200], by=SYSTEM, now=utc_now(), changes={"w": word}, reason=word)
        assert check_chain().ok
        kept = [row["reason"] for row in read(any_app)[-len(words) :]]
    assert kept == words
