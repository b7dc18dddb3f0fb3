"""Working-day deadlines, where the calendar knows the year."""

from datetime import date, timedelta

from portal.core.calendar_queries import working_calendar
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
