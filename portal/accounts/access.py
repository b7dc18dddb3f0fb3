"""The guard: who is asking, and may they. The only place that wraps Flask-Login."""

from collections.abc import Callable

from flask import Flask, Response, abort, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from flask_login import current_user as _current_user

from portal.audit.services import acting_from, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.marks import View, is_marked
from portal.core.requests import SAFE, open_write
from portal.core.write import transaction, writing_now

from .queries import Principal, demo_people, principal_by_secret
from .rules.permissions import Permission
from .services import mark_seen

login_manager = LoginManager()


def needs(permission: Permission, **by_method: Permission) -> Callable[[View], View]:
    """Mark a view with the permission it needs; `POST=` names another one for that method."""

    def mark(view: View) -> View:
        view.__dict__["needs"] = permission
        view.__dict__["needs_by_method"] = by_method
        return view

    return mark


def permission_for(view: Callable[..., object], method: str) -> Permission | None:
    """The permission a marked view asks for with this method; None where it is public."""
    by_method: dict[str, Permission] = view.__dict__.get("needs_by_method", {})
    return by_method.get(method, view.__dict__.get("needs"))


def current_person() -> Principal:
    """Whoever is behind this request; only behind a view that needs a permission."""
    person = signed_in()
    if person is None:
        abort(401)
    return person


def signed_in() -> Principal | None:
    """Whoever is behind this request, or None."""
    user = _current_user._get_current_object()
    return user if isinstance(user, Principal) else None


def init_app(app: Flask) -> None:
    """Guard every request of this application."""
    login_manager.init_app(app)
    login_manager.session_protection = None  # type: ignore[assignment]  # the session's secret in the database decides, not the browser's name
    app.before_request(_guard)
    app.register_error_handler(401, lambda error: sign_in_page(401))
    app.jinja_env.globals.update(may=lambda permission: bool((p := signed_in()) and p.may(permission)))

    @app.context_processor
    def _person() -> dict[str, object]:
        return {"current_person": signed_in()}


def check_marks(app: Flask) -> None:
    """Refuse to start while a route does not say who may open it.

    Raises:
        RuntimeError: names every unmarked route.
    """
    unmarked = sorted(
        f"{rule.endpoint} ({rule.rule})"
        for rule in app.url_map.iter_rules()
        if not is_marked(app.view_functions[rule.endpoint])
    )
    if unmarked:
        raise RuntimeError("Use @needs(...) or @public(...) on: " + ", ".join(unmarked))


@login_manager.user_loader
def _load(secret: str) -> Principal | None:
    return principal_by_secret(secret, utc_now())


def _guard() -> ResponseReturnValue | None:
    """Read the person in a short read transaction, end it, decide, and only then let the write begin."""
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if not is_marked(view):
        abort(403)
    if request.endpoint == "static":
        return None
    person = signed_in()
    db.session.rollback()
    acting_from.set((str(person.session_id) if person else "", request.remote_addr or ""))
    if (permission := permission_for(view, request.method)) is not None:
        if person is None:
            return sign_in_page(401)
        if not person.may(permission):
            _record_denial(person, permission)
            abort(403)
    if person is not None:
        mark_seen(person.session_id, seen_at=person.seen_at, now=utc_now())
    return open_write()


_denied: dict[tuple[int, str], float] = {}


def _record_denial(person: Principal, permission: Permission) -> None:
    """A denial is recorded, at most once a minute for each person and route."""
    now = utc_now()
    key = (person.id, str(request.endpoint))
    if now.timestamp() - _denied.get(key, 0) < 60 or writing_now():
        return
    _denied[key] = now.timestamp()
    with transaction():
        record(permission, f"route:{request.endpoint}", by=person.actor, now=now, result="denied")


def sign_in_page(status: int) -> Response:
    """The sign-in page as the answer itself: no redirect, the wanted path kept in its form."""
    wanted = request.full_path.rstrip("?") if request.method in SAFE else "/"
    g.signing_in = True
    people = demo_people() if current_app.config["DEMO"] else []
    return make_response(render_template("accounts/signin.html", people=people, next=wanted), status)
