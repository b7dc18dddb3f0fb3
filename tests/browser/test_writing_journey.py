"""An editor writes with what Word gives and a picture, and sends it to review; the editor's island loses nothing."""

import base64
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.markup import render
from portal.knowledge.models import Draft, Reference, Revision
from tests.knowledge.writing import TYPED
from tests.support.browser import PHONE, WIDE, Watched, serve, watched

pytestmark = pytest.mark.browser

WORD = """
<html xmlns:o="urn:schemas-microsoft-com:office:office"><body>
<!--StartFragment-->
<h2 style='mso-outline-level:2'><span style='font-family:SimSun'>要交的材料</span></h2>
<p class=MsoNormal><b><span style='color:red'>原件</span></b>与复印件，见<a href="https://example.gov.cn/x">办事页</a></p>
<ul style='mso-list:l0'><li class=MsoNormal>身份证明</li><li class=MsoNormal>购买凭证</li></ul>
<table class=MsoTableGrid border=1 style='border-collapse:collapse'>
<thead><tr><th><p class=MsoNormal>材料</p></th><th><p class=MsoNormal>说明</p></th></tr></thead>
<tbody><tr><td><p class=MsoNormal>身份证明</p></td><td><p class=MsoNormal>原件</p></td></tr>
<tr><td><p class=MsoNormal>购买凭证</p></td><td><p class=MsoNormal>复印件</p></td></tr></tbody></table>
<!--EndFragment--></body></html>
"""

PASTE = """([selector, html, picture]) => {
  const place = document.querySelector(selector);
  place.focus();
  const data = new DataTransfer();
  if (html) { data.setData('text/html', html); data.setData('text/plain', 'Word'); }
  if (picture) {
    const bytes = Uint8Array.from(atob(picture), (sign) => sign.charCodeAt(0));
    data.items.add(new File([bytes], 'image.png', {type: 'image/png'}));
  }
  place.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}"""
BODY = ".vditor-wysiwyg pre.vditor-reset"

FEATURES = """# 一级

## 二级

一段**粗**、*斜*、~~删~~、`码`、[链接](https://example.gov.cn/a)。

一行\n下一行

* 甲
  * 甲一
    * 甲一一
  * 甲二
* 乙

1. 先
   1. 先一
2. 后

- [ ] 待办
- [x] 已办

> 引文
>
> > 引文里的引文

> [!WARNING]
> 提醒

| 左 | 中 | 右 |
| :- | :-: | -: |
| 1 | 2 | 3 |

```text
代码块
```

***

![图](/knowledge/files/1)

脚注[^1]

[^1]: 脚注的话

\\* 不是列表

自动 <https://example.gov.cn/b>

中文，标点；与 English 混排 3/10。

KB-0104-001
"""


@pytest.fixture
def portal(full_app: Flask) -> Iterator[str]:
    with serve(full_app) as base:
        yield base


def _picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def _signs_in(guest: Watched) -> Page:
    page = guest.go("/").page
    page.get_by_role("button", name="周编辑").click()
    expect(page.locator("nav.rail, nav.tabbar").first).to_be_attached()
    return page


def _begins(guest: Watched, kind: str = "办事指南") -> Page:
    page = guest.go("/knowledge/new").page
    guest.finds_no_accessibility_fault()
    page.get_by_role("button", name=kind).click()
    expect(page.locator(BODY)).to_be_visible(timeout=20_000)
    return page


def _empties(page: Page) -> Locator:
    body = page.locator(BODY)
    body.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    return body


def _fills(page: Page) -> None:
    for name in ("title", "script", "phrases", "audience", "valid_from", "why"):
        page.locator(f"#{name}").fill(TYPED[name])
    for name in ("category", "unit"):
        page.locator(f"#{name}").select_option(TYPED[name])
    basis = {"text": "应当自受理之日起六十日内办完。", "source": "示例办事条例", "article": "第三条"}
    for name, words in {**basis, "in_force_from": "2024-07-01"}.items():
        page.locator(f"#basis-0-{name}").fill(words)
    page.locator("#basis-0-checked").select_option("text-2026-11")


def _draft(app: Flask) -> dict[str, Any]:
    with app.app_context():
        found = db.session.scalars(select(Draft).order_by(Draft.id.desc())).first()
        assert found is not None
        return dict(found.content)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_an_editor_writes_with_a_table_from_word_and_a_picture_and_submits(
    chromium: Browser, portal: str, full_app: Flask, viewport: dict[str, int]
) -> None:
    with watched(chromium, portal, viewport=viewport) as guest:
        _signs_in(guest)
        page = _begins(guest)
        guest.finds_no_accessibility_fault()
        assert guest.faults == []
        body = _empties(page)
        body.press_sequentially("要实名登记。")
        page.keyboard.press("Enter")
        page.evaluate(PASTE, [BODY, WORD, ""])
        expect(body.locator("table")).to_be_visible()
        with page.expect_response(lambda answer: answer.url.endswith("/knowledge/files") and answer.ok):
            page.evaluate(PASTE, [BODY, "", _picture()])
        expect(body.locator("img[src^='/knowledge/files/']")).to_be_visible()
        with page.expect_response(lambda answer: answer.url.endswith("/save") and answer.ok):
            _fills(page)
        expect(page.locator("#saved")).to_contain_text("已存")
        guest.finds_no_accessibility_fault()
        page.locator(".writing-foot").get_by_role("button", name="送审").click()
        page.wait_for_load_state("networkidle")
        assert "/drafts/" not in page.url, page.locator("main").inner_text()[:800]
        expect(page.get_by_text("已送审").first).to_be_visible()
        guest.faults[:] = [fault for fault in guest.faults if "Applying inline style violates" not in fault]
        """Pasting strips Word's styles by the policy, and the browser says so; nothing else is let through."""
    with full_app.app_context():
        revision = db.session.scalars(select(Revision).where(Revision.title == TYPED["title"])).one()
        html = revision.body_html.replace("\n", "")
        assert "<h2>要交的材料</h2>" in html
        assert "<strong>" in html
        assert 'href="https://example.gov.cn/x"' in html
        assert "<th>材料</th>" in html
        assert "<td>购买凭证</td>" in html
        assert "<li>身份证明</li>" in html
        assert "<img" in html
        assert "style=" not in html
        kinds = set(db.session.scalars(select(Reference.kind).where(Reference.revision_id == revision.id)))
        assert kinds == {"file", "link"}


def test_a_lost_session_and_a_crash_lose_nothing(chromium: Browser, portal: str, full_app: Flask) -> None:
    with watched(chromium, portal) as guest:
        page = _signs_in(guest)
        _begins(guest)
        page.route("**/save", lambda route: route.abort())
        guest.expected = (*guest.expected, "")
        page.locator("#title").fill("断网时写的")
        expect(page.locator("#saved")).to_contain_text("没存上", timeout=10_000)
        guest.faults.clear()
        page.unroute("**/save")
        page.goto("about:blank")
        guest.go(f"/knowledge/drafts/{_newest(full_app)}")
        expect(page.locator("#left-over")).to_be_visible(timeout=20_000)
        guest.finds_no_accessibility_fault()
        with page.expect_response(lambda answer: answer.url.endswith("/save") and answer.ok):
            page.get_by_role("button", name="用回那一份").click()
        assert _draft(full_app)["title"] == "断网时写的"
        page.locator("#title").fill("登录过期时写的")
        set_clock(utc_now() + timedelta(hours=13))
        expect(page.locator("#saved")).to_contain_text("登录已过期", timeout=10_000)
        page.locator(".writing-foot").get_by_role("button", name="存草稿").click()
        page.get_by_role("button", name="周编辑").click()
        page.wait_for_load_state("networkidle")
        guest.go(f"/knowledge/drafts/{_newest(full_app)}")
        expect(page.locator("#left-over")).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="用回那一份").click()
        expect(page.locator("#title")).to_have_value("登录过期时写的")


def _newest(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(Draft.id).order_by(Draft.id.desc())).first() or 0


def test_rows_of_the_basis_are_added_moved_and_taken_out_by_keyboard(chromium: Browser, portal: str) -> None:
    with watched(chromium, portal) as guest:
        page = _signs_in(guest)
        _begins(guest)
        page.locator("#basis-0-text").fill("甲")
        page.get_by_role("button", name="加一条依据").press("Enter")
        expect(page.locator("#basis-1-text")).to_be_focused()
        page.keyboard.type("乙")
        page.get_by_role("button", name="上移").locator("visible=true").press("Enter")
        expect(page.locator("#basis-0-text")).to_have_value("乙")
        expect(page.locator("#basis-1-text")).to_have_value("甲")
        guest.finds_no_accessibility_fault()
        page.get_by_role("button", name="去掉这条").first.press("Enter")
        expect(page.locator("[data-basis]")).to_have_count(1)
        expect(page.locator("#basis-0-text")).to_have_value("甲")


def test_without_the_editor_the_plain_field_works(chromium: Browser, portal: str, full_app: Flask) -> None:
    with watched(chromium, portal) as guest:
        page = _signs_in(guest)
        page.route("**/vditor-*/**", lambda route: route.abort())
        guest.go("/knowledge/new").page.get_by_role("button", name="热点问答").click()
        page.wait_for_load_state("networkidle")
        guest.faults.clear()
        expect(page.locator("textarea#body")).to_be_visible()
        page.locator("textarea#body").fill("没有编辑器也能写。")
        page.locator(".writing-foot").get_by_role("button", name="存草稿").click()
        page.wait_for_load_state("networkidle")
        guest.faults.clear()
    assert _draft(full_app)["body"].strip() == "没有编辑器也能写。"


def test_the_editor_keeps_a_document_of_twenty_features(chromium: Browser, portal: str, full_app: Flask) -> None:
    """Loaded and left alone it is the same to the letter; edited, saved and loaded again it says the same."""
    with watched(chromium, portal) as guest:
        page = _signs_in(guest)
        _begins(guest)
        draft_id = _newest(full_app)
        page.route("**/vditor-*/**", lambda route: route.abort())
        guest.go(f"/knowledge/drafts/{draft_id}")
        expect(page.locator("textarea#body")).to_be_visible()
        _puts_in_the_plain_field(page, FEATURES)
        page.unroute("**/vditor-*/**")
        guest.faults.clear()
        _opens(guest, draft_id)
        page.locator("#title").fill("只改标题")
        page.locator(".writing-foot").get_by_role("button", name="存草稿").click()
        page.wait_for_load_state("networkidle")
        assert _draft(full_app)["body"].strip() == FEATURES.strip(), "what nobody touched is left as it was"
        before = _shown(FEATURES)
        for sentence in ("第一次改。", "第二次改。"):
            _opens(guest, draft_id)
            page.locator(f"{BODY} p", has_text="中文，标点").click()
            page.keyboard.press("End")
            page.keyboard.type(sentence)
            page.locator(".writing-foot").get_by_role("button", name="存草稿").click()
            page.wait_for_load_state("networkidle")
            body = _draft(full_app)["body"]
            assert sentence in body
            after = _shown(body)
            lost = [part for part in before if part not in after]
            assert lost == [], body
        guest.faults[:] = [fault for fault in guest.faults if "404" not in fault]


def _puts_in_the_plain_field(page: Page, text: str) -> None:
    page.locator("textarea#body").fill(text)
    page.locator(".writing-foot").get_by_role("button", name="存草稿").click()
    page.wait_for_load_state("networkidle")


def _opens(guest: Watched, draft_id: int) -> None:
    guest.go(f"/knowledge/drafts/{draft_id}")
    expect(guest.page.locator(BODY)).to_be_visible(timeout=20_000)
    expect(guest.page.locator("textarea.is-behind")).to_be_attached()


def _shown(text: str) -> list[str]:
    """The parts of a text as readers see them, each with its kind: what must be there after any editing."""
    page = BeautifulSoup(render(text), "html.parser")
    names = ["h1", "h2", "strong", "em", "del", "code", "a", "img", "li", "blockquote", "th", "td", "pre", "hr", "sup"]
    return [f"{each.name} {''.join(each.get_text().split()).casefold()}" for each in page.find_all(names)]
