"""The agents' desk."""

from collections.abc import Callable
from datetime import datetime

import pytest
from bs4 import BeautifulSoup

from portal.core.clock import set_clock
from portal.home.suggestions import _parts
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]


def test_an_agent_finds_a_script_in_force_with_its_source(visitor: Arrive) -> None:
    page = visitor("demo.li").get("home.start", q="注册资本几年内缴足")
    first = page.select_one("article.answer")
    assert first is not None
    assert "五年" in first.get_text() or "5年" in first.get_text()
    assert "公司法" in first.get_text()


@pytest.mark.parametrize(
    "query",
    [
        "字" * 10_000,
        "title:(a AND b) *~2 [x TO y]",
        "😀😀",
        "\x00\x07",
        "，。！？",
        "'; DROP TABLE articles; --",
        "%_%",
        " ",
    ],
)
def test_no_query_is_an_error(visitor: Arrive, query: str) -> None:
    agent = visitor("demo.li")
    assert agent.client.get("/desk/results", query_string={"q": query}).status_code == 200
    assert agent.client.get("/", query_string={"q": query}).status_code == 200


def test_the_administrators_land_on_their_console(visitor: Arrive) -> None:
    assert visitor("demo.feng").client.get("/").location == "/admin/"


def test_the_trademark_answer_changes_by_itself_on_new_year(visitor: Arrive) -> None:
    set_clock(datetime.fromisoformat("2026-12-31T23:59:30+08:00"))
    agent = visitor("demo.li")

    def told() -> str:
        answer = agent.client.get("/desk/results", query_string={"q": "商标异议期几个月"})
        return BeautifulSoup(answer.text, "html.parser").get_text()

    before = told()
    set_clock(datetime.fromisoformat("2027-01-01T00:00:30+08:00"))
    after = told()
    assert "三个月" in before or "3个月" in before
    assert "2027-01-01 起有变化" in before
    assert "二个月" in after or "两个月" in after or "2个月" in after
    assert "起有变化" not in after


def test_where_nothing_is_found_the_nearest_words_and_the_unit_to_ask_are_offered(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    agent.client.get("/", query_string={"q": "社保"})  # what a process reads once is read
    page = agent.get("home.start", q="麒麟")
    assert not page.select("article.answer")
    text = page.get_text()
    assert "最近的说法" in text
    assert [link.get_text() for link in page.select("p a") if "q=" in str(link["href"])]
    assert "可以问" in text
    assert page.select("a[href*='/units/']")


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("shebao", ["sheba", "sheb", "she", "sh"]),
        ("社保局", ["社保局", "社保", "保局", "shebaoju", "shebaoj"]),
        ("，。！", []),
    ],
)
def test_the_longest_parts_of_what_was_typed_are_tried_first(typed: str, parts: list[str]) -> None:
    assert _parts(typed)[: len(parts)] == parts
    assert bool(_parts(typed)) == bool(parts)


def test_answers_are_narrowed_by_kind_and_unit_in_the_address(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    whole = agent.get("home.start", q="公司")
    menu = next(m for m in whole.select("details.filter") if "材料性质" in m.get_text())
    option = menu.select("a")[-1]
    kind, count = option.get_text().rstrip("0123456789"), int("".join(filter(str.isdigit, option.get_text())))
    narrowed = agent.get(str(option["href"]))
    assert narrowed.select_one(f"input[name=kind][value='{kind}']") is not None
    shown = len(narrowed.select("article.answer"))
    assert shown == min(count, 10)
    on = narrowed.select_one("details.filter.is-on")
    assert on is not None
    assert kind in on.get_text()
    cleared = on.select_one("a")
    assert cleared is not None
    assert "kind=" not in str(cleared["href"])
