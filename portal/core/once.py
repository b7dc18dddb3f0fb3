"""A row that may be there only once, whoever is first."""

from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError

from .database import Base, db

Row = TypeVar("Row", bound=Base)


def add_or_find(row: Row, find: Select[Row]) -> tuple[Row, bool]:
    """Add a row unless the one it would repeat is there already, also where somebody adds that one at the same moment.

    Args:
        row: the row to add; a unique constraint keeps it single.
        find: finds the row that would stand in its way.

    Returns:
        The row that is there now, and whether it is the new one.
    """
    if (found := db.session.scalar(find)) is not None:
        return found, False
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return db.session.scalars(find).one(), False
    return row, True
