"""The journeys of learning, hands on the keyboard: nothing found, reported, proposed, confirmed, found; and by use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from portal import create_app
from portal.core.clock import set_clock
from portal.core.database import db
from portal.knowledge.models import Use
from portal.search.models import SearchClick, SearchEvent
from tests.knowledge.pack import take_in, write
from tests.support.browser import PHONE, WIDE, serve
from tests.support.databases import Templates, let_go

from .agent import Agent, agent_at

pytestmark = pytest.mark.browser
TICKET = "2026-1123-0042"
MOST_TABS = 60


@pytest.fixture
def portal(templates: Templates, tmp_path: Path) -> Iterator[tuple[Flask, str]]:
    """Two articles, and the address under which they are served."""
    folder = tmp_path / "pack"
    write(folder, "triple", "消费者知假买假的，法院依生活消费需要支持。", title="退一赔三与惩罚性赔偿", category="1703")
    write(folder, "arrears", "机关欠款，请先写催款函。", title="拖欠中小企业账款", category="0901")
    with templates.copy("sqlite", "bare", tmp_path / "data") as settings:
        app = create_app(settings)
        with app.app_context():
            take_in(folder)
        with serve(app) as base:
            yield app, base
        let_go(app)
        set_clock(None)


def _types(agent: Agent, words: str) -> None:
    """Type into the box and wait until the answer to the last letter stands there."""
    agent.goes_to_the_box()
    page = agent.guest.page
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(words)
    expect(page.locator(f'#results [data-asked][data-q="{words}"]')).to_be_attached()


def _settles(agent: Agent, words: str) -> None:
    """Type, and let the words stand until the desk has told of them."""
    with agent.guest.page.expect_response(lambda answer: "/desk/asked" in answer.url) as told:
        _types(agent, words)
    assert told.value.status == 204


def _tabs_to(page: Page, words: str) -> None:
    """The Tab key, until what has these words is focused."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if words in (page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")):
            return
    raise AssertionError(f"no way by the Tab key to {words}")


def _follows(page: Page, words: str, heading: str) -> None:
    """Go to a link by keyboard and open it."""
    _tabs_to(page, words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def _arrives(agent: Agent, name: str) -> None:
    page = agent.guest.go("/").page
    _tabs_to(page, name)
    page.keyboard.press("Enter")
    expect(page.locator("nav.rail")).to_be_visible()


def test_nothing_found_is_reported_proposed_confirmed_and_found(chromium: Browser, portal: tuple[Flask, str]) -> None:
    _, base = portal
    with agent_at(chromium, base, WIDE) as agent:
        _arrives(agent, "李坐席")
        _settles(agent, "碰瓷")
        agent.sees("没有查到「碰瓷」")
        expect(agent.guest.page.locator(".hints")).to_contain_text("报缺口")
        expect(agent.guest.page.locator(".hints [data-hint*='key=u']")).to_be_hidden()
        agent.looks_around()
        agent.presses("Escape", "g")
        agent.hears("已报缺口，编辑看得到")
        agent.looks_around()

    with agent_at(chromium, base, WIDE) as editor:
        page = editor.guest.page
        _arrives(editor, "周编辑")
        editor.presses("Escape", "g", "k")
        expect(page.get_by_role("heading", level=1)).to_have_text("知识")
        _follows(page, "搜不到 1", "搜不到")
        editor.looks_around()
        editor.presses("j", "Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("碰瓷")
        editor.looks_around()
        editor.presses("s")
        page.keyboard.insert_text("惩罚性赔偿")
        editor.presses("Enter")
        editor.sees("退一赔三与惩罚性赔偿")
        editor.looks_around()
        editor.presses("1")
        expect(page.get_by_role("heading", level=1)).to_have_text("待收问法")
        expect(page.locator("#phrase")).to_have_text("碰瓷")
        editor.looks_around()
        editor.presses("y")
        editor.sees("已收下「碰瓷」，现在就查得到")
        editor.sees("没有等着收的问法")
        editor.looks_around()

    with agent_at(chromium, base, WIDE) as agent:
        _arrives(agent, "李坐席")
        agent.sees("我查过的")
        agent.looks_around()
        _types(agent, "碰瓷")
        expect(agent.chosen).to_contain_text("退一赔三与惩罚性赔偿")
        expect(agent.chosen.locator(".answer-foot")).to_contain_text("碰瓷")


def test_an_answer_is_used_in_place_and_what_failed_before_it_is_learned(
    chromium: Browser, portal: tuple[Flask, str]
) -> None:
    app, base = portal
    with agent_at(chromium, base, WIDE) as agent:
        page = agent.guest.page
        _arrives(agent, "李坐席")
        _settles(agent, "碰瓷")
        _types(agent, "拖欠账款")
        agent.presses("ArrowDown", "t")
        expect(page.locator("#ticket")).to_be_focused()
        page.keyboard.insert_text(TICKET)
        page.keyboard.press("Tab")
        agent.presses("/", "ArrowDown")
        address = page.url
        agent.presses("u")
        agent.hears(f"已引用，记到 {TICKET}")
        agent.presses("u")
        agent.hears("已经引用过")
        assert page.url == address
        agent.looks_around()
        _types(agent, "拖欠账款 怎么办")
        expect(agent.chosen).to_contain_text("近 90 天用过 1 次")
        agent.presses("ArrowDown", "f")
        expect(page.get_by_role("heading", level=1)).to_contain_text("纠错")
        agent.looks_around()
        assert f"ticket={TICKET}" in page.url
        _tabs_to(page, "kind")
        page.keyboard.press("Space")
        _tabs_to(page, "告诉编辑")
        page.keyboard.press("Enter")
        agent.sees("已经告诉编辑")
        expect(agent.box).to_have_value("拖欠账款 怎么办")

    with app.app_context():
        assert db.session.scalars(select(Use.ticket)).all() == [TICKET]
        assert sorted(db.session.scalars(select(SearchEvent.words))) == ["拖欠账款", "拖欠账款 怎么办", "碰瓷"]
        assert "used" in db.session.scalars(select(SearchClick.how)).all()

    with agent_at(chromium, base, WIDE) as editor:
        page = editor.guest.page
        _arrives(editor, "吴审核")
        editor.presses("Escape", "g", "k")
        expect(page.get_by_role("heading", level=1)).to_have_text("知识")
        _follows(page, "待收问法 1", "待收问法")
        expect(page.locator("#phrase")).to_have_text("碰瓷")
        editor.sees("没有查到；改查「拖欠账款」，引用了这一条")
        editor.presses("n")
        editor.sees("不收「碰瓷」，以后不再提")
        _follows(page, "纠错 1", "纠错")
        editor.looks_around()


def test_letters_in_the_box_never_act_and_no_letter_is_told(chromium: Browser, portal: tuple[Flask, str]) -> None:
    app, base = portal
    told: list[str] = []
    with agent_at(chromium, base, WIDE) as agent:
        page = agent.guest.page
        page.on("request", lambda request: told.append(request.url) if "/desk/asked" in request.url else None)
        _arrives(agent, "李坐席")
        agent.goes_to_the_box()
        page.keyboard.type("guf tuo qian", delay=60)
        assert told == []
        page.wait_for_timeout(1500)
        assert len(told) == 1
    with app.app_context():
        assert db.session.scalars(select(Use)).all() == []
        assert len(db.session.scalars(select(SearchEvent)).all()) == 1


def test_on_the_phone_an_answer_is_used_and_a_gap_reported_by_thumb(
    chromium: Browser, portal: tuple[Flask, str]
) -> None:
    _, base = portal
    with agent_at(chromium, base, PHONE) as agent:
        page = agent.guest.page
        agent.guest.go("/")
        page.get_by_role("button", name="李坐席").click()
        page.locator("#q").fill("拖欠账款")
        page.get_by_role("button", name="引用，记到工单").click()
        agent.hears("已引用，没有记工单号")
        agent.looks_around()
        page.locator("#q").fill("狐狸")
        agent.sees("没有查到「狐狸」")
        agent.looks_around()
        page.get_by_label("补充").fill("养殖")
        page.get_by_role("button", name="报缺口").click()
        agent.hears("已报缺口，编辑看得到")
