"""Writing (起草): a draft saves itself and is no act; submitted, it becomes a revision and goes to a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Person
from portal.audit.services import Actor, record
from portal.categories.models import Category
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.once import add_or_find

from ..models import Article, Draft, ReviewRequest, Revision
from ..queries.drafts import newest_revision
from ..rules.drafting import LABELS, Content, shown
from ..rules.states import Sensitivity, Weight
from . import reviewing
from .publishing import add_phrases, add_revision, content_hash, create_article, move_article
from .verifying import set_keeping

ORIGIN = "编辑"
"""Where a phrase typed by a writer comes from, as the phrase says."""
MOST_DRAFTS = 50
"""Drafts a person may have at a time; more is a script gone wild."""


@dataclass(frozen=True)
class Assigned:
    """Who keeps an article true (None: the editors together), and how many days lie between two verifications."""

    owner_id: int | None
    interval_days: int | None


@dataclass(frozen=True)
class Written:
    """A draft whose form was found right, its body rendered before the write began."""

    category: Category
    content: dict[str, Any]
    basis: Sequence[dict[str, Any]]
    phrases: Sequence[str]
    body_html: str
    weight: Weight
    why: str
    wanted_on: date | None
    sensitivity: Sensitivity
    assigned: Assigned | None
    """Who keeps the article, from those who may say so; None leaves it, or gives a new one to its writer."""


def start(content: Content, *, article: Article | None, base: Revision | None, by: Actor, now: datetime) -> Draft:
    """Begin to write: a new article, or a change of one; somebody who has a draft of it already goes on with that.

    Raises:
        DomainError: too many drafts.
    """
    count = db.session.scalar(select(func.count()).select_from(Draft).where(Draft.author_id == by.id)) or 0
    if count >= MOST_DRAFTS:
        raise DomainError(f"您已有 {count} 份草稿，请先送审或丢掉一些")
    draft = Draft(
        article_id=article.id if article else None,
        author_id=by.id,
        author_name=by.name,
        base_id=base.id if base else None,
        content=dict(content),
        created_at=now,
        changed_at=now,
    )
    if article is None:
        db.session.add(draft)
        db.session.flush()
        return draft
    mine = select(Draft).where(Draft.article_id == article.id, Draft.author_id == by.id)
    return add_or_find(draft, mine)[0]


def opened(draft_id: int, *, by: Actor, version: int | None = None) -> Draft | None:
    """One's own draft, locked, with a version as it was opened; None where this person has no such draft.

    Raises:
        ConflictError: it was saved in another window since.
    """
    draft = db.session.scalar(
        select(Draft)
        .where(Draft.id == draft_id, Draft.author_id == by.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if draft is not None and version is not None and draft.version != version:
        raise ConflictError(
            "这份草稿在另一个窗口存过了",
            current={LABELS[name]: shown(draft.content, name) for name in LABELS},
            version=draft.version,
            who=draft.author_name,
            when=draft.changed_at,
        )
    return draft


def save(draft: Draft, content: Content, *, now: datetime) -> None:
    """Keep what was typed, right or not; nothing is written where nothing changed."""
    if draft.content != content:
        draft.content, draft.changed_at, draft.version = dict(content), now, draft.version + 1


def settle(draft: Draft, content: Content, base: Revision, *, now: datetime) -> None:
    """Say that what was typed takes the newer revision into account: from here on it is written against that one."""
    draft.base_id, draft.content, draft.changed_at = base.id, dict(content), now
    draft.version += 1


def drop(draft: Draft, *, by: Actor, now: datetime) -> None:
    """Throw a draft away."""
    facts = {"title": draft.content.get("title", ""), "article": draft.article_id}
    db.session.delete(draft)
    record("knowledge:draft:drop", f"draft:{draft.id}", by=by, now=now, changes=facts)


def submit(draft: Draft, written: Written, *, by: Person, now: datetime) -> ReviewRequest:
    """Make a draft a revision and lay it before a reviewer; the draft is gone then.

    Raises:
        DomainError: it says what the newest revision says.
        ConflictError: somebody added a revision since it was begun.
    """
    actor = Actor(by.id, by.name)
    if draft.article_id is None:
        article = create_article(written.category, slug=None, by=actor, now=now)
        article.owner_id = by.id
    else:
        article = db.session.get_one(Article, draft.article_id, with_for_update=True)
        _refuse_stale(draft, article, written)
        move_article(article, written.category, by=actor, now=now)
    kept = written.assigned or Assigned(article.owner_id, article.interval_days)
    set_keeping(
        article,
        owner_id=kept.owner_id,
        interval_days=kept.interval_days,
        sensitivity=written.sensitivity,
        opened_version=None,
        by=actor,
        now=now,
    )
    revision = add_revision(
        article,
        content=written.content,
        body_html=written.body_html,
        basis=written.basis,
        author=by,
        why=written.why,
        weight=written.weight,
        now=now,
        base_id=draft.base_id,
    )
    add_phrases(article, written.phrases, origin=ORIGIN, by=actor, now=now)
    db.session.delete(draft)
    return reviewing.submit(
        [revision], title=revision.title, why=written.why, wanted_on=written.wanted_on, by=actor, now=now
    )


def _refuse_stale(draft: Draft, article: Article, written: Written) -> None:
    newest = newest_revision(article.id)
    if newest is None:
        return
    if newest.id != draft.base_id:
        raise ConflictError(
            f"{newest.author_name}已经写了第 {newest.no} 版",
            current={"标题": newest.title, "话术": newest.script, "正文": newest.body},
            version=draft.version,
            who=newest.author_name,
            when=newest.created_at,
        )
    if newest.sha256 == content_hash(written.content, written.basis):
        raise DomainError(f"和第 {newest.no} 版一字不差，没有要送审的改动")
