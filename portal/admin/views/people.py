"""People: made, disabled and helped by the system administrator; given roles by the security administrator."""

from typing import Any

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.models import Person, UserSession
from portal.accounts.queries import everyone, is_locked, last_seen, role_words, sessions_of
from portal.accounts.rules.permissions import Permission
from portal.accounts.rules.roles import Role
from portal.accounts.rules.sessions import browser_words
from portal.accounts.services import end_session, people
from portal.accounts.services.signing_in import hash_password
from portal.audit.refusals import refusals_recorded
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.pages import page

from ..forms import PersonForm, ReasonForm, RolesForm
from ..queries import holdings
from . import bp


def people_rows() -> list[dict[str, Any]]:
    """Everybody who may sign in, as the table shows them."""
    seen = last_seen()
    return [
        {
            "name": person.name,
            "login": person.login,
            "role_label": role_words(person),
            "state": "在用" if person.active else "停用",
            "seen_at": seen.get(person.id),
            "url": url_for("admin.person", person_id=person.id),
        }
        for person in everyone()
    ]


@bp.get("/people")
@needs(Permission.ACCOUNTS_PERSON_READ)
def list_people() -> ResponseReturnValue:
    """Everybody who may sign in, with the roles held."""
    return page("admin/people.html", people=people_rows())


@bp.route("/people/new", methods=["GET", "POST"])
@needs(Permission.ACCOUNTS_PERSON_CREATE)
def new_person() -> ResponseReturnValue:
    """Make an account; the one-time password is shown once."""
    form = PersonForm()
    if form.validate_on_submit():
        password = people.one_time_password()
        hashed = hash_password(password)
        try:
            made = people.create_person(
                form.login.data or "",
                form.name.data or "",
                password_hash=hashed,
                by=current_person().actor,
                now=utc_now(),
            )
        except DomainError as error:
            form.login.errors = [str(error)]
            return page("admin/person_new.html", form=form)
        return page("admin/one_time.html", name=made.name, login=made.login, password=password, person_id=made.id)
    return page("admin/person_new.html", form=form)


@bp.get("/people/<int:person_id>")
@needs(Permission.ACCOUNTS_PERSON_READ)
def person(person_id: int) -> ResponseReturnValue:
    """One account: roles, sessions, what it holds, and what may be done about it."""
    return _person_page(db.get_or_404(Person, person_id))


def _person_page(row: Person, form: RolesForm | None = None) -> Response:
    now = utc_now()
    if form is None:
        form = RolesForm()
        form.roles.data, form.opened_version.data = [role.value for role in row.role_set], row.version
    return page(
        "admin/person.html",
        account=row,
        form=form,
        reason_form=ReasonForm(),
        roles=role_words(row),
        locked_until=is_locked(row.login, now),
        sessions=[
            {"id": held.id, "browser": browser_words(held.browser), "address": held.address,
             "started_at": held.started_at, "seen_at": held.seen_at}
            for held in sessions_of(row.id, now)
        ],
        holdings=holdings(row.id, now),
        is_me=row.id == current_person().id,
    )  # fmt: skip


@bp.post("/people/<int:person_id>/active")
@needs(Permission.ACCOUNTS_PERSON_CREATE)
def set_active(person_id: int) -> ResponseReturnValue:
    """Disable or enable an account, with a reason."""
    form = ReasonForm()
    valid = form.validate_on_submit()
    row = db.get_or_404(Person, person_id)
    if not valid:
        raise DomainError("请写理由")
    people.set_active(
        row, active=not row.active, reason=form.reason.data or "", by=current_person().actor, now=utc_now()
    )
    flash(f"{row.name}的账号已{'启用' if row.active else '停用，所有登录都结束了'}")
    return redirect(url_for("admin.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/password")
@needs(Permission.ACCOUNTS_PERSON_CREATE)
def reset_password(person_id: int) -> ResponseReturnValue:
    """Help somebody who is locked out: a new one-time password, shown once."""
    password = people.one_time_password()
    hashed = hash_password(password)
    row = db.get_or_404(Person, person_id)
    people.reset_password(row, password_hash=hashed, by=current_person().actor, now=utc_now())
    return page("admin/one_time.html", name=row.name, login=row.login, password=password, person_id=row.id)


@bp.post("/people/<int:person_id>/second-factor")
@needs(Permission.ACCOUNTS_PERSON_CREATE)
def reset_second_factor(person_id: int) -> ResponseReturnValue:
    """The phone is lost: the second factor is set up anew at the next sign-in."""
    row = db.get_or_404(Person, person_id)
    people.reset_second_factor(row, by=current_person().actor, now=utc_now())
    flash(f"{row.name}下次登录时重新绑定验证器")
    return redirect(url_for("admin.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/roles")
@needs(Permission.ACCOUNTS_ROLE_GRANT)
def set_roles(person_id: int) -> ResponseReturnValue:
    """Grant and take roles; in effect at the person's next request."""
    form = RolesForm()
    form.validate_on_submit()
    row = db.get_or_404(Person, person_id)
    chosen = frozenset(Role(letter) for letter in form.roles.data or [] if letter in set(Role))
    by, now = current_person().actor, utc_now()
    try:
        with refusals_recorded("accounts:role:grant", people.ref(row), by=by, now=now):
            people.set_roles(row, chosen, opened_version=form.opened_version.data or 0, by=by, now=now)
    except ConflictError:
        raise
    except DomainError as error:
        form.roles.errors = [str(error)]
        return _person_page(row, form)
    flash(f"{row.name}现在是：{role_words(row)}")
    return redirect(url_for("admin.person", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/sessions/<int:session_id>/end")
@needs(Permission.ACCOUNTS_SESSION_END)
def end_person_session(person_id: int, session_id: int) -> ResponseReturnValue:
    """End somebody's session; both ids must belong together."""
    held = db.get_or_404(UserSession, session_id)
    if held.person_id != person_id:
        raise DomainError("这次登录不是这个人的")
    end_session(session_id, why="安全管理员结束", by=current_person().actor, now=utc_now())
    flash("已结束那次登录")
    return redirect(url_for("admin.person", person_id=person_id), 303)
