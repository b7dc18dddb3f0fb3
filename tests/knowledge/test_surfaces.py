"""Text that is not in force answers nobody: on no surface, for no role, before its day or after it."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.services import DEMO_PEOPLE
from portal.core.clock import set_clock
from portal.core.database import db
from portal.directory.models import Unit
from portal.knowledge.models import Article
from tests.support.visitor import Visitor

from .pack import UNIT, at, take_in, write

LAST, FIRST = date(2026, 12, 31), date(2027, 1, 1)
READERS = [f"demo.{login}" for login, _, role, _ in DEMO_PEOPLE if role not in "UQX"]
MAY_SEE_PENDING = {"demo.zhou", "demo.wu", "demo.sun"}
ENDING, ENDING_TOO, COMING, BEFORE, AFTER = "甲票甲票", "戊票戊票", "乙票乙票", "丙票丙票", "丁票丁票"


@dataclass(frozen=True)
class _Moment:
    now: datetime
    said: dict[str, str]
    """Article → what it says now."""
    unsaid: tuple[str, ...]


MOMENTS = {
    "the last half minute of the old year": _Moment(
        at("2026-12-31T23:59:30"),
        {"ending": ENDING, "ending-too": ENDING_TOO, "changing": BEFORE},
        (COMING, AFTER),
    ),
    "the first half minute of the new year": _Moment(
        at("2027-01-01T00:00:30"),
        {"coming": COMING, "changing": AFTER},
        (ENDING, ENDING_TOO, BEFORE),
    ),
}
each_moment = pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)


@pytest.fixture
def turning(app: Flask, tmp_path: Path) -> Flask:
    """Articles that end, begin and change at New Year; each says its mark in every field."""
    folder = tmp_path / "pack"

    def say(slug: str, mark: str, **days: date) -> None:
        write(folder, slug, f"{mark}话术。", title=f"{mark}题", body=f"{mark}正文。", phrases=(f"问法{slug}",), **days)

    say("ending", ENDING, until=LAST)
    say("ending-too", ENDING_TOO, until=LAST)
    say("coming", COMING, since=FIRST)
    say("changing", BEFORE, until=LAST)
    say("changing", AFTER, takes_over=FIRST)
    with app.app_context():
        assert take_in(folder).new == 4
    return app


def _arrive(app: Flask, login: str) -> Visitor:
    return Visitor(app, app.test_client()).sign_in(login)


def _numbers(app: Flask) -> dict[str, str]:
    with app.app_context():
        return dict(db.session.execute(select(Article.slug, Article.number)).all())


def _unit_page(app: Flask) -> str:
    with app.app_context():
        return f"/units/{db.session.scalars(select(Unit.id).where(Unit.name == UNIT)).one()}"


def _lists(app: Flask) -> list[str]:
    """Pages that list or count all that answers."""
    narrowed = [
        "category=01",
        "category=0104",
        "kind=法律法规",
        f"unit={UNIT}",
        "sort=title",
        "sort=valid_to",
        "q=话术",
    ]
    return ["/categories/0104", "/knowledge/", *(f"/knowledge/?{one}" for one in narrowed), _unit_page(app)]


def _searches(path: str, marks: tuple[str, ...]) -> list[str]:
    """Searches for what all texts have, and for most of what only the unsaid ones have."""
    words = ["话术", "正文", "问法", "题", "示例条例", "piao", "问法coming", "问法ending"]
    return [f"{path}?q={word}" for word in [*words, *(mark[:3] for mark in marks)]]


@each_moment
def test_no_page_shows_anybody_a_text_that_is_not_in_force(turning: Flask, moment: _Moment) -> None:
    set_clock(moment.now)
    lists = ["/", "/desk", "/desk?category=0104", "/categories/", "/categories/01", "/units/", *_lists(turning)]
    paths = ("/desk/results", "/desk/suggest", "/knowledge/")
    searches = [page for path in paths for page in _searches(path, moment.unsaid)]
    for login in READERS:
        guest = _arrive(turning, login)
        for path in lists + (searches if login in ("demo.li", "demo.wu", "demo.jia") else []):
            response = guest.client.get(path)
            assert response.status_code == 200, (login, path)
            assert not [mark for mark in moment.unsaid if mark in response.text], (login, path)


@each_moment
def test_every_list_and_search_shows_the_texts_in_force_and_counts_only_them(turning: Flask, moment: _Moment) -> None:
    set_clock(moment.now)
    agent, numbers, said = _arrive(turning, "demo.li"), _numbers(turning), moment.said
    expected = {numbers[slug] for slug in said}
    for path in _lists(turning):
        page = agent.get(path)
        assert {row["data-ref"] for row in page.select("tbody tr")} == expected, path
        assert all(mark in page.get_text() for mark in said.values()), path
        assert f"共 {len(said)} 条" in page.select_one("nav.pager").get_text(), path  # type: ignore[union-attr]
    desk = agent.get("home.start", q="话术")
    assert {card["data-ref"] for card in desk.select("article.answer")} == expected
    assert desk.select_one("#count").get_text().startswith(f"{len(said)} 条")  # type: ignore[union-attr]
    tile = next(tile for tile in agent.get("/").select(".tiles a") if tile.get_text().startswith("01"))
    assert tile.select_one(".n").get_text() == str(len(said))  # type: ignore[union-attr]
    leaf = agent.get("/categories/").select_one('a.num[href="/categories/0104"]')
    assert leaf is not None
    assert leaf.get_text() == str(len(said))


@each_moment
def test_the_shelf_of_favourites_and_of_what_was_read_keeps_only_what_is_in_force(
    turning: Flask, moment: _Moment
) -> None:
    set_clock(moment.now)
    agent, numbers = _arrive(turning, "demo.li"), _numbers(turning)
    for number in numbers.values():
        token = {"csrf_token": agent.token()}
        assert agent.client.post(f"/knowledge/{number}/favourite", data={"keep": "1", **token}).status_code == 303
        assert agent.client.post(f"/knowledge/{number}/opened", data=token).status_code == 204
    shelf = agent.get("/").select(".links-list a")
    wanted = sorted(f"/knowledge/{numbers[slug]}" for slug in moment.said)
    assert sorted(link["href"] for link in shelf) == sorted(wanted * 2)


@each_moment
def test_an_articles_page_gives_keys_only_to_the_text_in_force(turning: Flask, moment: _Moment) -> None:
    set_clock(moment.now)
    numbers = _numbers(turning)
    for login in ("demo.li", "demo.zhou", "demo.wu", "demo.sun", "demo.jia"):
        guest = _arrive(turning, login)
        for slug, number in numbers.items():
            page = guest.get(f"/knowledge/{number}")
            scripts = [tag.get_text() for tag in page.select("[data-script]")]
            assert scripts == ([f"{moment.said[slug]}话术。"] if slug in moment.said else []), (login, slug)
            keys = {tag["data-does"] for tag in page.select("[data-does]")} - {"print"}
            assert keys == ({"read", "copy"} if slug in moment.said else set()), (login, slug)
            shown = [mark for mark in moment.unsaid if f"{mark}话术" in page.get_text()]
            pending = moment.now < at("2027-01-01T00:00") and login in MAY_SEE_PENDING
            assert shown == ([AFTER] if pending and slug == "changing" else []) or (
                pending and shown == [COMING] and slug == "coming"
            ), (login, slug)
            assert not page.select(".is-pending [data-does], .is-pending [data-script]")


@each_moment
def test_the_text_of_another_day_stands_under_a_band_and_has_no_keys(turning: Flask, moment: _Moment) -> None:
    set_clock(moment.now)
    guest, numbers = _arrive(turning, "demo.li"), _numbers(turning)
    past, future = "2026-12-30", "2027-01-02"
    other = future if moment.now < at("2027-01-01T00:00") else past
    word = "待生效" if other == future else "已失效"
    for slug in ("ending", "coming", "changing"):
        page = guest.get("knowledge.as_of", number=numbers[slug], on=other)
        if page.select_one("section .script") is None:
            assert "没有可以念的文本" in page.get_text()
            continue
        assert not page.select("[data-does]:not([data-does=print])"), slug
        assert word in page.select_one(".band").get_text(), slug  # type: ignore[union-attr]


@each_moment
def test_a_card_says_that_a_change_comes_but_not_what_it_will_be(turning: Flask, moment: _Moment) -> None:
    set_clock(moment.now)
    text = _arrive(turning, "demo.li").get("home.start", q="话术").get_text()
    assert ("2027-01-01 起有变化" in text) == (moment.now < at("2027-01-01T00:00"))


def test_a_first_start_after_new_year_answers_with_the_new_text(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    write(folder, "changing", f"{BEFORE}话术。", until=LAST)
    write(folder, "changing", f"{AFTER}话术。", takes_over=FIRST)
    now = at("2027-01-01T08:00")
    set_clock(now)
    with app.app_context():
        take_in(folder, now=now)
    text = _arrive(app, "demo.li").get("home.start", q="话术").get_text()
    assert AFTER in text
    assert BEFORE not in text
    assert "起有变化" not in text
