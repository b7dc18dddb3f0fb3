"""Signing in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from werkzeug.exceptions import HTTPException

from portal.core.clock import utc_now
from portal.core.forms import PortalForm
from portal.core.marks import public

from . import services
from .access import current_person, needs, sign_in_page, signed_in
from .queries import principal_by_secret
from .rules.permissions import Permission

bp = Blueprint("accounts", __name__, url_prefix="/account", template_folder="templates")


@bp.get("/sign-in")
@public("one has to get in somewhere")
def sign_in() -> ResponseReturnValue:
    """The page with the demo people."""
    if signed_in():
        return redirect("/")
    return sign_in_page(200)


@bp.post("/demo-sign-in")
@public("signs in a demo person; exists in demo mode only")
def demo_sign_in() -> ResponseReturnValue:
    """One click: a demo person is signed in."""
    if not current_app.config["DEMO"]:
        return sign_in_page(404)
    PortalForm()
    person_id = request.form.get("person", type=int) or 0
    now = utc_now()
    secret = services.sign_in_demo(
        person_id, browser=request.user_agent.string, address=request.remote_addr or "", now=now
    )
    wanted = safe_path(request.form.get("next", ""))
    session.clear()
    login_user(principal_by_secret(secret, now))
    return redirect(wanted, 303)


@bp.post("/sign-out")
@needs(Permission.ACCOUNTS_SELF_USE)
def sign_out() -> ResponseReturnValue:
    """End this session in the database; a copy of the cookie is worth nothing afterwards."""
    person = current_person()
    services.end_session(person.session_id, why="退出登录", by=person.actor, now=utc_now())
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


def safe_path(wanted: str) -> str:
    """A path of this portal that can be shown by GET, else the first page; never another site."""
    parts = urlsplit(wanted)
    if not wanted.startswith("/") or wanted.startswith("//") or parts.scheme or parts.netloc or "\\" in wanted:
        return "/"
    if any(ord(sign) < 33 for sign in wanted):
        return "/"
    try:
        current_app.create_url_adapter(request).match(parts.path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return "/"
    return wanted
