"""What failed before an answer was used becomes a phrase of it, once an editor takes it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.masking import HIDDEN
from portal.knowledge.models import Phrase, PhraseEvidence
from portal.knowledge.queries import learning as reading
from portal.knowledge.queries.documents import document_id
from portal.knowledge.rules.learning import phrase_of
from portal.knowledge.rules.states import PhraseState
from tests.core.probes import at_once
from tests.support.visitor import Visitor

from .asking import (
    FAILED,
    FOUND,
    acts,
    article_of,
    ask,
    chain,
    finds,
    proposals,
    refuse,
    signed_in,
    take,
    use,
    who,
)

Arrive = Callable[[str], Visitor]


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
        assert chain() == [FAILED]
        assert proposals() == [(FAILED, PhraseState.WAITING)]
        row = db.session.scalars(select(PhraseEvidence)).one()
        assert (row.hits, row.used_words, row.person_id) == (0, FOUND, who().id)


def test_what_found_something_that_nobody_opened_failed_too(pack: Flask) -> None:
    with pack.app_context():
        assert chain(hits=5) == [FAILED]


def test_every_failed_step_of_a_chain_is_learned(pack: Flask) -> None:
    with pack.app_context():
        ask("对方赖账", 0)
        ask("老板跑路", 30)
        assert sorted(use(ask(FOUND, 60, hits=3))) == ["对方赖账", "老板跑路"]


def test_what_was_asked_too_long_before_is_not_learned(pack: Flask) -> None:
    with pack.app_context():
        ask(FAILED, 0)
        assert use(ask(FOUND, 181, hits=3), seconds=200) == []


def test_another_persons_words_are_not_learned(pack: Flask) -> None:
    with pack.app_context():
        ask(FAILED, 0, login="demo.zhao")
        assert use(ask(FOUND, 30, hits=3)) == []


def test_words_that_had_the_article_in_sight_teach_nothing(pack: Flask) -> None:
    with pack.app_context():
        own = document_id(article_of().id, 1)
        ask("第三个就是", 0, hits=9, first=("article:98:1", "article:99:1", own))
        ask("第四个才是", 30, hits=9, first=("article:97:1", "article:98:1", "article:99:1", own))
        assert use(ask(FOUND, 60, hits=3)) == ["第四个才是"]


@pytest.mark.parametrize("known", ["货款要不回来", "货款，要不回来？", "拖欠中小企业账款", "貨款要不回來"])
def test_what_is_a_phrase_or_the_title_already_is_not_proposed(pack: Flask, known: str) -> None:
    with pack.app_context():
        assert chain(known) == []
        assert proposals() == []


def test_numbers_of_people_are_not_proposed(pack: Flask) -> None:
    with pack.app_context():
        assert chain("我是13812345678甲方不给钱") == ["我是 甲方不给钱"]
        assert chain("13912345678 钱", seconds=600) == []


def test_the_same_words_are_one_proposal_counted_by_different_people(pack: Flask) -> None:
    with pack.app_context():
        chain()
        chain("甲方，不给钱！", login="demo.zhao", seconds=600)
        chain(login="demo.zhao", seconds=1200)
        chain("没人说过的话", seconds=1800)
        assert proposals() == [(FAILED, PhraseState.WAITING), ("没人说过的话", PhraseState.WAITING)]
        assert [(row.phrase.text, row.people) for row in reading.waiting()] == [(FAILED, 2), ("没人说过的话", 1)]


def test_the_same_words_may_be_proposed_for_two_articles(pack: Flask) -> None:
    with pack.app_context():
        chain()
        ask(FAILED, 600)
        assert use(ask("另一条", 630, hits=1), "other", seconds=660) == [FAILED]
        assert len(proposals()) == 2


def test_a_taken_phrase_is_found_at_once_and_audited(pack: Flask) -> None:
    with pack.app_context():
        chain("撸起袖子讨薪")
        assert not finds("撸起袖子")
        assert take("撸起袖子讨薪")
        phrase = db.session.scalars(select(Phrase).where(Phrase.text == "撸起袖子讨薪")).one()
        assert (phrase.article_id, phrase.origin) == (article_of().id, "坐席")
        assert finds("撸起袖子")
        act = acts("knowledge:phrase:add")[-1]
        assert (act.actor_name, "撸起袖子讨薪" in act.detail) == ("周编辑", True)


def test_taking_twice_takes_once(pack: Flask) -> None:
    with pack.app_context():
        chain()
        before = len(acts("knowledge:phrase:add"))
        assert (take(), take(), take(login="demo.wu")) == (True, False, False)
        assert len(acts("knowledge:phrase:add")) == before + 1


def test_a_refused_phrase_does_not_come_back(pack: Flask) -> None:
    with pack.app_context():
        chain()
        assert (refuse(), refuse()) == (True, False)
        assert len(acts("knowledge:phrase:refuse")) == 1
        assert chain(seconds=600) == []
        assert chain(login="demo.zhao", seconds=1200) == []
        assert reading.waiting() == []
        assert proposals() == [(FAILED, PhraseState.REFUSED)]


def test_of_two_editors_the_second_reads_who_decided_first(pack: Flask) -> None:
    with pack.app_context():
        chain()
        refuse(login="demo.wu")
        with pytest.raises(DomainError, match="吴审核先定了：不收"):
            take()
        assert db.session.scalar(select(func.count()).select_from(Phrase).where(Phrase.text == FAILED)) == 0


def test_editors_who_take_and_refuse_at_once_decide_one_thing(pack: Flask) -> None:
    with pack.app_context():
        chain()

    def decide(number: int) -> str:
        with pack.app_context():
            try:
                return "done" if (take if number % 2 else refuse)() else "same"
            except DomainError:
                return "late"

    found = at_once(decide, 6)
    assert found.count("done") == 1
    with pack.app_context():
        taken = db.session.scalar(select(func.count()).select_from(Phrase).where(Phrase.text == FAILED))
        assert (taken == 1) == (proposals()[0][1] == PhraseState.TAKEN)


def test_phrases_that_wait_are_decided_one_after_the_other(searched: Flask) -> None:
    editor = signed_in(searched, "demo.zhou")
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
    agent = signed_in(searched, "demo.li")
    assert agent.get("home.start", q="老板跑路").select_one("article.answer")
    assert "老板跑路" in agent.get("knowledge.show", number="KB-0901-001").get_text()


def test_a_use_on_the_articles_own_page_belongs_to_the_query_that_led_there(full_app: Flask) -> None:
    agent = signed_in(full_app, "demo.li")

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
        assert proposals() == [("抢注册别人牌子", PhraseState.WAITING)]
