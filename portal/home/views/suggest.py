"""What the desk offers while somebody types."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal.accounts.access import needs
from portal.accounts.rules.permissions import Permission
from portal.accounts.token_access import counted
from portal.core.clock import utc_now

from ..suggestions import suggestions
from .desk import bp

AT_ONCE = 6


@bp.get("/desk/suggest")
@needs(Permission.HOME_DESK_READ)
@counted
def suggest() -> ResponseReturnValue:
    """The suggestions alone, as options of a list."""
    offered = suggestions(request.args.get("q", "")[:200], now=utc_now(), limit=AT_ONCE)
    return render_template("home/_suggest.html", offered=offered)
