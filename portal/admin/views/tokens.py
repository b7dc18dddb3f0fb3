"""API tokens: asked for by the system administrator, granted by the security administrator, ended by either."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.models import ApiToken
from portal.accounts.rules.permissions import Permission
from portal.accounts.rules.tokens import TokenState
from portal.accounts.services import tokens
from portal.audit.refusals import refusals_recorded
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.pages import page

from ..forms import ReasonForm, TokenForm
from . import bp

OPEN = frozenset({TokenState.ASKED, TokenState.GRANTED, TokenState.ACTIVE})
CHIPS = {
    TokenState.ASKED: "warn",
    TokenState.GRANTED: "warn",
    TokenState.ACTIVE: "ok",
    TokenState.EXPIRED: "mute",
    TokenState.ENDED: "mute",
}


@bp.get("/tokens")
@needs(Permission.ACCOUNTS_API_TOKEN_END)
def list_tokens() -> ResponseReturnValue:
    """Every token there ever was, with what this person may do about it."""
    rows = [_row(token) for token in tokens.tokens()]
    counts = {state: sum(row["state"] is state for row in rows) for state in TokenState}
    return page("admin/tokens.html", rows=rows, counts=counts, states=TokenState)


@bp.route("/tokens/new", methods=["GET", "POST"])
@needs(Permission.ACCOUNTS_API_TOKEN_MAKE)
def new_token() -> ResponseReturnValue:
    """Ask for a token; somebody else has to grant it first."""
    form = TokenForm()
    if form.validate_on_submit():
        name, why = (form.name.data or "").strip(), (form.why.data or "").strip()
        try:
            made = tokens.ask_for_token(name, why, until=form.until.data, by=current_person().actor, now=utc_now())
        except DomainError as error:
            form.name.errors = [str(error)]
            return page("admin/token_new.html", form=form)
        flash("已提出，等安全管理员同意；同意以后回到这里领取")
        return redirect(url_for("admin.token", token_id=made.id), 303)
    return page("admin/token_new.html", form=form)


@bp.get("/tokens/<int:token_id>")
@needs(Permission.ACCOUNTS_API_TOKEN_END)
def token(token_id: int) -> ResponseReturnValue:
    """One token: what for, where it stands, and what is to be done."""
    row = db.get_or_404(ApiToken, token_id)
    return page("admin/token.html", token=row, form=ReasonForm(), **_row(row))


@bp.post("/tokens/<int:token_id>/grant")
@needs(Permission.ACCOUNTS_API_TOKEN_GRANT)
def grant_token(token_id: int) -> ResponseReturnValue:
    """Grant what somebody else asked for."""
    by, now = current_person().actor, utc_now()
    with refusals_recorded("accounts:api-token:grant", f"api-token:{token_id}", by=by, now=now):
        granted = tokens.grant_token(token_id, by=by, now=now)
    flash(f"已同意，{granted.made_by_name}可以领取了")
    return redirect(url_for("admin.token", token_id=token_id), 303)


@bp.post("/tokens/<int:token_id>/take")
@needs(Permission.ACCOUNTS_API_TOKEN_MAKE)
def take_token(token_id: int) -> ResponseReturnValue:
    """Take the secret; it is shown this once."""
    by, now = current_person().actor, utc_now()
    with refusals_recorded("accounts:api-token:take", f"api-token:{token_id}", by=by, now=now):
        secret = tokens.take_token(token_id, by=by, now=now)
    return page("admin/token_taken.html", secret=secret, token_id=token_id)


@bp.post("/tokens/<int:token_id>/end")
@needs(Permission.ACCOUNTS_API_TOKEN_END)
def end_token(token_id: int) -> ResponseReturnValue:
    """End a token at once, or refuse one that was asked for."""
    form = ReasonForm()
    valid = form.validate_on_submit()
    row = db.get_or_404(ApiToken, token_id)
    if not valid:
        return page("admin/token.html", token=row, form=form, **_row(row))
    ended = tokens.end_token(token_id, why=form.reason.data or "", by=current_person().actor, now=utc_now())
    flash(f"「{ended.name}」的令牌已作废，立刻不能再用")
    return redirect(url_for("admin.token", token_id=token_id), 303)


def _row(row: ApiToken) -> dict[str, object]:
    person, now = current_person(), utc_now()
    state = tokens.state(row, now)
    mine = row.made_by_id == person.id
    return {
        "url": url_for("admin.token", token_id=row.id),
        "name": row.name,
        "until": row.until,
        "used_at": row.used_at,
        "made_by": row.made_by_name,
        "state": state,
        "kind": CHIPS[state],
        "is_open": state in OPEN,
        "may_grant": state is TokenState.ASKED and not mine and person.may(Permission.ACCOUNTS_API_TOKEN_GRANT),
        "may_take": state is TokenState.GRANTED and mine and person.may(Permission.ACCOUNTS_API_TOKEN_MAKE),
    }
