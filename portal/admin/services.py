"""Set the portal up, in one verb that may be repeated; keep the working calendar."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.services import load_demo_people
from portal.audit.services import SYSTEM, Actor, record
from portal.categories.services import load_categories
from portal.core.calendar_data import DayRow, Plan, facts, in_words, load_calendar, plan, stamp, write_over
from portal.core.calendar_queries import days_of_year, forget_calendar
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.migrations import upgrade
from portal.core.models import CalendarDay
from portal.core.workdays import DayKind, why_not
from portal.core.write import transaction
from portal.search.words import load_groups


def set_up(*, demo: bool, now: datetime) -> dict[str, Any]:
    """Migrations, categories, units, calendar, and people in demo mode; the second time nothing changes.

    Raises:
        SetupError: the database is of a newer version, or a data file contradicts itself.
    """
    result: dict[str, Any] = {"migrated_to": upgrade()}
    with transaction():
        result["categories"], result["units"] = load_categories(now=now)
        result["calendar_days"] = days = load_calendar(now=now)
        if days["new"] or days["changed"]:
            record("admin:calendar:load", "calendar", by=SYSTEM, now=now, changes=days)
        result["words"] = load_groups(now=now)
    if demo:
        with transaction():
            result["people"] = {"new": load_demo_people(now=now)}
    return result


def edit_day(row: DayRow, *, opened_version: int, by: Actor, now: datetime) -> None:
    """Say what a day is, and by which notice.

    Args:
        row: what the day shall be.
        opened_version: the version that was opened; 0 where the day had no row.
        by: who says so.
        now: when.

    Raises:
        ConflictError: somebody changed this day after it was opened.
        DomainError: the year has no data, or the kind does not go with the weekday.
    """
    _lock_calendar()
    if not days_of_year(row.day.year):
        raise DomainError(f"{row.day.year} 年没有数据：先导入全年的安排，再改单独的一天")
    if sentence := why_not(row.day, row.kind):
        raise DomainError(sentence)
    stored = db.session.get(CalendarDay, row.day, populate_existing=True)
    if (stored.version if stored else 0) != opened_version:
        raise _day_conflict(stored)
    old = facts(stored) if stored else None
    if old == row or (old is None and row.kind is DayKind.ORDINARY):
        return
    _put(stored, row, by=by, now=now)
    changes = {row.day.isoformat(): (in_words(old) if old else None, in_words(row))}
    record("admin:calendar:edit", f"calendar:{row.day.isoformat()}", by=by, now=now, changes=changes)


def plan_year(year: int, rows: Sequence[DayRow]) -> Plan:
    """What taking over a file would do to a year; nothing is changed."""
    return plan(rows, days_of_year(year))


def take_over_year(year: int, rows: Sequence[DayRow], *, seen: str, by: Actor, now: datetime) -> Plan:
    """Let a year be as a file says: its days are written, provisional days it does not name become ordinary ones.

    Args:
        year: the year; every row lies in it.
        rows: the days of the file, already checked.
        seen: the stamp of the plan that was shown before.
        by: who takes it over.
        now: when.

    Raises:
        ConflictError: the year was changed after the plan was shown.
    """
    _lock_calendar()
    stored = days_of_year(year)
    if seen != stamp(stored):
        last = max(stored, key=lambda day: day.changed_at or datetime.min.replace(tzinfo=now.tzinfo))
        current = {f"{year} 年": f"{len(stored)} 天有安排，最近改的是 {last.day.isoformat()}"}
        raise ConflictError(
            f"{last.changed_by or '系统'}先改了 {year} 年的日历，请重新对照一遍",
            current=current,
            who=last.changed_by,
            when=last.changed_at,
        )
    found = plan(rows, stored)
    if found.empty:
        return found
    changes: dict[str, tuple[str | None, str]] = {}
    for row in found.new:
        changes[row.day.isoformat()] = (None, in_words(row))
        _put(None, row, by=by, now=now)
    ordinary = [
        (old, DayRow(old.day, DayKind.ORDINARY, old.name, rows[0].source if rows else old.source))
        for old in found.dropped
    ]
    for old, row in (*found.changed, *ordinary):
        changes[row.day.isoformat()] = (in_words(facts(old)), in_words(row))
        _put(old, row, by=by, now=now)
    db.session.flush()
    forget_calendar()
    record("admin:calendar:import", f"calendar:{year}", by=by, now=now, changes=changes)
    return found


def _lock_calendar() -> None:
    """One change of the calendar at a time (on SQLite the write transaction itself sees to it)."""
    db.session.execute(select(CalendarDay.day).order_by(CalendarDay.day).limit(1).with_for_update())


def _put(stored: CalendarDay | None, row: DayRow, *, by: Actor, now: datetime) -> None:
    if stored:
        write_over(stored, row, now=now, who=by.name)
    else:
        db.session.add(CalendarDay(**vars(row), changed_at=now, changed_by=by.name))
    db.session.flush()
    forget_calendar()


def _day_conflict(stored: CalendarDay | None) -> ConflictError:
    current = {"现在": in_words(facts(stored)) if stored else "按星期"}
    who, when = (stored.changed_by, stored.changed_at) if stored else ("", None)
    return ConflictError(f"{who or '系统'}先改了这一天，您的字没有丢", current=current, who=who or "系统", when=when)
