"""What is done with an answer: told to a caller and pinned, or said to be wrong; and where a text was used."""

from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, day_start, utc_now
from portal.core.errors import DomainError
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.search import events

from ..forms.acts import FlagForm
from ..models import Article, Revision, Use
from ..queries import uses as reading
from ..queries.articles import published_revisions
from ..queries.cards import basis_labels
from ..queries.deadlines import due_in, overdue_before
from ..queries.documents import document_id
from ..queries.visible import article_of_readers, outlook, stretches
from ..rules import force, script
from ..rules.flags import ANSWER_WITHIN
from ..rules.states import FlagKind, FlagState
from ..services import learning
from ..services import uses as services
from . import bp
from .work import desk_or, done, tabs


@bp.post("/<string:number>/use")
@needs(Permission.KNOWLEDGE_FLAG_RAISE)
def use(number: str) -> ResponseReturnValue:
    """Tell a caller, and keep what was told: this revision, for this ticket."""
    person, now = current_person(), utc_now()
    article = article_of_readers(number) or abort(404)
    revision_id = request.form.get("revision", type=int)
    if revision_id is None:
        raise DomainError("没有说是哪一版，没有记引用；请刷新这一页再引用")
    ticket = request.form.get("ticket", "")
    made, new = services.use(article, revision_id, ticket=ticket, by=person.actor, now=now)
    _note(article, made, new=new, person_id=person.id, now=now)
    kept = f"记到 {made.ticket}" if made.ticket else "没有记工单号"
    said = f"已引用，{kept}" if new else "已经引用过，" + kept
    return done(said, desk_or(url_for("knowledge.show", number=number, ticket=made.ticket)))


def _note(article: Article, made: Use, *, new: bool, person_id: int, now: datetime) -> None:
    """The query by which the text was found led to a use; what had failed before it may be learned from."""
    document = document_id(article.id, made.revision_id)
    event = events.by_mark(person_id, request.form.get("mark", "")[:40])
    event = event or events.leading_to(document, person_id=person_id, now=now)
    if event is None:
        return
    events.note(event, document, events.How.USED, now=now)
    if new:
        learning.learn_from_use(event, article, person_id=person_id, now=now)


@bp.get("/uses/<int:use_id>")
@needs(Permission.KNOWLEDGE_HISTORY_READ)
def used(use_id: int) -> ResponseReturnValue:
    """What was told at that time, byte for byte."""
    row, person, now = reading.use_by_id(use_id) or abort(404), current_person(), utc_now()
    sees_all = person.may(Permission.KNOWLEDGE_USE_READ) or row.person_id == person.id
    revision = row.revision
    of_one = stretches([row.article_id])[row.article_id]
    current = outlook(of_one, now).current
    return page(
        "knowledge/used.html",
        use={
            "at": row.at,
            "ticket": row.ticket if sees_all else None,
            "hidden": not sees_all,
            "person": row.person_name if sees_all else "",
        },
        article={"number": row.article.number, "url": url_for("knowledge.show", number=row.article.number)},
        revision=_told(revision),
        is_current=current is not None and current.revision_id == revision.id,
        unchanged=services.is_as_it_was(revision),
    )


def _told(revision: Revision) -> dict[str, Any]:
    return {
        "no": revision.no,
        "title": revision.title,
        "script": revision.script,
        "script_parts": script.parts(revision.script),
        "length": len(revision.script),
        "body_html": Markup(revision.body_html),  # noqa: S704 — rendered and cleaned when it was saved
        "basis": basis_labels(revision.basis),
        "in_force_from": revision.valid_from,
        "in_force_to": revision.valid_to,
        "unit": revision.unit,
        "sha256": revision.sha256,
    }


@bp.get("/<string:number>/uses")
@needs(Permission.KNOWLEDGE_USE_READ)
def uses_of(number: str) -> ResponseReturnValue:
    """Where an article was used: all times, or those of the last 90 days."""
    article, now = article_of_readers(number) or abort(404), utc_now()
    recent, at = request.args.get("period") == "90", asked_page(request.args.get("page"))
    rows, total = reading.uses_of(article.id, since=now - reading.PERIOD if recent else None, page=at)

    def link(to: int = 1, *, lately: bool = recent) -> str:
        period = "90" if lately else None
        return url_for("knowledge.uses_of", number=number, period=period, page=to if to > 1 else None)

    return page(
        "knowledge/uses.html",
        article={"number": number, "title": _title(article), "url": url_for("knowledge.show", number=number)},
        rows=use_rows(rows),
        total=total,
        recent=recent,
        tabs=[("近 90 天", link(lately=True), recent), ("全部", link(lately=False), not recent)],
        pages=pages_of(at, total, size=reading.PAGE, link=link),
    )


def use_rows(rows: Any) -> list[dict[str, Any]]:
    """What a list shows of each use."""
    return [
        {
            "id": row.id,
            "ticket": row.ticket,
            "revision_no": row.revision.no,
            "person": row.person_name,
            "at": row.at,
            "url": url_for("knowledge.used", use_id=row.id),
        }
        for row in rows
    ]


def _title(article: Article) -> str:
    revisions = published_revisions(article.id)
    return revisions[0].title if revisions else article.number


@bp.route("/<string:number>/flag", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_FLAG_RAISE)
def flag(number: str) -> ResponseReturnValue:
    """Say what is wrong with the text that was read."""
    form = FlagForm()
    sent = form.validate_on_submit()
    article, now = article_of_readers(number) or abort(404), utc_now()
    revision = _read(article, now)
    searched = request.values.get("q", "")
    if sent:
        services.raise_flag(
            article,
            revision,
            kind=FlagKind(form.kind.data),
            words=form.words.data or "",
            searched=searched,
            ticket=form.ticket.data or "",
            by=current_person().actor,
            now=now,
        )
        flash("已经告诉编辑，谢谢您")
        return redirect(desk_or(url_for("knowledge.show", number=number)), 303)
    if request.method == "GET":
        form.ticket.data = request.args.get("ticket", "")[:40]
    return page(
        "knowledge/flag.html",
        form=form,
        article={"number": number, "title": revision.title, "url": url_for("knowledge.show", number=number)},
        revision={"id": revision.id, "no": revision.no, "script": revision.script},
        q=searched[:200],
        back_url=desk_or(url_for("knowledge.show", number=number)),
    )


def _read(article: Article, now: datetime) -> Revision:
    """The revision that the reader had before him: the one named, else the one in force, else the newest.

    What is yet to come has been read by nobody but those who may see it.
    """
    sees_pending = current_person().may(Permission.KNOWLEDGE_PENDING_READ)
    known = {
        revision.id: revision
        for revision in published_revisions(article.id)
        if sees_pending
        or force.has_begun(
            article.publications, revision.id, valid_from=revision.valid_from, basis=revision.basis, now=now
        )
    }
    current = outlook(stretches([article.id])[article.id], now).current
    named = request.values.get("revision", type=int)
    for key in (named, current.revision_id if current else None, next(iter(known), None)):
        if key in known:
            return known[key]
    return abort(404)


@bp.get("/flags")
@needs(Permission.KNOWLEDGE_FLAG_ANSWER)
def flags() -> ResponseReturnValue:
    """What readers said is wrong, those nobody has read first."""
    only_new, at, now = request.args.get("state") == "new", asked_page(request.args.get("page")), utc_now()
    last = overdue_before(ANSWER_WITHIN, beijing_day(now))
    late = day_start(last + timedelta(days=1)) if last else None
    rows, total = reading.flags(only_new=only_new, page=at, overdue_before=late)
    new = reading.new_flags()

    def link(to: int = 1, *, of_new: bool = only_new) -> str:
        return url_for("knowledge.flags", state="new" if of_new else None, page=to if to > 1 else None)

    return page(
        "knowledge/flags.html",
        rows=[_flag_row(row, late) for row in rows],
        new=new,
        unanswered=reading.open_flags(),
        late=reading.open_flags(before=late) if late else 0,
        only_new=only_new,
        new_url=link(of_new=True),
        all_url=link(of_new=False),
        pages=pages_of(at, total, size=reading.PAGE, link=link),
        tabs=tabs(current_person(), now),
    )


def _flag_row(row: Any, late: datetime | None) -> dict[str, Any]:
    answered = row.state == FlagState.ANSWERED
    return {
        "answered": answered,
        "answered_by": row.answered_by_name,
        "answered_at": row.answered_at,
        "is_late": not answered and late is not None and row.at < late,
        "due_on": row.due_on or due_in(ANSWER_WITHIN, beijing_day(row.at)),
        "answer_url": url_for("knowledge.answer_flag", flag_id=row.id),
        "id": row.id,
        "title": row.revision.title,
        "number": row.article.number,
        "url": url_for("knowledge.show", number=row.article.number),
        "revision_no": row.revision.no,
        "kind": row.kind,
        "words": row.words,
        "searched": row.searched,
        "ticket": row.ticket,
        "person": row.person_name,
        "at": row.at,
        "is_new": row.state == FlagState.NEW,
        "seen": f"{row.seen_by_name}已看" if row.seen_by_name else "",
        "seen_at": row.seen_at,
        "seen_url": url_for("knowledge.see_flag", flag_id=row.id),
    }


@bp.post("/flags/<int:flag_id>/seen")
@needs(Permission.KNOWLEDGE_FLAG_ANSWER)
def see_flag(flag_id: int) -> ResponseReturnValue:
    """Say that a flag was read."""
    row = reading.flag_by_id(flag_id) or abort(404)
    services.see_flag(row, by=current_person().actor, now=utc_now())
    state = "new" if request.form.get("state") == "new" else None
    return redirect(url_for("knowledge.flags", state=state), 303)
