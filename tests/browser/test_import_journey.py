"""The journey of a sheet: 200 rows with 7 bad ones are handed in, the 7 are named, the rest goes in and to review."""

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from portal import create_app
from portal.core.clock import set_clock
from portal.core.database import db
from portal.inbox.runner import Runner
from portal.knowledge.models import Article, ReviewItem, Revision
from tests.knowledge.incoming import row, sheet
from tests.support.browser import PHONE, WIDE, Watched, serve, watched
from tests.support.databases import Templates, let_go

pytestmark = pytest.mark.browser

BAD = {
    "没有标题的": {"标题": ""},
    "没有类目的": {"类目": "9999"},
    "没有单位的": {"发文单位": "火星市局"},
    "性质不对的": {"材料性质": "审批"},
    "关键字太长的": {"关键字": "长" * 21},
    "没有话术的": {"内容": "一、申请条件"},
    "像公式的": {"标题": "=1+1"},
}
"""What is wrong with each of the seven, and the column in which it stands."""


@pytest.fixture
def portal(templates: Templates, tmp_path: Path) -> Iterator[tuple[Flask, str]]:
    """An empty portal with its background jobs, and the address under which it is served."""
    with templates.copy("sqlite", "bare", tmp_path / "data") as settings:
        app = create_app(settings)
        runner = Runner(app, lease=timedelta(seconds=30), look_every=0.2)
        thread = threading.Thread(target=runner.run, daemon=True)
        thread.start()
        with serve(app) as base:
            yield app, base
        runner.leave()
        thread.join()
        let_go(app)
        set_clock(None)


def _sheet_of_200() -> tuple[bytes, list[int]]:
    rows = [row(f"企业常问的第{number}件事", 关键字=f"第{number}件") for number in range(193)]
    places = []
    for at, (words, wrong) in enumerate(BAD.items()):
        place = 10 + 27 * at
        rows.insert(place, row(words, **{"关键字": "", **wrong}))
        places.append(place + 2)
    return sheet(rows), places


def _signs_in(guest: Watched, name: str) -> None:
    guest.go("/").page.get_by_role("button", name=name).click()
    expect(guest.page.locator("nav.rail, nav.tabbar").first).to_be_attached()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_two_hundred_rows_go_in_but_for_seven_that_are_named(
    chromium: Browser, portal: tuple[Flask, str], viewport: dict[str, int], tmp_path: Path
) -> None:
    app, base = portal
    data, bad_lines = _sheet_of_200()
    (tmp_path / "知识.xlsx").write_bytes(data)
    with watched(chromium, base, viewport=viewport) as editor:
        _signs_in(editor, "周编辑")
        page = editor.go("/knowledge/import").page
        expect(page.get_by_text("还没有导入过")).to_be_visible()
        editor.finds_no_accessibility_fault()
        page.get_by_role("link", name="导入文件").click()
        editor.finds_no_accessibility_fault()
        page.get_by_label("文件", exact=True).set_input_files(tmp_path / "知识.xlsx")
        page.get_by_role("button", name="看看会怎样").click()
        expect(page.get_by_text("193 条新知识写成草稿")).to_be_visible()
        editor.finds_no_accessibility_fault()
        page.get_by_role("link", name="退回 7", exact=True).click()
        expect(page.locator("tbody tr")).to_have_count(7)
        shown = [int(line.locator("td").first.inner_text()) for line in page.locator("tbody tr").all()]
        assert shown == bad_lines
        for wrong in BAD.values():
            (column,) = wrong
            expect(page.locator("tbody td b", has_text=column).first).to_be_visible()
        editor.finds_no_accessibility_fault()
        with page.expect_download() as download:
            page.get_by_role("link", name="下载退回的 7 行").click()
        book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert book.worksheets[0]["A1"].value
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="入库 193 条并送审").click()
        expect(page.get_by_text("入库了 193 条")).to_be_visible(timeout=60_000)
        editor.finds_no_accessibility_fault()
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Article)) == 193
        assert db.session.scalar(select(func.count()).select_from(Revision)) == 193
        assert db.session.scalar(select(func.count(ReviewItem.request_id.distinct()))) == 1
        db.session.rollback()
    with watched(chromium, base, viewport=viewport) as reviewer:
        _signs_in(reviewer, "吴审核")
        reviewer.go("/inbox/")
        expect(reviewer.page.get_by_text("批量导入「知识.xlsx」193 条").first).to_be_visible()
