"""A rule changes: look at all that rests on a document, then freeze, task and notify in one act."""

from datetime import date, datetime
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, utc_now
from portal.core.fields import EARLIEST, LATEST
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from ..forms.keeping import RuleChangeForm
from ..queries import rule_changes as reading
from ..rules.states import RuleAct
from ..services import rule_changes as services
from . import bp
from .work import tabs


@bp.route("/rules", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_DRAFT_READ, POST=Permission.KNOWLEDGE_ARTICLE_APPROVE)
def rules() -> ResponseReturnValue:
    """Look at what rests on a document (GET), and do what follows from its change (POST)."""
    form, now, person = RuleChangeForm(), utc_now(), current_person()
    if form.validate_on_submit():
        change = services.change_rule(
            form.document.data,
            act=RuleAct(form.act.data),
            in_force_on=form.in_force_on.data,
            note=form.note.data or "",
            touched=_numbers("touched"),
            frozen=_numbers("frozen"),
            by=person.actor,
            now=now,
        )
        flash("已停用、派出、通知，下面是做了什么")
        return redirect(url_for("knowledge.rule", change_id=change.id), 303)
    if request.method == "GET":
        form.document.data = request.args.get("document", "").strip()[:200]
        form.act.data = request.args.get("act") if request.args.get("act") in list(RuleAct) else None
        form.in_force_on.data = _asked_day()
    return _page(form, now)


def _asked_day() -> date | None:
    try:
        day = date.fromisoformat(request.args.get("in_force_on", ""))
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _numbers(name: str) -> set[int]:
    return {int(text) for text in request.form.getlist(name) if text.isdecimal() and len(text) < 10}


def _page(form: RuleChangeForm, now: datetime) -> ResponseReturnValue:
    person, typed = current_person(), form.document.data or ""
    found = reading.blast(typed, form.in_force_on.data or beijing_day(now), now) if typed else None
    sent = request.method == "POST"
    at = asked_page(request.args.get("page"))
    past, total = reading.changes(at)
    return page(
        "knowledge/rules.html",
        form=form,
        typed=typed,
        unreadable=bool(typed) and found is None,
        found=found,
        rows=[_row(each, sent) for each in found.resting] if found else [],
        drafts=[_draft(draft) for draft in found.drafts] if found else [],
        in_review=[
            {"title": item.revision.title, "request": item.request.title, "number": item.revision.article.number}
            for item in found.in_review
        ]
        if found
        else [],
        may_act=person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE),
        past=[
            {
                "id": row.id,
                "url": url_for("knowledge.rule", change_id=row.id),
                "document": row.document,
                "act": row.act,
                "on": row.in_force_on,
                "by": row.by_name,
                "at": row.at,
                "touched": touched,
                "frozen": frozen,
            }
            for row, touched, frozen in past
        ],
        pages=pages_of(at, total, size=reading.PAGE, link=lambda to: url_for("knowledge.rules", page=to)),
        tabs=tabs(person, now),
    )


def _row(each: reading.Resting, sent: bool) -> dict[str, Any]:
    revision = each.revision
    key = str(revision.id)
    return {
        "id": revision.id,
        "title": revision.title,
        "number": revision.article.number,
        "url": url_for("knowledge.show", number=revision.article.number),
        "category": revision.article.category.name,
        "basis": [{"text": row.text, "article": row.article} for row in each.basis],
        "places": each.places,
        "uses": each.uses,
        "may_freeze": each.may_freeze,
        "touched": key in request.form.getlist("touched") if sent else True,
        "frozen": key in request.form.getlist("frozen") if sent else bool(each.basis) and each.may_freeze,
    }


def _draft(draft: Any) -> dict[str, Any]:
    title = draft.content.get("title") if isinstance(draft.content, dict) else ""
    return {
        "title": str(title or (draft.article.number if draft.article else "还没有标题"))[:80],
        "author": draft.author_name,
        "changed_at": draft.changed_at,
    }


@bp.get("/rules/<int:change_id>")
@needs(Permission.KNOWLEDGE_DRAFT_READ)
def rule(change_id: int) -> ResponseReturnValue:
    """One change, and what was done about all that rested on the document."""
    change = reading.change_by_id(change_id) or abort(404)
    return page(
        "knowledge/rule.html",
        change=change,
        rows=[
            {
                "id": touch.id,
                "title": touch.revision.title,
                "number": touch.article.number,
                "url": url_for("knowledge.show", number=touch.article.number),
                "revision_no": touch.revision.no,
                "frozen": touch.frozen,
            }
            for touch in change.touched
        ],
        frozen=sum(touch.frozen for touch in change.touched),
        back_url=url_for("knowledge.rules"),
    )
