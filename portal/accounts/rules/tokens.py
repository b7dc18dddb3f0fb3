"""When an API token holds: asked for by one person, granted by another, taken once, until a day or until ended."""

import secrets
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.core.clock import beijing_day

from .permissions import Permission

PREFIX = "zhiying_"
"""What every token begins with, so that one left in a file or a message is known for what it is."""

LONGEST = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)
"""How often "last used" is written at the most."""

MAY = frozenset({Permission.KNOWLEDGE_ARTICLE_READ, Permission.KNOWLEDGE_HISTORY_READ})
"""All that any token may do: read what is in force, and what was on a day that is past."""


class TokenState(StrEnum):
    """Where a token stands, in the words of the page."""

    ASKED = "待同意"
    GRANTED = "待领取"
    ACTIVE = "在用"
    EXPIRED = "已到期"
    ENDED = "已作废"


def state_of(
    *, granted_at: datetime | None, taken_at: datetime | None, ended_at: datetime | None, until: date, now: datetime
) -> TokenState:
    """Where a token stands at a moment; `until` is its last day in Beijing."""
    if ended_at is not None:
        return TokenState.ENDED
    if beijing_day(now) > until:
        return TokenState.EXPIRED
    if granted_at is None:
        return TokenState.ASKED
    return TokenState.GRANTED if taken_at is None else TokenState.ACTIVE


def why_not_until(until: date, now: datetime) -> str | None:
    """Why a token cannot run until a day; None if it can."""
    today = beijing_day(now)
    if until < today:
        return "到期日已经过了，请选今天以后的日子"
    if until > today + LONGEST:
        return f"最长一年，到 {today + LONGEST} 为止；到期前另办一个"
    return None


def new_token() -> str:
    """A token: its mark and 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)
