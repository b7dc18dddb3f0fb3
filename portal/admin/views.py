"""Consoles: each administrator sees what belongs to the office."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.queries import everyone, last_seen
from portal.accounts.rules.permissions import Permission
from portal.accounts.rules.roles import LABELS
from portal.audit import queries as chain
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from . import queries

bp = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")
AT_ONCE = 50


@bp.get("/")
@needs(Permission.ADMIN_CONSOLE_READ)
def console() -> ResponseReturnValue:
    """The landing page of the three administrators."""
    may = current_person().may
    return page(
        "admin/console.html",
        title="工作台",
        health=queries.health() if may(Permission.ADMIN_HEALTH_READ) else None,
        audit=_chain() if may(Permission.ADMIN_AUDIT_READ) else None,
        people=_people() if may(Permission.ACCOUNTS_PERSON_READ) else None,
    )


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


@bp.get("/people")
@needs(Permission.ACCOUNTS_PERSON_READ)
def people() -> ResponseReturnValue:
    """Everybody who may sign in, with the roles held."""
    return page("admin/console.html", title="人员", health=None, audit=None, people=_people())


def _verdict() -> dict[str, Any]:
    found = chain.check_chain()
    if found.ok:
        return {"ok": True, "text": f"{found.rows:,} 行逐条核对，全部对得上"}
    return {"ok": False, "text": f"第 {found.first_bad} 行对不上（{found.reason}），请保护现场"}


def _chain() -> dict[str, Any]:
    seq, head = chain.head()
    found = chain.check_chain() if seq <= 20_000 else None
    return {
        "total": seq,
        "head": head,
        "verified_at": None,
        "verdict": ("完整" if found.ok else "对不上") if found else None,
        "verdict_ok": bool(found and found.ok),
        "rows": chain.latest(limit=10)[0],
        "url": url_for("admin.audit"),
    }


def _people() -> list[dict[str, Any]]:
    seen = last_seen()
    return [
        {
            "name": person.name,
            "login": person.login,
            "role_label": "、".join(LABELS[role] for role in LABELS if role in person.role_set),
            "state": "在用" if person.active else "停用",
            "seen_at": seen.get(person.id),
        }
        for person in everyone()
    ]
