"""The auditor's log."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.audit import queries as chain
from portal.audit.anchors import anchor_file, drop_anchor, export_key, read_anchors, signed_lines
from portal.audit.services import record
from portal.core.clock import utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from . import bp

AT_ONCE = 50


@bp.get("/audit")
@needs(Permission.ADMIN_AUDIT_READ)
def audit() -> ResponseReturnValue:
    """The audit log, the newest first: narrowed by words, following one person or one object; ?verify=1 checks it."""
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("q", "actor", "object")}
    number = asked_page(request.args.get("page"))
    rows, total = chain.latest(
        words=asked["q"],
        actor=asked["actor"],
        object_ref=asked["object"],
        limit=AT_ONCE,
        offset=(number - 1) * AT_ONCE,
    )

    def link(**changed: object) -> str:
        kept = {name: value for name, value in {**asked, **changed}.items() if value}
        return url_for("admin.audit") + ("?" + urlencode(kept) if kept else "")

    return page(
        "admin/audit.html",
        rows=rows,
        q=asked["q"],
        actor=asked["actor"],
        followed=asked["object"],
        unfollow_url=link(object=""),
        actors=chain.actors(),
        verify_url=link(verify=1),
        export_url=url_for("admin.audit_export"),
        verdict=_verdict() if request.args.get("verify") else None,
        pages=pages_of(number, total, size=AT_ONCE, link=lambda to: link(page=to)),
    )


@bp.post("/audit/export")
@needs(Permission.ADMIN_AUDIT_EXPORT)
def audit_export() -> ResponseReturnValue:
    """The whole chain as signed JSON lines; the export is itself an act, and drops an anchor."""
    person, now = current_person(), utc_now()
    seq, value = drop_anchor()
    record("admin:audit:export", f"audit:{seq}", by=person.actor, now=now, changes={"head": value})
    lines = "".join(line + "\n" for line in signed_lines(chain.walk(), export_key()))
    response = Response(lines, mimetype="application/jsonl")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{seq}.jsonl"'
    return response


def _verdict() -> dict[str, Any]:
    known = read_anchors(anchor_file()) if anchor_file().exists() else {}
    found = chain.check_chain(anchors=known)
    if found.ok:
        return {"ok": True, "text": f"{found.rows:,} 行逐条核对，{len(known)} 个锚点，全部对得上"}
    return {"ok": False, "text": f"第 {found.first_bad} 行对不上（{found.reason}），请保护现场"}
