"""When something goes wrong the page says what, what is safe and what to do; never how the program is made."""

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask, abort
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from portal.accounts import access
from portal.core.database import db
from portal.core.errors import DomainError
from portal.directory.models import Unit
from tests.support.visitor import Visitor, check_page, csrf

from .probes import open_route

INSIDE = re.compile(
    r"Traceback|File (?:&#34;|\")|line \d+, in|[Ss][Qq][Ll][Aa]lchemy|sqlite|psycopg|werkzeug|flask\b|[A-Z]\w+Error\b"
    r"|\.py\b|SELECT |INSERT |/work/|/tmp/"
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SECRET = "a detail of the program: /work/portal.db"


def _fail(error: Exception) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        raise error

    return view


def _fail_while_failing() -> ResponseReturnValue:
    try:
        raise KeyError(SECRET)
    except KeyError as first:
        raise ValueError(SECRET) from first


PROBES = {
    "/probe/400": lambda: abort(400, SECRET),
    "/probe/404": lambda: abort(404, SECRET),
    "/probe/409": lambda: abort(409, SECRET),
    "/probe/418": lambda: abort(418, SECRET),
    "/probe/429": lambda: abort(429, SECRET),
    "/probe/500": _fail(RuntimeError(SECRET)),
    "/probe/501": lambda: abort(501, SECRET),
    "/probe/chain": _fail_while_failing,
    "/probe/503": _fail(OperationalError(f"SELECT {SECRET}", {"secret": SECRET}, Exception(SECRET))),
}
STATUS = {"chain": 500}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    for path, view in PROBES.items():
        open_route(app, path, view, methods=["GET", "POST"])
    return Visitor(app, app.test_client()).sign_in("demo.li").client


def _is_clean(answer: TestResponse) -> BeautifulSoup:
    page = check_page(answer)
    words = page.get_text()
    assert not INSIDE.search(answer.text), INSIDE.search(answer.text)
    assert SECRET not in answer.text
    assert CHINESE.search(page.h1.get_text() if page.h1 else "")
    assert answer.headers["X-Request-Id"] in words
    return page


def test_an_error_page_is_chinese_and_names_its_number(client: FlaskClient) -> None:
    for path in PROBES:
        for method in ("GET", "POST"):
            answer = client.open(path, method=method)
            name = path.rsplit("/", 1)[1]
            assert answer.status_code == STATUS.get(name) or answer.status_code == int(name)
            _is_clean(answer)


def test_a_stranger_gets_the_same_without_the_frame(client: FlaskClient) -> None:
    stranger = client.application.test_client()
    for path in PROBES:
        assert not _is_clean(stranger.get(path)).select("nav a")


def test_a_program_gets_json_without_the_inside(client: FlaskClient) -> None:
    for path in PROBES:
        answer = client.get(path, headers={"Accept": "application/json"})
        assert answer.is_json
        assert answer.json is not None
        assert set(answer.json) == {"error", "todo", "request_id"}
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]
        assert SECRET not in answer.text


def test_a_refusal_by_the_trade_is_told_in_its_own_words(app: Flask) -> None:
    open_route(app, "/probe/domain", _fail(DomainError("派单方案已反馈，不能申请延时")))
    answer = app.test_client().post("/probe/domain", data={"reason": "客户要求改期"})
    assert answer.status_code == 422
    page = _is_clean(answer)
    assert "派单方案已反馈，不能申请延时" in page.get_text()
    assert "客户要求改期" in [box.get_text() for box in page.select("textarea")]


def test_a_form_without_its_token_keeps_what_was_typed(client: FlaskClient) -> None:
    zhao = Visitor(client.application, client.application.test_client()).sign_in("demo.zhao").client
    answer = zhao.post("/units/1/edit", data={"contact": "010-66668888", "note": "整段备注都还在"})
    assert answer.status_code == 400
    page = _is_clean(answer)
    assert "这张表放得太久了" in page.get_text()
    assert {"010-66668888", "整段备注都还在"} <= {box.get_text() for box in page.select("textarea")}


def test_a_wrong_token_is_refused(client: FlaskClient) -> None:
    for token in ("x", "null", "0" * 5000, "a.b.c", "会话", "\x00"):
        answer = client.post("/account/sign-out", data={"csrf_token": token})
        assert answer.status_code == 400
        _is_clean(answer)
        assert client.get("/").status_code == 200


def test_a_token_of_another_browser_is_refused(app: Flask) -> None:
    mine, theirs = (Visitor(app, app.test_client()).sign_in("demo.li").client for _ in range(2))
    assert mine.post("/account/sign-out", data={"csrf_token": csrf(theirs.get("/"))}).status_code == 400
    assert mine.get("/").status_code == 200


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_what_is_too_large_is_not_taken(client: FlaskClient, kind: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' if "multipart" in kind else b"a="
    body = head + b"x" * (21 * 1024 * 1024) + b"\r\n--x--"
    answer = client.post("/account/sign-out", data=body, content_type=kind)
    assert answer.status_code == 413
    assert "文件太大" in _is_clean(answer).get_text()


def test_a_broken_form_is_answered_not_suffered(client: FlaskClient) -> None:
    head = b"--x\r\nContent-Disposition: form-data; name=\r\n\r\n"
    for body in (b"", b"--x\r\n", head, b"\xff\xfe" * 50, b"--x--"):
        answer = client.post("/account/sign-out", data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 400
        _is_clean(answer)


NOWHERE = [
    "/units/99999999999999999999",
    "/units/2147483648/edit",
    "/units/-1",
    "/units/0",
    "/units/1%00",
    "/categories/%00",
    "/categories/%F0%9F%98%80",
    "/knowledge/%00",
    "/knowledge/" + "K" * 3000,
    "/%ff%fe",
]
ODD = ["q=%00", "q=%F0%9F%98%80", "page=99999999999999999999", "page=-1", "q=%ff", "level=%00", "q=" + "字" * 2000]


def test_an_address_that_leads_nowhere_is_not_found(any_app: Flask) -> None:
    zhao = Visitor(any_app, any_app.test_client()).sign_in("demo.zhao").client
    for path in NOWHERE:
        answer = zhao.get(path)
        assert answer.status_code in {400, 404}, path
        _is_clean(answer)


def test_no_question_in_an_address_is_an_error_of_the_program(any_app: Flask) -> None:
    zhao = Visitor(any_app, any_app.test_client()).sign_in("demo.zhao").client
    for path in ("/units/", "/knowledge/", "/categories/0101", "/"):
        for query in ODD:
            answer = zhao.get(f"{path}?{query}")
            assert answer.status_code == 200, (path, query)
            check_page(answer)


def test_where_nobody_can_be_told_from_a_stranger_the_bare_words_still_come(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Visitor(app, app.test_client()).sign_in("demo.li").client

    def down(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(access, "principal_by_secret", down)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "服务器正忙" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert not INSIDE.search(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"


def test_control_characters_never_reach_the_database(any_app: Flask) -> None:
    zhao = Visitor(any_app, any_app.test_client()).sign_in("demo.zhao")
    page = zhao.get("directory.edit", unit_id=1)
    kept = {str(box["name"]): str(box.get("value", "")) for box in page.select("main form input[name]")}
    typed = {"contact": "010-1\x00\x1b[31m2\x7f", "note": "一行\n两行\x08"}
    assert zhao.client.post("/units/1/edit", data={**kept, **typed}).status_code == 303
    with any_app.app_context():
        unit = db.session.get_one(Unit, 1)
        assert (unit.contact, unit.note) == ("010-1[31m2", "一行\n两行")
