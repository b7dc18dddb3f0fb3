"""The calendar as a CSV file: loaded when setting up, imported and exported by people (DESIGN §3.8)."""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select

from .database import db
from .models import CalendarDay
from .workdays import LABELS, DayKind, why_not

DATA = Path(__file__).with_name("data") / "calendar_days.csv"
COLUMNS = {"day": "日期", "kind": "类型", "name": "名称", "source": "来源", "provisional": "暂定"}
LONGEST = {"name": 60, "source": 200}
FORMULA = ("=", "+", "-", "@", "\t")
"""A cell that starts so is a formula to a spreadsheet."""
FEWEST_HOLIDAYS = 10
"""The law gives 13 statutory days (11 before 2025); a file with fewer than this is not a whole year."""
_KINDS = {
    **{kind.value: kind for kind in DayKind},
    **{words: kind for kind, words in LABELS.items()},
    "按星期": DayKind.ORDINARY,
}
_YES_NO = {"1": True, "是": True, "暂定": True, "true": True, "0": False, "否": False, "": False, "false": False}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True)
class DayRow:
    """One day of a file."""

    day: date
    kind: DayKind
    name: str
    source: str
    provisional: bool = False


@dataclass(frozen=True)
class BadCell:
    """What is wrong with a file, and where: the line (from 1), the column, what stands there, and why."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class Plan:
    """What taking over a file would do to a year.

    Attributes:
        new: days that get a row.
        changed: the row as it stands and the day that replaces it.
        dropped: provisional days the file does not name; they become ordinary days.
        same: how many days stand already as the file says.
        left: how many days that are not provisional the file does not name; they stay.
        stamp: the state of the year this was worked out from.
    """

    new: list[DayRow] = field(default_factory=list)
    changed: list[tuple[CalendarDay, DayRow]] = field(default_factory=list)
    dropped: list[CalendarDay] = field(default_factory=list)
    same: int = 0
    left: int = 0
    stamp: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.new or self.changed or self.dropped)


def load_calendar(*, now: datetime, path: Path = DATA) -> dict[str, int]:
    """Take over the data file: missing days are added, provisional ones follow the file once it knows better.

    A year in which people changed a day is theirs and stays as they left it.

    Returns:
        How many were new, changed and unchanged.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            DayRow(
                date.fromisoformat(row["day"]),
                DayKind(row["kind"]),
                row["name"],
                row["source"],
                row["provisional"] == "1",
            )
            for row in csv.DictReader(file)
        ]
    stored = db.session.scalars(select(CalendarDay)).all()
    theirs = {row.day.year for row in stored if row.changed_by}
    by_day = {row.day: row for row in stored}
    new = changed = 0
    for row in rows:
        old = by_day.get(row.day)
        if row.day.year in theirs or (old and (facts(old) == row or not old.provisional)):
            continue
        if old is None:
            db.session.add(CalendarDay(**vars(row), changed_at=now))
            new += 1
        else:
            write_over(old, row, now=now, who="")
            changed += 1
    db.session.flush()
    return {"new": new, "changed": changed, "unchanged": len(rows) - new - changed}


def facts(row: CalendarDay) -> DayRow:
    """What a stored row says, without its version."""
    return DayRow(row.day, DayKind(row.kind), row.name, row.source, row.provisional)


def write_over(stored: CalendarDay, row: DayRow, *, now: datetime, who: str) -> None:
    """Let a stored row say what this one says, as its next version."""
    stored.kind, stored.name, stored.source, stored.provisional = row.kind, row.name, row.source, row.provisional
    stored.version += 1
    stored.changed_at, stored.changed_by = now, who


def in_words(row: DayRow) -> str:
    """A day as a line of the audit: 调休上班 国庆节调休上班（来源，暂定）."""
    kind = "按星期" if row.kind is DayKind.ORDINARY else LABELS[row.kind]
    return f"{kind} {row.name}（{row.source}{'，暂定' if row.provisional else ''}）"


def as_csv(rows: Iterable[DayRow]) -> str:
    """The file that `read_rows` takes back; starts with a byte-order mark so that spreadsheets read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([row.day.isoformat(), row.kind.value, row.name, row.source, int(row.provisional)])
    return "\ufeff" + out.getvalue()


def stamp(rows: Sequence[CalendarDay]) -> str:
    """The state of a year in a few letters; it changes with every change of a day."""
    text = ",".join(f"{row.day}:{row.version}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan(rows: Sequence[DayRow], stored: Sequence[CalendarDay]) -> Plan:
    """What taking these rows over would do to a year that has those."""
    found, by_day = Plan(stamp=stamp(stored)), {row.day: row for row in stored}
    for row in rows:
        old = by_day.pop(row.day, None)
        if old is None:
            found.new.append(row)
        elif facts(old) == row:
            found.same += 1
        else:
            found.changed.append((old, row))
    found.dropped = [old for old in by_day.values() if old.provisional]
    found.left = len(by_day) - len(found.dropped)
    return found


def read_rows(text: str, year: int) -> tuple[list[DayRow], list[BadCell]]:
    """Read a pasted or uploaded year; commas or tabs, Chinese or English heads, dates as 2027-01-01 or 2027/1/1.

    Returns:
        The days in order, and everything that is wrong. Only where nothing is wrong may the days be used.
    """
    first = next((line for line in text.removeprefix("\ufeff").splitlines() if line.strip()), "")
    if not first:
        return [], [BadCell(1, "", "", "没有内容")]
    reader = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter="\t" if "\t" in first else ",", strict=True
    )
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error:
        return [], [BadCell(reader.line_num, "", "", "这一行的引号或字符读不懂")]
    number, head = lines[0][0], [_column(cell) for cell in lines[0][1]]
    missing = [key for key in COLUMNS if key not in head and key != "provisional"]
    if missing:
        return [], [BadCell(number, COLUMNS[key], "", f"缺「{key}」这一列") for key in missing]
    listed = [(number, dict(zip(head, cells, strict=False))) for number, cells in lines[1:]]
    return _checked(listed, year)


def _column(cell: str) -> str:
    name = unicodedata.normalize("NFKC", cell).strip().lower()
    return next((key for key, words in COLUMNS.items() if name in (key, words)), name)


def _checked(listed: Sequence[tuple[int, Mapping[str, str]]], year: int) -> tuple[list[DayRow], list[BadCell]]:
    rows: dict[date, DayRow] = {}
    faults: list[BadCell] = []
    for number, cells in listed:
        row, found = _row(number, {key: (cells.get(key) or "").strip() for key in COLUMNS}, year)
        if row and row.day in rows:
            found = [BadCell(number, COLUMNS["day"], row.day.isoformat(), "这一天前面已经有一行")]
        faults += found
        if row and not found:
            rows[row.day] = row
    holidays = sum(row.kind is DayKind.STATUTORY for row in rows.values())
    if not faults and holidays < FEWEST_HOLIDAYS:
        reason = f"只有 {holidays} 天法定节假日，不像一整年的安排；要改一两天，请在日历上点那一天"
        faults.append(BadCell(1, "", "", reason))
    return [rows[day] for day in sorted(rows)], faults


def _row(number: int, cells: Mapping[str, str], year: int) -> tuple[DayRow | None, list[BadCell]]:
    found: list[BadCell] = []

    def bad(column: str, reason: str) -> None:
        found.append(BadCell(number, COLUMNS[column], cells[column][:60], reason))

    day, kind = _date(cells["day"]), _KINDS.get(_plain(cells["kind"]))
    provisional = _YES_NO.get(_plain(cells["provisional"]))
    if day is None:
        bad("day", f"日期应写作 {year}-01-01")
    elif day.year != year:
        bad("day", f"不在 {year} 年")
    if kind is None:
        bad("kind", "应是 " + "、".join(f"{each.value}（{LABELS[each]}）" for each in DayKind))
    if provisional is None:
        bad("provisional", "应是 0 或 1")
    for column in ("name", "source"):
        if reason := why_not_text(cells[column], column, needed=column == "source" or kind is not DayKind.ORDINARY):
            bad(column, reason)
    if found or day is None or kind is None or provisional is None:
        return None, found
    if reason := why_not(day, kind):
        bad("kind", reason)
    return DayRow(day, kind, cells["name"], cells["source"], provisional), found


def why_not_text(text: str, column: str, *, needed: bool = True) -> str | None:
    """Why a name or a source cannot be written so; None if it can."""
    if not text:
        return f"要写{COLUMNS[column]}" if needed else None
    if len(text) > LONGEST[column]:
        return f"最多 {LONGEST[column]} 字"
    if text.startswith(FORMULA):
        return "不能以 = + - @ 开头，表格软件会当成公式"
    return None if text.isprintable() else "含有看不见的字符"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _date(text: str) -> date | None:
    found = _DATE.fullmatch(_plain(text))
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
