"""Articles come in many at a time: every row that is refused is named, the rest goes in and is laid before review."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.accounts.queries import person_by_name
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.models import Job, Notice
from portal.inbox.rules.jobs import JobState
from portal.inbox.services.work import claim_next
from portal.knowledge.models import Article, ArticleBatch, ArticleRow, Phrase, ReviewItem, ReviewRequest, Revision
from portal.knowledge.rules.identity import TEXT_FIELDS
from portal.knowledge.rules.states import BatchState, RequestState, RowFate
from portal.knowledge.services import reviewing, taking_in
from portal.search.services import drain
from tests.accounts.matrix import held_locks
from tests.support.visitor import Visitor

from .incoming import UNIT, apply, batch_of, hand_in, packed, row, sheet, shown, version, word, work
from .pack import write

Arrive = Callable[[str], Visitor]


@pytest.fixture
def editor(any_app: Flask) -> Visitor:
    return Visitor(any_app, any_app.test_client()).sign_in("demo.zhou")


@pytest.fixture
def sqlite_editor(app: Flask) -> Visitor:
    return Visitor(app, app.test_client()).sign_in("demo.zhou")


def _staged(guest: Visitor, rows: list[dict[str, str]], filename: str = "知识.xlsx", **how: Any) -> str:
    return batch_of(hand_in(guest, sheet(rows, **how), filename))


def _taken_in(guest: Visitor, rows: list[dict[str, str]], filename: str = "知识.xlsx") -> str:
    path = _staged(guest, rows, filename)
    apply(guest, path)
    return path


def _count(app: Flask, table: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def _newest(app: Flask, title: str) -> Revision:
    with app.app_context():
        statement = select(Revision).where(Revision.title == title).order_by(Revision.id.desc()).limit(1)
        return db.session.scalars(statement).one()


def _fates(guest: Visitor, path: str) -> list[str]:
    return [line[2] for line in shown(guest, path)]


# -- looked at, then taken in ----------------------------------------------------------------------------------------


def test_nothing_is_taken_in_before_somebody_says_so(editor: Visitor) -> None:
    path = _staged(editor, [row("甲"), row("乙")])
    assert _fates(editor, path) == ["新增", "新增"]
    assert _count(editor.app, Article) == 0
    page = editor.get(path)
    assert "还没有改动" in page.get_text()
    assert "甲的话术。" in page.get_text()


def test_what_is_taken_in_is_a_draft_laid_before_review_in_one_request(editor: Visitor) -> None:
    path = _taken_in(editor, [row("甲"), row("乙")])
    revision = _newest(editor.app, "甲")
    assert (revision.script, revision.body, revision.unit, revision.kind) == (
        "甲的话术。",
        "甲的正文。",
        UNIT,
        "日常咨询",
    )
    assert revision.author_name == "周编辑"
    with editor.app.app_context():
        (request,) = db.session.scalars(select(ReviewRequest)).all()
        assert request.state == RequestState.WAITING
        assert db.session.scalar(select(func.count()).select_from(ReviewItem)) == 2
        assert set(db.session.scalars(select(Phrase.text))) == {"甲怎么办", "乙怎么办"}
        notice = db.session.scalars(select(Notice.text).where(Notice.text.contains("入库了"))).one()
    assert "新增 2" in notice
    assert "已入库" in editor.get(path).get_text()


def test_nothing_of_a_batch_answers_before_another_person_approved_it(editor: Visitor) -> None:
    _taken_in(editor, [row("甲")])
    assert not editor.get("knowledge.index").select("tbody tr")
    with editor.app.app_context():
        request = db.session.scalars(select(ReviewRequest)).one()
        number = db.session.scalars(select(Article.number)).one()
        reviewer = person_by_name("demo.wu")
        assert reviewer is not None
        reviewer_id = reviewer.id
        request_id, request_version = request.id, request.version
        db.session.rollback()
        with transaction():
            reviewer = person_by_name("demo.wu")
            assert reviewer is not None
            found = reviewing.opened(request_id, request_version)
            reviewing.approve(found, by=reviewer, words="", from_on=None, critical=False, now=utc_now())
        drain(wait=True)
        assert reviewer_id
    page = editor.get("knowledge.show", number=number)
    assert "甲的话术。" in page.get_text()
    assert "待核实" in page.get_text()


def test_the_headings_stand_in_any_order_below_titles_and_empty_rows_are_passed_over(editor: Visitor) -> None:
    columns = ["关键字", "*标题（必填）", "类目", "内容", "备注", "材料性质", "发文单位"]
    given = row("甲")
    rows = [{**given, "*标题（必填）": "甲", "备注": "随便"}]
    data = sheet(rows, columns=columns, above=["市级知识库导出", "2026 年 11 月"], gap=3)
    path = batch_of(hand_in(editor, data, "表.xlsx"))
    assert [line[:1] + line[2:3] for line in shown(editor, path)] == [["7", "新增"]]


def test_headings_merged_over_two_rows_are_found(sqlite_editor: Visitor) -> None:
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(["类目", "标题", "内容", "来源", "", "关键字"])
    page.append(["", "", "", "发文单位", "材料性质", ""])
    for place in ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:F2"):
        page.merge_cells(place)
    page.append(["0104", "甲", "甲的话术。", UNIT, "办事指南", "甲甲"])
    out = io.BytesIO()
    book.save(out)
    path = batch_of(hand_in(sqlite_editor, out.getvalue(), "表.xlsx"))
    assert _fates(sqlite_editor, path) == ["新增"]


def test_a_category_may_be_a_code_a_name_or_a_path(editor: Visitor) -> None:
    page = editor.get("categories.show", code="0104")
    heading = page.select_one("h1")
    assert heading is not None
    name = heading.get_text(strip=True).replace("0104", "").strip()
    parent = page.select("ol.crumbs li")[-2].get_text(strip=True)
    rows = [row("甲"), row("乙", 类目=name), row("丙", 类目=f"{parent}/{name}"), row("丁", 类目="01")]
    assert _fates(editor, _staged(editor, rows)) == ["新增", "新增", "新增", "退回"]


REFUSED = [
    ({"标题": ""}, "标题", "没有填"),
    ({"内容": ""}, "内容", "没有填"),
    ({"类目": "9999"}, "类目", "没有这个类目"),
    ({"发文单位": "火星市局"}, "发文单位", "单位库里没有"),
    ({"材料性质": "审批"}, "材料性质", "之一"),
    ({"标题": "长" * 129}, "标题", "129 字，超过 128 字"),
    ({"关键字": "短，" + "长" * 21}, "关键字", "21 字，超过 20 字"),
    ({"关键字": "好的，题目"}, "关键字", "与标题完全相同"),
    ({"内容": "没有句号的一段" * 30}, "内容", "没有能念的话术"),
    ({"内容": "一、申请条件\n二、材料"}, "内容", "没有能念的话术"),
    ({"标题": "=1+1"}, "标题", "像公式"),
    ({"关键字": "@SUM(A1)"}, "关键字", "像公式"),
    ({"内容": "=cmd|'/c calc'!A0"}, "内容", "像公式"),
]


@pytest.mark.parametrize(("wrong", "column", "reason"), REFUSED)
def test_a_refused_row_is_named_with_column_value_and_reason(
    sqlite_editor: Visitor, wrong: dict[str, str], column: str, reason: str
) -> None:
    path = _staged(sqlite_editor, [row("好的一行"), row("题目", **wrong)])
    good, bad = shown(sqlite_editor, path)
    assert good[2] == "新增"
    assert (bad[0], bad[2]) == ("3", "退回")
    assert bad[3].startswith(column)
    assert reason in bad[3]


def test_a_title_that_stands_twice_is_refused_the_second_time(sqlite_editor: Visitor) -> None:
    path = _staged(sqlite_editor, [row("甲"), row("甲", "别的话。")])
    assert _fates(sqlite_editor, path) == ["新增", "退回"]
    assert "与第 2 行的标题相同" in shown(sqlite_editor, path)[1][3]


def test_no_more_than_a_thousand_rows(sqlite_editor: Visitor) -> None:
    answer = hand_in(sqlite_editor, sheet([row(f"第{n}条") for n in range(1001)]), "表.xlsx", status=422)
    assert "一次最多 1,000 行" in answer.text
    assert _count(sqlite_editor.app, ArticleBatch) == 0


@pytest.mark.parametrize(
    ("content", "script", "body"),
    [
        ("可以办。", "可以办。", "可以办。"),
        ("可以办。\n\n- 带证\n- 带章", "可以办。", "- 带证\n- 带章"),
        ("先" * 60 + "。" + "再" * 80 + "。", "先" * 60 + "。", "先" * 60 + "。" + "再" * 80 + "。"),
    ],
)
def test_the_script_is_the_beginning_of_the_content(
    sqlite_editor: Visitor, content: str, script: str, body: str
) -> None:
    _taken_in(sqlite_editor, [row("甲", content)])
    revision = _newest(sqlite_editor.app, "甲")
    assert (revision.script, revision.body) == (script, body)


def test_the_document_a_text_names_is_its_basis_and_what_names_none_is_to_be_checked(sqlite_editor: Visitor) -> None:
    _taken_in(sqlite_editor, [row("甲", "按《某某办法》（京政办发〔2025〕3号）可以办。"), row("乙", "到大厅办。")])
    with sqlite_editor.app.app_context():
        basis = {
            revision.title: revision.basis[0]
            for revision in db.session.scalars(select(Revision).options(joinedload(Revision.basis))).unique()
        }
        assert basis["甲"].source == "《某某办法》（京政办发〔2025〕3号）"
        assert basis["乙"].source == UNIT
        assert "待核实" in basis["乙"].note


# -- the same again --------------------------------------------------------------------------------------------------


def test_the_same_file_is_recognised_and_says_what_became_of_it(editor: Visitor) -> None:
    data = sheet([row("甲")])
    path = batch_of(hand_in(editor, data, "知识.xlsx"))
    answer = hand_in(editor, data, "换个名字.xlsx", status=422)
    assert "周编辑导过（待确认）" in answer.text
    again = batch_of(hand_in(editor, data, "知识.xlsx", again="y"))
    assert again != path


def test_a_second_import_changes_what_changed_and_nothing_else(editor: Visitor) -> None:
    _taken_in(editor, [row("甲"), row("乙"), row("丙")])
    path = _staged(editor, [row("甲"), row("乙", "乙的新话术。\n\n乙的正文。"), row("丁")])
    assert _fates(editor, path) == ["未变", "修改", "新增"]
    assert "话术" in shown(editor, path)[1][3]
    before = _count(editor.app, Revision)
    apply(editor, path)
    assert _count(editor.app, Revision) == before + 2
    revision = _newest(editor.app, "乙")
    assert (revision.no, revision.script) == (2, "乙的新话术。")
    assert _count(editor.app, Article) == 4


def test_what_people_changed_since_is_not_put_back_by_the_same_sheet(sqlite_editor: Visitor) -> None:
    app = sqlite_editor.app
    _taken_in(sqlite_editor, [row("甲")])
    with app.app_context(), transaction():
        old = db.session.scalars(select(Revision).options(joinedload(Revision.basis))).unique().one()
        author = person_by_name("demo.wang")
        assert author is not None
        content = {name: getattr(old, name) for name in TEXT_FIELDS}
        from_hand = {**content, "script": "改过的话术。"}
        article = db.session.get_one(Article, old.article_id)
        taking_in.add_revision(
            article, content=from_hand, body_html="", basis=[], author=author, why="改", weight="勘误", now=utc_now()
        )
    path = _staged(sqlite_editor, [row("甲"), row("乙")])
    assert _fates(sqlite_editor, path) == ["未变", "新增"]
    assert "已经有人改过" in shown(sqlite_editor, path)[0][3]


def test_new_keywords_alone_add_no_revision(editor: Visitor) -> None:
    _taken_in(editor, [row("甲")])
    path = _taken_in(editor, [row("甲", 关键字="甲怎么办，新的说法")])
    assert _count(editor.app, Revision) == 1
    assert _count(editor.app, Phrase) == 2
    assert _count(editor.app, ReviewRequest) == 1
    assert "没有要送审的" in editor.get(path).get_text()


def test_a_title_used_in_another_category_is_refused(editor: Visitor) -> None:
    _taken_in(editor, [row("甲")])
    path = _staged(editor, [row("甲", 类目="0101"), row("乙")])
    assert _fates(editor, path) == ["退回", "新增"]
    assert "标题不能重复" in shown(editor, path)[0][3]


# -- in the background -----------------------------------------------------------------------------------------------


def test_two_hundred_rows_go_in_and_no_lock_is_held_long(editor: Visitor) -> None:
    path = _staged(editor, [row(f"第{n}条") for n in range(200)])
    editor.post(f"{path}/apply", data={"opened_version": version(editor, path)})
    with editor.app.app_context():
        engine = db.engine
    with held_locks(engine) as held:
        work(editor.app)
    assert _count(editor.app, Revision) == 200
    assert max(held) < 0.2, sorted(held)[-5:]


def test_a_batch_that_was_broken_off_goes_on_and_does_nothing_twice(
    editor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _staged(editor, [row(f"第{n}条") for n in range(30)])
    editor.post(f"{path}/apply", data={"opened_version": version(editor, path)})
    monkeypatch.setattr(taking_in, "HELD", 0.0)
    with editor.app.app_context():
        context = claim_next(lease=timedelta(seconds=30))
        assert context is not None
        real, calls = taking_in._write_some, []

        def dies(*given: Any) -> int:
            calls.append(1)
            if len(calls) > 11:
                raise RuntimeError("killed")
            return real(*given)

        monkeypatch.setattr(taking_in, "_write_some", dies)
        with pytest.raises(RuntimeError):
            taking_in.take_in(context)
        db.session.rollback()
        monkeypatch.setattr(taking_in, "_write_some", real)
        assert 0 < (db.session.scalar(select(func.count()).select_from(Revision)) or 0) < 30
        db.session.rollback()
        taking_in.take_in(context)
    assert _count(editor.app, Revision) == 30
    assert _count(editor.app, Article) == 30
    assert _count(editor.app, ReviewRequest) == 1


def test_a_stopped_batch_can_be_begun_again(sqlite_editor: Visitor) -> None:
    path = _staged(sqlite_editor, [row("甲"), row("乙")])
    sqlite_editor.post(f"{path}/apply", data={"opened_version": version(sqlite_editor, path)})
    with sqlite_editor.app.app_context():
        job_id = db.session.scalars(select(Job.id)).one()
    assert "还没开始" in sqlite_editor.get(path).get_text()
    sqlite_editor.post("inbox.stop_job", data={}, job_id=job_id)
    assert "入库 2 条并送审" in sqlite_editor.get(path).get_text()
    apply(sqlite_editor, path)
    assert _count(sqlite_editor.app, Revision) == 2
    with sqlite_editor.app.app_context():
        assert set(db.session.scalars(select(Job.state))) == {JobState.STOPPED, JobState.DONE}


def test_applying_twice_is_applying_once_and_a_dropped_batch_stays_out(editor: Visitor) -> None:
    path = _staged(editor, [row("甲")])
    asked = version(editor, path)
    editor.post(f"{path}/apply", data={"opened_version": asked})
    editor.post(f"{path}/apply", data={"opened_version": asked}, status=409)
    work(editor.app)
    assert _count(editor.app, Revision) == 1
    other = _staged(editor, [row("乙")])
    editor.post(f"{other}/drop", data={"opened_version": version(editor, other)})
    assert "这一批没有入库" in editor.get(other).get_text()
    with editor.app.app_context():
        assert set(db.session.scalars(select(ArticleBatch.state))) == {BatchState.APPLIED, BatchState.DROPPED}


def test_a_text_changed_while_the_batch_waited_is_looked_at_anew(sqlite_editor: Visitor) -> None:
    _taken_in(sqlite_editor, [row("甲")])
    first = _staged(sqlite_editor, [row("甲", "甲的第二种话术。")])
    second = _staged(sqlite_editor, [row("甲", "甲的第二种话术。"), row("乙")])
    apply(sqlite_editor, first)
    apply(sqlite_editor, second)
    assert _count(sqlite_editor.app, Revision) == 3
    assert _newest(sqlite_editor.app, "甲").no == 2


# -- pages -----------------------------------------------------------------------------------------------------------


def test_the_page_of_a_batch_is_narrowed_by_fate_and_paged(sqlite_editor: Visitor) -> None:
    rows = [row(f"第{n}条") for n in range(60)] + [row("坏的", 类目="9999")]
    path = _staged(sqlite_editor, rows)
    assert len(shown(sqlite_editor, path)) == 50
    assert len(shown(sqlite_editor, path + "?page=2")) == 11
    (bad,) = shown(sqlite_editor, path + "?fate=退回")
    assert bad[0] == "62"
    assert "没有这样的行" in sqlite_editor.get(path + "?fate=修改").get_text()


def test_the_refused_rows_can_be_had_mended_and_handed_in_again(sqlite_editor: Visitor) -> None:
    path = _staged(sqlite_editor, [row("好的"), row("坏的", 发文单位="火星市局"), row("=1+1", "加的话。", 关键字="")])
    answer = sqlite_editor.client.get(path + "/rejected.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    page = book.worksheets[0]
    assert [cell.data_type for line in page.iter_rows() for cell in line].count("f") == 0
    assert "周编辑" in str(page["A1"].value)
    for line in page.iter_rows(min_row=3):
        if line[1].value == "坏的":
            assert line[6].value == 3
            assert "单位库里没有" in str(line[9].value)
            line[3].value = UNIT
        elif line[1].value == "=1+1":
            line[1].value = "加法"
    out = io.BytesIO()
    book.save(out)
    again = batch_of(hand_in(sqlite_editor, out.getvalue(), "退回的.xlsx"))
    assert _fates(sqlite_editor, again) == ["新增", "新增"]


def test_the_empty_sheet_can_be_filled_in_and_handed_in(sqlite_editor: Visitor) -> None:
    answer = sqlite_editor.client.get("/knowledge/import/template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    given = row("照模板填的")
    book.worksheets[0].append(list(given.values()))
    out = io.BytesIO()
    book.save(out)
    assert _fates(sqlite_editor, batch_of(hand_in(sqlite_editor, out.getvalue(), "模板.xlsx"))) == ["新增"]


def test_a_list_without_batches_says_so_and_readers_have_none(app: Flask, sqlite_editor: Visitor) -> None:
    assert "还没有导入过" in sqlite_editor.get("knowledge.batches").get_text()
    Visitor(app, app.test_client()).sign_in("demo.li").get("knowledge.batches", status=403)


# -- Word and folders ------------------------------------------------------------------------------------------------


WORD = {"category": "0104", "unit": UNIT, "kind": "办事指南"}


def test_a_word_file_is_one_text_or_one_for_each_heading(sqlite_editor: Visitor) -> None:
    data = word(
        ("h1", "第一题"),
        ("p", "可以办。"),
        ("h2", "材料"),
        ("table", [["名称", "份数"], ["执照", "1"]]),
        ("h1", "第二题"),
        ("p", "不用办。"),
    )
    one = batch_of(hand_in(sqlite_editor, data, "办法.docx", **WORD))
    assert _fates(sqlite_editor, one) == ["新增"]
    many = batch_of(hand_in(sqlite_editor, data, "办法.docx", again="y", **{**WORD, "split": "many"}))
    assert _fates(sqlite_editor, many) == ["新增", "新增"]
    apply(sqlite_editor, many)
    revision = _newest(sqlite_editor.app, "第一题")
    assert revision.script == "可以办。"
    assert revision.body == "## 材料\n\n| 名称 | 份数 |\n| --- | --- |\n| 执照 | 1 |"
    assert "<th>名称</th>" in revision.body_html


def test_a_picture_of_a_word_file_is_drawn_anew_and_stands_in_the_text(sqlite_editor: Visitor) -> None:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, "PNG")
    data = word(("h1", "有图"), ("p", "看图办。"), ("picture", out.getvalue()), ("p", "完。"))
    path = batch_of(hand_in(sqlite_editor, data, "图.docx", **WORD))
    assert "没有导入" not in shown(sqlite_editor, path)[0][3]
    apply(sqlite_editor, path)
    revision = _newest(sqlite_editor.app, "有图")
    assert "picture:" not in revision.body
    address = re.search(r'src="(/knowledge/files/\d+)"', revision.body_html)
    assert address is not None
    answer = sqlite_editor.client.get(address[1])
    assert answer.mimetype == "image/png"
    answer.close()


def test_a_word_file_needs_its_category_unit_and_kind(sqlite_editor: Visitor) -> None:
    answer = hand_in(sqlite_editor, word(("p", "可以办。")), "办法.docx", status=422)
    for words in ("归哪一类", "哪个单位发的", "材料性质"):
        assert words in answer.text


def test_a_folder_of_content_files_goes_in_with_its_basis(sqlite_editor: Visitor, tmp_path: Path) -> None:
    write(tmp_path, "one", "一的话术。", title="第一题")
    write(tmp_path, "two", "二的话术。", title="第二题", category="9999")
    files = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.md")}
    files |= {"readme.txt": "别的", "0104/three.md": "没有文件头", "__MACOSX/x.md": "x"}
    path = batch_of(hand_in(sqlite_editor, packed(files), "内容.zip"))
    fates = {line[1].split()[0]: (line[2], line[3]) for line in shown(sqlite_editor, path)}
    assert fates["第一题"][0] == "新增"
    assert fates["9999/two.md"][0] == "退回"
    assert "第一行应是 ---" in fates["0104/three.md"][1]
    apply(sqlite_editor, path)
    with sqlite_editor.app.app_context():
        revision = db.session.scalars(select(Revision).options(joinedload(Revision.basis))).unique().one()
        assert revision.basis[0].source == "示例条例"
    again = batch_of(hand_in(sqlite_editor, packed({**files, "x.txt": "x"}), "内容.zip"))
    assert _fates(sqlite_editor, again).count("未变") == 1


def test_rows_are_kept_with_what_became_of_them(editor: Visitor) -> None:
    _taken_in(editor, [row("甲"), row("坏的", 类目="9999")])
    with editor.app.app_context():
        rows = {each.name: each for each in db.session.scalars(select(ArticleRow))}
        assert rows["甲"].fate == RowFate.NEW
        assert rows["甲"].revision_id is not None
        assert rows["坏的"].revision_id is None
        assert rows["坏的"].content["cells"]["类目"] == "9999"
