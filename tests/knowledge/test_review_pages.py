"""The pages of review, of acts on what speaks, of two revisions beside each other and of what was told."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import set_clock
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Article, Remark
from portal.knowledge.services import uses
from tests.support.visitor import Visitor

from . import hands
from .asking import signed_in
from .hands import EDITOR, HEAD, REVIEWER, later
from .pack import NOW

AGENT = "demo.li"
Arrive = Callable[[str], Visitor]


@pytest.fixture
def arrive(app: Flask) -> Arrive:
    return lambda login: signed_in(app, login)


def _number(article_id: int) -> str:
    return db.session.get_one(Article, article_id).number


def _decision(verb: str, *, version: int = 1, **more: str) -> dict[str, str]:
    return {"decision": verb, "opened_version": str(version), **more}


def test_a_reviewer_sees_what_changes_remarks_on_it_and_approves_for_a_day(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        hands.publish(one, "自公告之日起三个月内提出。")
        revision = hands.write(one, "自公告之日起两个月内提出。")
        request = hands.submit(revision, wanted_on=date(2026, 12, 1))
    reviewer = arrive(REVIEWER)
    queue = reviewer.get("knowledge.reviews")
    assert queue.select_one("tbody a")["href"] == f"/knowledge/review/{request}"  # type: ignore[index]
    page = reviewer.get("knowledge.review", request_id=request)
    script = page.select_one(".compare-row.is-script")
    assert script is not None
    assert [tag.get_text() for tag in script.select("del, ins")] == ["三个月内", "两个月内"]
    assert page.select_one("button[data-key=y]")["value"] == "schedule"  # type: ignore[index]
    assert page.select_one("#from_on")["value"] == "2026-12-01"  # type: ignore[index]
    place = {"place": f"{revision}:script", "quote": "两个月内", "text": "写明从哪天算"}
    reviewer.post("knowledge.remark", request_id=request, data=place)
    assert "写明从哪天算" in reviewer.get("knowledge.review", request_id=request).get_text()
    decision = _decision("schedule", from_on="2026-12-01", critical="y")
    reviewer.post("knowledge.decide", request_id=request, data=decision)
    with app.app_context():
        assert hands.says(one) == "自公告之日起三个月内提出。"
        assert hands.says(one, later(days=9)) == "自公告之日起两个月内提出。"
        assert db.session.scalars(select(Remark)).one().settled_at is not None


@pytest.mark.parametrize(("view", "rows"), [("side", 3), ("inline", 3), ("script", 1)])
def test_the_comparison_is_shown_in_three_ways(app: Flask, arrive: Arrive, view: str, rows: int) -> None:
    with app.app_context():
        one = hands.article()
        hands.publish(one, "三个月。")
        request = hands.submit(hands.write(one, "两个月。"))
    page = arrive(REVIEWER).get("knowledge.review", request_id=request, view=view)
    assert len(page.select("[data-change]")) == rows
    assert page.select_one(".pill[aria-current]").get_text() in ("并排", "逐行", "只看话术")  # type: ignore[union-attr]


def test_the_editor_sees_remarks_settles_them_and_why_there_is_no_key(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        revision = hands.write(hands.article(), "两个月。")
        request = hands.submit(revision)
    reviewer, editor = arrive(REVIEWER), arrive(EDITOR)
    reviewer.post("knowledge.remark", request_id=request, data={"place": f"{revision}:body", "text": "太长"})
    page = editor.get("knowledge.review", request_id=request)
    assert "须另一位审核人来审" in page.get_text()
    assert not page.select("[name=decision]")
    settle = next(form["action"] for form in page.select("form") if "/settled" in str(form["action"]))
    editor.post(str(settle), data={})
    assert "已了结" in editor.get("knowledge.review", request_id=request).get_text()
    editor.post("knowledge.take_back", request_id=request, data={"opened_version": "1"})
    assert "已撤回" in editor.get("knowledge.reviews", state="taken_back").get_text()


def test_of_others_texts_editors_see_nothing_and_agents_not_even_the_page(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        helper = hands.another("helper")
        revision = hands.write(hands.article(), "两个月。", by=helper)
        request = hands.submit(revision, by=HEAD)
    arrive(AGENT).get("knowledge.review", request_id=request, status=403)
    editor = arrive(EDITOR)
    editor.get("knowledge.review", request_id=request, status=404)
    assert not editor.get("knowledge.reviews", state="all").select("tbody tr")
    assert arrive(HEAD).get("knowledge.review", request_id=request)


def test_own_hands_in_a_text_leave_no_key_but_the_reason(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        request = hands.submit(hands.write(hands.article(), "两个月。"), by=REVIEWER)
    reviewer = arrive(REVIEWER)
    page = reviewer.get("knowledge.review", request_id=request)
    assert "须另一人" in page.get_text()
    assert not page.select("[value=approve], [value=schedule]")
    reviewer.post("knowledge.decide", request_id=request, data=_decision("approve"), status=422)


def test_a_decision_after_anothers_keeps_the_words_and_says_who_was_first(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        request = hands.submit(hands.write(hands.article(), "两个月。"))
        hands.approve(request, by=HEAD)
    answer = arrive(REVIEWER).post(
        "knowledge.decide", request_id=request, data=_decision("changes", words="请写明依据"), status=409
    )
    assert "请写明依据" in answer.text
    assert "孙负责" in answer.text


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (_decision("schedule"), "请写哪天生效"),
        (_decision("schedule", from_on="12月1日"), "日期应写作"),
        (_decision("refuse"), "不采纳要写明理由"),
        (_decision("changes"), "请写要改什么"),
        (_decision("approve", words="长" * 501), "最多 500 字"),
    ],
)
def test_a_faulty_decision_changes_nothing(app: Flask, arrive: Arrive, data: dict[str, str], fault: str) -> None:
    with app.app_context():
        request = hands.submit(hands.write(hands.article(), "两个月。"))
    answer = arrive(REVIEWER).post("knowledge.decide", request_id=request, data=data, status=422)
    assert fault in answer.text
    with app.app_context():
        assert hands.request(request).state == "待审"


def test_withdrawn_on_its_page_it_is_gone_from_the_desk_at_the_next_request(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        hands.publish(one, "甲票甲票话术。", title="某一条")
        number = _number(one)
    agent, reviewer = arrive(AGENT), arrive(REVIEWER)
    assert "甲票甲票" in agent.get("home.start", q="甲票甲票").get_text()
    assert reviewer.get("knowledge.show", number=number).select_one(f"a[href='/knowledge/{number}/withdraw']")
    assert "会怎样" in reviewer.get("knowledge.withdraw", number=number).get_text()
    reviewer.post("knowledge.withdraw", number=number, data={"why": ""}, status=422)
    reviewer.post("knowledge.withdraw", number=number, data={"why": "规定变了"})
    for path in (
        "/desk/results?q=甲票甲票",
        "/knowledge/",
        "/categories/0104",
        f"/knowledge/{number}",
        "/knowledge/?q=甲票甲票",
    ):
        assert "甲票甲票话术" not in agent.client.get(path).text, path
    assert "不用下架" in reviewer.get("knowledge.withdraw", number=number).get_text()


def test_an_emergency_stands_under_a_band_until_a_second_person_confirms(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        revision = hands.write(one, "急话术。")
        hands.submit(revision)
        number = _number(one)
    head, reviewer = arrive(HEAD), arrive(REVIEWER)
    link = f"/knowledge/{number}/emergency?revision={revision}"
    assert head.get("knowledge.show", number=number).select_one(f"a[href='{link}']")
    assert "24 小时" in head.get(link).get_text()
    head.post("knowledge.emergency", number=number, data={"why": "夜里发现写错", "revision": str(revision)})
    set_clock(later(minutes=10))
    for guest, key in ((arrive(AGENT), False), (head, False), (reviewer, True)):
        page = guest.get("knowledge.show", number=number)
        assert "剩 2" in page.select_one(".fuse-band").get_text()  # type: ignore[union-attr]
        assert bool(page.select(".fuse-band form")) is key
    reviewer.post("knowledge.confirm_emergency", number=number, data={})
    page = reviewer.get("knowledge.show", number=number)
    assert not page.select(".fuse-band")
    assert "急话术" in page.get_text()


def test_a_date_is_called_off_on_the_articles_page(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=date(2026, 12, 1))
        number = _number(one)
    reviewer = arrive(REVIEWER)
    page = reviewer.get("knowledge.show", number=number)
    form = next(form for form in page.select("form") if str(form["action"]).endswith("/call-off"))
    line = form.select_one("[name=line]")
    assert line is not None
    reviewer.post(str(form["action"]), data={"line": str(line["value"])})
    assert "新话术" not in reviewer.get("knowledge.show", number=number).select_one(".versions").get_text()  # type: ignore[union-attr]
    with app.app_context():
        assert hands.says(one, later(days=30)) == "旧话术。"


def test_an_editor_brings_an_old_text_back_for_review(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        old = hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。")
        number = _number(one)
    editor = arrive(EDITOR)
    page = editor.get("knowledge.show", number=number)
    link = f"/knowledge/{number}/restore?revision={old}"
    assert page.select_one(f"a[href='{link}']")
    assert "一般修改" in page.select_one(".history").get_text()  # type: ignore[union-attr]
    assert editor.get(link).select("ins")
    editor.post("knowledge.restore", number=number, data={"why": "新的写错", "revision": str(old)})
    assert "恢复第 1 版" in arrive(REVIEWER).get("knowledge.reviews").get_text()


def test_the_history_shows_waiting_texts_only_to_those_who_may_see_them(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.submit(hands.write(one, "新话术。", by=hands.another("helper")), by=HEAD)
        hands.publish(one, "将来话术。", from_on=date(2026, 12, 1))
        number = _number(one)
    seen = {
        login: [tag.get_text() for tag in arrive(login).get("knowledge.show", number=number).select(".history .no")]
        for login in (AGENT, EDITOR, REVIEWER, HEAD)
    }
    assert seen == {AGENT: ["1"], EDITOR: ["3", "1"], REVIEWER: ["3", "2", "1"], HEAD: ["3", "2", "1"]}
    arrive(AGENT).get("knowledge.difference", number=number, a=1, b=2, status=404)
    arrive(AGENT).get("knowledge.difference", number=number, a=1, b=3, status=404)
    assert "将来话术" in arrive(EDITOR).get("knowledge.difference", number=number, a=1, b=3).get_text()
    assert "新话术" in arrive(REVIEWER).get("knowledge.difference", number=number, a=1, b=2).get_text()


def test_what_was_told_is_found_by_ticket_and_by_day(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        one = hands.article()
        old = hands.publish(one, "旧话术。")
        with transaction():
            made, _ = uses.use(
                db.session.get_one(Article, one), old, ticket="2026-1123-0042", by=hands.actor(AGENT), now=NOW
            )
            use_id = made.id
        hands.publish(one, "新话术。", now=later(hours=1))
        number = _number(one)
    agent = arrive(AGENT)
    page = agent.get("knowledge.told", ticket="2026-1123-0042")
    link = page.select_one("tbody a")
    assert link is not None
    assert (link.get_text(), link["href"]) == ("旧话术。", f"/knowledge/uses/{use_id}")
    assert "一字未动" in page.get_text()
    assert "还有 1 次是别人引用的" in arrive("demo.zhao").get("knowledge.told", ticket="2026-1123-0042").get_text()
    assert "没有查到引用" in agent.get("knowledge.told", ticket="2026-1123-0001").get_text()
    assert "旧话术" in arrive(REVIEWER).get("knowledge.told", on="2026-11-23").get_text()
    assert (
        agent.client.get(f"/knowledge/told?number={number}&on=2026-11-23")
        .headers["Location"]
        .endswith(f"/knowledge/{number}/as-of?on=2026-11-23")
    )
    assert "日期应写作" in agent.get("knowledge.told", number=number, on="昨天").get_text()
    assert "没有编号" in agent.get("knowledge.told", number="KB-9999-001").get_text()


def test_the_queue_pages_and_costs_the_same_however_long_it_is(app: Flask, arrive: Arrive) -> None:
    with app.app_context():
        for n in range(26):
            hands.submit(hands.write(hands.article(), f"第{n}条。"), now=later(minutes=n))
    reviewer = arrive(REVIEWER)
    assert len(reviewer.get("knowledge.reviews").select("tbody tr")) == 25
    assert len(reviewer.get("knowledge.reviews", page=2).select("tbody tr")) == 1
    assert "26 件等着审" in reviewer.get("knowledge.reviews").get_text()
