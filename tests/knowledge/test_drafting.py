"""Drafts on each database: they save themselves, never overwrite each other, and become revisions or stay."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.categories.queries import codes
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.markup import render
from portal.core.write import transaction
from portal.knowledge.models import Article, Draft, Phrase, Reference, ReviewRequest, Revision
from portal.knowledge.queries.alike import alike
from portal.knowledge.queries.drafts import content_of, newest_revision, revision_with_basis
from portal.knowledge.rules.alike import pairs, share
from portal.knowledge.rules.drafting import changed_row, phrases_of, shown
from portal.knowledge.rules.references import references
from portal.knowledge.rules.skeletons import skeletons, unfilled
from portal.knowledge.rules.states import MaterialKind, Sensitivity, Weight
from portal.knowledge.services import drafting

from .pack import NOW, UNIT, take_in, write
from .writing import BASIS, somebody_else_adds

NUMBER = "KB-0104-001"


@pytest.fixture
def desk(any_app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """One article on each database."""
    write(tmp_path / "pack", "drone", "要实名登记。", title="无人机登记")
    with any_app.app_context():
        take_in(tmp_path / "pack")
        yield any_app


def _editor() -> Person:
    person = person_by_name("demo.zhou")
    assert person is not None
    return person


def _by() -> Actor:
    person = _editor()
    return Actor(person.id, person.name)


def _article() -> Article:
    return db.session.scalars(select(Article).where(Article.number == NUMBER)).one()


def _begin(base: Revision | None = None) -> int:
    with transaction():
        article = _article()
        source = base or revision_with_basis(newest_revision(article.id).id)  # type: ignore[union-attr]
        assert source is not None
        db.session.refresh(article, ["category"])
        content = content_of(source, article)
        return drafting.start(content, article=article, base=source, by=_by(), now=NOW).id


def _written(**changed: Any) -> drafting.Written:
    body = changed.pop("body", "新的正文。")
    content = {
        "title": "无人机登记",
        "script": "要实名登记。",
        "body": body,
        "audience": "企业",
        "district": "全市",
        "unit": UNIT,
        "kind": MaterialKind.GUIDE,
        "valid_from": date(2024, 7, 1),
        "valid_to": None,
        "checked": "2026-11",
        "confidence": "high",
        "note": "",
    }
    row = {**BASIS, "in_force_from": date(2024, 7, 1), "in_force_to": None}
    facts: dict[str, Any] = {
        "category": codes()["0104"],
        "content": content,
        "basis": [row],
        "phrases": ["怎么登记无人机"],
        "body_html": render(body),
        "weight": Weight.CHANGE,
        "why": "改了",
        "wanted_on": None,
        "sensitivity": Sensitivity.OPEN,
        "assigned": None,
    }
    return drafting.Written(**{**facts, **changed})


def _submit(draft_id: int, **changed: Any) -> ReviewRequest:
    with db.session.no_autoflush:
        written = _written(**changed)
    with transaction():
        draft = drafting.opened(draft_id, by=_by())
        assert draft is not None
        return drafting.submit(draft, written, by=_editor(), now=NOW)


def test_a_person_has_one_draft_of_an_article_however_often_they_begin(desk: Flask) -> None:
    assert _begin() == _begin()


def test_saving_is_no_act_and_saving_the_same_is_nothing(desk: Flask) -> None:
    draft_id = _begin()
    before = db.session.scalar(select(func.count()).select_from(AuditRow))
    for expected in (2, 2):
        with transaction():
            draft = drafting.opened(draft_id, by=_by())
            assert draft is not None
            drafting.save(draft, {**draft.content, "title": "改了"}, now=NOW)
            assert draft.version == expected
    assert db.session.scalar(select(func.count()).select_from(AuditRow)) == before


def test_an_old_window_is_told_and_nothing_is_overwritten(desk: Flask) -> None:
    draft_id = _begin()
    with transaction():
        draft = drafting.opened(draft_id, by=_by(), version=1)
        assert draft is not None
        drafting.save(draft, {**draft.content, "title": "第一个"}, now=NOW)
    with pytest.raises(ConflictError) as told, transaction():
        drafting.opened(draft_id, by=_by(), version=1)
    assert told.value.current["标题"] == "第一个"
    assert told.value.version == 2


def test_somebody_elses_draft_is_none(desk: Flask) -> None:
    draft_id = _begin()
    with transaction():
        assert drafting.opened(draft_id, by=Actor(1, "别人")) is None


def test_a_script_gone_wild_is_stopped(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MOST_DRAFTS", 2)
    for _ in range(2):
        with transaction():
            drafting.start({}, article=None, base=None, by=_by(), now=NOW)
    with pytest.raises(DomainError, match="草稿"), transaction():
        drafting.start({}, article=None, base=None, by=_by(), now=NOW)


def test_a_submitted_draft_is_a_revision_with_its_base_phrases_and_references(desk: Flask) -> None:
    base = newest_revision(_article().id)
    assert base is not None
    draft_id = _begin()
    _submit(draft_id, body="见 KB-0101-002 和[办事页](https://example.gov.cn/a)、[自己](/knowledge/KB-0104-001)。")
    newest = newest_revision(_article().id)
    assert newest is not None
    assert (newest.no, newest.base_id, newest.weight) == (base.no + 1, base.id, "一般修改")
    made = db.session.execute(select(Reference.kind, Reference.target).where(Reference.revision_id == newest.id)).all()
    assert {tuple(row) for row in made} == {("article", "KB-0101-002"), ("link", "https://example.gov.cn/a")}
    assert (
        "怎么登记无人机" in db.session.scalars(select(Phrase.text).where(Phrase.article_id == newest.article_id)).all()
    )
    assert db.session.get(Draft, draft_id) is None


def test_the_same_words_are_no_revision(desk: Flask) -> None:
    _submit(_begin())
    draft_id = _begin()
    with pytest.raises(DomainError, match="一字不差"):
        _submit(draft_id)
    assert db.session.get(Draft, draft_id) is not None


def test_a_draft_behind_a_newer_revision_is_refused_until_it_was_settled(desk: Flask) -> None:
    draft_id = _begin()
    somebody_else_adds(desk, NUMBER, "他人的一句。")
    with pytest.raises(ConflictError, match="第 2 版"):
        _submit(draft_id)
    newest = newest_revision(_article().id)
    assert newest is not None
    newest_id = newest.id
    with transaction():
        draft = drafting.opened(draft_id, by=_by())
        assert draft is not None
        drafting.settle(draft, draft.content, db.session.get_one(Revision, newest_id), now=NOW)
    _submit(draft_id)
    last = newest_revision(_article().id)
    assert last is not None
    assert (last.no, last.base_id) == (3, newest_id)


def test_a_new_article_belongs_to_its_writer_unless_somebody_who_may_says_otherwise(desk: Flask) -> None:
    for assigned, owner, days in ((None, _editor().id, None), (drafting.Assigned(None, 30), None, 30)):
        with transaction():
            draft_id = drafting.start({"title": "新"}, article=None, base=None, by=_by(), now=NOW).id
        request = _submit(draft_id, assigned=assigned, sensitivity=Sensitivity.SENSITIVE)
        article = db.session.scalars(select(Article).order_by(Article.id.desc())).first()
        assert article is not None
        assert (article.owner_id, article.interval_days, article.sensitivity) == (owner, days, "敏感")
        assert request.submitted_by_id == _editor().id


def test_a_wish_for_a_day_goes_with_the_request(desk: Flask) -> None:
    day = (NOW + timedelta(days=20)).date()
    assert _submit(_begin(), wanted_on=day).wanted_on == day


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("row-add", ["甲", "乙", "丙", ""]),
        ("row-drop-1", ["甲", "丙"]),
        ("row-up-2", ["甲", "丙", "乙"]),
        ("row-up-0", ["甲", "乙", "丙"]),
        ("row-down-0", ["乙", "甲", "丙"]),
        ("row-down-2", ["甲", "乙", "丙"]),
        ("row-drop-9", ["甲", "乙", "丙"]),
        ("row-drop-x", ["甲", "乙", "丙"]),
        ("row-", ["甲", "乙", "丙"]),
    ],
)
def test_rows_are_added_taken_out_and_moved(act: str, expected: list[str]) -> None:
    rows = [{**BASIS, "text": text} for text in "甲乙丙"]
    assert [row["text"] for row in changed_row(rows, act)] == expected


def test_the_basis_is_shown_as_lines_and_phrases_are_taken_once() -> None:
    assert shown({"basis": [BASIS]}, "basis") == "示例办事条例 第三条 2024-07-01\n应当自受理之日起六十日内办完。"
    assert phrases_of(" 甲 \n\n乙\n甲") == ["甲", "乙"]


def test_every_template_names_its_open_places() -> None:
    assert [each.kind for each in skeletons()] == list(MaterialKind)
    for each in skeletons():
        assert unfilled(each.script)
        assert each.hint
    assert unfilled("国办发〔2020〕53号") == []


def test_references_are_read_from_what_is_shown() -> None:
    html = '<p><img src="/knowledge/files/007"> <a href="/knowledge/KB-0101-002?x=1">x</a> KB-0101-002</p>'
    assert references(html, "见 KB-0103-001。") == [
        ("file", "7"),
        ("article", "KB-0101-002"),
        ("article", "KB-0103-001"),
    ]


def test_two_texts_are_as_alike_as_the_pairs_they_share() -> None:
    assert share(pairs("注册资本五年缴足"), pairs("注册资本，五年缴足！")) == 1
    assert share(pairs("注册资本"), pairs("商标续展")) == 0
    assert share(pairs("公司"), pairs("公司")) == 0, "too short to say"


def test_a_near_double_is_found_and_oneself_is_none(full_app: Flask) -> None:
    with full_app.app_context():
        rows = db.session.scalars(select(Revision).order_by(Revision.id).limit(12)).all()
        for row in rows:
            number = db.session.get_one(Article, row.article_id).number
            changed = row.title[:-1] + "吗"
            assert number in [one.number for one in alike(changed, "", but=None, now=NOW)], row.title
            assert number in [one.number for one in alike("", row.script[:-4], but=None, now=NOW)], row.title
            assert number not in [one.number for one in alike(row.title, row.script, but=row.article_id, now=NOW)]
        assert alike("", "", but=None, now=NOW) == []
        assert alike("蟋蟀比赛报名", "带上蟋蟀去体育馆。", but=None, now=NOW) == []
