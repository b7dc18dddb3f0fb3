"""Review: two people for every text, requests with several, remarks, what is overtaken or decided meanwhile."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.write import transaction
from portal.inbox.models import Notice
from portal.knowledge.models import Article, Publication, Remark, Review, ReviewRequest, Revision
from portal.knowledge.rules.states import RequestState
from portal.knowledge.services import restoring, reviewing

from . import hands
from .asking import acts
from .hands import EDITOR, HEAD, REVIEWER, later
from .pack import NOW, at


def _told(login: str) -> list[str]:
    person_id = hands.person(login).id
    return list(db.session.scalars(select(Notice.text).where(Notice.person_id == person_id).order_by(Notice.id)))


def test_approved_it_speaks_at_once_and_both_are_told(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        request = hands.submit(hands.write(one, "新话术。"))
        assert hands.says(one) is None
        hands.approve(request, critical=True)
        assert hands.says(one) == "新话术。"
        assert hands.request(request).state == RequestState.APPROVED
        assert hands.lines(one)[0].critical
        assert any("送审" in text for text in _told(REVIEWER))
        assert any("通过了" in text for text in _told(EDITOR))
        assert len(acts("knowledge:review:decide")) == 1


def test_approved_for_a_day_it_waits_for_that_day(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=date(2026, 12, 1))
        assert hands.says(one, at("2026-11-30T23:59:59")) == "旧话术。"
        assert hands.says(one, at("2026-12-01T00:00")) == "新话术。"


def test_a_day_that_is_past_is_at_once(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "话术。", from_on=date(2020, 1, 1))
        assert hands.lines(one)[0].from_at == NOW


def test_nobody_approves_a_text_with_a_hand_in_it_since_the_last_approved_one(any_app: Flask) -> None:
    with any_app.app_context():
        one, helper, third = hands.article(), hands.another("helper"), hands.another("third")
        hands.write(one, "头稿。", by=helper)
        request = hands.submit(hands.write(one, "二稿。", by=third), by=EDITOR)
        for who in (helper, third, EDITOR):
            with pytest.raises(DomainError, match="另一位审核人"):
                hands.approve(request, by=who)
        hands.approve(request)
        again = hands.submit(hands.write(one, "三稿。"))
        hands.approve(again, by=helper)
        assert hands.says(one) == "三稿。"


def test_whoever_submitted_it_does_not_approve_it_either(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        request = hands.submit(hands.write(one, "话术。"), by=REVIEWER)
        with pytest.raises(DomainError, match="另一位审核人"):
            hands.approve(request)
        hands.approve(request, by=HEAD)
        assert hands.says(one) == "话术。"


def test_several_articles_speak_together_or_not_at_all(any_app: Flask) -> None:
    with any_app.app_context():
        ids = [hands.article() for _ in range(3)]
        helper = hands.another("helper")
        texts = [hands.write(key, f"第{n}条。", by=helper if n == 2 else EDITOR) for n, key in enumerate(ids)]
        request = hands.submit(*texts)
        with pytest.raises(DomainError, match="另一位审核人"):
            hands.approve(request, by=helper)
        assert [hands.says(key) for key in ids] == [None] * 3
        hands.approve(request, from_on=date(2026, 12, 1))
        assert [hands.says(key) for key in ids] == [None] * 3
        assert [hands.says(key, at("2026-12-01T00:00")) for key in ids] == ["第0条。", "第1条。", "第2条。"]


def test_a_decision_that_comes_too_late_is_a_conflict_that_names_the_first(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        request = hands.submit(hands.write(one, "话术。"))
        hands.approve(request)
        with pytest.raises(ConflictError) as conflict:
            hands.approve(request, by=HEAD)
        assert conflict.value.who == hands.person(REVIEWER).name
        assert conflict.value.current["状态"] == "已通过"
        with pytest.raises(ConflictError):
            hands.approve(request, version=2)
        assert len(hands.lines(one)) == 1


def test_an_older_text_is_not_laid_over_a_newer_one(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        first = hands.submit(hands.write(one, "甲稿。"))
        second = hands.submit(hands.write(one, "乙稿。", by=hands.another("helper")), by=HEAD)
        hands.approve(second)
        with pytest.raises(DomainError, match="第 2 版在用"):
            hands.approve(first)
        assert hands.says(one) == "乙稿。"


def test_a_newer_text_that_no_longer_speaks_does_not_stand_in_the_way(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        first = hands.submit(hands.write(one, "甲稿。"))
        hands.light(hands.write(one, "急稿。"))
        with pytest.raises(DomainError, match="第 2 版在用"):
            hands.approve(first, now=later(hours=1))
        hands.approve(first, now=later(hours=25))
        assert hands.says(one, later(hours=25)) == "甲稿。"


def test_ones_own_new_text_takes_the_waiting_one_back(any_app: Flask) -> None:
    with any_app.app_context():
        one, other = hands.article(), hands.article()
        first = hands.submit(hands.write(one, "甲稿。"))
        both = hands.submit(hands.write(one, "乙稿。"), hands.write(other, "别的。"))
        third = hands.submit(hands.write(one, "丙稿。"))
        assert [hands.request(key).state for key in (first, both, third)] == ["已撤回", "待审", "待审"]


def test_changes_and_refusals_need_words_and_leave_what_speaks_alone(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        for verb, state in ((reviewing.ask_for_changes, "请修改"), (reviewing.refuse, "不采纳")):
            request = hands.submit(hands.write(one, "新话术。"))
            with pytest.raises(DomainError), transaction():
                verb(reviewing.opened(request, 1), by=hands.actor(REVIEWER), words=" ", now=NOW)
            with transaction():
                verb(reviewing.opened(request, 1), by=hands.actor(REVIEWER), words="写错了", now=NOW)
            assert hands.request(request).state == state
            assert hands.request(request).words == "写错了"
            assert hands.says(one) == "旧话术。"


def test_a_remark_stands_on_a_place_and_is_closed_by_the_approval(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        revision = hands.write(one, "新话术。")
        request = hands.submit(revision)
        for field, key in (("nowhere", revision), ("script", revision + 1)):
            with pytest.raises(DomainError, match="位置"), transaction():
                _remark(request, key, field)
        with transaction():
            _remark(request, revision, "script")
        hands.approve(request)
        remark = db.session.scalars(select(Remark)).one()
        assert (remark.quote, remark.settled_by_name) == ("话术", hands.person(REVIEWER).name)


def _remark(request: int, revision: int, field: str) -> None:
    row = reviewing.opened(request, 1)
    reviewing.add_remark(row, revision, field=field, quote="话术", text="换个说法", by=hands.actor(REVIEWER), now=NOW)


def test_only_whoever_submitted_it_takes_it_back(any_app: Flask) -> None:
    with any_app.app_context():
        request = hands.submit(hands.write(hands.article(), "话术。"))
        with pytest.raises(DomainError, match="只有送审的人"), transaction():
            reviewing.take_back(reviewing.opened(request, 1), by=hands.actor(REVIEWER), now=NOW)
        with transaction():
            reviewing.take_back(reviewing.opened(request, 1), by=hands.actor(EDITOR), now=NOW)
        assert hands.request(request).state == "已撤回"


def test_a_confirmed_emergency_ends_the_request_in_which_it_waited(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        revision = hands.write(one, "急话术。")
        request = hands.submit(revision)
        hands.light(revision)
        assert any("紧急发布了" in text for text in _told(REVIEWER))
        hands.confirm(one)
        assert hands.request(request).state == "已通过"


def test_an_old_text_comes_back_as_a_new_revision_that_is_reviewed(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        old = hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。")
        with transaction():
            row = _restore(one, old)
            request = row.id
        again = db.session.scalars(
            select(Revision).where(Revision.article_id == one).order_by(Revision.no.desc())
        ).first()
        assert again is not None
        before = db.session.get_one(Revision, old)
        assert (again.no, again.sha256, again.script) == (3, before.sha256, "旧话术。")
        assert hands.says(one) == "新话术。"
        hands.approve(request)
        assert hands.says(one) == "旧话术。"
        with pytest.raises(DomainError, match="最新"), transaction():
            _restore(one, again.id)


def _restore(article_id: int, revision_id: int) -> ReviewRequest:
    return restoring.restore(
        db.session.get_one(Article, article_id),
        db.session.get_one(Revision, revision_id, options=[selectinload(Revision.basis)]),
        why="新的写错了",
        by=hands.person(EDITOR),
        now=NOW,
    )


def test_reviewers_are_reminded_once_after_two_days_and_once_after_five(any_app: Flask) -> None:
    with any_app.app_context():
        waits = hands.submit(hands.write(hands.article(), "话术。"))
        hands.approve(hands.submit(hands.write(hands.article(), "别的。")))
        told = [reviewing.remind(later(days=days)) for days in (1, 2, 3, 4, 5, 6, 30)]
        assert told == [0, 1, 0, 0, 1, 0, 0]
        reminded = [text for text in _told(REVIEWER) if "还没有人审" in text]
        assert len(reminded) == 2
        keys = set(db.session.scalars(select(Notice.key).where(Notice.text.contains("还没有人审"))))
        assert keys == {f"review:{waits}:2", f"review:{waits}:5"}


def test_every_line_that_speaks_has_two_people_behind_it(any_app: Flask) -> None:
    with any_app.app_context():
        for script in ("甲。", "乙。"):
            hands.publish(hands.article(), script)
        statement = select(Revision.author_id, Review.reviewer_id).join(Review, Review.revision_id == Revision.id)
        pairs = db.session.execute(statement.join(Publication, Publication.review_id == Review.id)).all()
        assert len(pairs) == 2
        assert all(author != reviewer for author, reviewer in pairs)
