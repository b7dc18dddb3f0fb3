"""What was said when: two revisions beside each other, and what was told for a ticket or on a day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, day_start, utc_now
from portal.core.pages import page

from ..models import Article, Publication, Revision, Use
from ..queries import reviews as reading
from ..queries import uses as using
from ..queries.visible import article_of_readers, stretches
from ..rules import force
from ..rules.ticket import ticket_number
from ..services.uses import is_as_it_was
from . import bp
from .compared import VIEWS, compared, view_of
from .review import sees_every_draft


@bp.get("/<string:number>/difference")
@needs(Permission.KNOWLEDGE_HISTORY_READ)
def difference(number: str) -> ResponseReturnValue:
    """Any two revisions of an article beside each other, of those that this person may see."""
    person, now, view = current_person(), utc_now(), view_of(request.args.get("view"))
    article = reading.article_with_ledger(number) or abort(404)
    known = {row.no: row for row in seen_revisions(article, person, now)}
    if not known:
        abort(404)
    newest = max(known)
    new = known.get(request.args.get("b", newest, type=int)) or abort(404)
    spoke = {window.revision_id for window in force.windows(article.publications)}
    usual = max(((row.id in spoke, row.no) for row in known.values() if row.no < new.no), default=(True, new.no))[1]
    old = known.get(request.args.get("a", usual, type=int)) or abort(404)
    one, of_one = compared(old, new, view=view), stretches([article.id])[article.id]
    return page(
        "knowledge/difference.html",
        article={"number": number, "title": new.title, "url": url_for("knowledge.show", number=number)},
        one=one,
        old=_label(old, article, of_one, now),
        new=_label(new, article, of_one, now),
        choices=[_label(row, article, of_one, now) for row in known.values()],
        views=[
            (label, url_for("knowledge.difference", number=number, a=old.no, b=new.no, view=name), name == view)
            for name, label in VIEWS.items()
        ],
        view=view,
    )


def seen_revisions(article: Article, person: Principal, now: datetime) -> list[Revision]:
    """The revisions of an article that this person may see, the newest first: those that spoke for every reader, those
    that are about to for who may see them, those never published for their author and whoever reviews.
    """
    lines = article.publications
    published = {line.revision_id for line in force.standing(lines)}
    found = []
    for row in reading.revisions_of(article.id):
        spoke = force.has_begun(lines, row.id, valid_from=row.valid_from, basis=row.basis, now=now)
        pending = row.id in published and person.may(Permission.KNOWLEDGE_PENDING_READ)
        draft = person.may(Permission.KNOWLEDGE_DRAFT_READ) and (row.author_id == person.id or sees_every_draft(person))
        if spoke or pending or draft:
            found.append(row)
    return found


def _label(row: Revision, article: Article, of_one: Sequence[force.Window], now: datetime) -> dict[str, Any]:
    state = state_of(row, article.publications, of_one, now)
    return {"no": row.no, "words": f"{state} · 第 {row.no} 版", "why": row.why}


def state_of(row: Revision, lines: Sequence[Publication], of_one: Sequence[force.Window], now: datetime) -> str:
    """How a revision stands, in a word; `of_one` are the stretches of its article."""
    windows = [window for window in of_one if window.revision_id == row.id]
    if any(window.holds(now) for window in windows):
        return "现行"
    if any(window.start > now for window in windows):
        return "待生效"
    own = [line for line in lines if line.revision_id == row.id]
    off = {line.from_at: line.id for line in lines if force.calls_off(line)}
    if all(off.get(line.from_at, 0) > line.id for line in own):
        return "取消了" if own else "没发布"
    if all(line.lapses_at and line.lapses_at <= now for line in own):
        return "没有确认"
    live = force.live_line(lines, now)
    if live is not None and live.revision_id == row.id:
        return "已失效"
    return "已下架" if live is not None and live.revision_id is None else "已替换"


@bp.get("/told")
@needs(Permission.KNOWLEDGE_HISTORY_READ)
def told() -> ResponseReturnValue:
    """What was told for a ticket, each time with its text; or what an article said on a day."""
    person = current_person()
    ticket, number = request.args.get("ticket", "").strip()[:40], request.args.get("number", "").strip()[:30]
    on = request.args.get("on", "").strip()[:20]
    faults: dict[str, str] = {}
    if number and not faults:
        article = article_of_readers(number.upper())
        faults |= {} if article else {"number": f"没有编号 {number} 的知识"}
        faults |= {} if _is_day(on) else {"on": "日期应写作 2026-07-01"}
        if article and not faults:
            return redirect(url_for("knowledge.as_of", number=article.number, on=on or beijing_day(utc_now())))
    rows: list[dict[str, Any]] = []
    hidden = 0
    if ticket:
        rows, hidden, fault = _of_ticket(ticket, person)
        faults |= {"ticket": fault} if fault else {}
    elif on and not number:
        faults |= {} if _is_day(on) else {"on": "日期应写作 2026-07-01"}
        if not faults:
            rows, hidden = _of_day(date.fromisoformat(on), person)
    return page(
        "knowledge/told.html",
        ticket=ticket,
        number=number,
        on=on,
        rows=rows,
        hidden=hidden,
        faults=faults,
        asked=bool(ticket or on or number) and not faults,
    )


def _is_day(text: str) -> bool:
    try:
        return not text or date(1990, 1, 1) <= date.fromisoformat(text) <= date(2100, 12, 31)
    except ValueError:
        return False


def _of_ticket(typed: str, person: Principal) -> tuple[list[dict[str, Any]], int, str]:
    """The uses for a ticket that this person may see, how many others there are, and what is wrong with the number."""
    try:
        number = ticket_number(typed)
    except ValueError as fault:
        return [], 0, str(fault)
    found = using.uses_for_ticket(number or typed)
    return *_shown(found, person), ""


def _of_day(day: date, person: Principal) -> tuple[list[dict[str, Any]], int]:
    start = day_start(day)
    return _shown(using.uses_between(start, day_start(day + timedelta(days=1))), person)


def _shown(found: Any, person: Principal) -> tuple[list[dict[str, Any]], int]:
    sees_all = person.may(Permission.KNOWLEDGE_USE_READ)
    seen = [row for row in found if sees_all or row.person_id == person.id]
    return [_row(row) for row in seen], len(found) - len(seen)


def _row(row: Use) -> dict[str, Any]:
    return {
        "id": row.id,
        "ticket": row.ticket,
        "title": row.revision.title,
        "number": row.article.number,
        "revision_no": row.revision.no,
        "script": row.revision.script,
        "by": row.person_name,
        "at": row.at,
        "url": url_for("knowledge.used", use_id=row.id),
        "unchanged": is_as_it_was(row.revision),
        "sha256": row.revision.sha256,
    }
