"""What was not found is seen by week, category and people, sorted, and answered by naming an article."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy import func, select

from portal.categories.queries import codes
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.masking import HIDDEN
from portal.core.write import transaction
from portal.knowledge.models import Gap, GapReport, PhraseEvidence
from portal.knowledge.queries import learning as reading
from portal.knowledge.rules.states import PhraseState
from portal.knowledge.services import learning
from portal.search.events import key_of
from tests.support.visitor import Visitor

from .asking import (
    acts,
    answer,
    ask,
    finds,
    refuse,
    report,
    signed_in,
    take,
    who,
)
from .pack import NOW, at

Arrive = Callable[[str], Visitor]


def test_a_gap_keeps_words_category_and_note_and_is_audited(pack: Flask) -> None:
    with pack.app_context():
        assert report("无人机登记 打13812345678", code="0104", note="他留了010-65123456")
        gap = db.session.scalars(select(Gap)).one()
        row = db.session.scalars(select(GapReport)).one()
        assert gap.words == f"无人机登记 打{HIDDEN}"
        assert gap.category_id == row.category_id == codes()["0104"].id
        assert row.note == f"他留了{HIDDEN}"
        assert len(acts("knowledge:gap:report")) == 1


def test_the_same_person_reports_the_same_words_once_a_day_others_too(pack: Flask) -> None:
    with pack.app_context():
        assert report("无人机登记")
        assert not report("无人机，登记？", now=NOW + timedelta(hours=3))
        assert report("无人机登记", login="demo.zhao")
        assert report("无人机登记", now=NOW + timedelta(days=2))
        assert db.session.scalar(select(func.count()).select_from(Gap)) == 1


def test_a_gap_without_words_is_refused(pack: Flask) -> None:
    with pack.app_context(), pytest.raises(DomainError, match="写上来电人问的话"):
        report("？！")


def test_what_was_not_found_is_counted_by_words_people_and_category(pack: Flask) -> None:
    with pack.app_context():
        ask("无人机登记", 0)
        ask("无人机 登记", 600, login="demo.zhao", context="0104")
        ask("只问一次", 1200)
        ask("查得到的", 1800, hits=4)
        report("报上来的", code="0901", login="demo.qian")
        report("无人机登记", login="demo.wang")
        found = reading.missing(NOW + timedelta(hours=1))
        told = [(row.key, len(row.events), len(row.reports), row.people) for row in found]
        assert told[0] == (key_of("无人机登记"), 2, 1, 3)
        assert sorted(told[1:]) == [(key_of("只问一次"), 1, 0, 1), (key_of("报上来的"), 0, 1, 1)]
        where = {row.key: row.category.code if row.category else None for row in found}
        assert where == {"无人机登记": "0104", "只问一次": None, "报上来的": "0901"}
        assert reading.unseen_gaps(NOW + timedelta(hours=1)) == 3


def test_weeks_begin_on_monday_in_beijing_and_eight_are_looked_at(pack: Flask) -> None:
    assert reading.week_of(date(2026, 11, 29)) == date(2026, 11, 23)
    assert reading.weeks(at("2026-11-23T00:00"))[0] == date(2026, 11, 23)
    assert reading.weeks(at("2026-11-22T23:59"))[0] == date(2026, 11, 16)
    with pack.app_context():
        ask("前一夜", -9 * 3600 - 1)
        ask("周一零点", -9 * 3600)
        now = NOW + timedelta(hours=1)
        found = reading.missing(now)
        assert [row.words for row in reading.within(found, date(2026, 11, 16), now)] == ["前一夜"]
        assert [row.words for row in reading.within(found, date(2026, 11, 23), now)] == ["周一零点"]
        assert len(reading.missing(now + timedelta(weeks=7))) == 1
        assert reading.missing(now + timedelta(weeks=8)) == []
        assert reading.unseen_gaps(now + timedelta(weeks=7)) == 1


def test_an_editor_sorts_words_into_a_category_and_his_word_counts(pack: Flask) -> None:
    with pack.app_context():
        ask("无人机登记", 0, context="0104")
        for _ in range(2):
            with transaction():
                learning.sort_gap("无人机登记", codes()["0901"], by=who("demo.zhou"), now=NOW)
        row = reading.missing(NOW + timedelta(hours=1))[0]
        assert row.category is not None
        assert row.category.code == "0901"
        assert len(acts("knowledge:gap:sort")) == 1
        with pytest.raises(DomainError, match="没有人查过"), transaction():
            learning.sort_gap("从没问过", codes()["0901"], by=who("demo.zhou"), now=NOW)


def test_an_article_named_for_a_gap_makes_a_proposal_that_all_who_asked_speak_for(pack: Flask) -> None:
    with pack.app_context():
        ask("撸起袖子讨薪", 0)
        ask("撸起袖子讨薪", 600, login="demo.zhao")
        report("撸起袖子讨薪", login="demo.zhao")
        report("撸起袖子讨薪", login="demo.qian")
        for _ in range(2):
            answer("撸起袖子讨薪")
        assert [(row.phrase.text, row.people) for row in reading.waiting()] == [("撸起袖子讨薪", 3)]
        assert db.session.scalar(select(func.count()).select_from(PhraseEvidence)) == 3
        now = NOW + timedelta(hours=2)
        assert reading.missing(now)[0].state == PhraseState.WAITING
        assert reading.unseen_gaps(now) == 0
        assert take("撸起袖子讨薪")
        assert reading.missing(now)[0].state == PhraseState.TAKEN
        assert finds("撸起袖子讨薪")


def test_a_gap_whose_phrase_was_refused_is_open_again_and_says_who_refused(pack: Flask) -> None:
    with pack.app_context():
        ask("撸起袖子讨薪", 0)
        answer("撸起袖子讨薪")
        refuse("撸起袖子讨薪", "demo.wu")
        row = reading.missing(NOW + timedelta(hours=2))[0]
        assert (row.state, row.gap.article_id if row.gap else 0) == (None, None)
        assert reading.unseen_gaps(NOW + timedelta(hours=2)) == 1
        with pytest.raises(DomainError, match="吴审核以前定过"):
            answer("撸起袖子讨薪")
        answer("撸起袖子讨薪", "other")


def test_words_that_make_no_phrase_cannot_be_answered_so(pack: Flask) -> None:
    with pack.app_context():
        ask("wurenji", 0)
        with pytest.raises(DomainError, match="同义词"):
            answer("wurenji")
        ask("货款要不回来", 600)
        with pytest.raises(DomainError, match="已经有这句"):
            answer("货款要不回来")


def _number(link: Tag) -> int:
    return int(re.findall(r"\d+", link.get_text())[-1])


def test_every_number_about_what_was_not_found_opens_exactly_its_rows(searched: Flask) -> None:
    editor = signed_in(searched, "demo.zhou")
    page = editor.get("knowledge.gaps")
    assert len(page.select("tbody tr")) == 5
    options = [option for option in page.select("details.filter .drop a") if option.select_one(".count")]
    assert len(options) > 8
    for option in options:
        there = editor.get(str(option["href"]))
        count = int(option.select_one(".count").get_text())  # type: ignore[union-attr]
        assert len(there.select("tbody tr")) == count, option
        for inner in there.select("details.filter .drop a"):
            if inner.select_one(".count"):
                deeper = editor.client.get(str(inner["href"]))
                rows = BeautifulSoup(deeper.text, "html.parser").select("tbody tr")
                assert len(rows) == int(inner.select_one(".count").get_text()), inner  # type: ignore[union-attr]
    for row in page.select("tbody tr"):
        for cell in row.select("td.num a"):
            there = editor.get(str(cell["href"]))
            anchor = str(cell["href"]).rpartition("#")[2]
            assert len(there.select(f"#{anchor} tbody tr")) == int(cell.get_text()), cell
    tab = page.select_one(".work-tabs a[aria-current]")
    assert tab is not None
    open_rows = editor.get(str(tab["href"])).select("tbody tr")
    assert len(open_rows) == _number(tab) == 4


def test_what_was_not_found_can_be_seen_by_week(searched: Flask) -> None:
    head = signed_in(searched, "demo.sun")
    last = head.get("knowledge.gaps", week="2026-11-16")
    assert {row["data-ref"] for row in last.select("tbody tr")} == {"无人机登记", "蟋蟀比赛", "只在上周"}
    assert [cell.get_text() for cell in last.select('tr[data-ref="无人机登记"] td.num')] == ["2", "0", "2"]
    words = head.get("knowledge.gap", key="无人机登记", week="2026-11-16")
    assert len(words.select("#events tbody tr")) == 2
    assert "李坐席" in words.get_text()
    for wrong in ("2026-11-17", "x", "1999-01-04"):
        assert len(head.get("knowledge.gaps", week=wrong).select("tbody tr")) == 5
    assert head.client.get("/knowledge/gaps/words?key=没问过的").status_code == 302


def test_the_head_sees_gaps_but_sorts_and_answers_none(searched: Flask) -> None:
    head = signed_in(searched, "demo.sun")
    page = head.get("knowledge.gap", key="无人机登记")
    assert not page.select('form[action$="/sort"], form[role="search"][action$="/words"]')
    token = head.token()
    for path in ("/knowledge/gaps/sort", "/knowledge/gaps/answer", "/knowledge/phrases/1/take"):
        assert head.client.post(path, data={"csrf_token": token, "key": "无人机登记"}).status_code == 403
    for login in ("demo.li", "demo.jia", "demo.wang"):
        assert signed_in(searched, login).client.get("/knowledge/gaps").status_code == 403
        assert signed_in(searched, login).client.get("/knowledge/phrases").status_code == 403


def test_an_editor_sorts_and_answers_on_the_page(searched: Flask) -> None:
    editor = signed_in(searched, "demo.zhou")
    editor.post("/knowledge/gaps/sort", data={"key": "无人机登记", "category": "0104"})
    row = editor.get("knowledge.gaps").select_one('tr[data-ref="无人机登记"]')
    assert row is not None
    assert "0104" in row.get_text()
    assert "请选一个在用的分类" in editor.post(
        "/knowledge/gaps/sort", data={"key": "无人机登记", "category": "9999"}, status=422
    ).get_data(as_text=True)
    for words in ("拖欠账款", "kb-0901-001"):
        page = editor.get("knowledge.gap", key="无人机登记", find=words)
        form = page.select_one('form[action$="/answer"]')
        assert form is not None, words
    kept = {box["name"]: box["value"] for box in form.select("input")}  # type: ignore[union-attr]
    answer = editor.client.post("/knowledge/gaps/answer", data=kept)
    assert answer.status_code == 303
    there = editor.get(answer.location)
    assert there.select_one("#phrase").get_text() == "无人机登记"  # type: ignore[union-attr]
    assert "2 个人" in there.get_text()


def test_an_agent_reports_a_gap_with_one_key_in_place_or_on_a_page(searched: Flask) -> None:
    agent = signed_in(searched, "demo.li")
    form = agent.get("home.start", q="狐狸").select_one("form.gap-form")
    assert form is not None
    kept = {str(box["name"]): str(box["value"]) for box in form.select('input[type="hidden"]')}
    sent = {**kept, "category": "0104", "note": "养殖"}
    path = str(form["action"])
    answer = agent.client.post(path, data=sent, headers={"Accept": "application/json"})
    assert answer.json == {"said": "已报缺口，编辑看得到"}
    assert agent.client.post(path, data=sent, headers={"Accept": "application/json"}).status_code == 204
    other = {**sent, "form_key": "another-key"}
    said = agent.client.post(path, data=other, headers={"Accept": "application/json"}).json
    assert said == {"said": "今天已经报过这一句"}
    wrong = agent.client.post(path, data={**other, "note": "字" * 301}, headers={"Accept": "application/json"})
    assert (wrong.status_code, "最多 300 字" in wrong.json["error"]) == (422, True)  # type: ignore[index]
    page = agent.get("/knowledge/gaps/report?q=狼")
    assert page.select_one("#words")["value"] == "狼"  # type: ignore[index]
    assert agent.post("/knowledge/gaps/report", data={"words": "", "category": ""}, status=422)
    assert agent.client.post(path, data={**other, "category": "9999"}).status_code == 422


def test_under_answers_that_do_not_fit_stands_a_way_to_report_the_gap(visitor: Arrive) -> None:
    page = visitor("demo.li").get("home.start", q="公司")
    link = page.select_one(".more-line a")
    assert link is not None
    assert visitor("demo.li").get(str(link["href"])).select_one("#words")["value"] == "公司"  # type: ignore[index]
    assert not visitor("demo.jia").get("home.start", q="公司").select(".more-line a")
