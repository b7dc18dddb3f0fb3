"""Ask the index; when it cannot answer, say so, mend it, and let the caller fall back to the database."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from .engine.fuse import Sense
from .engine.types import IndexDamaged, Results
from .nearness import WAIT, Joined, meaning, progress
from .popularity import liked
from .services import drain, engine
from .words import follow_words

log = structlog.get_logger("portal.search")
LONGEST = 200
"""Characters of a query that are looked at; the rest of a longer one is dropped."""


def find(
    query: str,
    *,
    at: datetime,
    filters: Mapping[str, Sequence[str]] | None = None,
    limit: int = 10,
    offset: int = 0,
    settled: bool = False,
    facets: Sequence[str] = ("category",),
) -> tuple[Results | None, float, Joined]:
    """The documents that answer a query at a moment.

    Returns:
        The results (None when the index cannot answer now; it is being rebuilt), the milliseconds it took, and whether
        meaning joined the words, which it does only for a query that has settled.
    """
    started, joined = time.perf_counter(), Joined.NOT_ASKED
    try:
        drain()
        follow_words()
        sense, joined = _sense(query) if settled else (None, joined)
        results = engine().search(
            query[:LONGEST],
            at=at.timestamp(),
            filters=filters or {},
            limit=limit,
            offset=offset,
            facets=facets,
            sense=sense,
            liked=liked(at),
        )
    except IndexDamaged as damage:
        log.warning("search without index", reason=str(damage))
        results = None
    except Exception:  # a search never is a 500: the database answers
        log.exception("search failed")
        results = None
    return results, (time.perf_counter() - started) * 1000, joined


def _sense(query: str) -> tuple[Sense | None, Joined]:
    """The sense of a query; without a model, a free encoder or any vectors the words alone must do."""
    model = meaning()
    if model is None:
        return None, Joined.NO_MODEL
    sense = model.ask(query, wait=WAIT)
    if sense is None:
        return None, Joined.BUSY
    done = progress()
    return sense, Joined.ADDED if done and done.done >= done.total else Joined.COMPUTING
