"""A rule changes: everything that rests on it is found, in any spelling, and is frozen, tasked and told in one act."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.categories.models import Prompt
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.knowledge.models import Article, Draft, Phrase, RuleChange, RuleTouch
from portal.knowledge.queries.rule_changes import Blast, blast
from portal.knowledge.rules.states import RuleAct
from portal.knowledge.services import uses
from portal.knowledge.services.rule_changes import change_rule
from tests.support.visitor import Visitor

from .asking import acts, article_of, who
from .keeping import basis, edit, newest, notices, person
from .pack import NOW, at, take_in, told, write

Arrive = Callable[[str], Visitor]
TODAY = beijing_day(NOW)
SPELLINGS = ["国发〔2018〕35号", "国发[2018]35号", "国发（２０１８）３５号"]
SOURCES = {
    "numbered": "国务院关于某事的意见(国发〔2018〕35号)",
    "square": "国务院关于某事的意见（国发[2018]35号）",
    "wide": "国发（２０１８）第３５号",
}
"""Three articles that rest on one document, each in a spelling of its own."""


@pytest.fixture
def resting(any_app: Flask, tmp_path: Path) -> Flask:
    """Articles that rest on one document by basis, script, body or phrase; and some that do not."""
    folder = tmp_path / "pack"
    for slug in SOURCES:
        write(folder, slug, f"{slug} 这样念。")
    write(folder, "script", "依国发[2018]35号文，可以办。")
    write(folder, "body", "这样念。", body="见国发〔2018〕35号第二条。")
    write(folder, "phrase", "这样念吧。", phrases=("国发（2018）35号怎么落实",))
    write(folder, "other", "不相干。", body="见国发〔2018〕36号和国发〔2019〕35号。")
    with any_app.app_context():
        take_in(folder, now=NOW - timedelta(days=2))
        for slug, source in SOURCES.items():
            edit(slug, rows=[basis(source)], now=NOW - timedelta(days=1))
    return any_app


def _blast(typed: str = SPELLINGS[0], on: date = TODAY) -> Blast:
    found = blast(typed, on, NOW)
    assert found is not None
    return found


def _slugs(found: Blast) -> set[str]:
    ids = {each.revision.article_id for each in found.resting}
    return set(db.session.scalars(select(Article.slug).where(Article.id.in_(ids))))


def _change(
    typed: str = SPELLINGS[0], *, on: date = TODAY, touched: set[int] | None = None, frozen: set[int] | None = None
) -> int:
    found = blast(typed, on, NOW)
    every = {each.revision.id for each in found.resting} if found else set()
    with transaction():
        change = change_rule(
            typed,
            act=RuleAct.REPEALED,
            in_force_on=on,
            note="换了新办法",
            touched=every if touched is None else touched,
            frozen=every if frozen is None else frozen,
            by=who("demo.wu"),
            now=NOW,
        )
        return change.id


@pytest.mark.parametrize("typed", SPELLINGS)
def test_all_that_rests_on_a_document_is_found_in_every_spelling(resting: Flask, typed: str) -> None:
    with resting.app_context():
        found = _blast(typed)
        assert _slugs(found) == {*SOURCES, "script", "body", "phrase"}
        assert {each.revision.article_id for each in found.resting if each.basis} == {
            article_of(slug).id for slug in SOURCES
        }
        places = {str(each.places) for each in found.resting if each.places}
        assert places == {"['话术']", "['正文']", "['问法']"}


def test_drafts_texts_in_review_and_uses_of_late_are_found_too(resting: Flask) -> None:
    with resting.app_context():
        with transaction():
            editor = person("demo.zhou")
            for article_id, content in (
                (article_of("other").id, {"title": "在写", "basis": [{"source": SPELLINGS[2]}]}),
                (None, {"title": "不相干", "script": "国发〔2020〕35号"}),
            ):
                db.session.add(
                    Draft(
                        article_id=article_id,
                        author_id=editor.id,
                        author_name=editor.name,
                        content=content,
                        created_at=NOW,
                        changed_at=NOW,
                    )
                )
            for days, ticket in ((1, "NEW"), (40, "OLD")):
                row = uses.Use(
                    article_id=article_of("square").id,
                    revision_id=newest("square").id,
                    ticket=ticket,
                    person_id=person("demo.li").id,
                    person_name="李坐席",
                    at=NOW - timedelta(days=days),
                )
                db.session.add(row)
        found = _blast()
        assert [draft.content["title"] for draft in found.drafts] == ["在写"]
        assert (found.uses, found.users) == (1, {person("demo.li").id: 1})


def test_one_act_freezes_tasks_and_tells_and_leaves_a_line_for_each(resting: Flask) -> None:
    with resting.app_context():
        with transaction():
            article = article_of("wide")
            uses.use(article, newest("wide").id, ticket="T-1", by=who("demo.li"), now=NOW - timedelta(hours=2))
            article_of("numbered").owner_id = person("demo.zhou").id
        every = {each.revision.id for each in _blast().resting}
        by_basis = {each.revision.id for each in _blast().resting if each.basis}
        _change(frozen=by_basis)
        for slug in SOURCES:
            assert told(slug) is None, slug
        assert told("script") is not None, "what only speaks of it was not frozen"
        assert told("other") is not None
        touches = db.session.scalars(select(RuleTouch)).all()
        assert {touch.revision_id for touch in touches} == every
        assert {touch.revision_id for touch in touches if touch.frozen} == by_basis
        prompts = db.session.scalars(select(Prompt)).all()
        assert len(prompts) == len(every)
        assert {prompt.rule for prompt in prompts} == {"knowledge:rule-change"}
        assert any("6 条知识要改" in text for text in notices("demo.zhou"))
        assert any("引用过 1 次" in text for text in notices("demo.li"))
        assert not any("引用过" in text for text in notices("demo.zhao"))
        assert len(acts("knowledge:rule:touch")) == len(every)
        assert len(acts("knowledge:rule:change")) == 1
        assert len(acts("knowledge:article:withdraw")) == len(by_basis)


def test_a_change_of_a_later_day_freezes_on_that_day_and_not_what_has_a_successor(resting: Flask) -> None:
    day = date(2027, 1, 1)
    with resting.app_context():
        edit("square", rows=[basis("新办法")], from_at=at("2027-01-01T00:00"), script="换了新办法。")
        found = _blast(on=day)
        assert not next(each for each in found.resting if each.revision.article.slug == "square").may_freeze
        _change(on=day)
        assert told("numbered", at("2026-12-31T23:59")) is not None
        assert told("numbered", at("2027-01-01T00:01")) is None
        assert told("square", at("2027-01-01T00:01")) == "换了新办法。", "what takes over that day is left alone"


def test_nothing_chosen_an_unknown_text_or_no_document_is_refused_and_nothing_is_half_done(resting: Flask) -> None:
    with resting.app_context():
        stranger = newest("other").id
        for typed, touched in ((SPELLINGS[0], set()), (SPELLINGS[0], {stranger}), ("号", {stranger})):
            with pytest.raises(DomainError):
                _change(typed, touched=touched)
        assert db.session.scalars(select(RuleChange)).all() == []
        assert db.session.scalars(select(Prompt)).all() == []
        assert all(told(slug) for slug in SOURCES)


def test_a_phrase_alone_is_enough_to_be_found(resting: Flask) -> None:
    with resting.app_context():
        with transaction():
            row = Phrase(
                article_id=article_of("other").id, text="国发【2018】35号还管用吗", origin="人工", added_at=NOW
            )
            db.session.add(row)
        assert "other" in _slugs(_blast())


# -- pages --------------------------------------------------------------------------------------------------------


def _form(page: object) -> dict[str, list[str]]:
    form = page.select_one('main form[method="post"]')  # type: ignore[attr-defined]
    sent: dict[str, list[str]] = {}
    for box in form.select("input"):
        if box.get("type") != "checkbox" or box.has_attr("checked"):
            sent.setdefault(box["name"], []).append(box.get("value", ""))
    return sent


def test_a_reviewer_sees_what_a_law_touches_and_does_it_all_in_one_act(visitor: Arrive) -> None:
    reviewer = visitor("demo.wu")
    page = reviewer.get("knowledge.rules", document="公司法", act="修订", in_force_on="2026-11-23")
    rows = page.select("table:has(caption:-soup-contains('牵到的知识')) tbody tr")
    assert len(rows) >= 5
    sent = _form(page)
    assert sent["touched"]
    answer = reviewer.client.post("/knowledge/rules", data={**sent, "note": "五年改三年"})
    assert answer.status_code == 303, answer.text[:500]
    done = reviewer.get(answer.location)
    assert "五年改三年" in done.get_text()
    assert len(done.select("tbody tr")) == len(sent["touched"])
    page = reviewer.get("knowledge.rules")
    assert "公司法" in page.select_one("tbody").get_text()


def test_editors_and_head_look_and_do_not_act_and_others_do_not_look(visitor: Arrive) -> None:
    for login, looks in (("demo.zhou", 200), ("demo.sun", 200), ("demo.wu", 200), ("demo.li", 403), ("demo.wang", 403)):
        client = visitor(login).client
        assert client.get("/knowledge/rules?document=公司法").status_code == looks, login
    editor = visitor("demo.zhou")
    assert editor.client.post("/knowledge/rules", data={"csrf_token": editor.token()}).status_code == 403


def test_what_is_typed_wrong_is_said_and_kept(visitor: Arrive) -> None:
    reviewer = visitor("demo.wu")
    assert "不像文件的名称" in reviewer.get("knowledge.rules", document="号").get_text()
    assert "没有知识牵到" in reviewer.get("knowledge.rules", document="火星条例").get_text()
    token = reviewer.token()
    refused = reviewer.client.post(
        "/knowledge/rules",
        data={"csrf_token": token, "document": "公司法", "note": "别丢", "act": "", "in_force_on": ""},
    )
    assert refused.status_code == 422
    assert "别丢" in refused.text
