"""What changed since somebody was here last; who has not read of what is critical; what leaves force; who is told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.categories.models import Category, Prompt
from portal.core.clock import day_start, set_clock
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.knowledge.models import Acknowledgement, Publication
from portal.knowledge.queries import changes as reading
from portal.knowledge.queries.expiring import expiring
from portal.knowledge.services import changes as services
from portal.knowledge.services.expiring import keep_true, raise_expiring, tell_of_unread
from portal.knowledge.services.subscribing import subscribe
from portal.search.services import drain
from tests.support.visitor import Visitor

from .asking import acts, article_of, signed_in, who
from .keeping import basis, edit, lines, notices, person, withdraw
from .pack import NOW, at, take_in, told, write

Arrive = Callable[[str], Visitor]
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def house(any_app: Flask, tmp_path: Path) -> Flask:
    """Two articles of two categories on each database, published long ago."""
    write(tmp_path / "pack", "told", "旧话术慢慢地办。", title="旧标题")
    write(tmp_path / "pack", "other", "别的话术。", category="0201")
    with any_app.app_context():
        take_in(tmp_path / "pack", now=NOW - timedelta(days=90))
    return any_app


def _acknowledge(line_id: int, login: str = "demo.li", now: datetime = LATER) -> bool:
    with transaction():
        line = db.session.get_one(Publication, line_id)
        return services.acknowledge(line, person_id=person(login).id, by=who(login), now=now)


# -- since ----------------------------------------------------------------------------------------------------------


def test_every_line_since_a_moment_comes_with_what_was_said_before_it(house: Flask) -> None:
    with house.app_context():
        edit("told", script="新话术很快就办。", now=NOW)
        withdraw("other", now=NOW + timedelta(minutes=1))
        edit("told", script="将来的话术。", from_at=at("2027-01-01T00:00"), now=NOW)
        found = reading.since(NOW - timedelta(hours=1), LATER, person_id=person("demo.li").id)
        said = [(each.before and each.before.script, each.after and each.after.script) for each in found]
        assert said == [("别的话术。", None), ("旧话术慢慢地办。", "新话术很快就办。")]
        assert reading.since(LATER, LATER, person_id=1) == []


def test_whoever_comes_again_sees_what_changed_since_the_last_time_and_a_newcomer_since_the_last_working_day(
    house: Flask,
) -> None:
    with house.app_context():
        nobody = reading.last_here(person("demo.li").id, 0, NOW)
        assert nobody == day_start(date(2026, 11, 20)), "2026-11-23 is a Monday"
    first = signed_in(house, "demo.li")
    first.get("/")
    set_clock(NOW + timedelta(days=3))
    second = signed_in(house, "demo.li")
    with house.app_context():
        edit("told", script="新话术很快就办。", now=NOW + timedelta(days=2))
    page = second.get("knowledge.changes")
    assert "1 条变化" in page.get_text()
    was, now = ("".join(part.get_text() for part in page.select(f".diff-text {sign}")) for sign in ("del", "ins"))
    assert (was, now) == ("旧慢慢地", "新很快就")


def test_a_text_that_is_not_in_force_yet_is_not_shown_among_the_changes(house: Flask) -> None:
    with house.app_context():
        edit("told", script="明年才说的话。", title="明年的标题", valid_from=date(2027, 1, 1), now=NOW)
    set_clock(LATER)
    text = signed_in(house, "demo.li").get("knowledge.changes", days=1).get_text()
    assert "明年才说的话" not in text
    assert "明年的标题" not in text
    assert "还没有到施行的日子" in text


# -- critical -------------------------------------------------------------------------------------------------------


def test_a_critical_change_waits_until_it_is_acknowledged_once_by_each(house: Flask) -> None:
    with house.app_context():
        _, line = edit("told", script="新话术。", critical=True, now=NOW)
        edit("other", script="不要紧的。", now=NOW)
        article = article_of("told").id
        for login in ("demo.li", "demo.zhao"):
            assert [each.line.id for each in reading.critical(person(login).id, LATER)] == [line]
        assert reading.critical_on([article], person("demo.li").id, LATER) == {article: NOW}
        assert _acknowledge(line)
        assert not _acknowledge(line), "twice is once"
        assert reading.critical(person("demo.li").id, LATER) == []
        assert reading.critical_on([article], person("demo.li").id, LATER) == {}
        assert len(reading.critical(person("demo.zhao").id, LATER)) == 1
        assert len(acts("knowledge:change:acknowledge")) == 1
        assert len(db.session.scalars(select(Acknowledgement)).all()) == 1


def test_a_change_that_has_not_begun_asks_nobody_and_cannot_be_acknowledged(house: Flask) -> None:
    with house.app_context():
        _, line = edit("told", script="明年。", critical=True, from_at=at("2027-01-01T00:00"), now=NOW)
        assert reading.critical(person("demo.li").id, LATER) == []
        with pytest.raises(DomainError, match="还没有开始"):
            _acknowledge(line)


def test_who_has_not_read_is_a_list_and_once_the_day_is_over_it_is_told(house: Flask) -> None:
    with house.app_context():
        _, line = edit("told", script="新话术。", critical=True, now=NOW)
        _acknowledge(line)
        (row,) = reading.unread(LATER)
        assert "李坐席" not in row.people
        assert "赵走访" in row.people
        assert not row.is_late
        with transaction():
            tell_of_unread(LATER)
        assert notices("demo.wang") == []
        morning = at("2026-11-24T00:01")
        for _ in range(2):
            with transaction():
                tell_of_unread(morning)
        assert len(notices("demo.wang")) == 1
    set_clock(at("2026-11-24T00:02"))
    for login, status in (("demo.wang", 200), ("demo.sun", 200), ("demo.li", 403), ("demo.zhou", 403)):
        assert signed_in(house, login).client.get("/knowledge/changes/unread").status_code == status, login
    page = signed_in(house, "demo.wang").get("knowledge.unread_changes")
    assert "过了当天" in page.get_text()
    assert "赵走访" in page.get_text()


def _bands(page: BeautifulSoup) -> list[str]:
    return [band.get_text(" ", strip=True) for band in page.select(".band.critical")]


def test_critical_changes_stand_above_the_box_and_on_the_card_until_one_key_and_search_goes_on(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    with agent.app.app_context():
        edit("capital-five-years", critical=True, now=NOW - timedelta(minutes=5))
        drain(wait=True)
    page = agent.get("home.start", q="注册资本几年交齐")
    assert len(_bands(page)) == 1
    text = str(page)
    assert text.index("band-warn critical") < text.index('id="desk-form"')
    card = page.select_one("article.answer")
    assert card is not None
    assert "11-23 有重要变化" in card.get_text()
    assert card.select_one("[data-script]"), "the answer stands there all the same"
    form = page.select_one(".band.critical form")
    assert form is not None
    assert form.select_one('[data-key="a"]')
    sent = {str(box["name"]): str(box["value"]) for box in form.select("input")}
    answer = agent.client.post(str(form["action"]), data=sent, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (200, {"said": "已确认看过"})
    page = agent.get("home.start", q="注册资本几年交齐")
    assert _bands(page) == []
    assert "有重要变化" not in page.select_one("article.answer").get_text()  # type: ignore[union-attr]
    assert len(_bands(visitor("demo.zhao").get("home.start"))) == 1
    assert _bands(visitor("demo.wu").get("home.start")) == [], "who answers no callers is not asked"


# -- expiry ---------------------------------------------------------------------------------------------------------


def test_what_leaves_force_within_a_month_or_has_left_raises_one_prompt_for_each_revision(house: Flask) -> None:
    with house.app_context():
        assert expiring(NOW) == []
        edit("told", rows=[basis(in_force_to=date(2026, 12, 20))], now=NOW)
        edit("other", valid_to=date(2027, 3, 1), now=NOW)
        (row,) = expiring(LATER)
        assert (row.article.slug, row.last_on, row.is_over) == ("told", date(2026, 12, 20), False)
        for moment in (LATER, LATER, at("2027-01-05T09:00")):
            with transaction():
                raise_expiring(moment)
        prompts = db.session.scalars(select(Prompt)).all()
        assert [prompt.rule for prompt in prompts] == ["knowledge:expiry"]
        assert len([text for text in notices("demo.zhou") if "到期" in text]) == 1
        (over,) = expiring(at("2027-01-05T09:00"))
        assert over.is_over
        assert told("told", at("2027-01-05T09:00")) is None
        edit("told", rows=[basis()], now=at("2027-01-06T09:00"))
        assert expiring(at("2027-01-06T10:00")) == [], "a newer revision has taken over"


def test_what_has_a_successor_or_was_withdrawn_by_hand_is_not_asked_for(house: Flask) -> None:
    with house.app_context():
        edit("told", valid_to=date(2026, 12, 10), now=NOW)
        edit("told", valid_to=None, from_at=at("2026-12-11T00:00"), now=NOW)
        edit("other", valid_to=date(2026, 12, 10), now=NOW)
        withdraw("other", now=NOW + timedelta(minutes=1))
        assert expiring(LATER) == []


def test_the_chore_does_nothing_the_second_time_and_the_page_lists_what_it_found(house: Flask) -> None:
    with house.app_context():
        edit("told", valid_to=date(2026, 12, 10), now=NOW)
        keep_true(LATER)
        keep_true(LATER + timedelta(minutes=1))
        keep_true(LATER + timedelta(hours=2))
        assert len(db.session.scalars(select(Prompt)).all()) == 1
    set_clock(LATER)
    page = signed_in(house, "demo.zhou").get("knowledge.expiring_soon")
    assert "剩 17 天" in page.get_text()
    assert "有效期到" in page.get_text()


# -- subscriptions --------------------------------------------------------------------------------------------------


def _subscribe(login: str, *, slug: str = "", code: str = "", keep: bool = True) -> bool:
    with transaction():
        category = db.session.scalar(select(Category).where(Category.code == code)) if code else None
        article = article_of(slug) if slug else None
        return subscribe(
            article=article, category=category, keep=keep, person_id=person(login).id, by=who(login), now=NOW
        )


def test_who_subscribed_to_an_article_its_category_or_the_one_above_is_told_once(house: Flask) -> None:
    with house.app_context():
        assert _subscribe("demo.li", slug="told")
        assert not _subscribe("demo.li", slug="told")
        _subscribe("demo.zhao", code="0104")
        _subscribe("demo.wang", code="01")
        _subscribe("demo.wang", slug="told")
        _subscribe("demo.sun", code="0201")
        edit("told", title="新标题", now=NOW)
        for login in ("demo.li", "demo.zhao", "demo.wang"):
            assert notices(login) == ["「新标题」有新版本"], login
        assert notices("demo.sun") == []
        withdraw("told", now=NOW + timedelta(minutes=1))
        assert notices("demo.li")[-1] == "「新标题」下架了"
        assert _subscribe("demo.li", slug="told", keep=False)
        assert len(acts("knowledge:subscription:add")) == 5
        assert len(acts("knowledge:subscription:end")) == 1


def test_of_a_text_to_come_subscribers_learn_the_day_and_not_a_word_of_it(house: Flask) -> None:
    with house.app_context():
        _subscribe("demo.li", slug="told")
        edit("told", title="明年的秘密标题", from_at=at("2027-01-01T00:00"), now=NOW)
        assert notices("demo.li") == ["「旧标题」2027-01-01 起有变化"]
        assert len(lines("told")) == 2


def test_the_pages_have_the_button(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    page = agent.get("/categories/1001")
    form = page.select_one('form[action="/knowledge/subscriptions/categories/1001"]')
    assert form is not None
    agent.post(str(form["action"]), data={"keep": "1"})
    assert "不再订阅" in agent.get("/categories/1001").get_text()
    agent.post("/knowledge/KB-1001-001/subscribe", data={"keep": "1"})
    agent.post("/knowledge/KB-9999-999/subscribe", data={"keep": "1"}, status=404)
