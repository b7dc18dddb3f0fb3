"""What tests share: databases copied from templates, a small cast, a picky visitor."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import create_app
from portal.core.clock import set_clock

from .support.databases import Templates, let_go
from .support.visitor import Visitor


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


def _app(templates: Templates, engine: str, kind: str, folder: Path) -> Iterator[Flask]:
    with templates.copy(engine, kind, folder) as settings:
        app = create_app(settings)
        yield app
        let_go(app)
        set_clock(None)


@pytest.fixture
def app(templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    """The portal on SQLite with people, categories and units, but no articles."""
    yield from _app(templates, "sqlite", "bare", tmp_path / "data")


@pytest.fixture
def full_app(templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    """The portal on SQLite with all 80 articles, indexed."""
    yield from _app(templates, "sqlite", "full", tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgres"])
def any_app(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    """The portal without articles, on each database."""
    yield from _app(templates, request.param, "bare", tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgres"])
def any_full_app(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    """The portal with all articles, on each database."""
    yield from _app(templates, request.param, "full", tmp_path / "data")


@pytest.fixture
def visitor(full_app: Flask) -> Callable[[str], Visitor]:
    """visitor("demo.li") is a signed-in guest over the full portal; visitor("") is nobody."""

    def arrive(login: str) -> Visitor:
        guest = Visitor(full_app, full_app.test_client())
        return guest.sign_in(login) if login else guest

    return arrive
