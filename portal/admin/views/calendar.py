"""The working calendar: seen a year at a time, corrected a day at a time, taken over from a file."""

import calendar as gregorian
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.audit.refusals import refusals_recorded
from portal.core import calendar_data
from portal.core.calendar_queries import days_of_year, first_and_last_year, working_calendar
from portal.core.clock import beijing_day, utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.models import CalendarDay
from portal.core.pages import page
from portal.core.workdays import LABELS, WEEKDAYS, Calendar, DayKind, NoCalendar

from ..forms import DayForm, YearApplyForm, YearFileForm
from ..services import edit_day, plan_year, take_over_year

bp = Blueprint("calendar", __name__, url_prefix="/admin/calendar", template_folder="../templates")

FIRST, LAST = 1990, 2100
BIGGEST_FILE = 200_000
MARKS = {DayKind.STATUTORY: "假", DayKind.SWAPPED: "休", DayKind.MAKEUP: "班"}


@bp.get("")
@needs(Permission.ADMIN_CALENDAR_READ)
def index() -> ResponseReturnValue:
    """A year in twelve months, with where it comes from."""
    today = beijing_day(utc_now())
    asked = request.args.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 and FIRST <= int(asked) <= LAST else today.year
    rows, working = days_of_year(year), working_calendar()
    known = year in working.years
    return page(
        "admin/calendar.html",
        year=year,
        answer=_answer(year, rows, working),
        provisional=year in working.provisional_years,
        years=[
            {"year": each, "url": url_for("calendar.index", year=each), "active": each == year} for each in _years(year)
        ],
        months=_months(year, rows, working, today) if known else [],
        kinds=_kinds(rows),
        listed=[_listed(row) for row in rows],
        sources=Counter(row.source for row in rows).most_common(),
        export_url=url_for("calendar.export", year=year) if known else None,
        import_url=url_for("calendar.take_over", year=year) if _may_edit() else None,
    )


@bp.get("/export")
@needs(Permission.ADMIN_CALENDAR_READ)
def export() -> ResponseReturnValue:
    """A year as the file that the import takes back."""
    year = request.args.get("year", type=int) or abort(404)
    rows = days_of_year(_year(year)) or abort(404)
    response = Response(calendar_data.as_csv(map(calendar_data.facts, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=calendar-{year}.csv"
    return response


@bp.route("/days/<string:day>", methods=["GET", "POST"])
@needs(Permission.ADMIN_CALENDAR_EDIT)
def change_day(day: str) -> ResponseReturnValue:
    """Say what a day is, and by which notice."""
    on = _day(day)
    form = DayForm()
    valid = form.validate_on_submit()
    stored = db.session.get(CalendarDay, on)
    if request.method == "GET":
        if not days_of_year(on.year):
            raise NoCalendar(on.year)
        _fill(form, stored)
    back = url_for("calendar.index", year=on.year)
    if valid:
        row = calendar_data.DayRow(
            on,
            DayKind(form.kind.data),
            (form.name.data or "").strip(),
            (form.source.data or "").strip(),
            bool(form.provisional.data),
        )
        by, now = current_person().actor, utc_now()
        try:
            with refusals_recorded("admin:calendar:edit", f"calendar:{day}", by=by, now=now):
                edit_day(row, opened_version=form.opened_version.data or 0, by=by, now=now)
        except ConflictError:
            raise
        except DomainError as error:
            form.kind.errors = [str(error)]
        else:
            flash(f"{day} 已改为{LABELS[working_calendar().kind_of(on)]}")
            return redirect(back, 303)
    return page("admin/calendar_day.html", form=form, day=_named(on), stored=stored, back_url=back, year=on.year)


@bp.route("/<int:year>/import", methods=["GET", "POST"])
@needs(Permission.ADMIN_CALENDAR_EDIT)
def take_over(year: int) -> ResponseReturnValue:
    """Paste or choose a file; see what would be new and changed before it is."""
    _year(year)
    form, shown = YearFileForm(), None
    faults: list[calendar_data.BadCell] = []
    apply_form = YearApplyForm(formdata=None)
    if form.validate_on_submit():
        text, reason = _text_of(form)
        rows, faults = calendar_data.read_rows(text, year) if reason is None else ([], [])
        if reason or faults:
            form.text.errors = [reason or f"有 {len(faults)} 处要改，列在下面；什么都没有改动"]
        else:
            found = plan_year(year, rows)
            apply_form.text.data, apply_form.seen.data = calendar_data.as_csv(rows), found.stamp
            shown = _plan(found)
    return page(
        "admin/calendar_import.html",
        form=form,
        year=year,
        faults=faults,
        plan=shown,
        apply_form=apply_form,
        kinds=[{"code": kind.value, "words": LABELS[kind]} for kind in MARKS],
        has_data=bool(days_of_year(year)),
        back_url=url_for("calendar.index", year=year),
    )


@bp.post("/<int:year>/import/apply")
@needs(Permission.ADMIN_CALENDAR_EDIT)
def apply(year: int) -> ResponseReturnValue:
    """Take over the year that was shown."""
    form, by, now = YearApplyForm(), current_person().actor, utc_now()
    rows, faults = calendar_data.read_rows(form.text.data or "", _year(year))
    if faults or not form.validate_on_submit():
        raise DomainError("文件变了样，请重新导入一次")
    with refusals_recorded("admin:calendar:import", f"calendar:{year}", by=by, now=now):
        done = take_over_year(year, rows, seen=form.seen.data or "", by=by, now=now)
    flash(
        f"{year} 年的日历没有变化"
        if done.empty
        else f"{year} 年的日历已更新：新 {len(done.new)} 天，改 {len(done.changed)} 天，撤 {len(done.dropped)} 天"
    )
    return redirect(url_for("calendar.index", year=year), 303)


def _may_edit() -> bool:
    return current_person().may(Permission.ADMIN_CALENDAR_EDIT)


def _year(year: int) -> int:
    return year if FIRST <= year <= LAST else abort(404)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    _year(day.year)
    return day


def _years(chosen: int) -> list[int]:
    """The years with data, the next one, and the one looked at."""
    span = first_and_last_year() or (chosen, chosen)
    return sorted({*range(span[0], span[1] + 2), chosen})


def _named(day: date) -> dict[str, str]:
    return {"iso": day.isoformat(), "weekday": f"周{WEEKDAYS[day.weekday()]}"}


def _answer(year: int, rows: Sequence[CalendarDay], working: Calendar) -> str:
    if year not in working.years:
        return str(NoCalendar(year))
    count = working.workdays_between(date(year, 1, 1), date(year, 12, 31))
    days = f"{count.workdays} 个工作日、{count.rest} 个休息日"
    if count.provisional:
        return f"{year} 年的放假安排还没公布，先按推算：{days}。公布后导入，没办结的期限会自动跟着变。"
    source, _ = Counter(row.source for row in rows).most_common(1)[0]
    return f"{year} 年有 {days}，按{source}。"


def _kinds(rows: Sequence[CalendarDay]) -> list[dict[str, Any]]:
    """The key of the marks, with how many days have each."""
    counts = Counter(row.kind for row in rows)
    return [
        {"kind": kind.value, "mark": mark, "words": LABELS[kind], "count": counts[kind]} for kind, mark in MARKS.items()
    ]


def _months(year: int, rows: Sequence[CalendarDay], working: Calendar, today: date) -> list[dict[str, Any]]:
    stored, may_edit = {row.day: row for row in rows}, _may_edit()
    counts = working.counts_by_month(date(year, 1, 1), date(year, 12, 31))

    def cell(day: date) -> dict[str, Any] | None:
        if day.year != year or day.month != month:
            return None
        row, kind = stored.get(day), working.kind_of(day)
        doubt = bool(row and row.provisional)
        words = f"{day.isoformat()} 周{WEEKDAYS[day.weekday()]} {LABELS[kind]}"
        return {
            "day": day.day,
            "kind": kind.value,
            "mark": MARKS.get(kind, ""),
            "provisional": doubt,
            "words": f"{words} {row.name if row else ''}".strip() + ("（暂定）" if doubt else ""),
            "today": day == today,
            "url": url_for("calendar.change_day", day=day.isoformat()) if may_edit else None,
        }

    months = []
    for month in range(1, 13):
        weeks = [[cell(day) for day in week] for week in gregorian.Calendar().monthdatescalendar(year, month)]
        count = counts[(year, month)]
        months.append({"number": month, "workdays": count.workdays, "rest": count.rest, "weeks": weeks})
    return months


def _listed(row: CalendarDay) -> dict[str, Any]:
    kind = DayKind(row.kind)
    return {
        "day": row.day,
        "weekday": f"周{WEEKDAYS[row.day.weekday()]}",
        "kind": kind.value,
        "words": LABELS[kind] if kind is not DayKind.ORDINARY else "按星期",
        "name": row.name,
        "source": row.source,
        "provisional": row.provisional,
        "changed_by": row.changed_by,
        "changed_at": row.changed_at,
        "url": url_for("calendar.change_day", day=row.day.isoformat()) if _may_edit() else None,
    }


def _fill(form: DayForm, stored: CalendarDay | None) -> None:
    form.opened_version.data = stored.version if stored else 0
    if stored:
        form.kind.data, form.name.data, form.source.data = stored.kind, stored.name, stored.source
        form.provisional.data = stored.provisional
    else:
        form.kind.data = DayKind.ORDINARY.value


def _text_of(form: YearFileForm) -> tuple[str, str | None]:
    """What was pasted or uploaded, or why it cannot be read."""
    upload = form.file.data
    if not upload or not getattr(upload, "filename", ""):
        text = form.text.data or ""
        return text, None if text.strip() else "请粘贴内容，或选一个文件"
    raw = upload.read(BIGGEST_FILE + 1)
    if len(raw) > BIGGEST_FILE:
        return "", "文件超过 200 KB，不像一年的日历"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            return "", "这不是文本文件"
        form.text.data = text
        return text, None
    return "", "文件不是 UTF-8 也不是 GBK 编码，读不懂"


def _plan(found: calendar_data.Plan) -> dict[str, Any]:
    def words(row: calendar_data.DayRow) -> str:
        return calendar_data.in_words(row)

    return {
        "new": [{**_named(row.day), "now": words(row), "before": ""} for row in found.new],
        "changed": [
            {**_named(row.day), "now": words(row), "before": words(calendar_data.facts(old))}
            for old, row in found.changed
        ],
        "dropped": [
            {**_named(old.day), "now": "按星期", "before": words(calendar_data.facts(old))} for old in found.dropped
        ],
        "same": found.same,
        "left": found.left,
        "empty": found.empty,
    }
