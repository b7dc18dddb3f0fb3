"""Suggestions for the box of the desk and for other systems: never a text of an article that answers nobody now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.core.database import db
from portal.knowledge.models import Article, Revision
from portal.knowledge.queries.documents import revision_id
from portal.knowledge.queries.visible import answering
from portal.search.completion import complete


@dataclass(frozen=True)
class Offered:
    """A text to take over, and the number of the article it belongs to, if any."""

    text: str
    number: str | None


def suggestions(typed: str, *, now: datetime, limit: int) -> list[Offered]:
    """What goes on from what was typed; validity is checked again in the database."""
    words = typed.strip()
    found = [each for each in complete(words, at=now, limit=limit + 2) if each.text != words] if words else []
    wanted = {revision_id(each.id) for each in found if each.id}
    numbers: dict[int, str] = {}
    if wanted:
        statement = (
            select(Revision.id, Article.number)
            .join(Article, Article.id == Revision.article_id)
            .where(Revision.id.in_(wanted), Revision.id.in_(answering(now)))
        )
        numbers = dict(db.session.execute(statement).all())
    offered = [
        Offered(each.text, numbers.get(revision_id(each.id)) if each.id else None)
        for each in found
        if each.id is None or revision_id(each.id) in numbers
    ]
    return offered[:limit]
