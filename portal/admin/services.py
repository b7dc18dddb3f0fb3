"""Set the portal up: everything it needs to open, in one verb that may be repeated."""

from datetime import datetime
from typing import Any

from portal.accounts.services import load_demo_people
from portal.categories.services import load_categories
from portal.core.calendar_data import load_calendar
from portal.core.migrations import upgrade
from portal.core.write import transaction


def set_up(*, demo: bool, now: datetime) -> dict[str, Any]:
    """Migrations, categories, units, calendar, and people in demo mode; the second time nothing changes.

    Raises:
        SetupError: the database is of a newer version, or a data file contradicts itself.
    """
    result: dict[str, Any] = {"migrated_to": upgrade()}
    with transaction():
        result["categories"], result["units"] = load_categories(now=now)
        result["calendar_days"] = load_calendar(now=now)
    if demo:
        with transaction():
            result["people"] = {"new": load_demo_people(now=now)}
    return result
