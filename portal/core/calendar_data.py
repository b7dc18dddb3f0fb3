"""Load the statutory days from the data file; the calendar is data, with its source (DESIGN §3.8)."""

import csv
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select

from .database import db
from .models import CalendarDay

DATA = Path(__file__).with_name("data") / "calendar_days.csv"


def load_calendar(*, now: datetime, path: Path = DATA) -> dict[str, int]:
    """Add the days that are not there yet; days that people changed stay as they are.

    Returns:
        How many were new, changed (always 0) and unchanged.
    """
    known = set(db.session.scalars(select(CalendarDay.day)))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    new = 0
    for row in rows:
        day = date.fromisoformat(row["day"])
        if day in known:
            continue
        provisional = row["provisional"] == "1"
        db.session.add(
            CalendarDay(day=day, kind=row["kind"], name=row["name"], source=row["source"], provisional=provisional)
        )
        new += 1
    return {"new": new, "changed": 0, "unchanged": len(rows) - new}
