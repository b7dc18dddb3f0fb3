"""Somebody asks and finds nothing, asks otherwise and uses an article; editors decide: the verbs of these tests."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from portal.accounts.queries import person_by_name
from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.categories.queries import codes
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Article, ProposedPhrase
from portal.knowledge.queries import learning as reading
from portal.knowledge.queries.documents import document_id
from portal.knowledge.services import learning
from portal.search.events import Asked, How, note, remember
from portal.search.models import SearchEvent
from portal.search.queries import find
from tests.support.visitor import Visitor

from .pack import NOW

FAILED, FOUND = "甲方不给钱", "拖欠账款"


def who(login: str = "demo.li") -> Actor:
    """The actor behind a demo login."""
    person = person_by_name(login)
    assert person is not None
    return Actor(person.id, person.name)


def article_of(slug: str = "arrears") -> Article:
    """The article of a content file."""
    return db.session.scalars(select(Article).where(Article.slug == slug)).one()


def ask(
    words: str,
    seconds: float = 0,
    *,
    hits: int = 0,
    login: str = "demo.li",
    first: tuple[str, ...] = (),
    context: str = "",
) -> int:
    """Somebody asks, so many seconds after nine; returns the number of the query."""
    now = NOW + timedelta(seconds=seconds)
    with transaction():
        asked = Asked(f"mark-{abs(hash((words, seconds, login)))}"[:40], words, hits, first=first, context=context)
        event = remember(asked, person_id=who(login).id or 0, now=now)
        assert event is not None
        return event.id


def use(event_id: int, slug: str = "arrears", *, seconds: float = 60, login: str = "demo.li") -> list[str]:
    """The article is used that this query found; returns the phrases that are proposed now."""
    now = NOW + timedelta(seconds=seconds)
    with transaction():
        event = db.session.get(SearchEvent, event_id)
        assert event is not None
        article = article_of(slug)
        note(event, document_id(article.id, 1), How.USED, now=now)
        found = learning.learn_from_use(event, article, person_id=who(login).id or 0, now=now)
        return [phrase.text for phrase in found]


def chain(
    failed: str = FAILED, found: str = FOUND, *, login: str = "demo.li", seconds: float = 0, **more: int
) -> list[str]:
    """Asked in vain, asked otherwise, used; returns the phrases that are proposed now."""
    ask(failed, seconds, login=login, hits=more.get("hits", 0))
    return use(ask(found, seconds + 30, hits=3, login=login), seconds=seconds + 60, login=login)


def acts(action: str) -> list[AuditRow]:
    """The audit rows of an action."""
    return list(db.session.scalars(select(AuditRow).where(AuditRow.action == action)))


def proposals() -> list[tuple[str, str]]:
    """Every proposed phrase with what became of it."""
    return [(row.text, row.state) for row in db.session.scalars(select(ProposedPhrase).order_by(ProposedPhrase.id))]


def take(text: str = FAILED, login: str = "demo.zhou") -> bool:
    """An editor takes a phrase; whether it waited until now."""
    return _decide(learning.take_phrase, text, login)


def refuse(text: str = FAILED, login: str = "demo.zhou") -> bool:
    """An editor refuses a phrase; whether it waited until now."""
    return _decide(learning.refuse_phrase, text, login)


def _decide(verb: Callable[..., bool], text: str, login: str) -> bool:
    with transaction():
        number = db.session.scalars(select(ProposedPhrase.id).where(ProposedPhrase.text == text)).one()
        phrase = reading.phrase_by_id(number)
        assert phrase is not None
        return verb(phrase, by=who(login), now=NOW + timedelta(hours=1))


def finds(words: str) -> bool:
    """Whether the search finds anything for these words."""
    results, *_ = find(words, at=NOW + timedelta(hours=1))
    return bool(results and results.hits)


def report(words: str, *, code: str = "", note: str = "", login: str = "demo.li", now: datetime = NOW) -> bool:
    """Somebody reports a gap; whether the report is new."""
    with transaction():
        _, new = learning.report_gap(words, category=codes().get(code), note=note, by=who(login), now=now)
    return new


def answer(key: str, slug: str = "arrears") -> None:
    """An editor says which article answers words that were not found."""
    with transaction():
        learning.answer_gap(key, article_of(slug), by=who("demo.zhou"), now=NOW + timedelta(hours=1))


def signed_in(app: Flask, login: str) -> Visitor:
    """A guest who has signed in."""
    return Visitor(app, app.test_client()).sign_in(login)
