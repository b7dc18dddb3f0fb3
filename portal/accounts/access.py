"""The guard: who is asking, and may they. The only place that wraps Flask-Login."""

from collections.abc import Callable

from flask import Flask, Response, abort, current_app, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from flask_login import current_user as _current_user

from portal.audit.services import Actor, acting_from, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.marks import View, is_marked
from portal.core.requests import SAFE, keep_typed, open_write
from portal.core.write import transaction, writing_now

from .enrolment import enrolment
from .queries import Principal, SignInPolicy, demo_people, principal_by_secret, role_words, session_of
from .rules.permissions import Permission
from .rules.signing_in import Step
from .services import DEMO_PEOPLE, mark_seen
from .token_access import asks_too_often, guard_token, is_by_token, too_often

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


def during(*steps: Step) -> Callable[[View], View]:
    """Mark a view as a step of signing in: open to those who owe it, and to nobody else by its own doing."""

    def mark(view: View) -> View:
        view.__dict__["public"] = "a step of signing in"
        view.__dict__["during"] = frozenset(steps)
        return view

    return mark


def current_person() -> Principal:
    """Whoever is behind this request; only behind a view that needs a permission."""
    person = signed_in()
    if person is None:
        abort(401)
    return person


def signed_in() -> Principal | None:
    """Whoever is behind this request, signed in to the end, or None."""
    person = arriving()
    return person if person and person.step is Step.NONE else None


def arriving() -> Principal | None:
    """Whoever is behind this request, even if a step of signing in is still owed."""
    user = _current_user._get_current_object()
    return user if isinstance(user, Principal) else None


def policy() -> SignInPolicy:
    """What this installation asks of those who sign in."""
    found: SignInPolicy = current_app.config["SIGN_IN"]
    return found


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
    return principal_by_secret(secret, utc_now(), policy())


def _guard() -> ResponseReturnValue | None:
    """Read the person in a short read transaction, end it, decide, and only then let the write begin."""
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if not is_marked(view):
        abort(403)
    if request.endpoint == "static":
        return None
    if is_by_token(view):
        return guard_token(view.__dict__["needs"])
    person = arriving()
    db.session.rollback()
    acting_from.set((str(person.session_id) if person else "", request.remote_addr or ""))
    refused = _decide(view, person)
    if refused is not None:
        return refused
    if person is not None and person.step is Step.NONE:
        if not _asks_by_itself():
            mark_seen(person.session_id, seen_at=person.seen_at, now=utc_now())
        if asks_too_often(view, person.id):
            return too_often()
    return open_write()


def _asks_by_itself() -> bool:
    """Whether the page asks and not the person (progress of a job): nobody was there, so the idle time runs on."""
    return request.headers.get("X-By-Itself") == "1"


def _decide(view: Callable[..., object], person: Principal | None) -> ResponseReturnValue | None:
    """None lets the request pass; else the page that says why not."""
    steps: frozenset[Step] = view.__dict__.get("during", frozenset())
    if steps:
        return None if person and person.step in steps else sign_in_page(401)
    permission = permission_for(view, request.method)
    if permission is None:
        return None
    if person is None or person.step is not Step.NONE:
        if person is None:
            _record_dead_session()
        return sign_in_page(401)
    if not person.may(permission):
        _record_denial(person, permission)
        abort(403)
    return None


def _record_denial(person: Principal, permission: Permission) -> None:
    """A denial is recorded, at most once a minute for each person and route."""
    _record_once_a_minute(permission, f"route:{request.endpoint}", by=person.actor, reason="没有这项权限")


def _record_dead_session() -> None:
    """A cookie that names a session which no longer holds leaves a line: it may be a copy."""
    secret = session.get("_user_id")
    known = session_of(str(secret)) if secret else None
    if known is not None:
        by = Actor(known.person_id, "未登录", session=str(known.id))
        _record_once_a_minute(
            "accounts:session:replay", f"session:{known.id}", by=by, reason=known.ended_why or "已过期"
        )


def _record_once_a_minute(action: str, object_ref: str, *, by: Actor, reason: str) -> None:
    now = utc_now()
    key = (f"{by.id}:{by.session}", object_ref)
    db.session.rollback()
    refused: dict[tuple[str, str], float] = current_app.extensions.setdefault("refused", {})
    if now.timestamp() - refused.get(key, 0) < 60 or writing_now():
        return
    refused[key] = now.timestamp()
    with transaction():
        record(action, object_ref, by=by, now=now, result="denied", reason=reason)


TEMPLATES = {
    Step.RESUME: "accounts/resume.html",
    Step.CODE: "accounts/code.html",
    Step.PASSWORD: "accounts/password.html",
    Step.ENROL: "accounts/enrol.html",
}


def sign_in_page(status: int, *, fault: str = "", login: str = "", wanted: str | None = None) -> Response:
    """The step that is owed as the answer itself: no redirect, the wanted path and what was typed kept in its form."""
    person = arriving()
    if wanted is None:
        wanted = request.full_path.rstrip("?") if request.method in SAFE else ""
        if request.endpoint == "accounts.sign_in":
            wanted = request.args.get("next", "")
    values = {
        "next": wanted,
        "fault": fault,
        "login": login,
        "typed": keep_typed() if request.method not in SAFE and not request.path.startswith("/account/") else {},
        "typed_for": request.path,
        "arriving": person,
        "people": [],
        "password": current_app.config["SIGN_IN"].production,
    }
    template = TEMPLATES.get(person.step, "accounts/signin.html") if person else "accounts/signin.html"
    if template == "accounts/signin.html" and current_app.config["DEMO"]:
        whats = {f"demo.{login}": what for login, _, _, what in DEMO_PEOPLE}
        values["people"] = [
            {
                "id": p.id,
                "name": p.name,
                "initial": p.name[:1],
                "role_label": role_words(p),
                "what": whats.get(p.login, ""),
            }
            for p in demo_people()
        ]
    if person and person.step is Step.ENROL:
        values |= enrolment(person.id)
    return make_response(render_template(template, **values), status)
