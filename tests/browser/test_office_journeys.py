"""A desk is set up from nothing in production, somebody is locked out and helped, an auditor follows an article."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from portal import create_app
from portal.accounts.models import Person
from portal.accounts.rules.roles import Role
from portal.accounts.services.people import first_administrators
from portal.admin.services import set_up
from portal.config import Env, Settings
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.services.content_pack import import_folder
from tests.support.browser import PHONE, WIDE, Watched, serve, watched
from tests.support.databases import START, let_go

pytestmark = pytest.mark.browser
CONTENT = Path(__file__).parents[2] / "kb_content"


@dataclass
class Desk:
    """The portal in production, and what its people carry in their heads and pockets."""

    app: Flask
    base: str
    passwords: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def code(self, login: str) -> str:
        set_clock(utc_now() + timedelta(seconds=31))
        return pyotp.TOTP(self.secrets[login]).at(int(utc_now().timestamp()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    app = create_app(Settings(env=Env.PRODUCTION, data_dir=tmp_path / "data"))
    set_clock(START)
    with app.app_context():
        set_up(demo=False, now=START)
        with transaction():
            names = {Role.SYSTEM: "feng", Role.SECURITY: "chen", Role.AUDITOR: "zheng"}
            made = first_administrators(names, now=START)
    with serve(app, tls=True) as base:
        yield Desk(app, base, {login: password for login, _, password in made})
    let_go(app)
    set_clock(None)


def _arrives(desk: Desk, guest: Watched, login: str) -> None:
    """Sign in with every step that is owed, looking for accessibility faults on the way."""
    page = guest.go("/").page
    guest.finds_no_accessibility_fault()
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(desk.passwords[login])
    page.get_by_role("button", name="登录").click()
    if page.get_by_role("heading", name="换一个密码").count():
        guest.finds_no_accessibility_fault()
        desk.passwords[login] = f"Qinghe-{login}-7531"
        page.get_by_label("新密码").fill(desk.passwords[login])
        page.get_by_label("再填一次").fill(desk.passwords[login])
        page.get_by_role("button", name="换好").click()
        page.get_by_role("button", name="开始绑定").click()
        guest.finds_no_accessibility_fault()
        shown = page.locator("p.hint .mono").inner_text()
        desk.secrets[login] = shown.replace(" ", "")
        page.get_by_label("验证码").fill(desk.code(login))
        page.get_by_role("button", name="绑定").click()
        expect(page.get_by_role("heading", name="备用码")).to_be_visible()
        guest.finds_no_accessibility_fault()
        page.get_by_role("link", name="收好了").click()
    elif page.get_by_role("heading", name="验证码").count():
        guest.finds_no_accessibility_fault()
        page.get_by_label("验证码").fill(desk.code(login))
        page.get_by_role("button", name="进入").click()


def _makes(desk: Desk, system: Watched, login: str, name: str) -> None:
    page = system.go("/admin/people/new").page
    page.get_by_label("账号").fill(login)
    page.get_by_label("姓名").fill(name)
    page.get_by_role("button", name="建账号").click()
    desk.passwords[login] = page.locator(".big-code").inner_text()
    system.finds_no_accessibility_fault()


def _grants(security: Watched, name: str, role: str) -> None:
    page = security.go("/admin/people").page
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_label(role).check()
    page.get_by_role("button", name="授角色").click()
    expect(page.locator(".answer-line")).to_contain_text(role)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_three_administrators_set_up_a_desk_of_five_from_nothing(
    chromium: Browser, desk: Desk, viewport: dict[str, int]
) -> None:
    staff = (
        ("li.ming", "李明", "值守坐席"),
        ("zhou.yan", "周燕", "知识编辑"),
        ("wu.shen", "吴审", "知识审核"),
        ("sun.fu", "孙富", "项目负责人"),
        ("jia.fang", "贾方", "甲方代表"),
    )
    with watched(chromium, desk.base, viewport=viewport) as system:
        _arrives(desk, system, "feng")
        system.finds_no_accessibility_fault()
        for login, name, _ in staff:
            _makes(desk, system, login, name)
        system.go("/admin/settings").finds_no_accessibility_fault()
    with watched(chromium, desk.base, viewport=viewport) as security:
        _arrives(desk, security, "chen")
        for _, name, role in staff:
            _grants(security, name, role)
        security.finds_no_accessibility_fault()
    with watched(chromium, desk.base, viewport=viewport) as agent:
        _arrives(desk, agent, "li.ming")
        expect(agent.page.get_by_role("heading", name="坐席台")).to_be_visible()
        agent.go("/account/mine").finds_no_accessibility_fault()
    with watched(chromium, desk.base, viewport=viewport) as auditor:
        _arrives(desk, auditor, "zheng")
        auditor.go("/admin/audit?verify=1")
        expect(auditor.page.get_by_text("全部对得上")).to_be_visible()
        auditor.finds_no_accessibility_fault()


def test_somebody_is_locked_out_and_helped(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base) as system:
        _arrives(desk, system, "feng")
        _makes(desk, system, "li.ming", "李明")
        with watched(chromium, desk.base, viewport=PHONE) as agent:
            page = agent.go("/").page
            for _ in range(6):
                page.get_by_label("账号").fill("li.ming")
                page.get_by_label("密码").fill("记错了的密码")
                page.get_by_role("button", name="登录").click()
            expect(page.get_by_role("alert")).to_contain_text("以后再来")
            agent.finds_no_accessibility_fault()
        page = system.go("/admin/people").page
        page.get_by_role("link", name="李明", exact=True).click()
        expect(page.get_by_text("已锁定")).to_be_visible()
        system.finds_no_accessibility_fault()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="给一次性密码").click()
        desk.passwords["li.ming"] = page.locator(".big-code").inner_text()
    with watched(chromium, desk.base, viewport=PHONE) as agent:
        _arrives(desk, agent, "li.ming")
        expect(agent.page.get_by_role("heading", name="这一页不对您开放")).to_be_visible()


def test_an_auditor_follows_one_article_through_its_history(chromium: Browser, desk: Desk) -> None:
    with desk.app.app_context():
        with transaction():
            reviewer = Person(login="wu.shen", name="吴审", created_at=START)
            db.session.add(reviewer)
        import_folder(CONTENT, approver=db.session.query(Person).filter_by(login="wu.shen").one(), now=utc_now())
    with watched(chromium, desk.base) as auditor:
        _arrives(desk, auditor, "zheng")
        page = auditor.go("/admin/audit?q=KB-1001-001").page
        page.get_by_role("link", name="article:KB-1001-001").first.click()
        expect(page.locator("tbody tr")).to_have_count(6)
        for action in ("knowledge:article:create", "knowledge:revision:add", "knowledge:article:publish"):
            expect(page.get_by_text(action).first).to_be_visible()
        auditor.finds_no_accessibility_fault()
