"""People and what they may do."""

from typing import Any

from flask.typing import ResponseReturnValue

from portal.accounts.access import needs
from portal.accounts.queries import everyone, last_seen
from portal.accounts.rules.permissions import Permission
from portal.accounts.rules.roles import LABELS
from portal.core.pages import page

from . import bp


@bp.get("/people")
@needs(Permission.ACCOUNTS_PERSON_READ)
def people() -> ResponseReturnValue:
    """Everybody who may sign in, with the roles held."""
    return page("admin/console.html", title="人员", health=None, audit=None, people=people_rows())


def people_rows() -> list[dict[str, Any]]:
    """Everybody who may sign in, as the table shows them."""
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
