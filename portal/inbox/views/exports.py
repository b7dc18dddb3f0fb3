"""Asking for an export, deciding on an unmasked one, fetching the file, and the auditor's log."""

import json
from typing import Any
from urllib.parse import urlencode

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.core import files
from portal.core.clock import beijing_day, utc_now
from portal.core.errors import DomainError
from portal.core.file_checks import TYPES
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.write import end_write

from ..forms import AskForm, DecideForm
from ..kinds import Asked, ExportKind, export_kind
from ..models import Export
from ..queries import exports as queries
from ..rules import exports as rules
from ..rules.exports import ExportState
from ..services import exports as services
from . import bp
from .jobs import job_row


def export_row(export: Export) -> dict[str, Any]:
    """What a page shows of an export."""
    words, shape = rules.WORDS[ExportState(export.state)]
    return {
        "number": export.number,
        "url": url_for("inbox.export", number=export.number),
        "title": export.title,
        "conditions": export.conditions,
        "why": export.why,
        "masked": export.masked,
        "personal": export.personal,
        "state": words,
        "shape": shape,
        "format": rules.FORMATS[export.format],
        "printed": export.format == rules.PRINT,
        "person": export.person_name,
        "login": export.person_login,
        "asked_at": export.asked_at,
        "rows": export.rows,
        "expires_at": export.expires_at,
        "sha256": export.sha256,
        "error": export.error,
        "decided_by": export.decided_by_name,
        "decided_at": export.decided_at,
        "remark": export.remark,
    }


@bp.get("/exports")
@needs(Permission.INBOX_SELF_USE)
def exports() -> ResponseReturnValue:
    """One's own exports; for the client also those that wait for a decision."""
    person, number = current_person(), asked_page(request.args.get("page"))
    found, total = queries.mine(person.id, page=number)
    decides = person.may(Permission.INBOX_EXPORT_APPROVE)
    return page(
        "inbox/exports.html",
        rows=[export_row(export) for export in found],
        waiting=[export_row(export) for export in queries.waiting()] if decides else [],
        decides=decides,
        pages=pages_of(number, total, size=queries.PAGE, link=lambda to: url_for("inbox.exports", page=to)),
    )


@bp.route("/exports/new/<string:kind>", methods=["GET", "POST"])
@needs(Permission.INBOX_EXPORT_MASKED)
def ask_export(kind: str) -> ResponseReturnValue:
    """Ask for an export of a list as it was narrowed there."""
    found = export_kind(kind)
    if found is None or found.asked_at != "inbox.ask_export":
        abort(404)
    return asking(found)


def asking(kind: ExportKind) -> ResponseReturnValue:
    """The page that asks for an export of this kind; the conditions are those of its own address.

    A domain whose people may not export at large marks a route of its own and answers with this.
    """
    person, now = current_person(), utc_now()
    if not person.may(kind.permission):
        abort(403)
    params = {name: request.args.get(name, "").strip()[:200] for name in kind.params}
    params = {name: value for name, value in params.items() if value}
    form = AskForm(kind, may_unmask=person.may(Permission.INBOX_EXPORT_ASK_UNMASKED))
    if form.validate_on_submit():
        export = services.ask(
            kind,
            params=params,
            format=form.format.data,
            masked=form.wants_masked,
            why=form.why.data or "",
            by=person,
            now=now,
        )
        return redirect(url_for("inbox.export", number=export.number), 303)
    if form.errors:
        end_write()  # nothing will be written: counting needs no lock
    query = f"?{urlencode(params)}" if params else ""
    return page(
        "inbox/ask.html",
        form=form,
        title=f"导出{kind.title}",
        conditions=kind.conditions(params),
        count=kind.count(Asked(params=params, person_id=person.id, now=now)),
        action=request.path + query,
        back_url=kind.back + query,
    )


@bp.get("/exports/<string:number>")
@needs(Permission.INBOX_SELF_USE)
def export(number: str) -> ResponseReturnValue:
    """One export: how far it is, its file, who had it; asks for itself while it is being made."""
    person, now = current_person(), utc_now()
    found = _visible(number, person)
    building = found.state == ExportState.BUILDING
    own = found.person_id == person.id
    values = {
        "export": export_row(found),
        "job": job_row(found.job, now) if found.job and building else None,
        "own": own,
        "ready": not rules.why_not_download(state=ExportState(found.state), expires_at=found.expires_at, now=now),
        "decides": person.may(Permission.INBOX_EXPORT_APPROVE) and found.state == ExportState.WAITING and not own,
        "downloads": queries.downloads(found.id),
        "here": url_for("inbox.export", number=number),
    }
    if request.headers.get("HX-Request"):
        return render_template("inbox/_export.html", **values)
    return page("inbox/export.html", decide_form=DecideForm(), **values)


def _visible(number: str, person: Principal) -> Export:
    """The export, or 404 where this person has no business with it."""
    found = queries.find_export(number)
    if found is None or not rules.may_see(
        masked=found.masked,
        person_id=found.person_id,
        by_id=person.id,
        sees_log=person.may(Permission.INBOX_EXPORT_LOG),
        approves=person.may(Permission.INBOX_EXPORT_APPROVE),
    ):
        abort(404)
    return found


@bp.post("/exports/<string:number>/download")
@needs(Permission.INBOX_SELF_USE)
def download(number: str) -> ResponseReturnValue:
    """Hand one's own file over, or open it to be printed; a POST, since each time is written down."""
    now = utc_now()
    found, path = services.hand_over(number, by=current_person(), now=now)
    kind = export_kind(found.kind)
    if found.format == rules.PRINT and kind:
        return page(kind.printed, export=export_row(found), printed=json.loads(path.read_text(encoding="utf-8")))
    day = f"{beijing_day(found.built_at or now):%Y-%m-%d}"
    name = f"{found.title}-{day}-{found.number}.{found.format}"
    return files.attachment(path, filename=name, mimetype=TYPES[found.format].mimetype)


@bp.post("/exports/<string:number>/approve")
@needs(Permission.INBOX_EXPORT_APPROVE)
def approve_export(number: str) -> ResponseReturnValue:
    """Approve an unmasked export: it is built for the one who asked."""
    return _decide(number, approve=True)


@bp.post("/exports/<string:number>/refuse")
@needs(Permission.INBOX_EXPORT_APPROVE)
def refuse_export(number: str) -> ResponseReturnValue:
    """Refuse an unmasked export, with the reason."""
    return _decide(number, approve=False)


def _decide(number: str, *, approve: bool) -> ResponseReturnValue:
    form = DecideForm()
    person = current_person()
    _visible(number, person)
    if not form.validate_on_submit():
        raise DomainError("；".join(str(fault) for faults in form.errors.values() for fault in faults))
    services.decide(number, approve=approve, remark=form.remark.data or "", by=person, now=utc_now())
    return redirect(url_for("inbox.export", number=number), 303)


@bp.get("/exports/log")
@needs(Permission.INBOX_EXPORT_LOG)
def export_log() -> ResponseReturnValue:
    """Everybody's exports, for the auditor: by trace number, person, kind, unmasked only."""
    args = request.args
    filters = queries.LogFilters(
        number=rules.read_number(args.get("number", "")[:20]),
        person_id=min(args.get("person", type=int) or 0, 2**31 - 1),
        kind=args.get("kind", "")[:60],
        unmasked=args.get("unmasked") == "1",
        page=asked_page(args.get("page")),
    )
    found, total = queries.log(filters)
    counts = queries.download_counts([export.id for export in found])
    kept = {
        "number": filters.number,
        "person": filters.person_id or None,
        "kind": filters.kind,
        "unmasked": 1 if filters.unmasked else None,
    }

    def link(**changed: object) -> str:
        values = {name: value for name, value in {**kept, **changed}.items() if value}
        return url_for("inbox.export_log") + (f"?{urlencode(values)}" if values else "")

    return page(
        "inbox/log.html",
        rows=[{**export_row(export), "downloads": counts.get(export.id, 0)} for export in found],
        kept=kept,
        makers=queries.makers(),
        kinds=queries.kinds_used(),
        unmasked_url=link(unmasked=None if filters.unmasked else 1),
        pages=pages_of(filters.page, total, size=queries.AT_ONCE, link=lambda to: link(page=to)),
    )
