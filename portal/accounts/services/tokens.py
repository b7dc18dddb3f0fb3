"""Verbs about API tokens: asked for by the system administrator, granted by the security administrator, taken once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from portal.audit.services import Actor, record
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import begin_write, end_write, writing_now

from ..models import ApiToken
from ..rules.permissions import Permission
from ..rules.sessions import secret_hash
from ..rules.tokens import MAY, USED_EVERY, TokenState, new_token, state_of, why_not_until


@dataclass(frozen=True)
class TokenPrincipal:
    """The system behind a request that came with a token, as a snapshot that needs no database."""

    id: int
    name: str
    used_at: datetime | None

    def may(self, permission: Permission) -> bool:
        """Whether a token may do this at all."""
        return permission in MAY


def ask_for_token(name: str, why: str, *, until: date, by: Actor, now: datetime) -> ApiToken:
    """Ask for a token; it has no secret until somebody else has granted it.

    Raises:
        DomainError: another token of this name still runs, or the last day does not fit.
    """
    if sentence := why_not_until(until, now):
        raise DomainError(sentence)
    if any(token.name == name and state(token, now) not in _OVER for token in tokens()):
        raise DomainError(f"已经有一个叫「{name}」的令牌，换一个名字，或先作废那一个")
    token = ApiToken(name=name, why=why, until=until, made_at=now, made_by_id=by.id, made_by_name=by.name)
    db.session.add(token)
    db.session.flush()
    changes = {"name": name, "until": until}
    record("accounts:api-token:make", ref(token), by=by, now=now, changes=changes, reason=why)
    return token


def grant_token(token_id: int, *, by: Actor, now: datetime) -> ApiToken:
    """Grant a token that somebody else asked for; granting it twice changes nothing.

    Raises:
        DomainError: one's own, or it has ended or run out.
    """
    token = _locked(token_id)
    if token.made_by_id == by.id:
        raise DomainError("自己要的令牌须由另一位同意")
    found = state(token, now)
    if found in _OVER:
        raise DomainError(f"这个令牌{found}，不能再同意")
    if found is TokenState.ASKED:
        token.granted_at, token.granted_by_id, token.granted_by_name = now, by.id, by.name
        record("accounts:api-token:grant", ref(token), by=by, now=now)
    return token


def take_token(token_id: int, *, by: Actor, now: datetime) -> str:
    """Take the secret of a granted token, once; only its hash is kept.

    Raises:
        DomainError: it was asked for by somebody else, is not granted yet, or was taken before.
    """
    token = _locked(token_id)
    if token.made_by_id != by.id:
        raise DomainError(f"令牌由要它的人领取：{token.made_by_name}")
    found = state(token, now)
    if found is not TokenState.GRANTED:
        raise DomainError(f"令牌现在是「{found}」，领不了；领过的看不到第二次，丢了就另办一个")
    secret = new_token()
    token.secret_hash, token.taken_at = secret_hash(secret), now
    record("accounts:api-token:take", ref(token), by=by, now=now)
    return secret


def end_token(token_id: int, *, why: str, by: Actor, now: datetime) -> ApiToken:
    """End a token at once, or refuse one that was asked for; ending it twice changes nothing."""
    token = _locked(token_id)
    if token.ended_at is None:
        token.ended_at, token.ended_by_name, token.ended_why = now, by.name, why
        record("accounts:api-token:end", ref(token), by=by, now=now, reason=why)
    return token


def tokens() -> Sequence[ApiToken]:
    """All tokens there ever were, the newest first."""
    return db.session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).all()


def state(token: ApiToken, now: datetime) -> TokenState:
    """Where a token stands."""
    return state_of(
        granted_at=token.granted_at, taken_at=token.taken_at, ended_at=token.ended_at, until=token.until, now=now
    )


def principal_by_token(secret: str, now: datetime) -> TokenPrincipal | None:
    """Whoever comes with this secret, None unless the token is active."""
    token = db.session.scalar(select(ApiToken).where(ApiToken.secret_hash == secret_hash(secret)))
    if token is None or state(token, now) is not TokenState.ACTIVE:
        return None
    return TokenPrincipal(token.id, token.name, token.used_at)


def mark_used(principal: TokenPrincipal, *, now: datetime) -> None:
    """Write "last used" in its own short transaction, at most once a minute; a mark, not an act (no audit)."""
    if writing_now() or (principal.used_at and now - principal.used_at < USED_EVERY):
        return
    begin_write()
    try:
        db.session.execute(update(ApiToken).where(ApiToken.id == principal.id).values(used_at=now))
        db.session.commit()
    finally:
        end_write()


def ref(token: ApiToken) -> str:
    """The token as the audit names it."""
    return f"api-token:{token.id}"


_OVER = frozenset({TokenState.EXPIRED, TokenState.ENDED})


def _locked(token_id: int) -> ApiToken:
    token = db.session.scalar(
        select(ApiToken).where(ApiToken.id == token_id).with_for_update().execution_options(populate_existing=True)
    )
    if token is None:
        raise DomainError("没有这个令牌")
    return token
