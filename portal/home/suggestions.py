"""Suggestions for the box of the desk and for other systems: never a text of an article that answers nobody now."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Date, Select, bindparam, select

from portal.core.clock import beijing_day
from portal.core.database import UtcDateTime, db
from portal.knowledge.models import Article, Revision
from portal.knowledge.queries.documents import revision_id
from portal.knowledge.queries.visible import answering_on
from portal.search.completion import complete


@dataclass(frozen=True)
class Offered:
    """A text to take over, and the number of the article it belongs to, if any."""

    text: str
    number: str | None


@cache
def _numbers_in_force() -> Select[int, str]:
    """Revision id → number of its article, of those that may be read out; built once, since it is asked at each key."""
    now, today = bindparam("now", type_=UtcDateTime), bindparam("today", type_=Date)
    return (
        select(Revision.id, Article.number)
        .join(Article, Article.id == Revision.article_id)
        .where(Revision.id.in_(bindparam("ids", expanding=True)), Revision.id.in_(answering_on(now, today)))
    )


def suggestions(typed: str, *, now: datetime, limit: int) -> list[Offered]:
    """What goes on from what was typed; validity is checked again in the database."""
    words = typed.strip()
    found = [each for each in complete(words, at=now, limit=limit + 2) if each.text != words] if words else []
    wanted = {revision_id(each.id) for each in found if each.id}
    numbers: dict[int, str] = {}
    if wanted:
        asked = {"ids": list(wanted), "now": now, "today": beijing_day(now)}
        numbers = dict(db.session.execute(_numbers_in_force(), asked).all())
    offered = [
        Offered(each.text, numbers.get(revision_id(each.id)) if each.id else None)
        for each in found
        if each.id is None or revision_id(each.id) in numbers
    ]
    return offered[:limit]
