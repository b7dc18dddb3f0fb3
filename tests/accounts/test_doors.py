"""Doors are shut until somebody says who may open them; whoever must sign in first gets back to where they wanted."""

import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.accounts.access import check_marks, permission_for
from portal.accounts.views.signing_in import safe_path
from portal.core.marks import is_marked
from portal.directory import views as directory_views
from tests.support.databases import let_go, settings
from tests.support.visitor import Visitor, check_page, csrf

HOST = "localhost"
FORGED = [
    "https://evil.example",
    "http://evil.example/units/",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "/units/\r\nLocation: https://evil.example",
    "/units/%0d%0aLocation:%20https://evil.example",
    "\x00//evil.example",
    "\x01https://evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/;//evil.example",
    "/?//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http://[evil.example",
    "//[",
    "//[::1",
    "//evil.example:80:80",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//localhost@evil.example",
    "//evil.example@localhost",
    "http://localhost.evil.example",
    "//evil%E3%80%82example",
    "／／evil.example",
    "/／evil.example",
    "/units/../../evil",
    "/account/sign-out",
    "/account/demo-sign-in",
    "/nowhere",
    "nowhere",
    "units/",
    "?q=1",
    "#units",
    "",
    " ",
    "/" * 500,
    "/units/" + "A" * 20_000,
]


def _where_a_browser_goes(location: str) -> tuple[str, str]:
    """Scheme and host, read as lenient as browsers read them."""
    lenient = re.sub(r"[\t\r\n]", "", location.strip("".join(map(chr, range(33))))).replace("\\", "/")
    parts = urlsplit(urljoin(f"http://{HOST}/account/demo-sign-in", lenient))
    return parts.scheme, parts.netloc


def _person(client: FlaskClient, wanted: str = "") -> dict[str, str]:
    page = client.get("/account/sign-in")
    box = BeautifulSoup(page.text, "html.parser").select_one('input[name="person"]')
    assert box is not None
    return {"csrf_token": csrf(page), "person": str(box["value"]), "next": wanted}


def test_a_forged_way_back_never_leaves_the_portal(app: Flask) -> None:
    assert len(FORGED) >= 40
    for wanted in FORGED:
        client = app.test_client()
        answer = client.post("/account/demo-sign-in", data=_person(client, wanted))
        assert answer.status_code == 303, wanted
        assert _where_a_browser_goes(answer.headers["Location"]) == ("http", HOST), wanted
        assert client.get(answer.headers["Location"], follow_redirects=True).status_code in {200, 404}, wanted


def test_only_a_page_of_the_portal_is_a_way_back(app: Flask) -> None:
    adapter = app.url_map.bind(HOST)
    for wanted in FORGED:
        with app.test_request_context():
            found = safe_path(wanted)
        assert re.match(r"/(?![/\\])[^\x00-\x20\\]*$", found), wanted
        adapter.match(unquote(urlsplit(found).path), method="GET")


@pytest.mark.parametrize(
    "wanted",
    ["/", "/units/", "/units/?q=税务&level=市级", "/units/1", "/knowledge/?page=2", "/units/1/edit", "/desk?q=a%2Fb"],
)
def test_whoever_had_to_sign_in_gets_back_to_what_was_wanted(app: Flask, wanted: str) -> None:
    client = app.test_client()
    refused = client.get(wanted)
    assert refused.status_code == 401
    assert "Location" not in refused.headers
    page = check_page(refused)
    forms = page.select('form[action="/account/demo-sign-in"]')
    assert len(forms) == 11
    kept = {str(box["value"]) for form in forms for box in form.select('input[name="next"]')}
    assert len(kept) == 1
    form = {str(box["name"]): str(box.get("value", "")) for box in forms[5].select("input")}
    back = client.post("/account/demo-sign-in", data=form)
    assert back.status_code == 303
    asked, got = urlsplit(wanted), urlsplit(back.headers["Location"])
    assert (unquote(got.path), unquote(got.query)) == (unquote(asked.path), unquote(asked.query))


def test_the_way_back_cannot_break_out_of_the_form(app: Flask) -> None:
    page = check_page(app.test_client().get('/units/?q="><script>alert(1)</script>'))
    assert not page.select("script:not([src])")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_form_sent_by_nobody_is_a_sign_in_page_too(app: Flask, method: str) -> None:
    client = app.test_client()
    client.get("/account/sign-in")
    answer = client.open("/units/1/edit", method=method, data={"contact": "010-1", "note": "别丢"})
    assert answer.status_code == (401 if method == "POST" else 405)
    check_page(answer)


def test_a_dead_session_is_asked_to_sign_in_again(app: Flask) -> None:
    visitor = Visitor(app, app.test_client()).sign_in("demo.li")
    copy = app.test_client()
    found = visitor.client.get_cookie("session")
    assert found is not None
    copy.set_cookie("session", found.value)
    visitor.client.post("/account/sign-out", data={"csrf_token": visitor.token()})
    answer = copy.get("/units/")
    assert answer.status_code == 401
    assert check_page(answer).select('form[action="/account/demo-sign-in"]')


def test_every_route_says_who_may_open_it(app: Flask) -> None:
    check_marks(app)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        assert is_marked(view), rule
        public = view.__dict__.get("public")
        assert public is None or len(str(public)) > 10, f"{rule}: a public route says why"
        needed = [permission_for(view, method) for method in sorted(rule.methods or ())]
        assert bool(public) == (None in needed), f"{rule}: public and needing a permission at once"


def test_what_is_open_to_everybody_is_this_and_no_more(app: Flask) -> None:
    """Whoever opens a door to everybody writes it down here too."""
    found = {
        rule.endpoint for rule in app.url_map.iter_rules() if "public" in app.view_functions[rule.endpoint].__dict__
    }
    steps = {f"accounts.{step}" for step in ("code", "resume", "first_password", "enrol", "leave")}
    doors = {"accounts.sign_in", "accounts.password_sign_in", "accounts.demo_sign_in"}
    assert found - {"api.describe"} == {"static", "home.health", *doors, *steps}


def test_no_form_is_opened_by_the_right_to_read(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            needed = permission_for(app.view_functions[rule.endpoint], method)
            assert needed is None or not needed.endswith(":read"), f"{method} {rule} asks for {needed} only"


def test_a_route_without_a_mark_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(directory_views.edit.__dict__, "needs")
    monkeypatch.delitem(directory_views.edit.__dict__, "needs_by_method")
    with pytest.raises(RuntimeError) as refused:
        create_app(settings(tmp_path))
    assert "directory.edit (/units/<int:unit_id>/edit)" in str(refused.value)
    assert "@needs" in str(refused.value)


def test_a_route_that_slipped_in_unmarked_answers_nobody(app: Flask) -> None:
    opened: list[str] = []

    def back_door() -> str:
        opened.append("open")
        return "open"

    app.add_url_rule("/back-door", "back_door", back_door, methods=["GET", "POST"])
    for client in (app.test_client(), Visitor(app, app.test_client()).sign_in("demo.feng").client):
        for method in ("GET", "POST", "HEAD", "OPTIONS"):
            assert client.open("/back-door", method=method).status_code == 403
    assert opened == []
    let_go(app)
