"""A reviewer asks for a change, the new text is approved for a day, and on that day it speaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from portal import create_app
from portal.core.clock import set_clock
from portal.core.database import db
from portal.knowledge.models import Article
from portal.search.services import drain
from tests.knowledge import hands
from tests.knowledge.pack import at
from tests.support.browser import PHONE, WIDE, serve
from tests.support.databases import Templates, let_go

from .agent import Agent, agent_at

pytestmark = pytest.mark.browser
OLD, FIRST, SECOND = (
    f"自公告之日起{term}可以提出异议{end}。"
    for term, end in (("三个月内", ""), ("两个月内", ""), ("两个月内", "，逾期不收"))
)


@pytest.fixture
def portal(templates: Templates, tmp_path: Path) -> Iterator[tuple[Flask, str, str]]:
    """One article in force and a new text of it that waits; the application, its address, the article's number."""
    with templates.copy("sqlite", "bare", tmp_path / "data") as settings:
        app = create_app(settings)
        with app.app_context():
            one = hands.article()
            hands.publish(one, OLD, title="商标异议期")
            hands.submit(hands.write(one, FIRST, title="商标异议期"))
            number = db.session.get_one(Article, one).number
            drain(wait=True)
        with serve(app) as base:
            yield app, base, number
        let_go(app)
        set_clock(None)


def _opens_the_request(agent: Agent) -> None:
    agent.guest.go("/knowledge/review")
    agent.looks_around()
    agent.guest.page.get_by_role("link", name="商标异议期").first.click()
    expect(agent.guest.page.get_by_role("heading", level=1)).to_contain_text("商标异议期")


def _asks_for_a_change(browser: Browser, base: str) -> None:
    """By keyboard from change to change, a remark on the selected words, then back to the author."""
    with agent_at(browser, base, WIDE) as reviewer:
        reviewer.signs_in_as("吴审核")
        _opens_the_request(reviewer)
        page = reviewer.guest.page
        reviewer.presses("n")
        expect(page.locator("[data-step-at]")).to_contain_text("1 / ")
        expect(page.locator(".compare-row.is-here ins").first).to_have_text("两个月内")
        page.locator(".compare-row.is-script [data-selectable]").select_text()
        reviewer.presses("m")
        expect(page.locator("#text")).to_be_focused()
        expect(page.locator("#quote")).to_have_value(FIRST)
        page.keyboard.type("写明逾期怎么办")
        page.get_by_role("button", name="记下批注").click()
        reviewer.sees("写明逾期怎么办")
        reviewer.looks_around()
        page.get_by_label("意见").fill("见批注")
        page.get_by_role("button", name="请作者修改").click()
        reviewer.sees("已请周编辑修改")


def _approves_for_a_day(browser: Browser, base: str) -> None:
    """On the phone: the date, and y, which asks once."""
    with agent_at(browser, base, PHONE) as reviewer:
        reviewer.signs_in_as("吴审核")
        _opens_the_request(reviewer)
        page = reviewer.guest.page
        reviewer.looks_around()
        expect(page.get_by_label("哪天生效")).to_have_value("2026-12-01")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
        reviewer.presses("y")
        reviewer.sees("2026-12-01 起生效")
        assert len(asked) == 1


def _is_told(browser: Browser, base: str, script: str) -> None:
    with agent_at(browser, base, WIDE) as agent:
        agent.signs_in_as("李坐席")
        agent.searches("商标异议期")
        expect(agent.cards.first.locator("[data-script]")).to_have_text(script)


def test_a_reviewer_asks_for_a_change_and_what_is_approved_for_a_day_speaks_on_that_day(
    chromium: Browser, portal: tuple[Flask, str, str]
) -> None:
    app, base, number = portal
    _asks_for_a_change(chromium, base)
    with app.app_context():
        one = db.session.query(Article.id).filter_by(number=number).scalar()
        again = hands.write(one, SECOND, title="商标异议期")
        hands.submit(again, wanted_on=at("2026-12-01T00:00").date())
    _approves_for_a_day(chromium, base)
    set_clock(at("2026-11-30T23:50"))
    _is_told(chromium, base, OLD)
    set_clock(at("2026-12-01T00:00"))
    _is_told(chromium, base, SECOND)
    with agent_at(chromium, base, WIDE) as reader:
        reader.signs_in_as("吴审核")
        reader.guest.go(f"/knowledge/{number}")
        reader.looks_around()
        reader.guest.page.get_by_role("link", name="改了什么").first.click()
        expect(reader.guest.page.locator(".compare-row.is-script ins").first).to_have_text("两个月内")
        reader.looks_around()
        reader.guest.go("/knowledge/told?on=2026-11-23")
        reader.looks_around()
