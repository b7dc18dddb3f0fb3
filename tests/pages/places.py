"""Every page there is, with an address for it, and who may open it."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, url_for
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.accounts.access import permission_for
from portal.accounts.models import Person
from portal.accounts.rules.permissions import GRANTS, Permission
from portal.accounts.services import DEMO_PEOPLE
from portal.core.database import db
from portal.directory.models import Unit
from portal.knowledge.models import Article
from tests.support.visitor import Visitor

LOGIN_OF = {role: f"demo.{login}" for login, _, role, _ in DEMO_PEOPLE}
EVERYBODY = list(LOGIN_OF.values())
FRAGMENTS = {
    "knowledge.attachment",
    "knowledge.batch_template",
    "knowledge.rejected_rows",
    "static",
    "calendar.export",
    "home.health",
    "home.results",
    "home.suggest",
}
"""Addresses that give no whole page."""

MADE_FIRST = {
    "admin.token": "admin/test_tokens.py",
    "inbox.export": "inbox/test_pages.py",
    "knowledge.answer_flag": "knowledge/test_flag_answers.py",
    "knowledge.batch": "knowledge/test_taking_in.py",
    "knowledge.draft": "knowledge/test_writing_pages.py",
    "knowledge.emergency": "knowledge/test_review_pages.py",
    "knowledge.gap": "knowledge/test_gaps.py",
    "knowledge.restore": "knowledge/test_review_pages.py",
    "knowledge.review": "knowledge/test_review_pages.py",
    "knowledge.rule": "knowledge/test_rule_changes.py",
    "knowledge.used": "knowledge/test_uses.py",
    "search.group": "search/test_words.py",
}
"""Pages of things that somebody makes first, and the tests that make and visit them."""


@dataclass(frozen=True)
class Place:
    """A page: where it is, and who may open it (all of them, as logins); nobody in particular where it is public."""

    endpoint: str
    path: str
    readers: tuple[str, ...]


def samples(app: Flask) -> dict[str, object]:
    """A value for every parameter an address may have; a new one is added here."""
    with app.app_context():
        article = db.session.scalar(select(Article.number).where(Article.slug == "trademark-term"))
        return {
            "number": article or "KB-0104-001",
            "code": "0104",
            "day": "2026-10-10",
            "kind": "articles",
            "year": 2027,
            "unit_id": db.session.scalar(select(Unit.id).where(Unit.name == "市市场监管局")),
            "person_id": db.session.scalar(select(Person.id).where(Person.login == "demo.li")),
        }


def places(app: Flask) -> Iterator[Place]:
    """Every page that a GET gives, with one address."""
    known = samples(app)
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in FRAGMENTS | MADE_FIRST.keys():
            continue
        if rule.endpoint.startswith("api."):
            continue
        missing = rule.arguments - known.keys()
        assert not missing, f"give a sample value for {sorted(missing)} of {rule.rule} in tests/pages/places.py"
        with app.test_request_context():
            path = url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})
        yield Place(rule.endpoint, path, _readers(app, rule))


def _readers(app: Flask, rule: Rule) -> tuple[str, ...]:
    permission = permission_for(app.view_functions[rule.endpoint], "GET")
    if permission is None:
        return ()
    holders = GRANTS[Permission(permission)]
    return tuple(login for role, login in LOGIN_OF.items() if role in holders)


def arrive(app: Flask, login: str) -> Visitor:
    """A guest who has signed in, or nobody."""
    guest = Visitor(app, app.test_client())
    return guest.sign_in(login) if login else guest
