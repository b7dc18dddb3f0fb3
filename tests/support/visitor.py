"""A picky guest: whoever fetches a page gets it checked on the way, for free."""

import re
from dataclasses import dataclass, field
from typing import Any

import html5lib
from bs4 import BeautifulSoup
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from portal.accounts.queries import person_by_name
from portal.core.database import db

MOST_QUERIES = 30
ENGLISH_LEFT = re.compile(r"\b(?:Internal Server Error|Not Found|Forbidden|This field is required|Bad Request)\b")


@dataclass
class Visitor:
    """A browser without JavaScript, signed in or not; every page it gets is looked over."""

    app: Flask
    client: FlaskClient
    statements: list[str] = field(default_factory=list)

    def sign_in(self, login: str) -> "Visitor":
        """Sign in as a demo person, through the page as people do."""
        page = self.client.get("/account/sign-in")
        with self.app.app_context():
            person = person_by_name(login)
            assert person is not None, login
            person_id = person.id
        token = csrf(page)
        done = self.client.post("/account/demo-sign-in", data={"csrf_token": token, "person": person_id, "next": "/"})
        assert done.status_code == 303, done.text
        return self

    def address(self, endpoint: str, **values: Any) -> str:
        with self.app.test_request_context():
            return url_for(endpoint, **values)

    def get(self, endpoint: str, *, status: int = 200, **values: Any) -> BeautifulSoup:
        """Fetch a page by its endpoint (or by its path) and look it over."""
        path = endpoint if endpoint.startswith("/") else self.address(endpoint, **values)
        with self._counting():
            response = self.client.get(path)
        assert response.status_code == status, f"{path}: {response.status_code}"
        assert len(self.statements) <= MOST_QUERIES, "\n".join(self.statements)
        return check_page(response)

    def post(self, endpoint: str, *, data: dict[str, Any], status: int = 303, **values: Any) -> TestResponse:
        """Send a form as a browser would, with its token."""
        path = endpoint if endpoint.startswith("/") else self.address(endpoint, **values)
        response = self.client.post(path, data={"csrf_token": self.token(), **data})
        assert response.status_code == status, f"{path}: {response.status_code}\n{response.text[:2000]}"
        if response.mimetype == "text/html" and status != 303:
            check_page(response)
        return response

    def token(self) -> str:
        """A token for forms, from any page."""
        return csrf(self.client.get("/", follow_redirects=True))

    def _counting(self) -> "_Counter":
        return _Counter(self)


class _Counter:
    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def __enter__(self) -> None:
        self.visitor.statements.clear()
        with self.visitor.app.app_context():
            self.engine = db.engine
        event.listen(self.engine, "before_cursor_execute", self._note)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.visitor.statements.append(statement)


def csrf(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text)
    assert found, response.text[:500]
    return found[1]


def check_page(response: TestResponse) -> BeautifulSoup:
    """One h1, valid HTML, no double ids, inputs labelled, forms with an action, nothing inline."""
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text)
    page = BeautifulSoup(response.text, "html.parser")
    heads = page.find_all("h1")
    assert len(heads) == 1, [h.get_text(strip=True) for h in heads]
    title = page.title.get_text(strip=True) if page.title else ""
    assert title.startswith(heads[0].get_text(strip=True)), (title, heads[0].get_text(strip=True))
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})
    labelled = {label.get("for") for label in page.find_all("label")}
    for box in page.find_all(["input", "textarea", "select"]):
        if box.get("type") in ("hidden", "submit"):
            continue
        named = box.get("id") in labelled or box.get("aria-label") or box.find_parent("label")
        assert named, f"no label: {box}"
    for form in page.find_all("form"):
        assert form.get("action"), f"no action: {form}"
    for script in page.find_all("script"):
        assert script.get("src") or script.get("type") == "application/json", f"inline script: {script}"
    assert not page.find_all("style")
    for tag in page.find_all(True):
        bad = [name for name in tag.attrs if name.startswith("on") or name == "style"]
        assert not bad, f"{bad} on {tag.name}"
    assert not ENGLISH_LEFT.search(page.get_text()), ENGLISH_LEFT.search(page.get_text())
    return page
