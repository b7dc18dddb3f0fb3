"""The landing page of the three administrators."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.audit import queries as chain
from portal.core.pages import page

from .. import queries
from . import bp
from .people import people_rows


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
        people=people_rows() if may(Permission.ACCOUNTS_PERSON_READ) else None,
    )


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
