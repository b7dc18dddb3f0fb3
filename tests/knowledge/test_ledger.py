"""The ledger: a fuse burns down or is confirmed, a text is taken away, a date called off."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.knowledge.models import Article, Publication, Revision
from portal.knowledge.services import ledger

from . import hands
from .asking import acts
from .hands import EDITOR, HEAD, REVIEWER, later
from .pack import NOW, at

DAY = date(2026, 12, 1)
AFTER = at("2026-12-01T00:00")


def test_a_fuse_speaks_for_24_hours_and_then_what_spoke_before_speaks_again(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.light(hands.write(one, "急话术。"))
        assert hands.says(one) == "急话术。"
        assert hands.says(one, later(hours=24) - timedelta(microseconds=1)) == "急话术。"
        assert hands.says(one, later(hours=24)) == "旧话术。"
        line = hands.lines(one)[-1]
        assert line.critical
        assert line.review_id is None
        assert len(acts("knowledge:article:emergency")) == 1


def test_a_fuse_over_nothing_leaves_nothing(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.light(hands.write(one, "急话术。"))
        assert hands.says(one) == "急话术。"
        assert hands.says(one, later(hours=24)) is None


def test_a_second_person_confirms_and_it_stays(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.light(hands.write(one, "急话术。"))
        hands.confirm(one, now=later(hours=23))
        assert hands.says(one, later(days=300)) == "急话术。"


def test_who_lit_it_or_had_a_hand_in_the_text_cannot_confirm(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        helper = hands.another("helper")
        hands.write(one, "草稿。", by=helper)
        hands.light(hands.write(one, "急话术。"), by=REVIEWER)
        for who in (REVIEWER, EDITOR, helper):
            with pytest.raises(DomainError, match="另一位"):
                hands.confirm(one, by=who)
        hands.confirm(one, by=HEAD)
        assert hands.says(one, later(days=2)) == "急话术。"


def test_a_fuse_that_has_burnt_down_cannot_be_confirmed(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.light(hands.write(one, "急话术。"))
        with pytest.raises(DomainError, match="24 小时"):
            hands.confirm(one, now=later(hours=24))


def test_one_person_cannot_light_one_fuse_after_the_other(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.light(hands.write(one, "急话术一。"))
        with pytest.raises(DomainError, match="已有一次紧急发布"):
            hands.light(hands.write(one, "急话术二。"), now=later(hours=23))
        for hours in (24, 500):
            with pytest.raises(DomainError, match="没有人确认"):
                hands.light(hands.write(one, "急话术三。"), now=later(hours=hours))
        hands.light(hands.write(one, "急话术四。"), by=REVIEWER, now=later(hours=25))
        hands.light(hands.write(one, "急话术五。"), now=later(hours=50))
        assert hands.says(one, later(hours=50)) == "急话术五。"


def test_an_emergency_needs_a_reason_a_text_of_this_article_and_one_that_does_not_speak(any_app: Flask) -> None:
    with any_app.app_context():
        one, other = hands.article(), hands.article()
        live = hands.publish(one, "旧话术。")
        with pytest.raises(DomainError, match="理由"):
            hands.light(hands.write(one, "急话术。"), reason=" ")
        with pytest.raises(DomainError, match="现在就在用"):
            hands.light(live)
        foreign = hands.write(other, "别的。")
        with pytest.raises(DomainError, match="不是这一条"):
            _emergency_with_another_ones_text(one, foreign)


def _emergency_with_another_ones_text(article_id: int, revision_id: int) -> None:
    with transaction():
        ledger.publish_in_emergency(
            db.session.get_one(Article, article_id),
            db.session.get_one(Revision, revision_id),
            by=hands.actor(HEAD),
            reason="急",
            now=NOW,
        )


def test_a_reviewed_date_takes_over_from_a_burning_fuse_and_stays(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=date(2026, 11, 24))
        hands.light(hands.write(one, "急话术。"))
        assert hands.says(one, later(hours=14)) == "急话术。"
        assert hands.says(one, at("2026-11-24T00:00")) == "新话术。"
        assert hands.says(one, later(hours=30)) == "新话术。"


def test_withdrawn_it_answers_nobody_and_a_text_that_comes_later_still_comes(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=DAY)
        hands.withdraw(one)
        assert hands.says(one) is None
        assert hands.says(one, AFTER - timedelta(microseconds=1)) is None
        assert hands.says(one, AFTER) == "新话术。"
        with pytest.raises(DomainError, match="没有在用的版本"):
            hands.withdraw(one)
        with pytest.raises(DomainError, match="理由"):
            hands.withdraw(one, reason="  ", now=AFTER)


def test_withdrawn_while_a_fuse_burns_nothing_comes_back_when_it_has_burnt_down(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.light(hands.write(one, "急话术。"))
        hands.withdraw(one, now=later(hours=1))
        assert hands.says(one, later(hours=1)) is None
        assert hands.says(one, later(hours=25)) is None


def test_a_date_called_off_changes_nothing_on_that_day(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=DAY)
        coming = hands.lines(one)[-1].id
        hands.call_off(one, coming)
        assert hands.says(one, AFTER) == "旧话术。"
        assert hands.says(one, AFTER + timedelta(days=90)) == "旧话术。"
        assert len(acts("knowledge:article:call-off")) == 1
        with pytest.raises(DomainError, match="已经开始"):
            hands.call_off(one, hands.lines(one)[0].id)


def test_a_date_called_off_while_a_fuse_burns_does_not_come_back_when_it_has_burnt_down(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=date(2026, 11, 24))
        coming = hands.lines(one)[-1].id
        hands.light(hands.write(one, "急话术。"))
        hands.call_off(one, coming, now=later(hours=1))
        assert hands.says(one, at("2026-11-24T00:00")) == "急话术。"
        assert hands.says(one, later(hours=24)) == "旧话术。"
        assert hands.says(one, later(days=60)) == "旧话术。"


def test_whoever_calls_a_date_off_does_not_become_the_one_who_lit_the_fuse(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        hands.publish(one, "旧话术。")
        hands.publish(one, "新话术。", from_on=date(2026, 11, 24))
        coming = hands.lines(one)[-1].id
        hands.light(hands.write(one, "急话术。"), by=HEAD)
        hands.call_off(one, coming, by=REVIEWER, now=later(hours=1))
        with pytest.raises(DomainError, match="另一位"):
            hands.confirm(one, by=HEAD, now=at("2026-11-24T01:00"))
        hands.confirm(one, by=REVIEWER, now=at("2026-11-24T01:00"))
        assert hands.says(one, later(days=60)) == "急话术。"


def test_the_database_lets_nothing_speak_without_a_review_or_a_fuse(any_app: Flask) -> None:
    with any_app.app_context():
        one = hands.article()
        revision = hands.write(one, "没人看过。")
        who = hands.actor(HEAD)
        row = {"article_id": one, "revision_id": revision, "from_at": NOW, "by_id": who.id, "by_name": who.name}
        row |= {"reason": "硬写", "at": NOW}
        with (
            pytest.raises(IntegrityError, match="reviewed_or_fused"),
            db.engine.connect() as by_force,
            by_force.begin(),
        ):
            by_force.execute(insert(Publication), row)
        assert db.session.scalar(select(Publication.id).where(Publication.revision_id == revision)) is None
