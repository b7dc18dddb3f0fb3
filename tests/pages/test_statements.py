"""The number of statements of a page does not grow with its rows."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal import create_app
from portal.core.clock import set_clock
from portal.core.database import db
from portal.directory.models import Unit
from portal.knowledge.models import Article
from tests.knowledge.pack import UNIT, take_in, write
from tests.support.databases import Templates, let_go
from tests.support.visitor import Visitor

from .places import arrive

FEW, MANY = 1, 27
PAGES = {
    "the list of articles": "/knowledge/",
    "the list of articles, searched": "/knowledge/?q=一样",
    "a category": "/categories/0104",
    "a group of categories": "/categories/01",
    "a unit": "/units/{unit}",
    "the shelf of the desk": "/",
    "the answers of the desk": "/?q=一句一样的话",
    "the tree of categories": "/categories/",
    "the units": "/units/",
    "an article": "/knowledge/KB-0104-001",
}
SAME_ROWS = {"the tree of categories", "the units", "an article"}
"""Pages whose rows are no articles, though articles are counted on them."""


@dataclass(frozen=True)
class _Cost:
    rows: int
    statements: int


def _fill(app: Flask, folder: Path, articles: int) -> Visitor:
    """So many articles of one category and unit, all of them kept and opened by the agent."""
    for n in range(articles):
        write(folder, f"article-{n}", "一句一样的话。")
    with app.app_context():
        assert take_in(folder).new == articles
        numbers = db.session.scalars(select(Article.number)).all()
    agent = arrive(app, "demo.li")
    for number in numbers:
        token = {"csrf_token": agent.token()}
        agent.client.post(f"/knowledge/{number}/favourite", data={"keep": "1", **token})
        agent.client.post(f"/knowledge/{number}/opened", data=token)
    return agent


def _costs(agent: Visitor) -> dict[str, _Cost]:
    with agent.app.app_context():
        unit = db.session.scalars(select(Unit.id).where(Unit.name == UNIT)).one()
    found = {}
    for name, path in PAGES.items():
        agent.get(path.format(unit=unit))  # what is read once and remembered is not counted
        page = agent.get(path.format(unit=unit))
        rows = page.select("tbody tr, article.answer, .links-list li")
        found[name] = _Cost(len(rows), len(agent.statements))
    return found


@pytest.fixture(scope="module")
def costs(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, _Cost]]:
    """Number of articles → page → what it shows and costs."""
    found = {}
    for articles in (FEW, MANY):
        folder = tmp_path_factory.mktemp("statements")
        with templates.copy("sqlite", "bare", folder / "data") as settings:
            app = create_app(settings)
            found[articles] = _costs(_fill(app, folder / "pack", articles))
            let_go(app)
            set_clock(None)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_the_statements_of_a_page_do_not_grow_with_its_rows(costs: dict[int, dict[str, _Cost]], name: str) -> None:
    few, many = costs[FEW][name], costs[MANY][name]
    assert (many.rows == few.rows) if name in SAME_ROWS else (many.rows > few.rows)
    assert few.statements == many.statements > 0


def test_the_consoles_and_the_log_need_few_statements_whatever_they_show(full_app: Flask) -> None:
    for login, path in (("demo.zheng", "/admin/"), ("demo.zheng", "/admin/audit"), ("demo.feng", "/admin/people")):
        guest = arrive(full_app, login)
        assert guest.get(path).select("tbody tr")
        assert len(guest.statements) <= 12, "\n".join(guest.statements)
