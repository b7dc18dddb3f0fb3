"""What the search counts is what its pages show, and nothing of it is hidden from a reader at that moment."""

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.home.queries import AT_ONCE, answer
from portal.knowledge.models import Article, Phrase, Revision
from portal.knowledge.queries.documents import document_id
from portal.knowledge.queries.visible import answering
from portal.search.engine.searching import MOST_LIKED
from portal.search.events import Asked, How, note, remember
from portal.search.popularity import shares
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
MOMENTS = ("1999-01-01", "2019-06-01", "2024-07-01", "2026-11-23", "2026-12-31T23:59:59", "2027-01-01", "2031-05-05")


def _queries(count: int) -> list[str]:
    """Words out of the texts themselves: whole phrases, pairs of characters, first letters."""
    rng = random.Random(20261123)
    phrases = list(db.session.scalars(select(Phrase.text).order_by(Phrase.id)))
    found = rng.sample(phrases, count)
    for text in rng.sample(phrases, count):
        at = rng.randrange(max(1, len(text) - 2))
        found.append(text[at : at + 2])
    return [*found, "gs", "shebao", "公司", "税", "的", "多少钱"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_search_shows_only_what_is_visible_and_its_total_is_what_its_pages_show(full_app: Flask, moment: str) -> None:
    set_clock(datetime.fromisoformat(f"{moment}+08:00" if "T" in moment else f"{moment}T00:00:00+08:00"))
    with full_app.app_context():
        now = utc_now()
        visible = set(db.session.scalars(select(Revision.id).where(Revision.id.in_(answering(now)))))
        for query in _queries(12):
            first = answer(query, category="", now=now, person_id=None)
            shown = [card.revision_id for card in first.cards]
            for number in range(2, -(-first.total // AT_ONCE) + 1):
                shown += [c.revision_id for c in answer(query, category="", now=now, person_id=None, page=number).cards]
            assert len(shown) == len(set(shown)) == first.total, query
            assert set(shown) <= visible, query


def test_the_second_page_goes_on_where_the_first_ends(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    first, second = agent.get("home.start", q="公司"), agent.get("home.start", q="公司", page=2)
    numbers = [[card["data-ref"] for card in page.select("article.answer")] for page in (first, second)]
    assert len(numbers[0]) == AT_ONCE
    assert numbers[1]
    assert not set(numbers[0]) & set(numbers[1])
    assert first.select_one("a[rel=next]") is not None
    back = second.select_one("a[rel=prev]")
    assert back is not None
    assert "page=" not in str(back["href"])
    assert re.search(r"第 11–\d+ 条", second.get_text())


def test_a_page_that_is_not_there_leads_to_the_first(visitor: Arrive) -> None:
    answer_ = visitor("demo.li").client.get("/", query_string={"q": "公司", "page": "99"})
    assert answer_.status_code == 302
    assert "page=" not in answer_.location


def test_what_is_used_much_gains_little_and_never_more_than_its_bound() -> None:
    found = shares({"a": 1, "b": 10, "c": 100_000})
    assert 0 < found["a"] < found["b"] < found["c"] == pytest.approx(MOST_LIKED)
    assert shares({}) == {}


def test_use_decides_between_equals_only(full_app: Flask) -> None:
    with full_app.app_context():
        now = utc_now()
        before = answer("公司", category="", now=now, person_id=None, limit=30)
        last = before.cards[-1]
        article = db.session.scalars(select(Article).where(Article.number == last.number)).one()
        with transaction():
            for number in range(50):
                asked = Asked(mark=f"mark-of-{number:04}", words=f"问{number}", hits=1)
                event = remember(asked, person_id=1, now=now + timedelta(minutes=5 * number))
                assert event is not None
                note(event, document_id(article.id, last.revision_id), How.USED, now=now)
        later = now + timedelta(minutes=11)
        after = answer("公司", category="", now=later, person_id=None, limit=30)
        assert {card.number for card in after.cards} == {card.number for card in before.cards}
        assert after.cards[0].number == before.cards[0].number
