"""The auditor's log."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import needs
from portal.accounts.rules.permissions import Permission
from portal.audit import queries as chain
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from . import bp

AT_ONCE = 50


@bp.get("/audit")
@needs(Permission.ADMIN_AUDIT_READ)
def audit() -> ResponseReturnValue:
    """The audit log, the newest first, narrowed by words and person; ?verify=1 walks the whole chain."""
    words, actor = request.args.get("q", "").strip()[:100], request.args.get("actor", "").strip()[:60]
    number = asked_page(request.args.get("page"))
    rows, total = chain.latest(words=words, actor=actor, limit=AT_ONCE, offset=(number - 1) * AT_ONCE)
    return page(
        "admin/audit.html",
        rows=rows,
        q=words,
        actor=actor,
        actors=chain.actors(),
        verdict=_verdict() if request.args.get("verify") else None,
        pages=pages_of(
            number,
            total,
            size=AT_ONCE,
            link=lambda to: url_for("admin.audit", q=words or None, actor=actor or None, page=to),
        ),
    )


def _verdict() -> dict[str, Any]:
    found = chain.check_chain()
    if found.ok:
        return {"ok": True, "text": f"{found.rows:,} 行逐条核对，全部对得上"}
    return {"ok": False, "text": f"第 {found.first_bad} 行对不上（{found.reason}），请保护现场"}
