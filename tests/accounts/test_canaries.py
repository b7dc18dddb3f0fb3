"""Canaries: unique words laid into every place that is not for everybody, and a crawl of every page as every role."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.rules.roles import Role
from portal.accounts.services import DEMO_PEOPLE, ensure_service
from portal.audit.services import SYSTEM, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.directory.models import Unit
from portal.knowledge.models import Article, Publication
from portal.search.services import drain, index_later
from tests.knowledge.pack import take_in, write
from tests.pages.places import places
from tests.support.visitor import Visitor

BUSINESS = frozenset("ADERTVSC")


@dataclass(frozen=True)
class Canary:
    """A word, and the roles on whose pages it may be seen."""

    word: str
    seen_by: frozenset[str]


CANARIES = {
    "draft": Canary("甲字草稿独有", frozenset()),
    "withdrawn": Canary("乙字下架独有", frozenset()),
    "expired": Canary("丙字过期独有", frozenset()),
    "in force": Canary("丁字现行独有", BUSINESS),
    "unit note": Canary("戊字备注独有", BUSINESS),
    "audit reason": Canary("己字缘由独有", frozenset("U")),
}


OF_THE_PAST = {"knowledge.changes"}
"""Pages that tell what was taken away, marked as such; looked at by a test of their own."""


@pytest.fixture
def seeded(full_app: Flask, tmp_path: Path) -> Flask:
    """The portal with a canary in each place."""
    with full_app.app_context():
        for name in ("withdrawn", "expired", "in force"):
            folder = tmp_path / name
            until = {"expired": "2026-11-01"}.get(name)
            _lay(folder, name, until)
            take_in(folder, now=utc_now())
        _lay(tmp_path / "draft", "draft", None)
        take_in(tmp_path / "draft", approved=False, now=utc_now())
        with transaction():
            by = ensure_service("内容包", now=utc_now())
            article = db.session.scalar(select(Article).where(Article.slug == "canary-withdrawn"))
            assert article is not None
            now = utc_now()
            line = Publication(article_id=article.id, from_at=now, by_id=by.id, by_name=by.name, reason="下架", at=now)
            db.session.add(line)
            index_later(f"article:{article.id}")
            db.session.get_one(Unit, 1).note = "金丝雀" + CANARIES["unit note"].word
            record("test:canary:lay", "canary:1", by=SYSTEM, now=now, reason="金丝雀" + CANARIES["audit reason"].word)
        drain(wait=True)
    return full_app


def _lay(folder: Path, name: str, until: str | None) -> None:
    word = CANARIES[name].word
    slug = "canary-" + name.replace(" ", "-")
    ends = date.fromisoformat(until) if until else None
    write(folder, slug, f"金丝雀{word}的话术。", title=f"金丝雀{word}", until=ends, phrases=(f"金丝雀{word}怎么问",))


def _crawl(app: Flask, login: str) -> str:
    """Everything this person can be shown: every page, and every search for every canary."""
    guest = Visitor(app, app.test_client()).sign_in(login)
    seen = [guest.client.get(place.path).text for place in places(app) if place.endpoint not in OF_THE_PAST]
    for path in ("/desk/results", "/desk/suggest", "/knowledge/", "/units/", "/admin/audit"):
        seen.append(guest.client.get(path, query_string={"q": "金丝雀"}).text)
    return "\n".join(seen)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name)
def test_a_canary_is_seen_only_where_it_may_be(seeded: Flask, role: Role) -> None:
    login = next(f"demo.{login}" for login, _, held, _ in DEMO_PEOPLE if held is role)
    text = _crawl(seeded, login)
    for name, canary in CANARIES.items():
        sung = canary.word in text
        if role.value in canary.seen_by:
            assert sung, f"{role.name} should find: {name}"
        else:
            assert not sung, f"{role.name} was shown: {name} … {_around(text, canary.word)}"


def test_what_was_taken_away_stands_among_the_changes_marked_as_gone_and_cannot_be_copied(seeded: Flask) -> None:
    page = Visitor(seeded, seeded.test_client()).sign_in("demo.li").get("knowledge.changes", days=1)
    card = next(c for c in page.select("section.card") if CANARIES["withdrawn"].word in c.get_text())
    assert "下架" in card.get_text()
    assert not card.select("[data-copy], [data-key=c]")
    assert CANARIES["draft"].word not in page.get_text()


def _around(text: str, word: str) -> str:
    at = text.find(word)
    return text[max(0, at - 200) : at + 100]
