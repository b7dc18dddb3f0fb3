"""What the desk offers while an agent types: there at once, out of the way, taken with one key."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, expect

from portal import create_app
from portal.core.clock import set_clock
from tests.support.browser import PHONE, WIDE, serve
from tests.support.databases import Templates, let_go

from .agent import Agent, agent_at

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with templates.copy("sqlite", "full", tmp_path_factory.mktemp("portal") / "data") as settings:
        app: Flask = create_app(settings)
        with serve(app) as base:
            yield base
        let_go(app)
        set_clock(None)


@pytest.fixture
def agent(chromium: Browser, portal: str) -> Iterator[Agent]:
    with agent_at(chromium, portal, WIDE) as one:
        one.signs_in_as("李坐席")
        yield one


def _types(agent: Agent, words: str) -> None:
    agent.goes_to_the_box()
    agent.guest.page.keyboard.type(words, delay=20)


def _offers(agent: Agent) -> list[str]:
    expect(agent.guest.page.locator("#offers")).to_be_visible()
    return agent.guest.page.locator("#offers > li").all_inner_texts()


def test_the_first_offer_is_taken_with_tab_and_the_cards_follow(agent: Agent) -> None:
    _types(agent, "gjj")
    offered = _offers(agent)
    assert 1 <= len(offered) <= 6
    assert offered[0] == "公积金"
    expect(agent.box).to_have_attribute("aria-expanded", "true")
    agent.looks_around()
    agent.presses("Tab")
    expect(agent.box).to_have_value("公积金")
    expect(agent.box).to_be_focused()
    expect(agent.guest.page.locator("#offers")).to_be_hidden()
    expect(agent.box).to_have_attribute("aria-expanded", "false")
    agent.guest.page.wait_for_url("**q=%E5%85%AC%E7%A7%AF%E9%87%91*")
    expect(agent.chosen).to_contain_text("公积金")
    agent.presses("Tab")
    expect(agent.box).not_to_be_focused()


def test_the_right_arrow_takes_it_only_at_the_end_of_what_was_typed(agent: Agent) -> None:
    _types(agent, "公积")
    _offers(agent)
    agent.presses("ArrowLeft", "ArrowRight")
    expect(agent.box).to_have_value("公积")
    agent.presses("ArrowRight")
    expect(agent.box).to_have_value("公积金")


def test_another_one_is_chosen_by_keys_or_by_a_click(agent: Agent) -> None:
    _types(agent, "公积")
    second, third = _offers(agent)[1:3]
    agent.presses("Alt+ArrowDown", "Alt+ArrowDown")
    option = agent.guest.page.locator("#offers > li").nth(1)
    expect(option).to_have_attribute("aria-selected", "true")
    expect(agent.box).to_have_attribute("aria-activedescendant", "offer-2")
    agent.looks_around()
    agent.presses("Enter")
    expect(agent.box).to_have_value(second)
    agent.box.fill("公积")
    assert _offers(agent)[2] == third
    agent.guest.page.locator("#offers > li").nth(2).click()
    expect(agent.box).to_have_value(third)
    expect(agent.box).to_be_focused()


def test_the_arrows_stay_with_the_cards_and_the_offers_go_away(agent: Agent) -> None:
    agent.searches("公积金")
    agent.presses("ArrowDown")
    expect(agent.cards.first).to_be_focused()
    expect(agent.guest.page.locator("#offers")).to_be_hidden()


def test_the_cards_do_not_jump_when_offers_come_and_go(agent: Agent) -> None:
    agent.searches("公积")
    _offers(agent)
    top = agent.cards.first.bounding_box()
    agent.presses("ArrowDown")
    expect(agent.guest.page.locator("#offers")).to_be_hidden()
    assert agent.cards.first.bounding_box() == top


def test_an_answer_that_comes_late_is_not_shown(agent: Agent) -> None:
    def late(route: Route) -> None:
        if "q=%E5%85%AC&" in route.request.url + "&":
            agent.guest.page.wait_for_timeout(400)
        route.continue_()

    agent.guest.page.route("**/desk/suggest*", late)
    agent.goes_to_the_box()
    agent.guest.page.keyboard.type("公")
    agent.guest.page.wait_for_timeout(150)
    agent.box.fill("注册资")
    agent.guest.page.wait_for_timeout(900)
    assert all("资" in text for text in _offers(agent)), _offers(agent)


def test_nothing_is_asked_for_while_the_input_method_composes(agent: Agent) -> None:
    asked: list[str] = []
    agent.guest.page.on("request", lambda r: asked.append(r.url) if "/desk/suggest" in r.url else None)
    agent.goes_to_the_box()
    agent.box.evaluate(
        """box => {
            box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
            box.value = "gong";
            box.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
        }"""
    )
    agent.guest.page.wait_for_timeout(300)
    assert asked == []
    agent.box.evaluate(
        """box => {
            box.value = "公积";
            box.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
        }"""
    )
    assert "公积金" in _offers(agent)
    assert len(asked) == 1


def test_on_the_phone_an_offer_is_tapped(chromium: Browser, portal: str) -> None:
    with agent_at(chromium, portal, PHONE) as agent:
        agent.signs_in_as("李坐席")
        agent.box.fill("注册资")
        first = _offers(agent)[0]
        agent.looks_around()
        agent.guest.page.locator("#offers > li").first.click()
        expect(agent.box).to_have_value(first)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_an_editor_tries_a_group_before_saving_it(chromium: Browser, portal: str, viewport: dict[str, int]) -> None:
    with agent_at(chromium, portal, viewport) as editor:
        editor.signs_in_as("周编辑")
        page = editor.guest.page
        editor.guest.go("/search/words")
        editor.looks_around()
        editor.guest.go("/search/words/new")
        page.fill("#words", "908172、注册资本")
        expect(page.locator("#effect")).to_contain_text("新进来")
        expect(page.locator("#effect")).to_contain_text("「908172」前三条会变")
        page.fill("#try", "注册资本几年交齐")
        expect(page.locator("#effect")).to_contain_text("「注册资本几年交齐」")
        editor.looks_around()
        page.fill("#words", "只有一个")
        expect(page.locator("#effect")).to_contain_text("至少写两个不同的词")
        editor.guest.go("/search/terms")
        editor.looks_around()
