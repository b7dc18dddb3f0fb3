"""Surface by state by clock: no text that may not be read out now stands anywhere a caller could be told of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.kinds import Asked
from portal.knowledge.exports import KINDS
from portal.knowledge.models import Article
from portal.knowledge.services.publishing import add_phrases
from portal.search.services import drain
from tests.support.api import asking
from tests.support.visitor import Visitor

from . import hands
from .asking import signed_in
from .hands import basis, later
from .pack import NOW, at

DAY, MIDNIGHT = date(2026, 12, 1), at("2026-12-01T00:00")
LAST_DAY = date(2026, 11, 30)
COMMON = "金丝雀"
"""What every text says, so that one search would find all of them."""
READERS = ("demo.li", "demo.jia", "demo.zhou", "demo.wu")
MAY_SEE_PENDING = ("demo.zhou", "demo.wu")


@dataclass(frozen=True)
class State:
    """A way of being published: `said` says what is read out at a moment, `all_of` every mark that could leak."""

    all_of: tuple[str, ...]
    said: Callable[[datetime], str | None]
    make: Callable[[int], None]


def _script(mark: str) -> str:
    return f"{COMMON}{mark}话术。"


def _text(article: int, mark: str, **more: object) -> int:
    """A revision that says its mark in every field."""
    body, note = f"{COMMON}{mark}正文。", f"{mark}提醒"
    return hands.write(article, _script(mark), title=f"{COMMON}{mark}题", body=body, note=note, **more)


def _publish(article: int, mark: str, *, from_on: date | None = None, **more: object) -> int:
    made = _text(article, mark, **more)
    hands.approve(hands.submit(made), from_on=from_on)
    return made


def _draft(article: int) -> None:
    _text(article, "甲甲一")


def _waiting(article: int) -> None:
    hands.submit(_text(article, "乙乙一"))


def _waiting_over_live(article: int) -> None:
    _publish(article, "丙丙一")
    hands.submit(_text(article, "丙丙二"))


def _scheduled(article: int) -> None:
    _publish(article, "丁丁一")
    _publish(article, "丁丁二", from_on=DAY)


def _coming(article: int) -> None:
    _publish(article, "戊戊一", from_on=DAY)


def _replaced(article: int) -> None:
    _publish(article, "己己一")
    _publish(article, "己己二")


def _withdrawn(article: int) -> None:
    _publish(article, "庚庚一")
    hands.withdraw(article)


def _ending(article: int) -> None:
    _publish(article, "辛辛一", valid_to=LAST_DAY)


def _basis_ending(article: int) -> None:
    _publish(article, "壬壬一", rows=[basis(), basis(until=LAST_DAY, source="另一条例")])


def _fused(article: int) -> None:
    _publish(article, "癸癸一")
    hands.light(_text(article, "癸癸二"))


def _fused_over_nothing(article: int) -> None:
    hands.light(_text(article, "子子一"))


def _called_off(article: int) -> None:
    _publish(article, "丑丑一")
    _publish(article, "丑丑二", from_on=DAY)
    hands.call_off(article, hands.lines(article)[-1].id)


def _confirmed(article: int) -> None:
    _publish(article, "寅寅一")
    hands.light(_text(article, "寅寅二"))
    hands.confirm(article)


def _always(mark: str | None) -> Callable[[datetime], str | None]:
    return lambda now: mark


def _switch(before: str | None, after: str | None, moment: datetime) -> Callable[[datetime], str | None]:
    return lambda now: before if now < moment else after


BURNT = NOW + timedelta(hours=24)
STATES = {
    "draft": State(("甲甲一",), _always(None), _draft),
    "waiting": State(("乙乙一",), _always(None), _waiting),
    "waiting over live": State(("丙丙一", "丙丙二"), _always("丙丙一"), _waiting_over_live),
    "scheduled": State(("丁丁一", "丁丁二"), _switch("丁丁一", "丁丁二", MIDNIGHT), _scheduled),
    "coming": State(("戊戊一",), _switch(None, "戊戊一", MIDNIGHT), _coming),
    "replaced": State(("己己一", "己己二"), _always("己己二"), _replaced),
    "withdrawn": State(("庚庚一",), _always(None), _withdrawn),
    "expired by validity": State(("辛辛一",), _switch("辛辛一", None, MIDNIGHT), _ending),
    "expired by basis": State(("壬壬一",), _switch("壬壬一", None, MIDNIGHT), _basis_ending),
    "fuse over live": State(("癸癸一", "癸癸二"), _switch("癸癸二", "癸癸一", BURNT), _fused),
    "fuse over nothing": State(("子子一",), _switch("子子一", None, BURNT), _fused_over_nothing),
    "called off": State(("丑丑一", "丑丑二"), _always("丑丑一"), _called_off),
    "confirmed": State(("寅寅一", "寅寅二"), _always("寅寅二"), _confirmed),
}
CLOCKS = {
    "at once": NOW + timedelta(minutes=5),
    "the last minutes of the fuse": BURNT - timedelta(minutes=2),
    "the fuse has burnt down": BURNT,
    "the last minutes before midnight": MIDNIGHT - timedelta(minutes=2),
    "midnight": MIDNIGHT,
    "long after": MIDNIGHT + timedelta(days=200),
}
EVERY_MARK = {mark for state in STATES.values() for mark in state.all_of}


@pytest.fixture
def house(any_app: Flask) -> tuple[Flask, dict[str, str]]:
    """One article in each state, kept by a reader as a favourite; state → number."""
    numbers = {}
    with any_app.app_context():
        for name, state in STATES.items():
            article = hands.article()
            numbers[name] = db.session.get_one(Article, article).number
            state.make(article)
            with transaction():
                row = db.session.get_one(Article, article)
                add_phrases(row, [f"{COMMON}问{numbers[name]}"], origin="编辑", by=hands.actor("demo.zhou"), now=NOW)
        drain(wait=True)
    return any_app, numbers


def _pages(numbers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Surfaces that a reader has, with addresses."""
    marks = sorted({mark[:2] for mark in EVERY_MARK})
    for word in (COMMON, "话术", "正文", "题", *marks):
        yield "desk results", f"/desk/results?q={word}"
        yield "suggestion", f"/desk/suggest?q={word}"
    yield "desk", f"/desk?q={COMMON}"
    yield "first page with the shelf", "/"
    yield "list", "/knowledge/"
    yield "list narrowed", f"/knowledge/?q={COMMON}"
    yield "category", "/categories/0104"
    yield from (("the article's own page", f"/knowledge/{number}") for number in numbers.values())


def _leaks(text: str, allowed: set[str]) -> set[str]:
    return {
        mark for mark in EVERY_MARK if f"{mark}话术" in text or f"{mark}正文" in text or f"{mark}提醒" in text
    } - allowed


def _visit(guest: Visitor, numbers: dict[str, str], said: set[str], login: str, now: datetime) -> Iterator[str]:
    """What leaks, in words."""
    pending = {mark for state in STATES.values() for mark in state.all_of} if login in MAY_SEE_PENDING else set()
    for surface, path in _pages(numbers):
        answer = guest.client.get(path)
        allowed = said | (pending if surface == "the article's own page" else set())
        for mark in _leaks(answer.text, allowed):
            yield f"{surface} {path} shows {mark} to {login}"
    for name, number in numbers.items():
        page = guest.client.get(f"/knowledge/{number}")
        expected = STATES[name].said(now)
        if page.status_code == 200:
            (keys,) = (page.text.count("data-script>"),)
            if keys != (1 if expected else 0):
                yield f"{name}: {keys} scripts with keys on the article's page"


@pytest.mark.parametrize("clock", CLOCKS)
def test_nothing_that_may_not_be_read_out_stands_on_any_surface(
    house: tuple[Flask, dict[str, str]], clock: str
) -> None:
    app, numbers = house
    now = CLOCKS[clock]
    keeper = signed_in(app, "demo.li")
    for number in numbers.values():
        token = {"csrf_token": keeper.token()}
        keeper.client.post(f"/knowledge/{number}/favourite", data={"keep": "1", **token})
        keeper.client.post(f"/knowledge/{number}/opened", data=token)
    ask = asking(app)
    set_clock(now)
    said = {mark for state in STATES.values() if (mark := state.said(now))}
    found = [leak for login in READERS for leak in _visit(signed_in(app, login), numbers, said, login, now)]
    assert not found, "\n".join(found)

    agent = signed_in(app, "demo.li")
    listing = agent.get("/knowledge/")
    assert {mark for mark in EVERY_MARK if f"{mark}题" in listing.get_text()} == said
    assert f"共 {len(said)} 条" in listing.get_text()
    desk = agent.get("home.start", q=COMMON)
    assert desk.select_one("#count").get_text().startswith(f"{len(said)} 条")  # type: ignore[union-attr]
    answer = ask("search", q=COMMON, limit=50)
    assert {mark for mark in EVERY_MARK if f"{mark}话术" in answer.text} == said
    assert not _leaks(ask("suggest", q=COMMON).text, said)
    with app.app_context():
        export = KINDS[0]
        asked = Asked(params={}, person_id=1, now=utc_now())
        rows = [row for sheet in export.sheets(asked) for row in sheet.rows]
        assert {mark for mark in EVERY_MARK if any(f"{mark}话术" in str(row) for row in rows)} == said
        assert export.count(asked) == len(said)


def test_a_called_off_text_is_no_history_when_its_day_has_passed(house: tuple[Flask, dict[str, str]]) -> None:
    app, numbers = house
    set_clock(later(days=30))
    agent = signed_in(app, "demo.li")
    number = numbers["called off"]
    assert "丑丑二" not in agent.get("knowledge.show", number=number).get_text()
    assert "丑丑二" not in agent.get("knowledge.as_of", number=number, on="2026-12-10").get_text()
    agent.get("knowledge.difference", number=number, a=1, b=2, status=404)
