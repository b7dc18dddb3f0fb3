"""Reports over all that answers now: contradictions, and scripts that are nearly the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.core.database import db

from ..models import Article, Basis, Revision
from ..rules import contradictions as rules
from .visible import answering


@dataclass(frozen=True)
class Named:
    """An article by number and title."""

    number: str
    title: str


def contradictions(now: datetime) -> list[rules.Contradiction]:
    """Pairs of texts in force of one category that rest on one article of law and give other figures."""
    statement = (
        select(Revision.article_id, Article.category_id, Basis.source, Basis.article, Basis.text)
        .join(Revision, Revision.id == Basis.revision_id)
        .join(Article, Article.id == Revision.article_id)
        .where(Revision.id.in_(answering(now)))
        .order_by(Basis.id)
    )
    return rules.contradictions(rules.Statement(*row) for row in db.session.execute(statement))


def near_pairs(now: datetime) -> list[tuple[int, int, float]]:
    """Pairs of articles in force whose scripts are nearly the same."""
    statement = select(Revision.article_id, Revision.script).where(Revision.id.in_(answering(now)))
    texts: Sequence[tuple[int, str]] = [
        (key, text) for key, text in db.session.execute(statement.order_by(Revision.id))
    ]
    return rules.near_pairs(texts)


def named(article_ids: Collection[int], now: datetime) -> dict[int, Named]:
    """Article → its number and title now."""
    statement = (
        select(Article.id, Article.number, Revision.title)
        .join(Revision, Revision.article_id == Article.id)
        .where(Article.id.in_(article_ids), Revision.id.in_(answering(now)))
    )
    return {key: Named(number, title) for key, number, title in db.session.execute(statement)}
