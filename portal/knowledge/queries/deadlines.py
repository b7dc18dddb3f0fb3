"""Working-day deadlines, where the calendar knows the year; and who keeps an article."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import select

from portal.accounts.models import Person, PersonRole
from portal.accounts.rules.permissions import GRANTS, Permission
from portal.core.calendar_queries import working_calendar
from portal.core.database import db
from portal.core.workdays import NoCalendar

MOST_BACK = 40
"""Days; no run of holidays is longer."""


def due_in(workdays: int, day: date) -> date | None:
    """The day on which a period of so many working days ends; None where the calendar does not know the year."""
    try:
        return working_calendar().add_workdays(day, workdays).day
    except NoCalendar:
        return None


def overdue_before(workdays: int, today: date) -> date | None:
    """What began on or before this day is overdue today; None where the calendar does not know the year."""
    for back in range(workdays + 1, MOST_BACK):
        day = today - timedelta(days=back)
        due = due_in(workdays, day)
        if due is None:
            return None
        if due < today:
            return day
    return None


def last_workday_before(today: date) -> date:
    """The last working day before this one; simply the day before where the calendar does not know the year."""
    try:
        return working_calendar().last_workday_on_or_before(today - timedelta(days=1)).day
    except NoCalendar:
        return today - timedelta(days=1)


def keepers() -> list[tuple[int, str]]:
    """Everybody who may keep an article: number and name."""
    roles = [str(role) for role in GRANTS[Permission.KNOWLEDGE_FLAG_ANSWER]]
    holders = select(PersonRole.person_id).where(PersonRole.role.in_(roles))
    statement = select(Person.id, Person.name).where(Person.active, Person.kind == "person", Person.id.in_(holders))
    return [(number, name) for number, name in db.session.execute(statement.order_by(Person.id))]


def names(person_ids: Iterable[int]) -> dict[int, str]:
    """Person → name."""
    statement = select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return dict(db.session.execute(statement).all())
