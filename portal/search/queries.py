"""Ask the index; when it cannot answer, say so, mend it, and let the caller fall back to the database."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from .engine.types import IndexDamaged, Results
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
) -> tuple[Results | None, float]:
    """The documents that answer a query at a moment.

    Returns:
        The results (None when the index cannot answer now; it is being rebuilt) and the milliseconds it took.
    """
    started = time.perf_counter()
    try:
        drain()
        follow_words()
        results = engine().search(
            query[:LONGEST],
            at=at.timestamp(),
            filters=filters or {},
            limit=limit,
            offset=offset,
            facets=("category",),
        )
    except IndexDamaged as damage:
        log.warning("search without index", reason=str(damage))
        results = None
    except Exception:  # a search never is a 500: the database answers
        log.exception("search failed")
        results = None
    return results, (time.perf_counter() - started) * 1000
