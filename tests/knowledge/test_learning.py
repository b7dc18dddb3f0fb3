"""What was not found is seen, sorted and answered; what failed before an answer was used becomes a phrase of it."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.queries import person_by_name
from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.categories.queries import codes
from portal.core.clock import set_clock
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.masking import HIDDEN
from portal.core.write import transaction
from portal.knowledge.models import Article, Gap, GapReport, Phrase, PhraseEvidence, ProposedPhrase
from portal.knowledge.queries import learning as reading
from portal.knowledge.queries.documents import document_id
from portal.knowledge.rules.learning import phrase_of
from portal.knowledge.rules.states import PhraseState
from portal.knowledge.services import learning
from portal.search.events import Asked, How, key_of, note, remember
from portal.search.queries import find
from tests.core.probes import at_once
from tests.support.visitor import Visitor

from .pack import NOW, at, take_in, write

Arrive = Callable[[str], Visitor]
FAILED, FOUND = "甲方不给钱", "拖欠账款"


def _who(login: str = "demo.li") -> Actor:
    person = person_by_name(login)
    assert person is not None
    return Actor(person.id, person.name)


def _article(slug: str = "arrears") -> Article:
    return db.session.scalars(select(Article).where(Article.slug == slug)).one()


@pytest.fixture
def pack(any_app: Flask, tmp_path: Path) -> Flask:
    """Two articles on each database."""
    folder = tmp_path / "pack"
    write(folder, "arrears", "请依约付款。", title="拖欠中小企业账款", phrases=("货款要不回来",), category="0901")
    write(folder, "other", "别的。", title="另一条", category="0104")
    with any_app.app_context():
        take_in(folder)
    return any_app


def _ask(
    words: str,
    seconds: float = 0,
    *,
    hits: int = 0,
    login: str = "demo.li",
    first: tuple[str, ...] = (),
    context: str = "",
) -> int:
    now = NOW + timedelta(seconds=seconds)
    with transaction():
        asked = Asked(f"mark-{abs(hash((words, seconds, login)))}"[:40], words, hits, first=first, context=context)
        event = remember(asked, person_id=_who(login).id or 0, now=now)
        assert event is not None
        return event.id


def _use(event_id: int, slug: str = "arrears", *, seconds: float = 60, login: str = "demo.li") -> list[str]:
    """The article is used that this query found; returns the phrases that are proposed now."""
    now = NOW + timedelta(seconds=seconds)
    with transaction():
        event = db.session.get(reading.SearchEvent, event_id)
        assert event is not None
        article = _article(slug)
        note(event, document_id(article.id, 1), How.USED, now=now)
        found = learning.learn_from_use(event, article, person_id=_who(login).id or 0, now=now)
        return [phrase.text for phrase in found]


def _chain(
    failed: str = FAILED, found: str = FOUND, *, login: str = "demo.li", seconds: float = 0, **more: int
) -> list[str]:
    _ask(failed, seconds, login=login, hits=more.get("hits", 0))
    return _use(_ask(found, seconds + 30, hits=3, login=login), seconds=seconds + 60, login=login)


def _acts(action: str) -> list[AuditRow]:
    return list(db.session.scalars(select(AuditRow).where(AuditRow.action == action)))


def _proposals() -> list[tuple[str, str]]:
    return [(row.text, row.state) for row in db.session.scalars(select(ProposedPhrase).order_by(ProposedPhrase.id))]


def _take(text: str = FAILED, login: str = "demo.zhou") -> bool:
    return _decide(learning.take_phrase, text, login)


def _refuse(text: str = FAILED, login: str = "demo.zhou") -> bool:
    return _decide(learning.refuse_phrase, text, login)


def _decide(verb: Callable[..., bool], text: str, login: str) -> bool:
    with transaction():
        number = db.session.scalars(select(ProposedPhrase.id).where(ProposedPhrase.text == text)).one()
        phrase = reading.phrase_by_id(number)
        assert phrase is not None
        return verb(phrase, by=_who(login), now=NOW + timedelta(hours=1))


def _finds(words: str) -> bool:
    results, *_ = find(words, at=NOW + timedelta(hours=1))
    return bool(results and results.hits)


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ("甲方不给钱", "甲方不给钱"),
        ("  甲方  不给钱？", "甲方 不给钱"),
        (f"打{HIDDEN}问甲方不给钱", "打 问甲方不给钱"),
        (f"{HIDDEN}钱", None),
        ("gjj", None),
        ("gongjijin", None),
        ("KB-0104-001", None),
        ("钱", None),
        ("2026", None),
        ("字" * 100, "字" * 100),
        ("字" * 101, None),
    ],
)
def test_which_words_are_worth_learning(words: str, phrase: str | None) -> None:
    assert phrase_of(words) == phrase


# -- chains -----------------------------------------------------------------------------------------------------


def test_what_failed_before_an_article_was_used_is_proposed_as_its_phrase(pack: Flask) -> None:
    with pack.app_context():
        assert _chain() == [FAILED]
        assert _proposals() == [(FAILED, PhraseState.WAITING)]
        row = db.session.scalars(select(PhraseEvidence)).one()
        assert (row.hits, row.used_words, row.person_id) == (0, FOUND, _who().id)


def test_what_found_something_that_nobody_opened_failed_too(pack: Flask) -> None:
    with pack.app_context():
        assert _chain(hits=5) == [FAILED]


def test_every_failed_step_of_a_chain_is_learned(pack: Flask) -> None:
    with pack.app_context():
        _ask("对方赖账", 0)
        _ask("老板跑路", 30)
        assert sorted(_use(_ask(FOUND, 60, hits=3))) == ["对方赖账", "老板跑路"]


def test_what_was_asked_too_long_before_is_not_learned(pack: Flask) -> None:
    with pack.app_context():
        _ask(FAILED, 0)
        assert _use(_ask(FOUND, 181, hits=3), seconds=200) == []


def test_another_persons_words_are_not_learned(pack: Flask) -> None:
    with pack.app_context():
        _ask(FAILED, 0, login="demo.zhao")
        assert _use(_ask(FOUND, 30, hits=3)) == []


def test_words_that_had_the_article_in_sight_teach_nothing(pack: Flask) -> None:
    with pack.app_context():
        own = document_id(_article().id, 1)
        _ask("第三个就是", 0, hits=9, first=("article:98:1", "article:99:1", own))
        _ask("第四个才是", 30, hits=9, first=("article:97:1", "article:98:1", "article:99:1", own))
        assert _use(_ask(FOUND, 60, hits=3)) == ["第四个才是"]


@pytest.mark.parametrize("known", ["货款要不回来", "货款，要不回来？", "拖欠中小企业账款", "貨款要不回來"])
def test_what_is_a_phrase_or_the_title_already_is_not_proposed(pack: Flask, known: str) -> None:
    with pack.app_context():
        assert _chain(known) == []
        assert _proposals() == []


def test_numbers_of_people_are_not_proposed(pack: Flask) -> None:
    with pack.app_context():
        assert _chain("我是13812345678甲方不给钱") == ["我是 甲方不给钱"]
        assert _chain("13912345678 钱", seconds=600) == []


def test_the_same_words_are_one_proposal_counted_by_different_people(pack: Flask) -> None:
    with pack.app_context():
        _chain()
        _chain("甲方，不给钱！", login="demo.zhao", seconds=600)
        _chain(login="demo.zhao", seconds=1200)
        _chain("没人说过的话", seconds=1800)
        assert _proposals() == [(FAILED, PhraseState.WAITING), ("没人说过的话", PhraseState.WAITING)]
        assert [(row.phrase.text, row.people) for row in reading.waiting()] == [(FAILED, 2), ("没人说过的话", 1)]


def test_the_same_words_may_be_proposed_for_two_articles(pack: Flask) -> None:
    with pack.app_context():
        _chain()
        _ask(FAILED, 600)
        assert _use(_ask("另一条", 630, hits=1), "other", seconds=660) == [FAILED]
        assert len(_proposals()) == 2


def test_a_taken_phrase_is_found_at_once_and_audited(pack: Flask) -> None:
    with pack.app_context():
        _chain("撸起袖子讨薪")
        assert not _finds("撸起袖子")
        assert _take("撸起袖子讨薪")
        phrase = db.session.scalars(select(Phrase).where(Phrase.text == "撸起袖子讨薪")).one()
        assert (phrase.article_id, phrase.origin) == (_article().id, "坐席")
        assert _finds("撸起袖子")
        act = _acts("knowledge:phrase:add")[-1]
        assert (act.actor_name, "撸起袖子讨薪" in act.detail) == ("周编辑", True)


def test_taking_twice_takes_once(pack: Flask) -> None:
    with pack.app_context():
        _chain()
        before = len(_acts("knowledge:phrase:add"))
        assert (_take(), _take(), _take(login="demo.wu")) == (True, False, False)
        assert len(_acts("knowledge:phrase:add")) == before + 1


def test_a_refused_phrase_does_not_come_back(pack: Flask) -> None:
    with pack.app_context():
        _chain()
        assert (_refuse(), _refuse()) == (True, False)
        assert len(_acts("knowledge:phrase:refuse")) == 1
        assert _chain(seconds=600) == []
        assert _chain(login="demo.zhao", seconds=1200) == []
        assert reading.waiting() == []
        assert _proposals() == [(FAILED, PhraseState.REFUSED)]


def test_of_two_editors_the_second_reads_who_decided_first(pack: Flask) -> None:
    with pack.app_context():
        _chain()
        _refuse(login="demo.wu")
        with pytest.raises(DomainError, match="吴审核先定了：不收"):
            _take()
        assert db.session.scalar(select(func.count()).select_from(Phrase).where(Phrase.text == FAILED)) == 0


def test_editors_who_take_and_refuse_at_once_decide_one_thing(pack: Flask) -> None:
    with pack.app_context():
        _chain()

    def decide(number: int) -> str:
        with pack.app_context():
            try:
                return "done" if (_take if number % 2 else _refuse)() else "same"
            except DomainError:
                return "late"

    found = at_once(decide, 6)
    assert found.count("done") == 1
    with pack.app_context():
        taken = db.session.scalar(select(func.count()).select_from(Phrase).where(Phrase.text == FAILED))
        assert (taken == 1) == (_proposals()[0][1] == PhraseState.TAKEN)


# -- gaps -------------------------------------------------------------------------------------------------------


def _report(words: str, *, code: str = "", note: str = "", login: str = "demo.li", now: datetime = NOW) -> bool:
    with transaction():
        _, new = learning.report_gap(words, category=codes().get(code), note=note, by=_who(login), now=now)
    return new


def test_a_gap_keeps_words_category_and_note_and_is_audited(pack: Flask) -> None:
    with pack.app_context():
        assert _report("无人机登记 打13812345678", code="0104", note="他留了010-65123456")
        gap = db.session.scalars(select(Gap)).one()
        report = db.session.scalars(select(GapReport)).one()
        assert gap.words == f"无人机登记 打{HIDDEN}"
        assert gap.category_id == report.category_id == codes()["0104"].id
        assert report.note == f"他留了{HIDDEN}"
        assert len(_acts("knowledge:gap:report")) == 1


def test_the_same_person_reports_the_same_words_once_a_day_others_too(pack: Flask) -> None:
    with pack.app_context():
        assert _report("无人机登记")
        assert not _report("无人机，登记？", now=NOW + timedelta(hours=3))
        assert _report("无人机登记", login="demo.zhao")
        assert _report("无人机登记", now=NOW + timedelta(days=2))
        assert db.session.scalar(select(func.count()).select_from(Gap)) == 1


def test_a_gap_without_words_is_refused(pack: Flask) -> None:
    with pack.app_context(), pytest.raises(DomainError, match="写上来电人问的话"):
        _report("？！")


def test_what_was_not_found_is_counted_by_words_people_and_category(pack: Flask) -> None:
    with pack.app_context():
        _ask("无人机登记", 0)
        _ask("无人机 登记", 600, login="demo.zhao", context="0104")
        _ask("只问一次", 1200)
        _ask("查得到的", 1800, hits=4)
        _report("报上来的", code="0901", login="demo.qian")
        _report("无人机登记", login="demo.wang")
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
        _ask("前一夜", -9 * 3600 - 1)
        _ask("周一零点", -9 * 3600)
        now = NOW + timedelta(hours=1)
        found = reading.missing(now)
        assert [row.words for row in reading.within(found, date(2026, 11, 16), now)] == ["前一夜"]
        assert [row.words for row in reading.within(found, date(2026, 11, 23), now)] == ["周一零点"]
        assert len(reading.missing(now + timedelta(weeks=7))) == 1
        assert reading.missing(now + timedelta(weeks=8)) == []
        assert reading.unseen_gaps(now + timedelta(weeks=7)) == 1


def test_an_editor_sorts_words_into_a_category_and_his_word_counts(pack: Flask) -> None:
    with pack.app_context():
        _ask("无人机登记", 0, context="0104")
        for _ in range(2):
            with transaction():
                learning.sort_gap("无人机登记", codes()["0901"], by=_who("demo.zhou"), now=NOW)
        row = reading.missing(NOW + timedelta(hours=1))[0]
        assert row.category is not None
        assert row.category.code == "0901"
        assert len(_acts("knowledge:gap:sort")) == 1
        with pytest.raises(DomainError, match="没有人查过"), transaction():
            learning.sort_gap("从没问过", codes()["0901"], by=_who("demo.zhou"), now=NOW)


def _answer(key: str, slug: str = "arrears") -> None:
    with transaction():
        learning.answer_gap(key, _article(slug), by=_who("demo.zhou"), now=NOW + timedelta(hours=1))


def test_an_article_named_for_a_gap_makes_a_proposal_that_all_who_asked_speak_for(pack: Flask) -> None:
    with pack.app_context():
        _ask("撸起袖子讨薪", 0)
        _ask("撸起袖子讨薪", 600, login="demo.zhao")
        _report("撸起袖子讨薪", login="demo.zhao")
        _report("撸起袖子讨薪", login="demo.qian")
        for _ in range(2):
            _answer("撸起袖子讨薪")
        assert [(row.phrase.text, row.people) for row in reading.waiting()] == [("撸起袖子讨薪", 3)]
        assert db.session.scalar(select(func.count()).select_from(PhraseEvidence)) == 3
        now = NOW + timedelta(hours=2)
        assert reading.missing(now)[0].state == PhraseState.WAITING
        assert reading.unseen_gaps(now) == 0
        assert _take("撸起袖子讨薪")
        assert reading.missing(now)[0].state == PhraseState.TAKEN
        assert _finds("撸起袖子讨薪")


def test_a_gap_whose_phrase_was_refused_is_open_again_and_says_who_refused(pack: Flask) -> None:
    with pack.app_context():
        _ask("撸起袖子讨薪", 0)
        _answer("撸起袖子讨薪")
        _refuse("撸起袖子讨薪", "demo.wu")
        row = reading.missing(NOW + timedelta(hours=2))[0]
        assert (row.state, row.gap.article_id if row.gap else 0) == (None, None)
        assert reading.unseen_gaps(NOW + timedelta(hours=2)) == 1
        with pytest.raises(DomainError, match="吴审核以前定过"):
            _answer("撸起袖子讨薪")
        _answer("撸起袖子讨薪", "other")


def test_words_that_make_no_phrase_cannot_be_answered_so(pack: Flask) -> None:
    with pack.app_context():
        _ask("wurenji", 0)
        with pytest.raises(DomainError, match="同义词"):
            _answer("wurenji")
        _ask("货款要不回来", 600)
        with pytest.raises(DomainError, match="已经有这句"):
            _answer("货款要不回来")


# -- pages ------------------------------------------------------------------------------------------------------


def _as(app: Flask, login: str) -> Visitor:
    return Visitor(app, app.test_client()).sign_in(login)


def _number(link: Tag) -> int:
    return int(re.findall(r"\d+", link.get_text())[-1])


@pytest.fixture
def searched(app: Flask, tmp_path: Path) -> Flask:
    """Words not found in two weeks, by several people, in several categories."""
    folder = tmp_path / "pack"
    write(folder, "arrears", "请依约付款。", title="拖欠中小企业账款", phrases=("货款要不回来",), category="0901")
    with app.app_context():
        take_in(folder)
        for week in (0, 1):
            before = -week * 7 * 24 * 3600
            _ask("无人机登记", before)
            _ask("无人机登记", before + 300, login="demo.zhao")
            _ask("蟋蟀比赛", before + 600, context="0104")
        _ask("只在上周", -7 * 24 * 3600 + 900, context="0901")
        _report("报上来的", code="0901")
        _chain("老板跑路", seconds=1200)
    set_clock(NOW + timedelta(hours=2))
    return app


def test_every_number_about_what_was_not_found_opens_exactly_its_rows(searched: Flask) -> None:
    editor = _as(searched, "demo.zhou")
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
    head = _as(searched, "demo.sun")
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
    head = _as(searched, "demo.sun")
    page = head.get("knowledge.gap", key="无人机登记")
    assert not page.select('form[action$="/sort"], form[role="search"][action$="/words"]')
    token = head.token()
    for path in ("/knowledge/gaps/sort", "/knowledge/gaps/answer", "/knowledge/phrases/1/take"):
        assert head.client.post(path, data={"csrf_token": token, "key": "无人机登记"}).status_code == 403
    for login in ("demo.li", "demo.jia", "demo.wang"):
        assert _as(searched, login).client.get("/knowledge/gaps").status_code == 403
        assert _as(searched, login).client.get("/knowledge/phrases").status_code == 403


def test_an_editor_sorts_and_answers_on_the_page(searched: Flask) -> None:
    editor = _as(searched, "demo.zhou")
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


def test_phrases_that_wait_are_decided_one_after_the_other(searched: Flask) -> None:
    editor = _as(searched, "demo.zhou")
    page = editor.get("knowledge.phrases")
    assert page.select_one("#phrase").get_text() == "老板跑路"  # type: ignore[union-attr]
    assert "改查「拖欠账款」，引用了这一条" in page.get_text()
    assert {key["data-key"] for key in page.select("main [data-key]")} == {"y", "n"}
    form = page.select_one("form:has([data-key=y])")
    assert form is not None
    done = editor.post(str(form["action"]), data={})
    page = editor.get(done.location)
    assert "已收下「老板跑路」，现在就查得到" in page.get_text()
    assert "没有等着收的问法" in page.get_text()
    agent = _as(searched, "demo.li")
    assert agent.get("home.start", q="老板跑路").select_one("article.answer")
    assert "老板跑路" in agent.get("knowledge.show", number="KB-0901-001").get_text()


def test_an_agent_reports_a_gap_with_one_key_in_place_or_on_a_page(searched: Flask) -> None:
    agent = _as(searched, "demo.li")
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


def test_a_use_on_the_articles_own_page_belongs_to_the_query_that_led_there(full_app: Flask) -> None:
    agent = _as(full_app, "demo.li")

    def told(query: str, **more: str) -> None:
        asked = agent.get("home.start", q="商标异议期几个月").select_one("[data-asked]")
        assert asked is not None
        names = ("mark", "hits", "took", "category", "first")
        sent = {name: str(asked[f"data-{name}"]) for name in names}
        document = sent["first"].split()[0]
        if more:
            more["document"] = document
        else:
            sent |= {"hits": "0", "first": ""}
        data = {**sent, "q": query, "csrf_token": agent.token(), **more}
        assert agent.client.post("/desk/asked", data=data).status_code == 204

    told("抢注册别人牌子")
    told("商标异议期几个月", how="opened")
    form = agent.get("knowledge.show", number="KB-1001-001", ticket="T-1").select_one("form.use-form")
    assert form is not None
    kept = {str(box["name"]): str(box["value"]) for box in form.select("input")}
    assert kept["ticket"] == "T-1"
    answer = agent.client.post(str(form["action"]), data=kept, headers={"Accept": "application/json"})
    assert answer.json == {"said": "已引用，记到 T-1"}
    with full_app.app_context():
        assert _proposals() == [("抢注册别人牌子", PhraseState.WAITING)]
