"""Journeys of keeping articles true: a flag is raised and its answer read; a rule is repealed and all of it frozen."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from portal import create_app
from portal.categories.models import Prompt
from portal.core.clock import set_clock
from portal.core.database import db
from portal.knowledge.models import Feedback, Flag, RuleTouch
from portal.search.services import drain
from tests.knowledge.keeping import basis, edit
from tests.knowledge.pack import NOW, take_in, told, write
from tests.support.browser import PHONE, WIDE, serve
from tests.support.databases import Templates, let_go

from .agent import agent_at

pytestmark = pytest.mark.browser
SOURCES = {"one": "某项意见(国发〔2018〕35号)", "two": "某项意见（国发[2018]35号）", "three": "国发（２０１８）３５号"}


@pytest.fixture
def portal(templates: Templates, tmp_path: Path) -> Iterator[tuple[Flask, str]]:
    """Three articles that rest on one document in three spellings, and one that does not."""
    folder = tmp_path / "pack"
    for slug in SOURCES:
        write(folder, slug, f"办理{slug}请先申报。", title=f"申报手续{slug}", phrases=(f"怎么申报{slug}",))
    write(folder, "apart", "不相干的话术。", title="不相干的一条", category="0201")
    with templates.copy("sqlite", "bare", tmp_path / "data") as settings:
        app = create_app(settings)
        with app.app_context():
            take_in(folder, now=NOW - timedelta(days=3))
            for slug, source in SOURCES.items():
                edit(slug, rows=[basis(source)], now=NOW - timedelta(days=2))
            drain(wait=True)
        with serve(app) as base:
            yield app, base
        let_go(app)
        set_clock(None)


def test_an_agent_flags_an_error_and_reads_the_answer(chromium: Browser, portal: tuple[Flask, str]) -> None:
    app, base = portal
    with agent_at(chromium, base, WIDE) as agent:
        page = agent.guest.page
        agent.signs_in_as("李坐席")
        agent.searches("申报手续one")
        agent.presses("ArrowDown", "n")
        agent.hears("已记下：未解决")
        agent.looks_around()
        agent.presses("f")
        expect(page.get_by_role("heading", level=1)).to_contain_text("纠错")
        page.get_by_label("有错").check()
        page.get_by_label("怎么不对").fill("现在要先预约")
        page.get_by_role("button", name="告诉编辑").click()
        agent.sees("已经告诉编辑")

    with agent_at(chromium, base, WIDE) as editor:
        page = editor.guest.page
        editor.signs_in_as("周编辑")
        editor.guest.go("/inbox/")
        editor.sees("有错")
        editor.guest.go("/knowledge/flags")
        editor.looks_around()
        page.get_by_role("link", name="答复").click()
        editor.sees("现在要先预约")
        editor.looks_around()
        page.get_by_role("textbox", name="答复").fill("预约只在高峰日，其余日子照旧")
        page.get_by_role("button", name="答复").click()
        editor.sees("已答复，李坐席会收到消息")

    with agent_at(chromium, base, PHONE) as agent:
        page = agent.guest.page
        agent.signs_in_as("李坐席")
        agent.guest.go("/knowledge/flags/mine")
        agent.sees("1 条有了答复，您还没看")
        agent.sees("预约只在高峰日，其余日子照旧")
        agent.looks_around()
        page.get_by_role("button", name="看到了").click()
        agent.sees("答复都看过了")

    with app.app_context():
        flag = db.session.scalars(select(Flag)).one()
        assert (flag.state, flag.told_at is not None) == ("已答复", True)
        assert db.session.scalars(select(Feedback.solved)).all() == [False]


def test_a_rule_is_repealed_and_all_that_rested_on_it_is_frozen(chromium: Browser, portal: tuple[Flask, str]) -> None:
    app, base = portal
    with agent_at(chromium, base, WIDE) as reviewer:
        page = reviewer.guest.page
        reviewer.signs_in_as("吴审核")
        reviewer.guest.go("/knowledge/rules")
        reviewer.looks_around()
        page.get_by_label("文件名称或文号").fill("国发[2018]35号")
        page.get_by_label("废止").check()
        page.get_by_label("从哪天起").fill("2026-11-23")
        page.get_by_role("button", name="看牵到什么").click()
        reviewer.sees("牵到 3 条知识")
        reviewer.looks_around()
        page.get_by_label("变了什么").fill("整件废止")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="停用、派出、通知").click()
        reviewer.sees("3 条要改，停用 3 条")
        reviewer.looks_around()

    with agent_at(chromium, base, PHONE) as agent:
        page = agent.guest.page
        agent.signs_in_as("李坐席")
        page.locator("#q").fill("申报手续")
        agent.sees("没有查到「申报手续」")
        agent.guest.go("/knowledge/changes?days=1")
        agent.sees("下架了，不能再念")
        agent.looks_around()

    with app.app_context():
        now = NOW + timedelta(minutes=30)
        assert [told(slug, now) for slug in SOURCES] == [None, None, None]
        assert told("apart", now) is not None
        assert len(db.session.scalars(select(RuleTouch)).all()) == 3
        assert len(db.session.scalars(select(Prompt)).all()) == 3


def test_a_critical_change_is_read_by_one_key_and_never_stands_before_a_search(
    chromium: Browser, portal: tuple[Flask, str]
) -> None:
    app, base = portal
    with app.app_context():
        edit("one", script="办理one请先预约再申报。", critical=True, now=NOW - timedelta(minutes=10))
        drain(wait=True)
    with agent_at(chromium, base, WIDE) as agent:
        page = agent.guest.page
        agent.signs_in_as("李坐席")
        expect(page.locator(".band.critical")).to_have_count(1)
        agent.looks_around()
        agent.searches("申报手续one")
        expect(agent.chosen).to_contain_text("有重要变化")
        expect(agent.chosen).to_contain_text("请先预约再申报")
        agent.presses("ArrowDown", "a")
        agent.hears("已确认看过")
        agent.guest.go("/?q=申报手续one")
        expect(page.locator(".band.critical")).to_have_count(0)
        expect(agent.chosen).not_to_contain_text("有重要变化")
