"""One article: what holds now, when it changes, what it rests on, and what it said on a day."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.accounts.access import current_person, needs
from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import standing
from portal.core.clock import beijing_day, day_start, near_time, utc_now
from portal.core.pages import page

from ..models import Article, Basis, Revision
from ..queries import articles as listing
from ..queries import uses as using
from ..queries.cards import checked_words, favourite_ids, revision_needs_check
from ..queries.visible import Outlook, article_of_readers, outlook, stretches
from ..rules import force, script
from ..services import personal
from . import bp
from .keeping import keeping_of
from .offered import acts, fuse, history, scheduled
from .uses import use_rows

LAST_USES = 5
"""How many of its uses an article's page lists."""


@bp.get("/<string:number>")
@needs(Permission.KNOWLEDGE_ARTICLE_READ)
def show(number: str) -> ResponseReturnValue:
    """The article as it answers now."""
    article, now, person = _article(number), utc_now(), current_person()
    revisions = _published(article)
    of_one = stretches([article.id])[article.id]
    ahead = outlook(of_one, now)
    current = revisions[ahead.current.revision_id] if ahead.current else None
    following = revisions[ahead.following.revision_id] if ahead.following else None
    known = current or following or next(iter(revisions.values()))
    sees_pending = person.may(Permission.KNOWLEDGE_PENDING_READ)
    usage = using.usage(article.id, now)
    return page(
        "knowledge/article.html",
        article={
            "number": number,
            "title": known.title,
            "favourite": article.id in favourite_ids(person.id, [article.id]),
            "favourite_url": url_for("knowledge.favourite", number=number),
        },
        opened_url=url_for("knowledge.opened", number=number),
        current=_text(current, now, article, ahead.changes_on) if current else None,
        state=None if current else _state(article, of_one, now).value,
        pending=_pending(following, ahead, article, now) if following and sees_pending else None,
        timeline=_timeline(of_one, revisions, now),
        keys=_keys(article, current, person) if current else {},
        ticket=request.args.get("ticket", "").strip()[:32],
        clocks=_clocks(known, ahead, now, usage),
        usage=_usage(article, usage, person),
        history=history(article, of_one, person, now),
        acts=acts(article, current, person),
        fuse=fuse(article, person, now),
        scheduled=scheduled(article, person, now),
        compare_url=_comparison(number, current, following) if following and sees_pending else None,
        told_url=url_for("knowledge.told"),
        kept=keeping_of(article, person, answers=current is not None),
        today=beijing_day(now),
        crumbs=_crumbs(article, now),
    )


@bp.get("/<string:number>/as-of")
@needs(Permission.KNOWLEDGE_HISTORY_READ)
def as_of(number: str) -> ResponseReturnValue:
    """What the article says at the end of a chosen day; no copy key unless it is the text of now."""
    article, now = _article(number), utc_now()
    asked = request.args.get("on", "")
    day = _day(asked)
    on = day or beijing_day(now)
    moment = now if on == beijing_day(now) else day_start(on + timedelta(days=1)) - timedelta(seconds=1)
    of_one = stretches([article.id])[article.id]
    window = next((window for window in of_one if window.holds(moment)), None)
    revisions = _published(article)
    revision = revisions[window.revision_id] if window else None
    title = (revision or next(iter(revisions.values()))).title
    return page(
        "knowledge/as_of.html",
        article={"number": number, "title": title, "url": url_for("knowledge.show", number=number)},
        moment=on,
        state=_standing(window, now).value if window else "",
        revision=_text(revision, now, article, None) if revision else None,
        fault="日期应写作 2026-07-01" if asked and day is None else None,
    )


@bp.post("/<string:number>/favourite")
@needs(Permission.KNOWLEDGE_ARTICLE_FAVOURITE)
def favourite(number: str) -> ResponseReturnValue:
    """Keep an article at hand, or no longer."""
    person, article = current_person(), _article(number)
    keep = request.form.get("keep") == "1"
    personal.set_favourite(article, keep=keep, person_id=person.id, by=person.actor, now=utc_now())
    if request.headers.get("HX-Request"):
        return "", 204
    return redirect(url_for("knowledge.show", number=number), 303)


@bp.post("/<string:number>/opened")
@needs(Permission.KNOWLEDGE_ARTICLE_FAVOURITE)
def opened(number: str) -> ResponseReturnValue:
    """The page tells that it was opened, for the desk's list of what was read last."""
    personal.mark_opened(_article(number), person_id=current_person().id, now=utc_now())
    return "", 204


def _comparison(number: str, current: Revision | None, following: Revision) -> str | None:
    return url_for("knowledge.difference", number=number, a=current.no, b=following.no) if current else None


def _article(number: str) -> Article:
    return article_of_readers(number) or abort(404)


def _published(article: Article) -> dict[int, Revision]:
    """The revisions that were ever published."""
    return {revision.id: revision for revision in listing.published_revisions(article.id)}


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if date(1950, 1, 1) <= day <= date(2100, 1, 1) else None


def _text(revision: Revision, now: datetime, article: Article, changes_on: date | None) -> dict[str, Any]:
    return {
        "revision_no": revision.no,
        "script": revision.script,
        "script_parts": script.parts(revision.script),
        "seconds": script.seconds(revision.script),
        "length": len(revision.script),
        "body_html": Markup(revision.body_html),  # noqa: S704 — rendered and cleaned when it was saved
        "basis": [_basis(row, now) for row in revision.basis],
        "phrases": [phrase.text for phrase in article.phrases],
        "in_force_from": revision.valid_from,
        "in_force_to": revision.valid_to,
        "changes_on": changes_on,
        "kind": revision.kind,
        "audience": revision.audience,
        "district": revision.district,
        "unit": revision.unit,
        "note": revision.note,
        "checked": checked_words(revision.checked),
        "needs_check": revision_needs_check(revision, now),
    }


def _pending(revision: Revision, ahead: Outlook, article: Article, now: datetime) -> dict[str, Any]:
    return {**_text(revision, now, article, None), "from": ahead.changes_on}


def _basis(row: Basis, now: datetime) -> dict[str, Any]:
    return {
        "text": row.text,
        "source": row.source,
        "article": row.article,
        "in_force_from": row.in_force_from,
        "in_force_to": row.in_force_to,
        "checked": checked_words(row.checked),
        "needs_check": force.mark_is_old(row.checked, beijing_day(now)),
        "note": row.note,
    }


def _standing(window: force.Window, now: datetime) -> force.Standing:
    if window.holds(now):
        return force.Standing.CURRENT
    return force.Standing.PENDING if window.start > now else force.Standing.EXPIRED


def _state(article: Article, of_one: Sequence[force.Window], now: datetime) -> force.Standing:
    """How an article stands of which nothing answers now."""
    if any(window.start > now for window in of_one):
        return force.Standing.PENDING
    line = force.live_line(article.publications, now)
    return force.Standing.WITHDRAWN if line and line.revision_id is None else force.Standing.EXPIRED


def _timeline(of_one: Sequence[force.Window], revisions: dict[int, Revision], now: datetime) -> list[dict[str, Any]]:
    states = {force.Standing.CURRENT: ("current", "现行"), force.Standing.PENDING: ("pending", "待生效，到日自动切换")}
    found = []
    for window in of_one:
        state, label = states.get(_standing(window, now), ("past", ""))
        start = max(window.start, day_start(revisions[window.revision_id].valid_from))
        end = beijing_day(window.end) - timedelta(days=1) if window.end else None
        found.append(
            {
                "no": revisions[window.revision_id].no,
                "label": label,
                "state": state,
                "from": beijing_day(start),
                "to": end,
            }
        )
    return found


def _keys(article: Article, current: Revision, person: Principal) -> dict[str, Any]:
    """What may be done with the text in force, besides reading it out."""
    if not person.may(Permission.KNOWLEDGE_FLAG_RAISE):
        return {}
    return {
        "use": {
            "url": url_for("knowledge.use", number=article.number),
            "revision": current.id,
            "form_key": secrets.token_urlsafe(12),
        },
        "flag_url": url_for("knowledge.flag", number=article.number, revision=current.id),
    }


def _usage(article: Article, usage: using.Usage, person: Principal) -> dict[str, Any]:
    """Where the article was used: each time for those who may see it, counts for all others."""
    found: dict[str, Any] = {"total": usage.total, "by_revision": usage.by_revision, "rows": [], "url": None}
    if usage.total and person.may(Permission.KNOWLEDGE_USE_READ):
        rows, _ = using.uses_of(article.id, size=LAST_USES)
        url = url_for("knowledge.uses_of", number=article.number)
        found |= {"rows": use_rows(rows), "url": url, "recent": usage.recent, "recent_url": url + "?period=90"}
    return found


def _clocks(revision: Revision, ahead: Outlook, now: datetime, usage: using.Usage) -> list[dict[str, Any]]:
    """改动、核对、有效、使用: four clocks that never reset each other (DESIGN §3.3)."""
    until = f" 至 {revision.valid_to.isoformat()}" if revision.valid_to else " 起"
    left = force.days_left(ahead.current.end, now) if ahead.current else None
    changed = f"{beijing_day(revision.created_at).isoformat()} {revision.author_name} 第 {revision.no} 版"
    doubtful = "待核实：念之前先与承办单位确认" if revision_needs_check(revision, now) else ""
    return [
        {"icon": "pencil", "label": "改动", "text": changed, "sub": ""},
        {
            "icon": "circle-check",
            "label": "核对",
            "text": f"按 {checked_words(revision.checked)} 文本",
            "sub": doubtful,
        },
        {
            "icon": "calendar",
            "label": "有效",
            "text": revision.valid_from.isoformat() + until,
            "sub": f"还有 {left} 天" if left is not None else "",
        },
        {
            "icon": "ticket",
            "label": "使用",
            "text": f"近 90 天用过 {usage.recent} 次，最近 {near_time(usage.last_at, now)}"
            if usage.last_at
            else "还没有引用过",
            "sub": "",
        },
    ]


def _crumbs(article: Article, now: datetime) -> list[dict[str, str]]:
    category = standing([article.category], beijing_day(now))[article.category_id]
    chain = [category.parent, category]
    return [{"name": c.name, "url": url_for("categories.show", code=c.code)} for c in chain if c is not None]
