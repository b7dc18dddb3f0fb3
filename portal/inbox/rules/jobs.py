"""When a job may be taken, when it is given up, and how it is said."""

from datetime import datetime, timedelta
from enum import StrEnum


class JobState(StrEnum):
    """What has become of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)

WORDS = {
    JobState.QUEUED: ("排队", "plan"),
    JobState.RUNNING: ("在做", "run"),
    JobState.DONE: ("已完成", "ok"),
    JobState.FAILED: ("没做成", "bad"),
    JobState.STOPPED: ("已停", "mute"),
}
"""The word and the shape of each state."""

LEASE = timedelta(seconds=60)
"""How long a runner holds a job without saying that it still works."""

LONGEST_LEASE = timedelta(hours=1)
"""No lease is this long: one that seems to be was given before the clock was set back."""

ATTEMPTS = 5
UNATTENDED = timedelta(minutes=2)
"""A job that waits longer than this probably waits for a runner that is not there."""


def is_free(state: JobState, lease_until: datetime | None, now: datetime) -> bool:
    """Whether a runner may take the job: never started, put off until now, or its runner fell silent."""
    if state not in UNFINISHED:
        return False
    return lease_until is None or lease_until <= now or lease_until > now + LONGEST_LEASE


def retry_at(attempts: int, now: datetime) -> datetime:
    """When a job that broke down is tried again: after 5, 10, 20 … seconds, ten minutes at the most."""
    return now + min(timedelta(seconds=5 * 2 ** min(attempts - 1, 10)), timedelta(minutes=10))


def time_left(done: int, total: int, started_at: datetime | None, now: datetime) -> timedelta | None:
    """How long it will still take at the speed so far; None while nobody can tell."""
    if started_at is None or done <= 0 or total <= done or now - started_at < timedelta(seconds=3):
        return None
    return (now - started_at) / done * (total - done)


def time_left_words(left: timedelta | None) -> str:
    """约剩 40 秒, 约剩 12 分, 约剩 3 小时; empty while nobody can tell."""
    if left is None:
        return ""
    seconds = max(1, round(left.total_seconds()))
    if seconds < 90:
        return f"约剩 {seconds} 秒"
    return f"约剩 {round(seconds / 60)} 分" if seconds < 5400 else f"约剩 {round(seconds / 3600)} 小时"
