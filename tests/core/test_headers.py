"""The same security headers on every kind of answer, word for word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core import headers
from tests.support.visitor import Visitor

from .probes import open_route

EVERYWHERE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
        "worker-src 'self'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
KEPT = "public, max-age=31536000, immutable"
NEVER_KEPT = "no-store"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def client(app: Flask, tmp_path: Path) -> FlaskClient:
    """李坐席's browser, over an application with one static file and two routes that go wrong."""

    def broken() -> str:
        raise RuntimeError("bug")

    static = tmp_path / "static"
    static.mkdir()
    (static / "style.css").write_text("body {}")
    app.static_folder = str(static)
    open_route(app, "/broken", broken, methods=["GET", "POST"])
    open_route(app, "/moved", lambda: ("", 303, {"Location": "/"}))
    return Visitor(app, app.test_client()).sign_in("demo.li").client


def _anonymous(client: FlaskClient) -> FlaskClient:
    return client.application.test_client()


def _static(client: FlaskClient, etag: str = "") -> TestResponse:
    with client.get("/static/style.css", headers={"If-None-Match": etag} if etag else {}) as answer:
        return answer


ANSWERS: dict[str, tuple[int, Callable[[FlaskClient], TestResponse]]] = {
    "a page": (200, lambda c: c.get("/")),
    "a piece of a page": (200, lambda c: c.get("/desk/results")),
    "the head of a page": (200, lambda c: c.head("/")),
    "its options": (200, lambda c: c.options("/")),
    "the sign-in page": (200, lambda c: _anonymous(c).get("/account/sign-in")),
    "JSON": (200, lambda c: c.get("/health")),
    "a redirect by the router": (308, lambda c: c.get("/categories")),
    "a redirect after a form": (303, lambda c: c.post("/moved")),
    "a form without its token": (400, lambda c: c.post("/account/sign-out")),
    "not signed in": (401, lambda c: _anonymous(c).get("/")),
    "not allowed": (403, lambda c: c.get("/admin/")),
    "not there": (404, lambda c: c.get("/nowhere")),
    "no such row": (404, lambda c: c.get("/units/999999")),
    "no such method": (405, lambda c: c.delete("/health")),
    "too large": (413, lambda c: c.post("/moved", data=b"x=" + b"x" * (21 * 1024 * 1024), content_type=FORM)),
    "a bug": (500, lambda c: c.get("/broken")),
}


def test_every_answer_has_exactly_these_headers(client: FlaskClient) -> None:
    for name, (status, ask) in ANSWERS.items():
        answer = ask(client)
        assert answer.status_code == status, name
        _has_exactly_these(answer)


def _has_exactly_these(answer: TestResponse) -> None:
    assert {header: answer.headers.get_all(header) for header in EVERYWHERE} == {
        header: [value] for header, value in EVERYWHERE.items()
    }
    assert answer.headers.get_all("Cache-Control") == [NEVER_KEPT]
    assert len(answer.headers.get_all("X-Request-Id")) == 1
    assert len(answer.headers["X-Request-Id"]) == 8
    for header in ("Strict-Transport-Security", "Server", "X-Powered-By", "Access-Control-Allow-Origin"):
        assert header not in answer.headers


def test_what_the_bundle_holds_is_kept_for_a_year_and_its_absence_is_not(client: FlaskClient) -> None:
    first = _static(client)
    for answer, status in ((first, 200), (_static(client, first.headers["ETag"]), 304)):
        assert answer.status_code == status
        assert answer.headers.get_all("Cache-Control") == [KEPT]
        assert {header: answer.headers.get(header) for header in EVERYWHERE} == EVERYWHERE
        assert "Set-Cookie" not in answer.headers
    missing = client.get("/static/old-name.css")
    assert missing.status_code == 404
    assert missing.headers.get_all("Cache-Control") == [NEVER_KEPT]
    assert {header: missing.headers.get(header) for header in EVERYWHERE} == EVERYWHERE


def test_the_static_folder_gives_nothing_from_outside(client: FlaskClient) -> None:
    for path in ("../portal.db", "..%2fportal.db", "%2e%2e/secret_key", "/etc/passwd", "....//portal.db"):
        assert client.get(f"/static/{path}").status_code in {308, 404}


def test_the_methods_that_are_allowed_are_named(client: FlaskClient) -> None:
    answer = client.delete("/health")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_cookie_is_for_this_portal_and_no_script(app: Flask) -> None:
    answer = app.test_client().get("/account/sign-in")
    cookies = answer.headers.get_all("Set-Cookie")
    assert len(cookies) == 1
    name, *flags = (part.strip() for part in cookies[0].split(";"))
    assert name.startswith("session=")
    assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Lax"]


def test_over_tls_the_browser_is_told_to_stay_there() -> None:
    app = Flask(__name__)
    headers.init_app(app, secure=True)
    answer = app.test_client().get("/")
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
