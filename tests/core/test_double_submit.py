"""A form sent twice has one effect, and nothing that was typed is taken for something else."""

import secrets
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.audit.models import AuditRow
from portal.audit.services import SYSTEM, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.directory.models import Unit
from tests.support.visitor import Visitor, csrf

from .probes import DAY, at_once, day, days_since, open_route

HANDS = 8


def _zhao(app: Flask) -> Visitor:
    return Visitor(app, app.test_client()).sign_in("demo.zhao")


def _same_browser(app: Flask, visitor: Visitor) -> FlaskClient:
    client = app.test_client()
    for cookie in visitor.client._cookies.values():  # type: ignore[union-attr]
        client.set_cookie(cookie.key, cookie.value)
    return client


def _form(visitor: Visitor, unit: int, **typed: str) -> dict[str, str]:
    page = visitor.get("directory.edit", unit_id=unit)
    kept = {box["name"]: box.get("value", "") for box in page.select("main form input[name]")}
    note = page.select_one("textarea[name=note]")
    return {**kept, "note": note.get_text() if note else "", **typed}


def _acts(app: Flask, action: str) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.action == action)) or 0


def _unit(app: Flask, number: int = 1) -> tuple[str, int]:
    with app.app_context():
        unit = db.session.get_one(Unit, number)
        return unit.contact, unit.version


def test_the_same_form_twice_is_one_edit_with_the_same_answer(any_app: Flask) -> None:
    zhao = _zhao(any_app)
    form = _form(zhao, 1, contact="010-1")
    first = zhao.client.post("/units/1/edit", data=form)
    second = zhao.client.post("/units/1/edit", data=form)
    assert (first.status_code, first.location) == (second.status_code, second.location) == (303, "/units/1")
    assert _unit(any_app) == ("010-1", 2)
    assert _acts(any_app, "directory:unit:edit") == 1


def test_eight_hands_with_the_same_edit_are_one_edit_with_the_same_answer(any_app: Flask) -> None:
    zhao = _zhao(any_app)
    form = _form(zhao, 1, contact="010-8")
    clients = [_same_browser(any_app, zhao) for _ in range(HANDS)]

    def send(number: int) -> tuple[int, str | None]:
        answer = clients[number].post("/units/1/edit", data=form)
        return answer.status_code, answer.location

    assert at_once(send, HANDS) == [(303, "/units/1")] * HANDS
    assert _unit(any_app) == ("010-8", 2)
    assert _acts(any_app, "directory:unit:edit") == 1


def test_eight_hands_with_a_form_that_adds_a_row_add_one(any_app: Flask) -> None:
    def add() -> ResponseReturnValue:
        with db.session.no_autoflush:
            last = db.session.scalar(select(func.max(AuditRow.seq))) or 0
        db.session.add(day(DAY + timedelta(days=last + secrets.randbelow(100_000))))
        record("core:day:add", "day", by=SYSTEM, now=utc_now())
        return "", 204

    open_route(any_app, "/probe", add)
    key = secrets.token_urlsafe(16)

    def send(_: int) -> int:
        return any_app.test_client().post("/probe", data={"form_key": key}).status_code

    assert at_once(send, HANDS) == [204] * HANDS
    assert days_since(any_app) == 1
    assert _acts(any_app, "core:day:add") == 1


def test_two_forms_are_two_acts(app: Flask) -> None:
    zhao = _zhao(app)
    for number, contact in enumerate(("010-1", "010-2"), start=2):
        assert zhao.client.post("/units/1/edit", data=_form(zhao, 1, contact=contact)).status_code == 303
        assert _unit(app) == (contact, number)
    assert _acts(app, "directory:unit:edit") == 2


def test_going_back_and_typing_something_else_is_never_taken_for_the_first_sending(any_app: Flask) -> None:
    zhao = _zhao(any_app)
    form = _form(zhao, 1, contact="第一次")
    assert zhao.client.post("/units/1/edit", data=form).status_code == 303
    answer = zhao.client.post("/units/1/edit", data={**form, "contact": "退回来改的"})
    assert answer.status_code == 409
    assert "退回来改的" in answer.text
    assert "第一次" in answer.text
    assert _unit(any_app) == ("第一次", 2)


def test_the_same_file_twice_is_one_act_and_another_file_is_another(app: Flask) -> None:
    taken: list[bytes] = []

    def take() -> ResponseReturnValue:
        taken.append(request.files["file"].read())
        return "", 204

    open_route(app, "/probe", take)

    def send(content: bytes) -> TestResponse:
        data = {"form_key": "k", "file": (BytesIO(content), "a.csv")}
        return app.test_client().post("/probe", data=data, content_type="multipart/form-data")

    assert [send(content).status_code for content in (b"one", b"one", b"two")] == [204, 204, 204]
    assert taken == [b"one", b"two"]


def test_a_refused_form_may_be_sent_again(app: Flask) -> None:
    answers = iter([DomainError("还不行"), None])

    def view() -> ResponseReturnValue:
        if error := next(answers):
            raise error
        db.session.add(day())
        return "", 204

    open_route(app, "/probe", view)
    client = app.test_client()
    assert client.post("/probe", data={"form_key": "k"}).status_code == 422
    assert days_since(app) == 0
    assert client.post("/probe", data={"form_key": "k"}).status_code == 204
    assert days_since(app) == 1


def test_the_same_form_elsewhere_is_another_act(app: Flask) -> None:
    zhao = _zhao(app)
    form = _form(zhao, 1, contact="010-1")
    for number in (1, 2):
        assert zhao.client.post(f"/units/{number}/edit", data=form).status_code == 303
        assert _unit(app, number) == ("010-1", 2)


@pytest.mark.parametrize("rounds", [3])
def test_a_double_click_on_sign_out_is_no_error(app: Flask, rounds: int) -> None:
    zhao = _zhao(app)
    token = csrf(zhao.client.get("/"))
    clients = [_same_browser(app, zhao) for _ in range(rounds)]
    codes = [client.post("/account/sign-out", data={"csrf_token": token}).status_code for client in clients]
    assert codes[0] == 303
    assert set(codes[1:]) <= {303, 401}
    assert _acts(app, "accounts:session:end") == 1
