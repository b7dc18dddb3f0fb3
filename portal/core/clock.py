"""The only place that asks what time it is, and the only one that knows Beijing."""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")

_shift = timedelta(0)


def set_clock(start: datetime | None) -> None:
    """Let the clock begin at `start` and run on (PORTAL_NOW); None gives back the real one."""
    global _shift
    _shift = timedelta(0) if start is None else start.astimezone(UTC) - _real()


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return _real() + _shift


def _real() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def beijing(moment: datetime) -> datetime:
    """The moment on a Beijing clock."""
    return moment.astimezone(BEIJING)


def beijing_day(moment: datetime) -> date:
    """The calendar day in Beijing."""
    return beijing(moment).date()


def day_start(day: date) -> datetime:
    """The first moment of a day in Beijing, in UTC."""
    return datetime.combine(day, time_of_day(), BEIJING).astimezone(UTC)


def near_time(moment: datetime, now: datetime) -> str:
    """A moment as people say it: 今天 17:40, 昨天 09:00, 11-23, 2025-11-23."""
    local, today = beijing(moment), beijing_day(now)
    if local.date() == today:
        return f"今天 {local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"昨天 {local:%H:%M}"
    return f"{local:%m-%d}" if local.year == today.year else f"{local:%Y-%m-%d}"


_WEEKDAYS = "一二三四五六日"


def long_now(moment: datetime) -> str:
    """The top bar's clock: 11月24日 周二 14:18."""
    local = beijing(moment)
    return f"{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]} {local:%H:%M}"
