"""The steps of signing in, and when somebody is locked out (trust.md §1 b, §3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(minutes=15)
MOST_PER_PERSON = 5
MOST_PER_ADDRESS = 30
AT_ONCE = 2
"""Sessions a person may have at once; a further sign-in ends the oldest."""


class Step(StrEnum):
    """What a signed-in person still owes before anything else."""

    NONE = "none"
    RESUME = "resume"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105 — the name of a step
    ENROL = "enrol"


def next_step(*, second_factor: bool, enrolled: bool, second_done: bool, password_due: bool) -> Step:
    """The step that comes next; one who has no second factor yet changes the one-time password first."""
    if second_factor and enrolled and not second_done:
        return Step.CODE
    if password_due:
        return Step.PASSWORD
    if second_factor and not enrolled:
        return Step.ENROL
    return Step.NONE


def locked_until(failures: Sequence[datetime], *, most: int, now: datetime) -> datetime | None:
    """Until when further tries are refused, None if they are not.

    Args:
        failures: the moments of wrong tries, in any order.
        most: how many within 15 minutes are let pass.
        now: the moment of this try.
    """
    recent = sorted(moment for moment in failures if now - moment < WINDOW)
    return recent[-1] + WINDOW if len(recent) >= most else None
