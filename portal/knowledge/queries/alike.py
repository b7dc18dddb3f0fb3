"""Articles in force that say nearly what somebody is writing: the search engine proposes, shared pairs decide."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.core.database import db
from portal.search.queries import find

from ..models import Revision
from ..rules.alike import ALIKE_SCRIPT, ALIKE_TITLE, pairs, share
from .documents import revision_id
from .visible import answering

LOOKED_AT = 12
"""Articles that the search engine proposes for a title, and as many for a script."""
SCRIPT_QUERY = 60
"""Characters of the script that are searched for; the whole of it is compared."""
MOST = 3


@dataclass(frozen=True)
class Alike:
    """An article in force that is nearly the same, and in what."""

    number: str
    title: str
    what: str
    share: float


def alike(title: str, script: str, *, but: int | None, now: datetime) -> list[Alike]:
    """The articles in force whose title or script is nearly this one, the nearest first; nothing is ever certain.

    Args:
        title: the title being written.
        script: the script being written.
        but: the article being written, which is not its own double.
        now: the moment.
    """
    mine = {"标题": pairs(title), "话术": pairs(script)}
    ids: set[int] = set()
    for words in (title, script[:SCRIPT_QUERY]):
        results = find(words, at=now, limit=LOOKED_AT)[0] if len(words.strip()) > 1 else None
        ids |= {revision_id(hit.id) for hit in results.hits} if results else set()
    if not ids:
        return []
    rows = db.session.scalars(
        select(Revision)
        .where(Revision.id.in_(ids), Revision.id.in_(answering(now)), Revision.article_id != (but or 0))
        .options(joinedload(Revision.article))
    )
    found = []
    for row in rows:
        shares = {"标题": share(mine["标题"], pairs(row.title)), "话术": share(mine["话术"], pairs(row.script))}
        what = max(shares, key=lambda name: shares[name] / (ALIKE_TITLE if name == "标题" else ALIKE_SCRIPT))
        if shares["标题"] >= ALIKE_TITLE or shares["话术"] >= ALIKE_SCRIPT:
            found.append(Alike(row.article.number, row.title, what, shares[what]))
    return sorted(found, key=lambda one: -one.share)[:MOST]
