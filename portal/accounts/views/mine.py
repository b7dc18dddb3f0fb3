"""我的登录: one's own sessions, password and backup codes."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.pages import page

from .. import services
from ..access import current_person, needs
from ..models import Person, UserSession
from ..queries import sessions_of
from ..rules.permissions import Permission
from ..rules.sessions import browser_words
from ..services import people
from . import bp
from .signing_in import change_own


@bp.get("/mine")
@needs(Permission.ACCOUNTS_SELF_USE)
def mine() -> ResponseReturnValue:
    """Where I am signed in, and what I may change about it."""
    return _page()


def _page(fault: str = "", status: int = 200) -> ResponseReturnValue:
    person, now = current_person(), utc_now()
    row = db.session.get_one(Person, person.id)
    rows = [
        {
            "id": held.id,
            "browser": browser_words(held.browser),
            "address": held.address,
            "started_at": held.started_at,
            "seen_at": held.seen_at,
            "here": held.id == person.session_id,
        }
        for held in sessions_of(person.id, now)
    ]
    shown = page(
        "accounts/mine.html",
        rows=rows,
        fault=fault,
        demo_person=person.demo,
        password_set_at=row.password_set_at,
        enrolled=row.totp_confirmed_at,
    )
    shown.status_code = status
    return shown


@bp.post("/mine/<int:session_id>/end")
@needs(Permission.ACCOUNTS_SELF_USE)
def end_mine(session_id: int) -> ResponseReturnValue:
    """End one of my own sessions."""
    person = current_person()
    held = db.session.get(UserSession, session_id)
    if held is None or held.person_id != person.id:
        abort(404)
    services.end_session(session_id, why="本人结束", by=person.actor, now=utc_now())
    flash("已结束那次登录")
    return redirect(url_for("accounts.mine"), 303)


@bp.post("/mine/password")
@needs(Permission.ACCOUNTS_SELF_USE)
def change_password() -> ResponseReturnValue:
    """Change my password; my other sessions end."""
    person = current_person()
    if person.demo:
        abort(404)
    fields = (request.form.get("password", "")[:200], request.form.get("again", "")[:200])
    fault = change_own(person, *fields, old=request.form.get("old", "")[:200])
    if fault:
        db.session.rollback()
        return _page(fault, 422)
    flash("密码改好了，别处的登录都已结束")
    return redirect(url_for("accounts.mine"), 303)


@bp.post("/mine/codes")
@needs(Permission.ACCOUNTS_SELF_USE)
def new_codes() -> ResponseReturnValue:
    """Ten fresh backup codes; the old ones no longer count."""
    person = current_person()
    row = db.session.get_one(Person, person.id)
    if not row.totp_confirmed_at:
        abort(404)
    codes = people.new_backup_codes(row, by=person.actor, now=utc_now())
    return render_template("accounts/codes.html", codes=codes, next=url_for("accounts.mine"))
