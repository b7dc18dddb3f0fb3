"""Read who wants to be told of what."""

from sqlalchemy import func, select

from portal.core.database import db

from ..models import Subscription


def subscribed(person_id: int, *, article_id: int | None = None, category_id: int | None = None) -> bool:
    """Whether somebody asked to be told of an article, or of a category."""
    statement = select(func.count()).where(Subscription.person_id == person_id)
    if article_id is not None:
        statement = statement.where(Subscription.article_id == article_id)
    else:
        statement = statement.where(Subscription.category_id == category_id)
    return bool(db.session.scalar(statement))
