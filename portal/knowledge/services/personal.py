"""What a person keeps at hand."""

from datetime import datetime

from sqlalchemy import select

from portal.audit.services import Actor, record
from portal.core.database import db

from ..models import Article, Favourite, Opened


def set_favourite(article: Article, *, keep: bool, person_id: int, by: Actor, now: datetime) -> None:
    """Keep an article at hand, or no longer; asking twice changes nothing."""
    held = db.session.scalar(
        select(Favourite).where(Favourite.person_id == person_id, Favourite.article_id == article.id)
    )
    if (held is not None) == keep:
        return
    if held is None:
        db.session.add(Favourite(person_id=person_id, article_id=article.id, at=now))
    else:
        db.session.delete(held)
    action = "keep" if keep else "drop"
    record(f"knowledge:favourite:{action}", f"article:{article.number}", by=by, now=now)


def mark_opened(article: Article, *, person_id: int, now: datetime) -> None:
    """Remember that a person opened an article: a mark, no act, not audited."""
    row = db.session.get(Opened, (person_id, article.id))
    if row is None:
        db.session.add(Opened(person_id=person_id, article_id=article.id, at=now))
    else:
        row.at = now
