"""What was told to a caller is pinned, word for word; what is wrong is said to the editors."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.accounts.queries import person_by_name
from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.knowledge.models import Article, Revision, Use
from portal.knowledge.queries.uses import PERIOD, times_used, usage, use_by_id
from portal.knowledge.rules.ticket import ticket_number
from portal.knowledge.services import uses as services
from tests.core.probes import at_once
from tests.support.visitor import Visitor

from .pack import NOW, at, take_in, write

Arrive = Callable[[str], Visitor]
TICKET = "2026-1123-0042"
TRADEMARK = "KB-1001-001"


def _li() -> Actor:
    person = person_by_name("demo.li")
    assert person is not None
    return Actor(person.id, person.name)


def _article(slug: str = "told") -> Article:
    return db.session.scalars(select(Article).where(Article.slug == slug)).one()


def _revision(slug: str = "told", no: int = 1) -> Revision:
    return db.session.scalars(
        select(Revision).join(Article, Article.id == Revision.article_id).where(Article.slug == slug, Revision.no == no)
    ).one()


@pytest.fixture
def told(any_app: Flask, tmp_path: Path) -> Flask:
    """One article on each database."""
    write(tmp_path / "pack", "told", "这样念。")
    with any_app.app_context():
        take_in(tmp_path / "pack")
    return any_app


def _use(ticket: str = TICKET, now: datetime = NOW, slug: str = "told", no: int = 1) -> tuple[int, bool]:
    with transaction():
        made, new = services.use(_article(slug), _revision(slug, no).id, ticket=ticket, by=_li(), now=now)
        number = made.id
    return number, new


def _acts(action: str) -> list[AuditRow]:
    return list(db.session.scalars(select(AuditRow).where(AuditRow.action == action)))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("HX-2026-0042", "HX-2026-0042"),
        ("  20261123 ", "20261123"),
        ("ＨＸ－０１", "HX-01"),
        ("a" * 32, "a" * 32),
        ("", None),
        ("   ", None),
    ],
)
def test_the_number_of_a_ticket_is_kept_as_it_was_typed(typed: str, number: str | None) -> None:
    assert ticket_number(typed) == number


@pytest.mark.parametrize("typed", ["工单一号", "a" * 33, "12 34", "1/2", "'; --", "1\n2", "=1+1", "1.2"])
def test_what_is_no_number_of_a_ticket_is_refused_with_a_sentence(told: Flask, typed: str) -> None:
    with told.app_context():
        with pytest.raises(DomainError, match="工单号只能有字母、数字和短横，最多 32 位"):
            _use(typed)
        assert db.session.scalar(select(func.count()).select_from(Use)) == 0


def test_a_use_keeps_ticket_revision_person_and_time_and_is_audited(told: Flask) -> None:
    with told.app_context():
        number, new = _use()
        assert new
        row = db.session.get_one(Use, number)
        assert (row.ticket, row.revision_id, row.person_name, row.at) == (TICKET, _revision().id, "李坐席", NOW)
        act = _acts("knowledge:use:add")
        assert len(act) == 1
        assert _revision().sha256 in act[0].detail


def test_the_same_text_stands_once_for_a_ticket(told: Flask) -> None:
    with told.app_context():
        first, _ = _use()
        assert _use(now=NOW + timedelta(hours=3)) == (first, False)
        assert _use("OTHER-1")[1]
        assert len(_acts("knowledge:use:add")) == 2


def test_without_a_ticket_the_same_call_counts_once_and_the_next_call_again(told: Flask) -> None:
    with told.app_context():
        first, _ = _use("")
        assert _use("", now=NOW + timedelta(minutes=9)) == (first, False)
        assert _use("", now=NOW + timedelta(minutes=11))[1]


def test_the_database_lets_the_same_text_stand_once_for_a_ticket(told: Flask) -> None:
    with told.app_context():
        _use()
        row = dict(db.session.execute(select(Use.__table__)).mappings().one())
        db.session.rollback()
        del row["id"]
        with pytest.raises(IntegrityError), db.engine.begin() as connection:
            connection.execute(insert(Use), row)


def test_a_use_and_a_used_text_can_neither_be_changed_nor_deleted(told: Flask) -> None:
    with told.app_context():
        _use()
        for statement in (
            "DELETE FROM uses",
            "UPDATE uses SET ticket = 'X'",
            "DELETE FROM basis",
            "DELETE FROM revisions",
            "UPDATE revisions SET script = 'X'",
        ):
            with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
                connection.execute(text(statement))
        for model in (Use, Revision):
            for verb in (delete(model), update(model).values(id=model.id)):
                with pytest.raises(DBAPIError, match="append-only"), transaction():
                    db.session.execute(verb)
        assert usage(_article().id, NOW).total == 1


def test_a_text_that_answers_nobody_is_not_used(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    write(folder, "changing", "旧的。", until=at("2026-12-31T00:00").date())
    write(folder, "changing", "新的。", takes_over=at("2027-01-01T00:00").date())
    with app.app_context():
        take_in(folder)
        with pytest.raises(DomainError, match="现在不能念"):
            _use(slug="changing", no=2)
        with pytest.raises(DomainError, match="现在不能念"):
            _use(slug="changing", no=1, now=at("2027-01-01T01:00:01"))
        assert _use(slug="changing", no=1, now=at("2027-01-01T00:05"))[1], "it was read out before midnight"
        assert _use(slug="changing", no=2, now=at("2027-01-01T00:05"))[1]


def test_a_text_is_not_used_under_the_number_of_another_article(app: Flask, tmp_path: Path) -> None:
    for slug in ("told", "other"):
        write(tmp_path / "pack", slug, f"{slug}。")
    with app.app_context():
        take_in(tmp_path / "pack")
        with pytest.raises(DomainError), transaction():
            services.use(_article("other"), _revision("told").id, ticket="", by=_li(), now=NOW)


def test_uses_are_counted_over_ninety_days(told: Flask) -> None:
    with told.app_context():
        _use("OLD-1", now=NOW)
        later = NOW + PERIOD + timedelta(seconds=1)
        for number in range(3):
            _use(f"NEW-{number}", now=later)
        article = _article().id
        assert times_used([article], later) == {article: 3}
        found = usage(article, later)
        assert (found.recent, found.total, found.by_revision, found.last_at) == (3, 4, [(1, 4)], later)


# -- pages ------------------------------------------------------------------------------------------------------


def _card(agent: Visitor, query: str = "商标注册一次管多少年") -> tuple[BeautifulSoup, dict[str, str]]:
    """The first card's form for the key u, as a browser would send it."""
    page = agent.get("home.start", q=query)
    form = page.select_one("article.answer form.use-form")
    assert form is not None
    return page, {"action": str(form["action"]), **{box["name"]: box["value"] for box in form.select("input")}}  # type: ignore[misc]


def _press(agent: Visitor, form: dict[str, str], **typed: str) -> tuple[int, dict[str, str]]:
    """The key u, in place."""
    sent = {**{name: value for name, value in form.items() if name != "action"}, **typed}
    answer = agent.client.post(form["action"], data=sent, headers={"Accept": "application/json"})
    return answer.status_code, answer.json or {}


def test_one_key_uses_in_place_and_says_where_it_was_kept(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    page, form = _card(agent)
    assert page.select_one('article.answer [data-key="u"]')
    assert _press(agent, form, ticket=TICKET) == (200, {"said": f"已引用，记到 {TICKET}"})
    assert _press(agent, form, ticket=TICKET) == (204, {}), "the very same form is answered without a second effect"
    fresh = {**form, "form_key": secrets.token_urlsafe(12)}
    assert _press(agent, fresh, ticket=TICKET) == (200, {"said": f"已经引用过，记到 {TICKET}"})
    assert _press(agent, form, ticket="") == (200, {"said": "已引用，没有记工单号"})
    status, fault = _press(agent, form, ticket="工单")
    assert status == 422
    assert "工单号只能有" in fault["error"]


def test_eight_hands_on_one_key_are_one_use(any_full_app: Flask) -> None:
    agent = Visitor(any_full_app, any_full_app.test_client()).sign_in("demo.li")
    _, form = _card(agent)

    def press(number: int) -> int:
        client = any_full_app.test_client()
        for cookie in agent.client._cookies.values():  # type: ignore[union-attr]
            client.set_cookie(cookie.key, cookie.value)
        sent = {**form, "ticket": TICKET, "form_key": f"key-number-{number}"}
        return client.post(form["action"], data=sent, headers={"Accept": "application/json"}).status_code

    assert at_once(press, 8) == [200] * 8
    with any_full_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Use)) == 1


def test_without_scripts_the_key_leads_back_to_the_desk_with_words_and_ticket(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    _, form = _card(agent)
    sent = {**{name: value for name, value in form.items() if name != "action"}, "ticket": TICKET}
    answer = agent.client.post(form["action"], data=sent)
    assert answer.status_code == 303
    assert f"ticket={TICKET}" in answer.location
    page = agent.get(answer.location)
    assert f"已引用，记到 {TICKET}" in page.select_one(".flashes").get_text()  # type: ignore[union-attr]
    assert page.select_one("#ticket")["value"] == TICKET  # type: ignore[index]


def test_the_card_says_how_often_it_was_used_and_only_then(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    page, form = _card(agent)
    assert "天用过" not in page.select_one("article.answer").get_text()  # type: ignore[union-attr]
    for number in range(3):
        _press(agent, form, ticket=f"T-{number}")
    page, _ = _card(agent)
    assert "近 90 天用过 3 次" in page.select_one("article.answer").get_text()  # type: ignore[union-attr]


def test_keys_that_act_are_offered_only_to_those_who_may(visitor: Arrive) -> None:
    for login, may in (("demo.li", True), ("demo.zhao", True), ("demo.wu", False), ("demo.jia", False)):
        guest = visitor(login)
        page = guest.get("home.start", q="商标")
        assert bool(page.select('[data-key="u"], [data-key="f"]')) == may, login
        assert bool(page.select('.hints [data-hint*="key=u"], .hints [data-hint*="key=g"]')) == may, login
        article = guest.get("knowledge.show", number=TRADEMARK)
        assert bool(article.select('[data-key="u"], [data-key="f"]')) == may, login
        nothing = guest.get("home.start", q="蟋蟀")
        assert bool(nothing.select('[data-key="g"]')) == may, login
        assert not nothing.select('[data-key="u"]')
    assert visitor("demo.wu").client.post(
        f"/knowledge/{TRADEMARK}/use", data={"csrf_token": visitor("demo.wu").token()}
    ).status_code in (400, 403)


def test_names_and_tickets_are_shown_to_editors_reviewers_and_head_and_counts_to_all_others(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    _, form = _card(agent)
    _press(agent, form, ticket=TICKET)
    for login, sees in (
        ("demo.zhou", True),
        ("demo.wu", True),
        ("demo.sun", True),
        ("demo.zhao", False),
        ("demo.wang", False),
        ("demo.jia", False),
    ):
        guest = visitor(login)
        page = guest.get("knowledge.show", number=TRADEMARK)
        shown = page.select_one("main").get_text()  # type: ignore[union-attr]
        assert ("李坐席" in shown, TICKET in shown) == (sees, sees), login
        assert "用在哪里" in shown
        assert "近 90 天用过 1 次" in shown
        told = guest.get("/knowledge/uses/1").get_text()
        assert ("李坐席" in told, TICKET in told) == (sees, sees), login
        status = guest.client.get(f"/knowledge/{TRADEMARK}/uses").status_code
        assert status == (200 if sees else 403), login
    own = agent.get("/knowledge/uses/1").get_text()
    assert TICKET in own, "whoever told it sees his own"


def test_every_count_of_uses_opens_exactly_its_rows(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    _, form = _card(agent)
    for number in range(30):
        _press(agent, form, ticket=f"T-{number}")
    set_clock(utc_now() + PERIOD - timedelta(hours=1))
    agent, editor = visitor("demo.li"), visitor("demo.zhou")
    _, form = _card(agent)
    set_clock(utc_now() + timedelta(hours=2))
    agent, editor = visitor("demo.li"), visitor("demo.zhou")
    _, form = _card(agent)
    _press(agent, form, ticket="LATE-1")
    page = editor.get("knowledge.show", number=TRADEMARK)
    links = [link for link in page.select('a[href*="/uses"]') if link.get_text().isdecimal()]
    assert [int(link.get_text()) for link in links] == [1, 31]
    for link in links:
        there = editor.get(str(link["href"]))
        pager = there.select_one("nav.pager").get_text()  # type: ignore[union-attr]
        assert int(re.search(r"共 (\d+) 条", pager)[1]) == int(link.get_text())  # type: ignore[index]


def test_what_was_told_is_shown_byte_for_byte_under_a_band_when_the_article_says_something_else(
    visitor: Arrive,
) -> None:
    set_clock(at("2026-12-31T23:50"))
    agent = visitor("demo.li")
    _, form = _card(agent)
    _press(agent, form, ticket=TICKET)
    with agent.app.app_context():
        use = db.session.scalars(select(Use)).one()
        revision = db.session.get_one(Revision, use.revision_id)
        number, script, sha256 = use.id, revision.script, revision.sha256
    for moment, is_current in (("2026-12-31T23:55", True), ("2027-01-02T09:00", False), ("2029-05-05T09:00", False)):
        set_clock(at(moment))
        page = visitor("demo.sun").get("knowledge.used", use_id=number)
        assert page.select_one("[data-told]").get_text() == script  # type: ignore[union-attr]
        assert sha256 in page.get_text()
        assert "一字不差" in page.get_text()
        band = page.select_one(".band").get_text()  # type: ignore[union-attr]
        assert "2026-12-31 23:50" in band
        assert ("现在不能念给来电人" in band) != is_current
        assert not page.select('[data-does="copy"], [data-does="read"], [data-script], [data-key]')


def test_a_text_that_was_changed_behind_the_portals_back_is_noticed(told: Flask) -> None:
    with told.app_context():
        number, _ = _use()
        use = use_by_id(number)
        assert use is not None
        assert services.is_as_it_was(use.revision)
        db.session.expunge(use.revision)
        use.revision.script = "这样念！"
        assert not services.is_as_it_was(use.revision)


def test_four_clocks_stay_apart_a_use_moves_only_its_own(visitor: Arrive) -> None:
    agent = visitor("demo.li")

    def clocks() -> list[str]:
        page = agent.get("knowledge.show", number=TRADEMARK)
        return [row.get_text(" ", strip=True) for row in page.select(".clocks > div")]

    before = clocks()
    assert "还没有引用过" in before[3]
    _, form = _card(agent)
    _press(agent, form, ticket=TICKET)
    after = clocks()
    assert after[:3] == before[:3]
    assert "近 90 天用过 1 次" in after[3]
