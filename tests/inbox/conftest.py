"""Runners, people and exports for the tests of the inbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.core.database import db
from portal.inbox.runner import Runner
from portal.inbox.services import work
from tests.support.visitor import Visitor


@pytest.fixture
def person(full_app: Flask) -> Callable[[str], int]:
    """person("demo.sun") is the id of a demo person."""

    def find(login: str) -> int:
        with full_app.app_context():
            found = person_by_name(login)
            assert isinstance(found, Person)
            return found.id

    return find


@pytest.fixture
def runner(full_app: Flask) -> Runner:
    return Runner(full_app, lease=timedelta(seconds=5), look_every=0.05)


@pytest.fixture
def kinds() -> Iterator[Callable[[work.JobKind], None]]:
    """Register kinds of jobs for one test."""
    before = dict(work._kinds)
    yield work.register_kind
    work._kinds.clear()
    work._kinds.update(before)


@pytest.fixture
def ask_articles() -> Callable[..., str]:
    """ask_articles(app) asks for the list of articles as the project head and gives its trace number."""

    def ask(app: Flask, *, login: str = "demo.sun", query: str = "", **data: str) -> str:
        guest = Visitor(app, app.test_client()).sign_in(login)
        typed = {"why": "核对名单用", "format": "xlsx", **data}
        done = guest.post(f"/inbox/exports/new/articles{query}", data=typed)
        return done.headers["Location"].rsplit("/", 1)[1]

    return ask


@contextmanager
def reading(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.rollback()
