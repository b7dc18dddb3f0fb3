"""When a session holds (trust.md §3)."""

import hashlib
import secrets
from datetime import datetime, timedelta

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""How often "last seen" is written at the most."""


def new_secret() -> str:
    """A session's secret: 256 random bits, as text."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What the database keeps of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def why_ended(
    *,
    started_at: datetime,
    seen_at: datetime,
    ended_at: datetime | None,
    active: bool,
    now: datetime,
    idle: timedelta = IDLE,
) -> str | None:
    """Why a session no longer holds: ended, disabled, absolute or idle; None while it holds."""
    if ended_at is not None:
        return "ended"
    if not active:
        return "disabled"
    if now - started_at >= ABSOLUTE:
        return "absolute"
    return "idle" if now - seen_at >= idle else None


def browser_words(agent: str) -> str:
    """A browser's own description in a few words: Chrome，Windows."""
    names = (
        ("Edg/", "Edge"),
        ("MicroMessenger", "微信"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Windows", "Windows"),
        ("Android", "安卓手机"),
        ("iPhone", "iPhone"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    name = next((words for mark, words in names if mark in agent), "浏览器")
    system = next((words for mark, words in systems if mark in agent), "")
    return f"{name}，{system}" if system else name
