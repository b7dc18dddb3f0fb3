"""Search by meaning in the running portal: the model if there is one, its vectors kept up in the background."""

import threading
import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog

from .engine.types import IndexDamaged
from .meaning.encoder import load_encoder
from .meaning.sense import Meaning, Progress
from .services import drain, engine

log = structlog.get_logger("portal.search")
WAIT = 0.3
"""Seconds a search waits for a busy encoder; then it answers by words alone and says so."""


class Joined(StrEnum):
    """What meaning had to do with an answer."""

    NOT_ASKED = "not asked"
    ADDED = "added"
    BUSY = "busy"
    COMPUTING = "computing"
    NO_MODEL = "no model"


_lock = threading.Lock()
_loaded: dict[Path, Meaning | None] = {}
_on = True


def use_meaning(on: bool) -> None:
    """Whether this installation searches by meaning at all (PORTAL_MEANING)."""
    global _on
    _on = on


def meaning() -> Meaning | None:
    """The sense of this host's index; the model is loaded when first asked for, once a process."""
    if not _on:
        return None
    root = engine().root
    with _lock:
        if root not in _loaded:
            encoder = load_encoder()
            _loaded[root] = Meaning(root / "meaning", encoder) if encoder else None
        return _loaded[root]


def progress() -> Progress | None:
    """How many documents have their vectors; None without a model or an index."""
    sense = meaning()
    try:
        return sense.progress(engine().state().snapshot) if sense else None
    except IndexDamaged:
        return None


def compute(*, seconds: float) -> bool:
    """Compute vectors that are missing, for so long; returns whether none is missing any more."""
    sense, until = meaning(), time.monotonic() + seconds
    if sense is None:
        return True
    while time.monotonic() < until:
        if sense.compute(engine().state().snapshot, limit=4) == 0:
            return True
    return False


def keep_up(now: datetime) -> None:
    """The background chore of about once a minute: index up to date, orphans gone, vectors computed."""
    try:
        drain()
        compute(seconds=40)
    except IndexDamaged as damage:
        log.warning("vectors wait", reason=str(damage))
