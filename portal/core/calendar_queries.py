"""Read the working calendar."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from .database import db
from .models import CalendarDay
from .remember import forget, remembered
from .workdays import Calendar

_KEY = "calendar"


def working_calendar() -> Calendar:
    """The calendar as it stands, loaded once a transaction; closed dates are kept by their owners (workdays.Due)."""
    return remembered(_KEY, lambda: Calendar.of(db.session.scalars(select(CalendarDay)).all()))


def forget_calendar() -> None:
    """The table has changed within this transaction: read it anew."""
    forget(_KEY)


def days_of_year(year: int) -> Sequence[CalendarDay]:
    """The rows of a year in order of day, as the database has them now."""
    statement = select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    return db.session.scalars(statement.order_by(CalendarDay.day).execution_options(populate_existing=True)).all()


def first_and_last_year() -> tuple[int, int] | None:
    """The span of years with data; None while there are none."""
    first, last = db.session.execute(select(func.min(CalendarDay.day), func.max(CalendarDay.day))).one()
    return (first.year, last.year) if first else None
