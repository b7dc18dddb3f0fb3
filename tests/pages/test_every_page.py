"""Every page, by somebody it is for: the picky guest finds nothing wrong, full or empty."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.config import ROOT
from portal.core.clock import set_clock
from tests.knowledge.pack import at
from tests.support.visitor import Visitor, check_page

from .places import EVERYBODY, MADE_FIRST, arrive, places

Arrive = Callable[[str], Visitor]


def test_pages_of_things_made_first_are_visited_by_the_tests_named(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(MADE_FIRST) <= endpoints
    for endpoint, test in MADE_FIRST.items():
        assert (ROOT / "tests" / test).exists(), endpoint


def _visit_all(app: Flask) -> None:
    guests: dict[str, Visitor] = {"": arrive(app, "")}
    for place in places(app):
        for login in (place.readers[0], place.readers[-1]) if place.readers else ("",):
            guest = guests.setdefault(login, guests.get(login) or arrive(app, login))
            response = guest.client.get(place.path)
            if response.status_code in (302, 303):
                assert response.location.startswith("/"), place
                continue
            guest.get(place.path)


def test_every_page_passes_the_picky_guest(any_full_app: Flask) -> None:
    _visit_all(any_full_app)


def test_every_page_passes_while_there_is_no_article_yet(app: Flask) -> None:
    pages = [place for place in places(app) if "/knowledge/KB" not in place.path]
    assert len(pages) > 10
    for place in pages:
        guest = arrive(app, place.readers[0] if place.readers else "")
        response = guest.client.get(place.path)
        assert response.status_code in (200, 302, 303), place
        if response.status_code == 200:
            check_page(response)


@pytest.mark.parametrize("login", EVERYBODY)
def test_everybody_has_a_first_page_and_finds_every_place_of_the_rail(visitor: Arrive, login: str) -> None:
    guest = visitor(login)
    landing = guest.client.get("/")
    page = guest.get(landing.location if landing.status_code in (302, 303) else "/")
    places_of_the_rail = [link["href"] for link in page.select("nav.rail ul:first-of-type a")]
    assert places_of_the_rail
    for path in places_of_the_rail:
        response = guest.client.get(path)
        assert response.status_code in (200, 302), path
    assert len(page.select('nav.rail [aria-current="page"]')) == 1


EMPTY = [
    ("knowledge.index", {}, "知识库还是空的"),
    ("knowledge.index", {"q": "有没有"}, "没有合条件的知识"),
    ("categories.show", {"code": "0104"}, "这一类还没有知识"),
    ("home.start", {"q": "开办企业"}, "没有查到「开办企业」"),
    ("home.start", {}, "按分类找"),
    ("units.index", {"q": "火星"}, "没有找到单位"),
]


@pytest.mark.parametrize(("endpoint", "values", "words"), EMPTY)
def test_an_empty_list_says_what_is_not_there(app: Flask, endpoint: str, values: dict[str, str], words: str) -> None:
    page = arrive(app, "demo.li").get(endpoint, **values)
    assert words in page.get_text()
    assert not page.select("tbody tr")


def test_a_unit_without_articles_says_so(app: Flask) -> None:
    agent = arrive(app, "demo.li")
    first = agent.get("units.index").select_one("tbody a")
    assert first is not None
    assert "还没有以它为准的知识" in agent.get(str(first["href"])).get_text()


def test_the_log_says_that_nothing_meets_the_conditions(visitor: Arrive) -> None:
    page = visitor("demo.zheng").get("admin.audit", q="没有这样的动作")
    assert "没有合条件的记录" in page.get_text()


WRONG = ["/nowhere", "/knowledge/KB-9999-999", "/categories/9999", "/units/999999", "/knowledge/KB-0104-001/as-of/x"]


@pytest.mark.parametrize("path", WRONG)
def test_what_is_not_there_is_a_page_that_says_what_to_do(visitor: Arrive, path: str) -> None:
    page = visitor("demo.li").get(path, status=404)
    assert "没有这一页" in page.get_text()
    assert page.select_one('a[href="/"]')


@pytest.mark.parametrize("path", ["/admin/", "/admin/audit", "/admin/people"])
def test_what_is_not_for_somebody_is_a_page_that_says_whom_to_ask(visitor: Arrive, path: str) -> None:
    page = visitor("demo.li").get(path, status=403)
    assert "不对您开放" in page.get_text()


def test_nobody_gets_the_sign_in_page_whatever_is_asked_for(visitor: Arrive) -> None:
    nobody = visitor("")
    for place in places(nobody.app):
        if place.readers:
            assert "登录" in nobody.get(place.path, status=401).get_text()


@pytest.mark.parametrize("moment", ["2026-12-31T23:59:30", "2027-01-01T00:00:30", "2028-02-29T12:00"])
def test_the_pages_hold_at_the_turn_of_the_year_and_on_a_leap_day(full_app: Flask, moment: str) -> None:
    set_clock(at(moment))
    guest = arrive(full_app, "demo.sun")
    for place in places(full_app):
        if "demo.sun" in place.readers:
            guest.get(place.path)
