"""When an article must be held against its sources again (复核), and which first.

The clock of verification follows from verifications alone, or, while there was none, from the mark that the article's
first revision came with. An edit never moves it; to verify never moves the other three.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from .states import MaterialKind, Sensitivity

BY_KIND: dict[MaterialKind, tuple[int, str]] = {
    MaterialKind.NOTICE: (60, "通知公告有时效，过得快"),
    MaterialKind.HOT_QUESTION: (90, "热点问答念得最多，错一句传得远"),
    MaterialKind.GUIDE: (120, "办事指南里的材料、窗口、时限改得勤"),
    MaterialKind.BUSINESS: (180, "业务指引随系统和流程变"),
    MaterialKind.ENQUIRY: (180, "日常咨询多是常例"),
    MaterialKind.LAW: (365, "法律法规一变，「制度变了」会当场点名，一年再对一遍原文"),
}
"""Material kind → the usual days between two verifications, and why."""

AT_MOST: dict[Sensitivity, tuple[int, str]] = {
    Sensitivity.SENSITIVE: (30, "敏感内容至多三十天"),
    Sensitivity.INTERNAL: (90, "内部口径至多九十天"),
    Sensitivity.OPEN: (365, "公开内容至多一年"),
}
"""Sensitivity → the most days between two verifications, and why."""

SHORTEST, LONGEST = 7, 730
"""What may be set for one article by hand."""
SOON = timedelta(days=30)
"""How far ahead the queue looks."""
FORMULA = "近 90 天引用次数 × 距上次复核天数 ×（1 + 变了的依据条数）"


@dataclass(frozen=True)
class Interval:
    """Days between two verifications, and where that comes from."""

    days: int
    why: str


def interval(kind: MaterialKind, sensitivity: Sensitivity, own: int | None) -> Interval:
    """How often an article is verified: as set for it, else by kind and sensitivity, whichever is shorter."""
    if own is not None:
        return Interval(own, "这一条单独定的")
    return min((Interval(*BY_KIND[kind]), Interval(*AT_MOST[sensitivity])), key=lambda each: each.days)


def marked_on(mark: str) -> date | None:
    """The last day of the month that a mark of checking names (2026-07, text-2026-07); None for an excerpt.

    The mark knows no day: the last one is the latest on which it can have been.
    """
    year, _, month = mark.removeprefix("text-").removeprefix("web-").partition("-")
    if not (year.isdecimal() and month[:2].isdecimal() and len(year) == 4):
        return None
    if not 1 <= int(month[:2]) <= 12:
        return None
    return date(int(year), int(month[:2]), calendar.monthrange(int(year), int(month[:2]))[1])


@dataclass(frozen=True)
class Clock:
    """When a text was verified last, and when it is due again.

    Attributes:
        verified_on: the day; None where it never was (an excerpt).
        since: the day from which the days without verification are counted.
        due_on: the day by which it must be verified again.
    """

    verified_on: date | None
    since: date
    due_on: date

    def days(self, today: date) -> int:
        """Days since it was verified."""
        return max(0, (today - self.since).days)

    def overdue(self, today: date) -> int:
        """Days past its due day; 0 or less while it is not."""
        return (today - self.due_on).days


def clock(
    *, last_true_on: date | None, next_on: date | None, first_mark: str, taken_in_on: date, every: Interval
) -> Clock:
    """The clock of one article.

    Args:
        last_true_on: the day of the last verification that found it true.
        next_on: the next day that the last verification named.
        first_mark: the mark of checking of the first revision.
        taken_in_on: the day the article was made.
        every: how often it is verified.
    """
    marked = marked_on(first_mark)
    verified = last_true_on or (min(marked, taken_in_on) if marked else None)
    since = verified or taken_in_on
    if next_on is not None:
        return Clock(verified, since, next_on)
    return Clock(verified, since, since + timedelta(days=every.days) if verified else taken_in_on)


def harm(uses: int, days: int, changed_basis: int) -> int:
    """How much harm an unverified text may do; the formula stands on the page."""
    return uses * days * (1 + changed_basis)


def why_not_interval(days: int | None) -> str | None:
    """Why an interval cannot be set; None if it can."""
    if days is None or SHORTEST <= days <= LONGEST:
        return None
    return f"复核周期应在 {SHORTEST} 到 {LONGEST} 天之间"


def why_not_next(next_on: date, today: date) -> str | None:
    """Why a next day cannot be named; None if it can."""
    if next_on <= today:
        return "下次复核的日子应在今天之后"
    if next_on > today + timedelta(days=LONGEST):
        return f"下次复核至多隔 {LONGEST} 天"
    return None
