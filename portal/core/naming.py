"""The name that holds today, as a column: a renamed thing changes its name at midnight in Beijing, with no timer."""

from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped

from .clock import beijing_day, utc_now


def today() -> BindParameter[date]:
    """Today in Beijing, asked anew each time a statement is run."""
    return bindparam("today", callable_=lambda: beijing_day(utc_now()), type_=Date, unique=True)


def name_today(
    name: InstrumentedAttribute[str],
    *,
    from_on: InstrumentedAttribute[date],
    owner: InstrumentedAttribute[int],
    id: Mapped[int],
    first: Mapped[str],
) -> ColumnElement[str]:
    """The latest later name that holds by now, else the first name.

    Args:
        name: the name in the table of later names.
        from_on: its first day.
        owner: whose name it is.
        id: the key of the thing that is named.
        first: the column with the name it began with.
    """
    latest = (
        select(name)
        .where(owner == id, from_on <= today())
        .order_by(from_on.desc())
        .limit(1)
        .correlate_except(name.class_)
        .scalar_subquery()
    )
    return func.coalesce(latest, first)
