"""Review: what waits for a second person, what it changes, and that person's word on it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.models import Person
from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, near_time, utc_now
from portal.core.database import db
from portal.core.errors import ConflictError
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from ..forms.acts import DecisionForm, RemarkForm
from ..models import ReviewRequest, Revision
from ..queries import reviews as reading
from ..queries import uses as using
from ..queries.reviews import Queue
from ..rules.states import RequestState
from ..services import reviewing
from . import bp
from .compared import VIEWS, compared, view_of
from .work import tabs

SLOW_AFTER = 2
"""Days after which a request that waits is said to wait long."""


def sees_every_draft(person: Principal) -> bool:
    """Whether texts that were never published are shown whoever wrote them; editors see their own."""
    return person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE) or person.may(Permission.KNOWLEDGE_ARTICLE_EMERGENCY)


@bp.get("/review")
@needs(Permission.KNOWLEDGE_DRAFT_READ)
def reviews() -> ResponseReturnValue:
    """What waits for review, the longest waiting first; one's own, and what was decided, by a filter."""
    person, now, at = current_person(), utc_now(), asked_page(request.args.get("page"))
    everything = sees_every_draft(person)
    mine = request.args.get("mine") == "1" or not everything
    state = _state(request.args.get("state"))
    queue = Queue(state, person.id if mine else None, at)
    rows, total = reading.requests(queue)

    def link(to: int = 1, *, of: RequestState | None = state, own: bool = mine) -> str:
        name, whose = of.name.lower() if of else "all", "1" if own and everything else None
        return url_for("knowledge.reviews", state=name, mine=whose, page=to if to > 1 else None)

    waiting = reading.count(Queue(RequestState.WAITING, None if everything else person.id))
    return page(
        "knowledge/reviews.html",
        rows=[_row(row, now) for row in rows],
        waiting=waiting,
        states=[
            {"label": each.value, "url": link(of=each), "active": each is state, "clear_url": link(of=None)}
            for each in RequestState
        ],
        own={"url": link(own=True), "clear_url": link(own=False), "active": mine} if everything else None,
        state=state.value if state else "",
        pages=pages_of(at, total, size=reading.PAGE, link=link),
        tabs=tabs(person, now),
    )


def _state(asked: str | None) -> RequestState | None:
    """Which state is asked for; those that wait where nothing is."""
    if asked == "all":
        return None
    return next((each for each in RequestState if each.name.lower() == asked), RequestState.WAITING)


def _row(row: ReviewRequest, now: datetime) -> dict[str, Any]:
    waits = row.state == RequestState.WAITING
    days = (beijing_day(now) - beijing_day(row.submitted_at)).days
    return {
        "id": row.id,
        "title": row.title,
        "url": url_for("knowledge.review", request_id=row.id),
        "texts": len(row.items),
        "number": row.items[0].revision.article.number if row.items else "",
        "weight": row.items[0].revision.weight if row.items else "",
        "by": row.submitted_by_name,
        "at": row.submitted_at,
        "wanted_on": row.wanted_on,
        "state": row.state,
        "waits": (f"等了 {days} 天" if days else "今天送来") if waits else "",
        "is_slow": waits and days >= SLOW_AFTER,
        "decided": f"{row.decided_by_name} {near_time(row.decided_at, now)}" if row.decided_at else "",
        "open_remarks": sum(remark.settled_at is None for remark in row.remarks),
    }


@bp.get("/review/<int:request_id>")
@needs(Permission.KNOWLEDGE_DRAFT_READ)
def review(request_id: int) -> ResponseReturnValue:
    """What a request changes, field by field, and the keys of whoever may decide."""
    row = _request(request_id, current_person())
    form = DecisionForm(from_on=_wish(row), opened_version=row.version)
    return _page(row, form, RemarkForm(_places(row)))


def _request(request_id: int, person: Principal) -> ReviewRequest:
    """A request that this person may see."""
    row: ReviewRequest = reading.request_by_id(request_id) or abort(404)
    wrote = {item.revision.author_id for item in row.items} | {row.submitted_by_id}
    if person.id not in wrote and not sees_every_draft(person):
        abort(404)
    return row


def _wish(row: ReviewRequest) -> date | None:
    return row.wanted_on if row.wanted_on and row.wanted_on > beijing_day(utc_now()) else None


def _places(row: ReviewRequest) -> list[tuple[str, str]]:
    """Where a remark may stand: text and field, as `revision:field`."""
    several = len(row.items) > 1
    return [
        (f"{item.revision_id}:{name}", f"{item.revision.title}：{label}" if several else label)
        for item in row.items
        for name, label in reviewing.FIELDS.items()
    ]


def _page(row: ReviewRequest, form: DecisionForm, remark_form: RemarkForm) -> Response:
    person, now, view = current_person(), utc_now(), view_of(request.args.get("view"))
    texts = _texts(row, view, now)
    return page(
        "knowledge/review.html",
        form=form,
        remark_form=remark_form,
        row={**_row(row, now), "why": row.why, "words": row.words, "version": row.version},
        texts=texts,
        changes=sum(text["changes"] for text in texts),
        remarks=_remarks(row, person),
        hindrance=_hindrance(row, person),
        decides=person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE) and row.state == RequestState.WAITING,
        takes_back=row.submitted_by_id == person.id and person.may(Permission.KNOWLEDGE_ARTICLE_WRITE),
        wish=_wish(row),
        views=[
            (label, url_for("knowledge.review", request_id=row.id, view=name), name == view)
            for name, label in VIEWS.items()
        ],
    )


def _texts(row: ReviewRequest, view: str, now: datetime) -> list[dict[str, Any]]:
    """Each text of a request beside what speaks now."""
    revisions = [item.revision for item in row.items]
    befores = reading.before([revision.article_id for revision in revisions], now)
    used = using.times_used([revision.article_id for revision in revisions], now)
    found, start = [], 1
    for revision in revisions:
        old = befores.get(revision.article_id)
        old = old if old is None or old.id != revision.id else None
        one = compared(old, revision, view=view, start=start)
        start += one["changes"]
        found.append({**one, **_heading(revision, old), "used": used.get(revision.article_id, 0)})
        unlike = {finding.words: finding for finding in reversed(reading.findings(revision))}
        found[-1]["findings"] = list(unlike.values())[::-1]
    return found


def _heading(revision: Revision, old: Revision | None) -> dict[str, Any]:
    number = revision.article.number
    return {
        "id": revision.id,
        "number": number,
        "title": revision.title,
        "url": url_for("knowledge.show", number=number) if old else None,
        "no": revision.no,
        "weight": revision.weight,
        "why": revision.why,
        "author": revision.author_name,
        "old_no": old.no if old else None,
        "old_label": f"现行 · 第 {old.no} 版" if old else "原来没有这一条",
        "new_label": f"待审 · 第 {revision.no} 版",
    }


def _remarks(row: ReviewRequest, person: Principal) -> list[dict[str, Any]]:
    may = person.may(Permission.KNOWLEDGE_ARTICLE_WRITE)
    titles = {item.revision_id: item.revision.title for item in row.items}
    return [
        {
            "no": number,
            "field": reviewing.FIELDS.get(remark.field, remark.field),
            "title": titles.get(remark.revision_id, "") if len(titles) > 1 else "",
            "quote": remark.quote,
            "text": remark.text,
            "by": remark.by_name,
            "at": remark.at,
            "settled": remark.settled_by_name,
            "settle_url": url_for("knowledge.settle_remark", request_id=row.id, remark_id=remark.id)
            if may and remark.settled_at is None
            else None,
        }
        for number, remark in enumerate(row.remarks, start=1)
    ]


def _hindrance(row: ReviewRequest, person: Principal) -> str:
    """Why this person cannot approve; empty where nothing stands in the way."""
    wrote = reading.contributors([item.revision_id for item in row.items]) | {row.submitted_by_id}
    return "这里有您写的或送审的版本，须另一位审核人来审" if person.id in wrote else ""


@bp.post("/review/<int:request_id>/decide")
@needs(Permission.KNOWLEDGE_ARTICLE_APPROVE)
def decide(request_id: int) -> ResponseReturnValue:
    """A reviewer's word: it speaks, from a day on, it goes back, or it is refused."""
    person, now, form = current_person(), utc_now(), DecisionForm()
    if not form.validate_on_submit():
        row = _request(request_id, person)
        return _page(row, form, RemarkForm(_places(row), formdata=None))
    words = (form.words.data or "").strip()
    try:
        row = reviewing.opened(request_id, form.opened_version.data or 0)
        flash(_decide(row, form, words, person, now))
    except ConflictError as conflict:
        return page("knowledge/review_conflict.html", error=conflict, words=words, url=_url(request_id)), 409
    return redirect(url_for("knowledge.reviews"), 303)


def _url(request_id: int) -> str:
    return url_for("knowledge.review", request_id=request_id)


def _decide(row: ReviewRequest, form: DecisionForm, words: str, person: Principal, now: datetime) -> str:
    """Does what the button says; returns what was done."""
    verb = form.decision.data
    if verb == "changes":
        reviewing.ask_for_changes(row, by=person.actor, words=words, now=now)
        return f"已请{row.submitted_by_name}修改「{row.title}」"
    if verb == "refuse":
        reviewing.refuse(row, by=person.actor, words=words, now=now)
        return f"没有采纳「{row.title}」，理由已告诉{row.submitted_by_name}"
    from_on = form.from_on.data if verb == "schedule" else None
    who = db.session.get_one(Person, person.id)
    critical = bool(form.critical.data)
    lines = reviewing.approve(row, by=who, words=words, from_on=from_on, critical=critical, now=now)
    later = lines[0].from_at > now
    return f"已通过「{row.title}」，" + (f"{from_on} 起生效" if later else "现在就生效")


@bp.post("/review/<int:request_id>/take-back")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def take_back(request_id: int) -> ResponseReturnValue:
    """Take one's own request back."""
    person = current_person()
    _request(request_id, person)
    version = request.form.get("opened_version", 0, type=int)
    row = reviewing.opened(request_id, version)
    reviewing.take_back(row, by=person.actor, now=utc_now())
    flash(f"已撤回「{row.title}」，没有改动现行的版本")
    return redirect(url_for("knowledge.reviews", mine="1"), 303)


@bp.post("/review/<int:request_id>/remarks")
@needs(Permission.KNOWLEDGE_ARTICLE_APPROVE)
def remark(request_id: int) -> ResponseReturnValue:
    """Say something of one place."""
    person = current_person()
    row = _request(request_id, person)
    form = RemarkForm(_places(row))
    if not form.validate_on_submit():
        answer = _page(row, DecisionForm(formdata=None, from_on=_wish(row), opened_version=row.version), form)
        answer.status_code = 422
        return answer
    revision_id, field = str(form.place.data).split(":", maxsplit=1)
    reviewing.add_remark(
        row,
        int(revision_id),
        field=field,
        quote=form.quote.data or "",
        text=form.text.data or "",
        by=person.actor,
        now=utc_now(),
    )
    flash("批注记下了，作者看得到")
    return redirect(_url(request_id) + "#remarks", 303)


@bp.post("/review/<int:request_id>/remarks/<int:remark_id>/settled")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def settle_remark(request_id: int, remark_id: int) -> ResponseReturnValue:
    """Say that a remark was seen to."""
    person = current_person()
    row = _request(request_id, person)
    found = next((each for each in row.remarks if each.id == remark_id), None) or abort(404)
    reviewing.settle_remark(found, by=person.actor, now=utc_now())
    return redirect(_url(request_id) + "#remarks", 303)


def open_requests(revisions: Sequence[Revision]) -> dict[int, str]:
    """Revision id → the page of the request in which it waits."""
    return {key: _url(row.id) for key, row in reading.waiting_for(row.id for row in revisions).items()}
