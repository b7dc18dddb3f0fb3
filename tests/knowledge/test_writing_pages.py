"""The pages of writing: from the template to the review, with every button, without any script."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.core.database import db
from portal.knowledge.models import Article, Draft, Phrase, ReviewItem, ReviewRequest, Revision
from portal.knowledge.rules.states import MaterialKind
from tests.support.visitor import Visitor

from .writing import BASIS, begin, counts, press, somebody_else_adds, typed, version_of

Arrive = Callable[[str], Visitor]
NUMBER = "KB-0104-001"


@pytest.fixture
def editor(visitor: Arrive) -> Visitor:
    return visitor("demo.zhou")


def _value(page: BeautifulSoup, name: str) -> str:
    field = page.select_one(f"[name='{name}']")
    assert field is not None, name
    return field.get("value", "") if field.name == "input" else field.get_text()


def test_every_material_kind_has_a_template_that_is_offered(editor: Visitor) -> None:
    page = editor.get("knowledge.new")
    assert [button["value"] for button in page.select("button[name=kind]")] == [kind.value for kind in MaterialKind]
    for kind in MaterialKind:
        draft_id = begin(editor, kind=kind.value)
        written = editor.get("knowledge.draft", draft_id=draft_id)
        assert "〔" in _value(written, "script")
        assert "## " in _value(written, "body") or "| " in _value(written, "body")


def test_an_unknown_kind_begins_nothing(editor: Visitor) -> None:
    before = counts(editor.app)
    editor.post("/knowledge/new", data={"kind": "小说"}, status=422)
    assert counts(editor.app) == before


def test_an_article_is_written_and_laid_before_a_reviewer(editor: Visitor) -> None:
    draft_id = begin(editor)
    press(editor, draft_id, "submit", **typed())
    with editor.app.app_context():
        revision = db.session.scalars(select(Revision).where(Revision.title == "无人机怎么登记")).one()
        article = db.session.get_one(Article, revision.article_id)
        assert article.number.startswith("KB-0104-")
        assert (revision.no, revision.base_id, revision.weight, revision.checked) == (1, None, "实质修改", "2026-11")
        assert "<li>先准备材料<ul><li>身份证明</li></ul></li>" in revision.body_html.replace("\n", "")
        phrases = db.session.scalars(select(Phrase.text).where(Phrase.article_id == article.id)).all()
        assert set(phrases) == {"无人机要登记吗", "买了无人机去哪登记"}
        item = db.session.scalars(select(ReviewItem).where(ReviewItem.revision_id == revision.id)).one()
        assert db.session.get_one(ReviewRequest, item.request_id).why == "来电多"
        assert db.session.get(Draft, draft_id) is None


def test_every_button_keeps_what_was_typed(editor: Visitor) -> None:
    draft_id = begin(editor)
    press(editor, draft_id, "row-add", **typed(title="写到一半"))
    page = editor.get("knowledge.draft", draft_id=draft_id)
    assert _value(page, "title") == "写到一半"
    assert len(page.select("fieldset.basis-row")) == 2
    press(editor, draft_id, "row-down-0", **typed({"text": "甲"}, {"text": "乙"}))
    page = editor.get("knowledge.draft", draft_id=draft_id)
    assert [_value(page, f"basis-{at}-text").strip() for at in (0, 1)] == ["乙", "甲"]
    press(editor, draft_id, "row-drop-0", **typed({"text": "乙"}, {"text": "甲"}))
    page = editor.get("knowledge.draft", draft_id=draft_id)
    assert _value(page, "basis-0-text").strip() == "甲"
    press(editor, draft_id, "save", **typed(valid_from="七月一日"))
    assert _value(editor.get("knowledge.draft", draft_id=draft_id), "valid_from") == "七月一日"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": ""}, "请写标题"),
        ({"title": "标" * 61}, "最多 60 字"),
        ({"script": " "}, "请写念给来电人的话"),
        ({"script": "六" * 121}, "念约 30 秒"),
        ({"body": ""}, "请写正文"),
        ({"body": "[" * 30_000}, "排"),
        ({"category": "9999"}, "诉求分类"),
        ({"unit": ""}, "请选承办单位"),
        ({"unit": "没有这个局"}, "承办单位"),
        ({"valid_from": "7月1日"}, "日期应写作"),
        ({"valid_from": "2020-01-01"}, "全文还不成立"),
        ({"valid_to": "2024-06-30"}, "失效日早于施行日"),
        ({"weight": ""}, "请选一种"),
        ({"why": ""}, "理由"),
        ({"script": "请咨询相关部门。"}, "说不清是谁"),
        ({"script": "目前不用登记。"}, "没有日期"),
        ({"script": "电话010-66667777。"}, "单位目录"),
        ({"script": "找王经理13812345678。"}, "手机号"),
        ({"script": "九十七日内办完。"}, "在依据里找不到"),
        ({"phrases": "问" * 61}, "一句最多"),
    ],
)
def test_a_fault_stops_the_submit_in_words_and_loses_nothing(
    editor: Visitor, changed: dict[str, str], said: str
) -> None:
    draft_id = begin(editor)
    before = counts(editor.app)
    answer = press(editor, draft_id, "submit", status=422, **typed(**{"audience": "小微企业", **changed}))
    page = BeautifulSoup(answer.text, "html.parser")
    assert said in page.select_one(".error-summary").get_text()  # type: ignore[union-attr]
    assert _value(page, "audience") == "小微企业"
    assert counts(editor.app) == before


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": ""}, "第 1 条依据的原话"),
        ({"source": ""}, "第 1 条依据的文件"),
        ({"in_force_from": "昨天"}, "第 1 条依据的施行日"),
        ({"in_force_to": "2024-01-01"}, "失效日早于施行日"),
        ({"checked": "text-9999-99"}, "第 1 条依据的核对"),
        ({"checked": ""}, "请选怎么核对的"),
    ],
)
def test_a_fault_in_the_basis_is_named_by_its_row(editor: Visitor, row: dict[str, str], said: str) -> None:
    answer = press(editor, begin(editor), "submit", status=422, **typed(row))
    assert said in BeautifulSoup(answer.text, "html.parser").select_one(".error-summary").get_text()  # type: ignore[union-attr]


def test_without_any_basis_nothing_is_submitted(editor: Visitor) -> None:
    nothing = dict.fromkeys(BASIS, "")
    answer = press(editor, begin(editor), "submit", status=422, **typed(nothing))
    assert "没有依据" in answer.text


def test_a_warning_must_have_been_seen_once(editor: Visitor) -> None:
    draft_id = begin(editor)
    said = typed(body="目前要登记，补贴8765元。")
    answer = press(editor, draft_id, "submit", status=200, **said)
    page = BeautifulSoup(answer.text, "html.parser")
    assert "再按一次" in page.get_text()
    seen = _value(page, "seen")
    other = press(editor, draft_id, "submit", status=200, **{**said, "body": "近期要登记。", "seen": seen})
    assert "再按一次" in other.text
    press(editor, draft_id, "submit", **{**said, "seen": seen})


def test_while_writing_the_page_is_told_what_the_checks_say(editor: Visitor) -> None:
    with editor.app.app_context():
        twin = db.session.scalars(select(Revision).join(Article).where(Article.number == NUMBER)).first()
        assert twin is not None
        title = twin.title
    draft_id = begin(editor)
    data = {"opened_version": version_of(editor.app, draft_id), **typed(title=title, script="目前不用。")}
    answer = editor.post(f"/knowledge/drafts/{draft_id}/save", data=data, status=200)
    assert answer.json is not None
    assert answer.json["version"] == version_of(editor.app, draft_id)
    assert "没有日期" in answer.json["checks"]
    assert NUMBER in answer.json["checks"]


def test_two_windows_do_not_overwrite_each_other(editor: Visitor) -> None:
    draft_id = begin(editor)
    opened = version_of(editor.app, draft_id)
    press(editor, draft_id, "save", **typed(title="第一个窗口"))
    late = {"opened_version": opened, **typed(title="第二个窗口")}
    answer = editor.post(f"/knowledge/drafts/{draft_id}/save", data=late, status=409)
    assert "另一个窗口" in answer.json["error"]  # type: ignore[index]
    refused = editor.post(f"/knowledge/drafts/{draft_id}", data={"act": "save", **late}, status=409)
    assert "第一个窗口" in refused.text
    assert "第二个窗口" in refused.text
    form = BeautifulSoup(refused.text, "html.parser").select_one("form[action$=merge]")
    assert form is not None
    editor.post(form["action"], data=_fields(form))
    assert _value(editor.get("knowledge.draft", draft_id=draft_id), "title") == "第二个窗口"


def _fields(form: BeautifulSoup) -> dict[str, str]:
    found = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    found |= {
        field["name"]: field.get_text().removeprefix("\r").removeprefix("\n") for field in form.select("textarea[name]")
    }
    return {name: value for name, value in found.items() if name != "csrf_token"}


def test_an_article_is_changed_from_its_newest_text_and_the_revision_knows_it(editor: Visitor) -> None:
    page = editor.get("knowledge.edit", number=NUMBER)
    assert "第 1 版（最新）" in page.get_text()
    draft_id = begin(editor, NUMBER)
    assert _begin_again(editor) == draft_id
    written = editor.get("knowledge.draft", draft_id=draft_id)
    fields = _all(written)
    assert fields["phrases"] == ""
    press(editor, draft_id, "submit", status=422, **{**fields, "why": "改错字"})
    fields |= {"why": "改错字", "weight": "勘误", "title": fields["title"] + "（改）"}
    press(editor, draft_id, "submit", **fields)
    with editor.app.app_context():
        article = db.session.scalars(select(Article).where(Article.number == NUMBER)).one()
        revisions = db.session.scalars(
            select(Revision).where(Revision.article_id == article.id).order_by(Revision.no)
        ).all()
        assert revisions[-1].base_id == revisions[-2].id
        assert revisions[-1].weight == "勘误"


def _begin_again(editor: Visitor) -> int:
    """A GET leads to the draft one has already."""
    answer = editor.client.get(f"/knowledge/{NUMBER}/edit")
    return int(answer.location.rsplit("/", 1)[1])


def _all(page: BeautifulSoup) -> dict[str, str]:
    form = page.select_one("form#writing")
    assert form is not None
    found = _fields(form)
    for radio in form.select("input[type=radio]"):
        found.pop(radio["name"], None)
    for radio in form.select("input[type=radio][checked]"):
        found[radio["name"]] = radio["value"]
    for select_ in form.select("select"):
        chosen = select_.select_one("option[selected]")
        found[select_["name"]] = chosen["value"] if chosen else ""
    return {name: value for name, value in found.items() if name not in ("opened_version", "form_key", "picture")}


def test_whoever_submits_later_sees_both_texts_and_goes_on_from_their_merge(visitor: Arrive, full_app: Flask) -> None:
    second = visitor("demo.zhou")
    draft_id = begin(second, NUMBER)
    fields = _all(second.get("knowledge.draft", draft_id=draft_id))
    somebody_else_adds(full_app, NUMBER, "他人新加的一句。")
    mine = {**fields, "title": fields["title"] + "新题", "why": "我改的"}
    refused = press(second, draft_id, "submit", status=409, **mine)
    page = BeautifulSoup(refused.text, "html.parser")
    assert "他人新加的一句" in page.get_text()
    assert "新题" in page.get_text()
    form = page.select_one("form[action$=merge]")
    assert form is not None
    second.post(form["action"], data=_fields(form))
    merged = _all(second.get("knowledge.draft", draft_id=draft_id))
    assert merged["title"].endswith("新题")
    assert "他人新加的一句" in merged["body"]
    assert merged["why"] == "我改的"
    press(second, draft_id, "submit", **merged)


def test_drafts_are_listed_and_thrown_away(editor: Visitor) -> None:
    assert "没有草稿" in editor.get("knowledge.drafts").get_text()
    draft_id = begin(editor)
    page = editor.get("knowledge.drafts")
    assert "还没有标题" in page.get_text()
    editor.post(f"/knowledge/drafts/{draft_id}/drop", data={})
    assert "没有草稿" in editor.get("knowledge.drafts").get_text()
    with editor.app.app_context():
        actions = db.session.scalars(select(AuditRow.action)).all()
        assert "knowledge:draft:drop" in actions
    assert editor.client.get(f"/knowledge/drafts/{draft_id}").status_code == 404
