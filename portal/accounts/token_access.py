"""The other door: requests that come with an API token instead of a session; and how often anybody may knock."""

from collections.abc import Callable

from flask import Response, abort, g, make_response, request
from flask.typing import ResponseReturnValue

from portal.audit.services import Actor, acting_from, record
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.marks import View
from portal.core.pages import error_page
from portal.core.requests import SAFE
from portal.core.write import transaction

from .rules.permissions import Permission
from .services.rates import PEOPLE, TOKENS, WRONG_TOKENS, let_through, seconds_left
from .services.tokens import TokenPrincipal, mark_used, principal_by_token

_denied: dict[str, float] = {}


def needs_token(permission: Permission) -> Callable[[View], View]:
    """Mark a view as open to API tokens that may do this, and to nobody else; a session does not help."""

    def mark(view: View) -> View:
        view.__dict__["needs"] = permission
        view.__dict__["by_token"] = True
        return view

    return mark


def counted(view: View) -> View:
    """Mark a view as one of those that a person may ask for only so often (search and suggestions, together)."""
    view.__dict__["counted"] = True
    return view


def is_by_token(view: Callable[..., object]) -> bool:
    """Whether a view is open to API tokens only."""
    return bool(view.__dict__.get("by_token"))


def current_token() -> TokenPrincipal:
    """The system behind this request; only in a view that needs a token."""
    found: TokenPrincipal | None = g.get("token")
    return found or abort(401)


def guard_token(permission: Permission) -> ResponseReturnValue | None:
    """None lets the request pass; else the answer that says why not. Tokens only ever read."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    now = utc_now()
    token = principal_by_token(secret.strip(), now) if kind.lower() == "bearer" and secret else None
    db.session.rollback()
    acting_from.set((f"token:{token.id}" if token else "", request.remote_addr or ""))
    if token is None:
        return _unknown()
    if request.method not in SAFE or not token.may(permission):
        return error_page(403)
    if not let_through(f"token:{token.id}", TOKENS, now=now):
        return too_often()
    mark_used(token, now=now)
    g.token = token
    return None


def asks_too_often(view: Callable[..., object], person_id: int) -> bool:
    """Whether a person has used up what a minute allows; counts this request where the view is counted."""
    return bool(view.__dict__.get("counted")) and not let_through(f"person:{person_id}", PEOPLE, now=utc_now())


def too_often() -> Response:
    """The answer to a request that is one too many, and when to come back."""
    answer = make_response(error_page(429))
    answer.headers["Retry-After"] = str(seconds_left(utc_now()))
    return answer


def _unknown() -> Response:
    address, now = request.remote_addr or "", utc_now()
    if not let_through(f"address:{address}"[:80], WRONG_TOKENS, now=now):
        return too_often()
    if now.timestamp() - _denied.get(address, 0) >= 60:
        _denied[address] = now.timestamp()
        with transaction():
            record(
                "accounts:api-token:use",
                f"route:{request.endpoint}",
                by=Actor(None, "未登录", ip=address),
                now=now,
                result="denied",
                reason="没有令牌，或令牌无效、已到期、已作废",
            )
    answer = make_response(
        error_page(
            401,
            what="令牌不对，或已到期、已作废",
            safe="没有查。",
            todo="请求头里带 Authorization: Bearer 令牌；没有令牌请找系统管理员办。",
        )
    )
    answer.headers["WWW-Authenticate"] = 'Bearer realm="zhiying"'
    return answer
