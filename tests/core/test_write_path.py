"""One write path: a request writes once, at its end, or not at all."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.audit.models import AuditRow
from portal.audit.queries import check_chain
from portal.audit.services import SYSTEM, record
from portal.core import write
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.models import CalendarDay
from portal.core.write import ReadOnlyError, collect, transaction, writing_now
from portal.search.models import OutboxRow
from portal.search.services import index_later

from .probes import DAY, at_once, counts, day, days_since, open_route


def _act(name: str = "day") -> None:
    record("core:day:add", f"day:{name}", by=SYSTEM, now=utc_now())
    index_later(f"nowhere:{name}")


def _add_by_object() -> None:
    db.session.add(day())
    db.session.flush()


def _add_and_ask() -> None:
    db.session.add(day())
    db.session.scalars(select(CalendarDay)).all()


def _add_and_commit() -> None:
    db.session.add(day())
    db.session.commit()


def _change_by_object() -> None:
    found = db.session.scalars(select(CalendarDay).limit(1)).one()
    found.name = "改了"
    db.session.flush()


def _insert_by_statement() -> None:
    db.session.execute(insert(CalendarDay).values(day=DAY, kind="x", name="x", source="x", provisional=False))


def _update_by_statement() -> None:
    db.session.execute(update(CalendarDay).values(name="改了"))


def _delete_by_statement() -> None:
    db.session.execute(delete(CalendarDay))


@pytest.mark.parametrize(
    "attempt",
    [
        _add_by_object,
        _add_and_ask,
        _add_and_commit,
        _change_by_object,
        _insert_by_statement,
        _update_by_statement,
        _delete_by_statement,
    ],
)
def test_a_get_that_writes_is_stopped(app: Flask, attempt: Callable[[], None]) -> None:
    raised: list[type[Exception]] = []

    def view() -> ResponseReturnValue:
        try:
            attempt()
        except ReadOnlyError as error:
            raised.append(type(error))
            raise
        return "written"

    open_route(app, "/probe", view, methods=["GET"])
    before = _names(app)
    assert app.test_client().get("/probe").status_code == 500
    assert raised == [ReadOnlyError]
    assert _names(app) == before


def _names(app: Flask) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(CalendarDay.day, CalendarDay.name).order_by(CalendarDay.day)).all())


def _say(status: int) -> Callable[[], ResponseReturnValue]:
    return lambda: ("", status)


def _raise(error: Exception) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        raise error

    return view


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (_say(400), 400),
        (_say(422), 422),
        (_say(503), 503),
        (lambda: abort(403), 403),
        (lambda: abort(404), 404),
        (lambda: abort(409), 409),
        (_raise(DomainError("不行")), 422),
        (_raise(RuntimeError("bug")), 500),
        (_raise(OperationalError("SELECT", {}, Exception("database is locked"))), 503),
    ],
)
def test_a_post_that_went_wrong_keeps_nothing(
    any_app: Flask, end: Callable[[], ResponseReturnValue], status: int
) -> None:
    def view() -> ResponseReturnValue:
        db.session.add(day())
        db.session.flush()
        _act()
        return end()

    open_route(any_app, "/probe", view)
    before = counts(any_app)
    assert any_app.test_client().post("/probe").status_code == status
    assert days_since(any_app) == 0
    assert counts(any_app) == before


@pytest.mark.parametrize("status", [200, 204, 303])
def test_a_post_that_went_well_keeps_everything(any_app: Flask, status: int) -> None:
    def view() -> ResponseReturnValue:
        db.session.add(day())
        _act()
        return "", status

    open_route(any_app, "/probe", view)
    audit, outbox = counts(any_app)
    assert any_app.test_client().post("/probe").status_code == status
    assert days_since(any_app) == 1
    assert counts(any_app) == (audit + 1, outbox + 1)


@pytest.fixture
def failing_writer() -> Iterator[str]:
    """A kind of item whose rows cannot be written."""

    def fail(session: Session, items: list[Any]) -> None:
        raise RuntimeError("the writer is broken")

    write.at_commit("probe", fail)
    yield "probe"
    del write._writers["probe"]


def test_no_audit_no_act(any_app: Flask, failing_writer: str) -> None:
    def view() -> ResponseReturnValue:
        db.session.add(day())
        _act()
        collect(failing_writer, "x")
        return "", 204

    open_route(any_app, "/probe", view)
    before = counts(any_app)
    answer = any_app.test_client().post("/probe")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.text
    assert days_since(any_app) == 0
    assert counts(any_app) == before


@pytest.fixture
def failing_follower() -> Iterator[None]:
    """Something that should happen after a commit and cannot."""

    def fail() -> None:
        raise OSError("the disk is full")

    write.after_commit("probe", fail)
    yield
    del write._followers["probe"]


@pytest.mark.usefixtures("failing_follower")
def test_what_fails_after_the_commit_does_not_make_it_look_undone(any_app: Flask) -> None:
    def view() -> ResponseReturnValue:
        db.session.add(day())
        _act()
        return "", 204

    open_route(any_app, "/probe", view)
    assert any_app.test_client().post("/probe").status_code == 204
    assert days_since(any_app) == 1


def test_an_error_at_the_commit_keeps_nothing_and_is_told(any_app: Flask) -> None:
    def view() -> ResponseReturnValue:
        db.session.add(day(date(2024, 1, 1), "元旦再来一次"))  # the calendar has it: the commit will say so
        db.session.add(day())
        _act()
        return "", 204

    open_route(any_app, "/probe", view)
    before = counts(any_app)
    answer = any_app.test_client().post("/probe")
    assert answer.status_code == 409
    assert "没存上" in answer.text
    assert days_since(any_app) == 0
    assert counts(any_app) == before


def _half_an_act() -> None:
    with transaction():
        db.session.add(day())
        _act()
        raise RuntimeError("half way")


def test_a_command_keeps_all_or_nothing(any_app: Flask) -> None:
    before = counts(any_app)
    with any_app.app_context():
        with pytest.raises(RuntimeError):
            _half_an_act()
        assert not writing_now()
        with transaction():
            db.session.add(day())
            _act()
    assert days_since(any_app) == 1
    assert counts(any_app) == (before[0] + 1, before[1] + 1)


def test_what_was_collected_before_a_savepoint_outlives_it(any_app: Flask) -> None:
    before = counts(any_app)
    with any_app.app_context():
        with transaction():
            _act("kept")
            savepoint = db.session.begin_nested()
            _act("dropped")
            savepoint.rollback()
            with db.session.begin_nested():
                _act("kept too")
        refs = db.session.scalars(select(AuditRow.object_ref).order_by(AuditRow.seq.desc()).limit(2)).all()
        keys = db.session.scalars(select(OutboxRow.key).order_by(OutboxRow.seq.desc()).limit(2)).all()
    assert refs == ["day:kept too", "day:kept"]
    assert keys == ["nowhere:kept too", "nowhere:kept"]
    assert counts(any_app) == (before[0] + 2, before[1] + 2)


def test_numbers_follow_the_order_of_commits_not_of_beginnings(any_app: Flask) -> None:
    def other(_: int) -> None:
        with any_app.app_context(), transaction():
            _act("began second, committed first")

    with any_app.app_context(), transaction():
        _act("began first, committed second")
        if db.engine.dialect.name == "postgresql":  # SQLite has one writer: there the act has not locked anything yet
            db.session.execute(update(CalendarDay).values(provisional=False).where(CalendarDay.day == date(2024, 1, 1)))
        at_once(other, hands=1)
    with any_app.app_context():
        newest = db.session.scalars(select(AuditRow.object_ref).order_by(AuditRow.seq.desc()).limit(2)).all()
        outbox = db.session.scalars(select(OutboxRow.key).order_by(OutboxRow.seq.desc()).limit(2)).all()
    assert newest == ["day:began first, committed second", "day:began second, committed first"]
    assert outbox == ["nowhere:began first, committed second", "nowhere:began second, committed first"]


def test_nobody_ever_sees_a_number_before_the_one_below_it(any_app: Flask) -> None:
    seen: list[list[int]] = []
    done: list[int] = []

    def write_or_watch(number: int) -> None:
        with any_app.app_context():
            for step in range(6 if number else 10_000):
                if number:
                    with transaction():
                        db.session.add(day(DAY + timedelta(days=10 * number + step)))
                        _act(f"{number}-{step}")
                elif len(done) == 7:
                    return
                else:
                    seen.append(list(db.session.scalars(select(AuditRow.seq).order_by(AuditRow.seq))))
                    db.session.rollback()
        done.append(number)

    at_once(write_or_watch)
    assert seen
    for numbers in seen:
        assert numbers == list(range(1, len(numbers) + 1))
    assert days_since(any_app) == 42
    with any_app.app_context():
        assert check_chain().ok


def test_a_request_that_failed_leaves_no_open_write_behind(any_app: Flask) -> None:
    def view() -> ResponseReturnValue:
        db.session.add(day())
        db.session.flush()
        raise RuntimeError("bug")

    open_route(any_app, "/probe", view)
    assert any_app.test_client().post("/probe").status_code == 500
    assert not writing_now()
    with any_app.app_context(), transaction():  # would wait for the lock if somebody held it
        db.session.add(day())
    assert days_since(any_app) == 1


def test_foreign_keys_are_kept_on_every_connection(any_app: Flask) -> None:
    def orphan(_: int) -> str:
        statement = text("INSERT INTO person_roles (person_id, role, granted_at, granted_by) VALUES (:p, 'A', :t, '')")
        with any_app.app_context():
            try:
                with transaction():
                    db.session.execute(statement, {"p": 999_999, "t": "2026-11-23 01:00:00.000000"})
            except Exception as error:
                return type(error).__name__
        return "kept"

    assert at_once(orphan, hands=4) == ["IntegrityError"] * 4
