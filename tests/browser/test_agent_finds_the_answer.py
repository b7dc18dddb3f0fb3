"""The journey "agent finds the answer": by keyboard, at the desk and on the phone, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Request, expect

from portal import create_app
from portal.core.clock import set_clock
from tests.support.browser import PHONE, WIDE, serve
from tests.support.databases import Templates, let_go

from .agent import Agent, agent_at

pytestmark = pytest.mark.browser
sizes = pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
CALLER = "我们公司想知道注册资本要几年内交齐"


@pytest.fixture(scope="module")
def sqlite_portal(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the portal with all articles, on SQLite."""
    with templates.copy("sqlite", "full", tmp_path_factory.mktemp("portal") / "data") as settings:
        app: Flask = create_app(settings)
        with serve(app) as base:
            yield base
        let_go(app)
        set_clock(None)


@pytest.fixture
def postgres_portal(templates: Templates, tmp_path: Path) -> Iterator[str]:
    """The same on PostgreSQL."""
    with templates.copy("postgres", "full", tmp_path / "data") as settings:
        app = create_app(settings)
        with serve(app) as base:
            yield base
        let_go(app)
        set_clock(None)


def _finds_the_answer(agent: Agent) -> None:
    agent.signs_in_as("李坐席")
    agent.looks_around()
    agent.searches(CALLER)
    expect(agent.cards.first).to_have_attribute("aria-current", "true")
    expect(agent.chosen.locator("[data-script]")).to_contain_text("五年内")
    expect(agent.chosen.locator(".proof")).to_contain_text("公司法（2023年修订）")
    agent.looks_around()
    assert "q=" in agent.guest.page.url

    agent.presses("ArrowDown", "ArrowDown")
    expect(agent.cards.nth(1)).to_be_focused()
    expect(agent.cards.nth(1)).to_have_attribute("aria-current", "true")
    expect(agent.chosen).to_have_count(1)
    agent.presses("ArrowUp")
    expect(agent.cards.first).to_be_focused()
    agent.presses("Escape")
    expect(agent.box).to_be_focused()
    agent.presses("ArrowDown")
    expect(agent.cards.first).to_be_focused()

    agent.presses("c")
    agent.hears("话术已复制")
    assert agent.pastes() == agent.chosen.locator("[data-script]").inner_text()

    agent.presses("r")
    expect(agent.guest.page.locator("#big-script")).to_be_visible()
    expect(agent.guest.page.locator("#big-script")).to_contain_text("五年内")
    agent.looks_around()
    agent.presses("Escape")
    expect(agent.guest.page.locator("#big-script")).to_be_hidden()

    agent.opens_the_chosen_answer()
    agent.sees("逐条依据")
    agent.looks_around()
    agent.presses("c")
    agent.hears("话术已复制")

    agent.guest.page.go_back()
    expect(agent.box).to_have_value(CALLER)
    expect(agent.chosen.locator("[data-script]")).to_contain_text("五年内")
    agent.presses("/")
    expect(agent.box).to_be_focused()


@sizes
def test_an_agent_finds_the_answer(chromium: Browser, sqlite_portal: str, viewport: dict[str, int]) -> None:
    with agent_at(chromium, sqlite_portal, viewport) as agent:
        _finds_the_answer(agent)


def test_an_agent_finds_the_answer_on_postgresql(chromium: Browser, postgres_portal: str) -> None:
    with agent_at(chromium, postgres_portal, WIDE) as agent:
        _finds_the_answer(agent)


@sizes
def test_the_desk_is_clean_in_the_dark_theme(chromium: Browser, sqlite_portal: str, viewport: dict[str, int]) -> None:
    with agent_at(chromium, sqlite_portal, viewport, color_scheme="dark") as agent:
        agent.signs_in_as("李坐席")
        light = "rgb(244, 245, 247)"
        assert agent.guest.page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        agent.looks_around()
        agent.searches("商标异议期几个月")
        agent.looks_around()
        agent.presses("ArrowDown")
        agent.opens_the_chosen_answer()
        agent.looks_around()


def test_letters_typed_into_the_box_are_no_commands(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        agent.searches("zhuce c r u f / ? g")
        expect(agent.box).to_have_value("zhuce c r u f / ? g")
        expect(agent.guest.page.locator("dialog[open]")).to_have_count(0)


def test_nothing_is_asked_while_an_input_method_is_composing(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        page, asked = agent.guest.page, _requests(agent)
        agent.goes_to_the_box()
        keyboard = page.context.new_cdp_session(page)
        for typed in ("z", "zh", "zhu", "zhu c", "zhu ce"):
            keyboard.send("Input.imeSetComposition", {"text": typed, "selectionStart": 6, "selectionEnd": 6})
            page.wait_for_timeout(60)
        page.wait_for_timeout(300)
        assert asked == []
        expect(agent.cards).to_have_count(0)
        with page.expect_response(re.compile("/desk/results")):
            keyboard.send("Input.insertText", {"text": "注册资本"})
        expect(agent.box).to_have_value("注册资本")
        expect(agent.cards.first).to_be_visible()
        page.wait_for_timeout(300)
        assert len([url for url in asked if "shown=" not in url]) == 1


def _requests(agent: Agent) -> list[str]:
    found: list[str] = []

    def note(request: Request) -> None:
        if "/desk/results" in request.url:
            found.append(request.url)

    agent.guest.page.on("request", note)
    return found


def test_typing_fast_asks_little_and_shows_the_last_words(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        asked = _requests(agent)
        agent.searches("公司注销怎么办")
        assert len(asked) <= 3
        expect(agent.guest.page.locator("#count")).to_contain_text("条")
        assert "%E6%B3%A8%E9%94%80" in agent.guest.page.url
        agent.guest.page.reload()
        expect(agent.box).to_have_value("公司注销怎么办")
        expect(agent.cards.first).to_contain_text("注销")


def test_no_answer_is_a_page_that_helps(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, PHONE) as agent:
        agent.signs_in_as("李坐席")
        agent.goes_to_the_box()
        with agent.guest.page.expect_response(re.compile("/desk/results")):
            agent.guest.page.keyboard.type("龘靐齉")
        agent.sees("没有查到")
        agent.looks_around()


def test_the_keys_are_explained_and_can_be_switched_off(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        agent.searches("试用期能有多长")
        agent.presses("ArrowDown", "?")
        expect(agent.guest.page.locator("#keys-help")).to_be_visible()
        agent.looks_around()
        agent.guest.page.get_by_label("使用字母按键").uncheck()
        agent.presses("Escape", "c")
        agent.guest.page.wait_for_timeout(200)
        expect(agent.guest.page.locator("#messages")).to_be_empty()
        agent.presses("?")
        expect(agent.guest.page.locator("#keys-help")).to_be_hidden()


def test_the_star_turns_over_in_place(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        agent.searches("年假有几天")
        star = agent.chosen.get_by_role("button", name="收藏")
        expect(star).to_have_attribute("aria-pressed", "false")
        star.click()
        agent.hears("已收藏")
        expect(star).to_have_attribute("aria-pressed", "true")
        agent.guest.page.reload()
        expect(agent.chosen.get_by_role("button", name="收藏")).to_have_attribute("aria-pressed", "true")
        agent.chosen.get_by_role("button", name="收藏").click()
        agent.hears("不再收藏")


def test_g_and_a_letter_lead_to_the_places_of_the_rail(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        agent.presses("Escape")
        agent.guest.page.locator("main").focus()
        agent.presses("g", "k")
        agent.guest.page.wait_for_url("**/knowledge/")
        agent.looks_around()
        agent.presses("j", "j", "k", "Enter")
        agent.guest.page.wait_for_url("**/knowledge/KB-*")
        agent.presses("g", "d")
        expect(agent.guest.page.get_by_role("heading", name="坐席台")).to_be_visible()


def test_a_printed_article_leaves_the_frame_away(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, WIDE) as agent:
        agent.signs_in_as("李坐席")
        agent.guest.go("/knowledge/KB-1001-001")
        agent.guest.page.emulate_media(media="print")
        for part in ("nav.rail", "header.topbar", ".actions", "[data-does=copy]", ".as-of-form"):
            expect(agent.guest.page.locator(part).first).to_be_hidden()
        expect(agent.guest.page.locator("[data-script]")).to_be_visible()
        expect(agent.guest.page.get_by_text("打印于")).to_be_visible()
        assert agent.guest.page.evaluate("getComputedStyle(document.body).backgroundColor") in (
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        )


PAGES = {
    "李坐席": ["/knowledge/", "/knowledge/KB-1001-001", "/knowledge/KB-1001-001/as-of?on=2020-01-01", "/categories/"],
    "周编辑": ["/knowledge/KB-1001-001", "/knowledge/KB-1001-001/as-of?on=2027-01-02", "/categories/01"],
    "赵走访": ["/units/", "/units/1", "/units/1/edit", "/categories/0104", "/nowhere", "/admin/"],
    "郑审计": ["/admin/", "/admin/audit?verify=1"],
    "陈安全": ["/admin/", "/admin/people"],
    "冯系统": ["/admin/"],
}


@sizes
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_clean_in_both_themes(
    chromium: Browser, sqlite_portal: str, name: str, viewport: dict[str, int]
) -> None:
    with agent_at(chromium, sqlite_portal, viewport) as agent:
        agent.signs_in_as(name)
        for path in PAGES[name]:
            agent.guest.go(path)
            for theme in ("light", "dark"):
                agent.guest.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                agent.looks_around()


def test_a_second_saver_sees_both_texts(chromium: Browser, sqlite_portal: str) -> None:
    with agent_at(chromium, sqlite_portal, PHONE) as first, agent_at(chromium, sqlite_portal, WIDE) as second:
        for person, name in ((first, "赵走访"), (second, "孙负责")):
            person.signs_in_as(name)
            person.guest.go("/units/2/edit")
            person.guest.page.get_by_label("联系方式").fill(f"{name}写的")
            person.looks_around()
            person.guest.page.get_by_role("button", name="存下").focus()
        first.presses("Enter")
        first.guest.page.wait_for_url(re.compile(r"/units/2$"))
        first.sees("赵走访写的")
        second.presses("Enter")
        second.sees("没存上，有人先改了")
        second.sees("赵走访写的")
        expect(second.guest.page.locator("textarea").first).to_have_value("孙负责写的")
        second.looks_around()
