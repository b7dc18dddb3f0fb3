"""Read units."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.core.database import db
from portal.core.text import like_pattern

from .models import Unit


def units(*, words: str = "", level: str = "") -> Sequence[Unit]:
    """The units whose name, contact or note holds the words, city units first."""
    statement = select(Unit).order_by(Unit.level.desc(), Unit.id)
    if words:
        like = like_pattern(words)
        statement = statement.where(
            Unit.name.like(like, escape="\\") | Unit.contact.like(like, escape="\\") | Unit.note.like(like, escape="\\")
        )
    if level:
        statement = statement.where(Unit.level == level)
    return db.session.scalars(statement).all()


def unit_ids() -> dict[str, int]:
    """Name → id of every unit."""
    return dict(db.session.execute(select(Unit.name, Unit.id)).all())
