"""Favourites: kept and let go from the page, once however often one asks, one's own alone."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditRow
from portal.core.database import db
from portal.knowledge.models import Favourite
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
NUMBER = "KB-1001-001"
PATH = f"/knowledge/{NUMBER}/favourite"


def _star(page: BeautifulSoup) -> tuple[str, dict[str, str], bool]:
    """The form of the star: where it posts, what it posts, and whether the star is on."""
    form = page.select_one(f'form[action="{PATH}"]')
    assert form is not None
    fields = {str(box["name"]): str(box["value"]) for box in form.select("input[name]")}
    pressed = form.select_one("button[aria-pressed]")
    assert pressed is not None
    return PATH, fields, pressed["aria-pressed"] == "true"


def _kept(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Favourite)) or 0


def _acts(app: Flask) -> list[str]:
    with app.app_context():
        found = select(AuditRow.action).where(AuditRow.action.startswith("knowledge:favourite:")).order_by(AuditRow.seq)
        return list(db.session.scalars(found))


def test_the_star_of_the_page_keeps_an_article_and_lets_it_go(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    for turned_on in (True, False):
        path, fields, is_on = _star(agent.get("knowledge.show", number=NUMBER))
        assert is_on is not turned_on
        assert agent.client.post(path, data=fields).location == f"/knowledge/{NUMBER}"
        shelf = [link["href"] for link in agent.get("home.start").select(".links-list a")]
        assert (f"/knowledge/{NUMBER}" in shelf) is turned_on
    assert _acts(agent.app) == ["knowledge:favourite:keep", "knowledge:favourite:drop"]


def test_the_star_of_an_answer_card_is_the_same_one(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    path, fields, is_on = _star(agent.get("home.start", q="商标异议期几个月"))
    assert not is_on
    agent.client.post(path, data=fields)
    assert _star(agent.get("home.start", q="商标异议期几个月"))[2]


def test_keeping_twice_keeps_once_and_is_told_once(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    path, fields, _ = _star(agent.get("knowledge.show", number=NUMBER))
    for _ in range(2):
        assert agent.client.post(path, data=fields).status_code == 303
    assert _kept(agent.app) == 1
    assert _acts(agent.app) == ["knowledge:favourite:keep"]


def test_a_script_gets_no_page_back(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    path, fields, _ = _star(agent.get("knowledge.show", number=NUMBER))
    response = agent.client.post(path, data=fields, headers={"HX-Request": "true"})
    assert (response.status_code, response.text) == (204, "")


def test_everybody_has_favourites_of_their_own(visitor: Arrive) -> None:
    agent, colleague = visitor("demo.li"), visitor("demo.qian")
    path, fields, _ = _star(agent.get("knowledge.show", number=NUMBER))
    agent.client.post(path, data=fields)
    assert not _star(colleague.get("knowledge.show", number=NUMBER))[2]
    assert colleague.get("home.start").select(".links-list a") == []


@pytest.mark.parametrize("login", ["demo.zheng", "demo.chen", "demo.feng"])
def test_the_three_administrators_have_none(visitor: Arrive, login: str) -> None:
    office = visitor(login)
    token = office.get("/admin/").select_one('input[name="csrf_token"]')
    assert token is not None
    data = {"csrf_token": token["value"], "keep": "1"}
    assert office.client.post(PATH, data=data).status_code == 403
    assert _kept(office.app) == 0


def test_nobody_and_nothing_without_a_token_keeps_anything(visitor: Arrive) -> None:
    agent, nobody = visitor("demo.li"), visitor("")
    assert agent.client.post(PATH, data={"keep": "1"}).status_code == 400
    token = BeautifulSoup(nobody.client.get("/account/sign-in").text, "html.parser").select_one("[name=csrf_token]")
    assert token is not None
    assert nobody.client.post(PATH, data={"csrf_token": token["value"], "keep": "1"}).status_code == 401
    assert agent.client.get(PATH).status_code == 405
    assert _kept(agent.app) == 0


def test_an_article_that_is_not_there_cannot_be_kept(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    data = {"csrf_token": agent.token(), "keep": "1"}
    assert agent.client.post("/knowledge/KB-9999-001/favourite", data=data).status_code == 404


def test_what_was_opened_last_stands_first_on_the_desk(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    opened = ["KB-1001-001", "KB-0104-001", "KB-1001-001"]
    for number in opened:
        data = {"csrf_token": agent.token()}
        assert agent.client.post(f"/knowledge/{number}/opened", data=data).status_code == 204
    shelf = [str(link["href"]).rsplit("/", 1)[1] for link in agent.get("home.start").select(".links-list a")]
    assert shelf == ["KB-1001-001", "KB-0104-001"]
