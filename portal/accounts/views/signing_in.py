"""Signing in, step by step, and out."""

import json
from contextlib import nullcontext
from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from werkzeug.exceptions import HTTPException

from portal.audit.services import record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.marks import public
from portal.core.write import transaction, writing_now

from .. import services
from ..access import arriving, current_person, during, needs, policy, sign_in_page, signed_in
from ..models import Person
from ..queries import Principal, principal_by_secret
from ..rules.passwords import why_weak
from ..rules.permissions import Permission
from ..rules.signing_in import Step
from ..services import people, signing_in
from . import bp


@bp.get("/sign-in")
@public("one has to get in somewhere")
def sign_in() -> ResponseReturnValue:
    """The page that lets one in: demo people, or name and password."""
    if signed_in():
        return redirect("/")
    return sign_in_page(200)


@bp.post("/sign-in")
@public("checks a name and a password")
def password_sign_in() -> ResponseReturnValue:
    """Name and password; in production a second factor follows."""
    login, wanted = request.form.get("login", "")[:60], safe_path(request.form.get("next", ""))
    if not policy().production:
        return sign_in_page(404)
    try:
        secret = signing_in.sign_in(
            login,
            request.form.get("password", "")[:200],
            browser=request.user_agent.string,
            address=request.remote_addr or "",
            now=utc_now(),
        )
    except DomainError as error:
        return sign_in_page(422, fault=str(error), login=login, wanted=wanted)
    _enter(secret)
    return redirect(wanted, 303)


@bp.post("/demo-sign-in")
@public("signs in a demo person; exists in demo mode only")
def demo_sign_in() -> ResponseReturnValue:
    """One click: a demo person is signed in."""
    if not current_app.config["DEMO"]:
        return sign_in_page(404)
    person_id = request.form.get("person", type=int) or 0
    secret = services.sign_in_demo(
        person_id, browser=request.user_agent.string, address=request.remote_addr or "", now=utc_now()
    )
    _enter(secret)
    return redirect(safe_path(request.form.get("next", "")), 303)


@bp.post("/code")
@during(Step.CODE)
def code() -> ResponseReturnValue:
    """The second factor."""
    person, wanted = _arriving(), safe_path(request.form.get("next", ""))
    try:
        secret = signing_in.give_code(
            person.session_id, request.form.get("code", "")[:40], address=request.remote_addr or "", now=utc_now()
        )
    except DomainError as error:
        return sign_in_page(422, fault=str(error), wanted=wanted)
    _enter(secret)
    return redirect(wanted, 303)


@bp.post("/resume")
@during(Step.RESUME)
def resume() -> ResponseReturnValue:
    """After an idle time: the password only; what was typed is handed back, to be sent with one click."""
    person, wanted = _arriving(), safe_path(request.form.get("next", ""))
    try:
        signing_in.resume(
            person.session_id, request.form.get("password", "")[:200], address=request.remote_addr or "", now=utc_now()
        )
    except DomainError as error:
        return sign_in_page(422, fault=str(error), wanted=wanted)
    typed = _typed(request.form.get("typed", ""))
    typed_for = safe_path(request.form.get("typed_for", ""), method="POST")
    if typed and typed_for != "/":
        return render_template("accounts/resumed.html", typed=typed, typed_for=typed_for)
    return redirect(wanted, 303)


@bp.post("/first-password")
@during(Step.PASSWORD)
def first_password() -> ResponseReturnValue:
    """The one-time or expired password is changed before anything else."""
    person, wanted = _arriving(), safe_path(request.form.get("next", ""))
    fault = change_own(person, request.form.get("password", ""), request.form.get("again", ""), old=None)
    if fault:
        return sign_in_page(422, fault=fault, wanted=wanted)
    return redirect(wanted, 303)


@bp.post("/enrol")
@during(Step.ENROL)
def enrol() -> ResponseReturnValue:
    """Set up the second factor: make the secret, then prove it by a code."""
    person, wanted = _arriving(), safe_path(request.form.get("next", ""))
    row = db.session.get_one(Person, person.id)
    if "code" not in request.form:
        people.begin_enrolment(row)
        return redirect(url_for("accounts.sign_in", next=wanted), 303)
    try:
        codes = people.confirm_enrolment(
            row, request.form["code"][:20], session_id=person.session_id, by=person.actor, now=utc_now()
        )
    except DomainError as error:
        return sign_in_page(422, fault=str(error), wanted=wanted)
    return render_template("accounts/codes.html", codes=codes, next=wanted)


@bp.post("/leave")
@during(Step.CODE, Step.PASSWORD, Step.ENROL, Step.RESUME)
def leave() -> ResponseReturnValue:
    """Give up signing in."""
    person = _arriving()
    services.end_session(person.session_id, why="退出登录", by=person.actor, now=utc_now())
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


@bp.post("/sign-out")
@needs(Permission.ACCOUNTS_SELF_USE)
def sign_out() -> ResponseReturnValue:
    """End this session in the database; a copy of the cookie is worth nothing afterwards."""
    person = current_person()
    services.end_session(person.session_id, why="退出登录", by=person.actor, now=utc_now())
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


def change_own(person: Principal, password: str, again: str, *, old: str | None) -> str | None:
    """Change one's own password; returns the fault in words, None when done. Slow checks come before the write."""
    row = db.session.get_one(Person, person.id)
    login, name, password_hash = row.login, row.name, row.password_hash
    fault = why_weak(password, profile=policy().profile, own_words=(login, name))
    if password != again:
        fault = "两次填的密码不一样"
    if fault is None and people.used_before(row, password, profile=policy().profile):
        fault = "新密码和用过的相同，换一个"
    db.session.rollback()
    if fault is None and old is not None and not signing_in.matches(password_hash, old):
        fault = "原来的密码不对"
    if fault:
        return fault
    hashed = signing_in.hash_password(password)
    row = db.session.get_one(Person, person.id)
    people.change_password(row, password_hash=hashed, session_id=person.session_id, by=person.actor, now=utc_now())
    return None


def _arriving() -> Principal:
    person = arriving()
    if person is None:
        raise RuntimeError("a step of signing in without a session")
    return person


def _enter(secret: str) -> None:
    """Put the session into the browser, forgetting what it held before. A forged `next` leaves a line."""
    now, wanted = utc_now(), request.form.get("next", "")
    person = principal_by_secret(secret, now, policy())
    session.clear()
    login_user(person)
    if person and wanted and safe_path(wanted) != wanted:
        with nullcontext() if writing_now() else transaction():
            record(
                "accounts:session:forged-next",
                f"person:{person.login}",
                by=person.actor,
                now=now,
                changes={"next": wanted[:200]},
                result="denied",
            )


def _typed(text: str) -> dict[str, str]:
    try:
        found = json.loads(text[:200_000] or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def safe_path(wanted: str, *, method: str = "GET") -> str:
    """A path of this portal that answers to the method, else the first page; never another site."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    if not wanted.startswith("/") or wanted.startswith("//") or parts.scheme or parts.netloc or "\\" in wanted:
        return "/"
    if any(ord(sign) < 33 for sign in wanted) or "%09" in wanted or "%0" in wanted.casefold():
        return "/"
    adapter = current_app.create_url_adapter(request)
    try:
        if adapter is None:
            return "/"
        adapter.match(parts.path, method=method)
    except HTTPException:
        return "/"
    return wanted
