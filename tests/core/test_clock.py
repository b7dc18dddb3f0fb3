"""Moments are aware and kept as UTC; the clock can be set, and then runs on."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import String, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from portal import create_app
from portal.core.clock import beijing_day, day_start, long_now, near_time, set_clock, utc_now
from portal.core.database import UtcDateTime, db
from portal.core.models import FormReceipt
from portal.core.write import transaction
from tests.support.databases import settings as settings_for

NAIVE = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 — a moment without zone is what is refused
DIALECTS = (sqlite.dialect(), postgresql.dialect())


@pytest.mark.parametrize("dialect", DIALECTS, ids=["sqlite", "postgres"])
def test_a_moment_without_zone_is_refused_by_the_column(dialect: object) -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(NAIVE, dialect)  # type: ignore[arg-type]


def test_a_moment_without_zone_is_not_kept(any_app: Flask) -> None:
    with any_app.app_context():
        with pytest.raises(StatementError, match="time zone"):
            _keep(NAIVE)
        assert db.session.scalar(select(func.count()).select_from(FormReceipt)) == 0


def _keep(at: datetime, key: str = "k") -> None:
    with transaction():
        db.session.add(FormReceipt(key=key, at=at, location=""))


def test_nine_in_beijing_comes_back_as_one_in_utc(any_app: Flask) -> None:
    with any_app.app_context():
        _keep(datetime.fromisoformat("2026-11-23T09:00:00.123456+08:00"))
        db.session.expire_all()
        kept = db.session.get_one(FormReceipt, "k").at
        raw = db.session.scalar(select(cast(FormReceipt.at, String)))
    assert kept == datetime(2026, 11, 23, 1, 0, 0, 123456, UTC)
    assert kept.utcoffset() == timedelta(0)
    assert raw is not None
    assert "2026-11-23" in raw


_ANY = st.datetimes(timezones=st.timezones(), allow_imaginary=False)


@settings(max_examples=40, deadline=None, database=None)
@given(_ANY.filter(lambda moment: 1900 < moment.year < 2200))
def test_any_aware_moment_is_bound_as_the_same_moment_in_utc(moment: datetime) -> None:
    for dialect in DIALECTS:
        bound = UtcDateTime().process_bind_param(moment, dialect)
        assert bound == moment.astimezone(UTC)
        assert bound.utcoffset() == timedelta(0)
        assert UtcDateTime().process_result_value(bound.replace(tzinfo=None), dialect) == bound


def test_the_clock_begins_where_it_is_set_and_runs_on() -> None:
    start = datetime.fromisoformat("2027-01-01T00:00:00+08:00")
    set_clock(start)
    first = utc_now()
    time.sleep(0.02)
    second = utc_now()
    set_clock(None)
    assert timedelta(0) <= first - start < timedelta(seconds=1)
    assert timedelta(milliseconds=15) < second - first < timedelta(seconds=1)
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert first.utcoffset() == timedelta(0)


def test_the_portal_starts_at_the_moment_it_is_given(tmp_path: Path) -> None:
    start = datetime.fromisoformat("2026-12-31T23:59:50+08:00")
    create_app(settings_for(tmp_path, now=start))
    assert timedelta(0) <= utc_now() - start < timedelta(seconds=5)
    create_app(settings_for(tmp_path, now=None))
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-12-31T15:59:59+00:00", "2026-12-31"),
        ("2026-12-31T16:00:00+00:00", "2027-01-01"),
        ("2027-01-01T00:00:00+08:00", "2027-01-01"),
        ("2024-02-28T16:00:00+00:00", "2024-02-29"),
    ],
)
def test_the_day_is_that_of_beijing(moment: str, day: str) -> None:
    at = datetime.fromisoformat(moment)
    assert beijing_day(at) == date.fromisoformat(day)
    assert day_start(date.fromisoformat(day)) <= at


def test_a_day_begins_at_four_in_the_afternoon_utc() -> None:
    assert day_start(date(2027, 1, 1)) == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23T17:40:00+08:00", "今天 17:40"),
        ("2026-11-23T00:00:00+08:00", "今天 00:00"),
        ("2026-11-22T23:59:59+08:00", "昨天 23:59"),
        ("2026-11-21T09:00:00+08:00", "11-21"),
        ("2025-11-23T09:00:00+08:00", "2025-11-23"),
        ("2027-01-01T00:00:00+08:00", "2027-01-01"),
    ],
)
def test_times_are_said_as_people_say_them(moment: str, words: str) -> None:
    now = datetime.fromisoformat("2026-11-23T18:00:00+08:00")
    assert near_time(datetime.fromisoformat(moment), now) == words


def test_the_top_bar_tells_day_and_hour_in_beijing() -> None:
    assert long_now(datetime(2026, 11, 24, 6, 18, tzinfo=UTC)) == "11月24日 周二 14:18"


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"])
def test_the_zone_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert beijing_day(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == date(2027, 1, 1)
        assert long_now(datetime(2026, 11, 24, 6, 18, tzinfo=UTC)) == "11月24日 周二 14:18"
        assert abs(utc_now().timestamp() - time.time()) < 1
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
