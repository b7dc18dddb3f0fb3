"""The working calendar on its pages: seen, corrected, imported, exported; on both databases."""

import json
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.admin.services import set_up
from portal.audit.models import AuditRow
from portal.core.calendar_queries import days_of_year, working_calendar
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.models import CalendarDay
from portal.core.workdays import DayKind
from tests.support.visitor import Visitor, csrf

D = date.fromisoformat
NOTICE = "国务院办公厅关于2027年部分节假日安排的通知"
HOLIDAYS = "01-01 02-05 02-06 02-07 02-08 04-05 05-01 05-02 06-09 09-15 10-01 10-02 10-03".split()
FILE = "\n".join(
    [
        "day,kind,name,source,provisional",
        *(f"2027-{day},statutory,节日,{NOTICE},0" for day in HOLIDAYS),
        f"2027-02-09,swapped,春节,{NOTICE},0",
        f"2027-02-20,makeup,春节调休上班,{NOTICE},0",
    ]
)
GUESSED_ONLY = ["2027-02-10", "2027-05-03", "2027-05-04", "2027-10-04", "2027-10-05"]

Arrive = Callable[[str], Visitor]


@pytest.fixture
def arrive(any_app: Flask) -> Arrive:
    return lambda login: Visitor(any_app, any_app.test_client()).sign_in(login)


def _head(arrive: Arrive) -> Visitor:
    return arrive("demo.sun")


def _hidden(page: BeautifulSoup, name: str) -> str:
    box = page.select_one(f"main input[name={name}]")
    assert box is not None, name
    return str(box["value"])


def _day(app: Flask, day: str) -> CalendarDay | None:
    with app.app_context():
        return db.session.get(CalendarDay, D(day))


def _year(app: Flask, year: int) -> list[tuple[str, str, str, str, bool, int]]:
    with app.app_context():
        return [
            (row.day.isoformat(), row.kind, row.name, row.source, row.provisional, row.version)
            for row in days_of_year(year)
        ]


def _audit(app: Flask, action: str) -> list[AuditRow]:
    with app.app_context():
        return list(db.session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.seq)))


def _change(visitor: Visitor, day: str, *, status: int = 303, **typed: str) -> str:
    page = visitor.get("calendar.change_day", day=day)
    kept = {name: _hidden(page, name) for name in ("form_key", "opened_version")}
    data = {"kind": "swapped", "name": "调休", "source": "国办通知", **kept, **typed}
    return visitor.post("calendar.change_day", day=day, data=data, status=status).text


def _preview(visitor: Visitor, text: str, *, year: int = 2027, status: int = 200) -> BeautifulSoup:
    response = visitor.post("calendar.take_over", year=year, data={"text": text}, status=status)
    return BeautifulSoup(response.text, "html.parser")


def _apply(visitor: Visitor, page: BeautifulSoup, *, year: int = 2027, status: int = 303) -> str:
    data = {name: _hidden(page, name) for name in ("form_key", "text", "seen")}
    return visitor.post("calendar.apply", year=year, data=data, status=status).text


def test_an_official_year_names_its_notice(arrive: Arrive) -> None:
    page = _head(arrive).get("calendar.index", year=2026)
    answer = page.select_one(".answer-line")
    assert answer is not None
    assert answer.get_text() == (
        "2026 年有 248 个工作日、117 个休息日，按国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）。"
    )
    assert len(page.select("table.month")) == 12
    assert "暂定" not in page.select_one("main").get_text()  # type: ignore[union-attr]


def test_a_provisional_year_says_so_above_and_on_each_day(arrive: Arrive) -> None:
    page = _head(arrive).get("calendar.index", year=2027)
    assert "2027 年的放假安排还没公布，先按推算" in page.get_text()
    marked = page.select("table.month .is-provisional")
    assert len(marked) == 19
    assert {cell.i.get_text() for cell in marked if cell.i} == {"假?", "休?"}
    assert all("（暂定）" in str(cell["aria-label"]) for cell in marked)


def test_a_year_without_data_is_not_drawn_but_said(arrive: Arrive) -> None:
    page = _head(arrive).get("calendar.index", year=2028)
    assert "2028 年没有数据，不能计算工作日" in page.get_text()
    assert not page.select("table.month")


@pytest.mark.parametrize("year", ["", "0", "20270", "二〇二七", "-1", "1949"])
def test_a_year_that_is_none_shows_this_one(arrive: Arrive, year: str) -> None:
    assert "工作日历 2026" in _head(arrive).get(f"/admin/calendar?year={year}").get_text()


def test_each_month_starts_on_monday_and_marks_by_word_and_shape(arrive: Arrive) -> None:
    october = _head(arrive).get("calendar.index", year=2026).select("table.month")[9]
    assert [cell.get_text()[-1] for cell in october.select("th")] == list("一二三四五六日")
    first, sixth = october.select("tbody tr")[0], october.select("tbody tr")[1].select("td")[5]
    assert ["".join(cell.get_text().split()) for cell in first.select("td")] == ["", "", "", "1假", "2假", "3假", "4"]
    assert "".join(sixth.get_text().split()) == "10班"
    assert sixth.select_one(".is-makeup") is not None
    caption = october.caption
    assert caption is not None
    assert "18 工作日 · 13 休" in caption.get_text()


def test_the_client_reads_the_calendar_but_has_no_way_to_change_it(arrive: Arrive) -> None:
    client = arrive("demo.jia")
    page = client.get("calendar.index", year=2027)
    assert not page.select("a.cal-day")
    assert "导入全年" not in page.get_text()
    client.get("calendar.change_day", day="2026-10-10", status=403)
    client.get("calendar.take_over", year=2027, status=403)


def test_an_agent_sees_neither_the_calendar_nor_its_place(arrive: Arrive) -> None:
    agent = arrive("demo.li")
    agent.get("calendar.index", status=403)
    assert "日历" not in [link.get_text() for link in agent.get("home.start").select(".rail a")]


def test_a_day_is_changed_with_its_source_and_the_change_is_recorded(arrive: Arrive, any_app: Flask) -> None:
    _change(_head(arrive), "2026-12-31", name="调休", source="国办发明电〔2026〕9号")
    with any_app.app_context():
        assert not working_calendar().is_workday(D("2026-12-31"))
    row = _audit(any_app, "admin:calendar:edit")[-1]
    assert row.object_ref == "calendar:2026-12-31"
    assert json.loads(row.detail) == {"2026-12-31": [None, "调休放假 调休（国办发明电〔2026〕9号）"]}


def test_a_changed_day_keeps_what_it_was_in_the_record(arrive: Arrive, any_app: Flask) -> None:
    _change(_head(arrive), "2026-10-10", kind="ordinary", name="", source="更正")
    row = _audit(any_app, "admin:calendar:edit")[-1]
    old, new = json.loads(row.detail)["2026-10-10"]
    assert old.startswith("调休上班 国庆节调休上班（国务院办公厅")
    assert new == "按星期 （更正）"
    with any_app.app_context():
        assert working_calendar().kind_of(D("2026-10-10")) is DayKind.WEEKEND


def test_saving_a_day_as_it_is_records_nothing(arrive: Arrive, any_app: Flask) -> None:
    stored = _day(any_app, "2026-10-10")
    assert stored is not None
    _change(_head(arrive), "2026-10-10", kind=stored.kind, name=stored.name, source=stored.source)
    assert _audit(any_app, "admin:calendar:edit") == []


@pytest.mark.parametrize(
    ("day", "typed", "sentence"),
    [
        ("2026-12-31", {"source": "  "}, "请写来源"),
        ("2026-12-31", {"name": ""}, "请写名称"),
        ("2026-12-31", {"kind": "holiday"}, "这一天是"),
        ("2026-12-31", {"source": "=HYPERLINK()"}, "不能以 = + - @ 开头"),
        ("2026-12-31", {"name": "字" * 61}, "最多 60 字"),
        ("2026-12-31", {"kind": "makeup"}, "2026-12-31 是周四，本来就上班，不能是调休上班"),
        ("2026-12-26", {"kind": "swapped"}, "2026-12-26 是周六，本来就休息，不能是调休放假"),
        ("2026-12-31", {"kind": "weekend"}, "2026-12-31 是周四，不是双休日"),
    ],
)
def test_a_day_that_cannot_be_so_is_refused_with_a_sentence(
    arrive: Arrive, any_app: Flask, day: str, typed: dict[str, str], sentence: str
) -> None:
    assert sentence in _change(_head(arrive), day, status=422, **typed)
    assert _day(any_app, day) is None


def test_a_refused_change_leaves_a_line(arrive: Arrive, any_app: Flask) -> None:
    _change(_head(arrive), "2026-12-31", kind="makeup", status=422)
    row = _audit(any_app, "admin:calendar:edit")[-1]
    assert (row.result, row.reason) == ("denied", "2026-12-31 是周四，本来就上班，不能是调休上班")


def test_a_single_day_of_a_year_without_data_is_refused(arrive: Arrive, any_app: Flask) -> None:
    head = _head(arrive)
    head.get("calendar.change_day", day="2028-05-01", status=422)
    data = {"kind": "statutory", "name": "劳动节", "source": "国办通知", "opened_version": "0"}
    answer = head.post("calendar.change_day", day="2028-05-01", data=data, status=422).text
    assert "2028 年没有数据：先导入全年的安排" in answer
    assert _year(any_app, 2028) == []
    assert _audit(any_app, "admin:calendar:edit")[-1].result == "denied"


@pytest.mark.parametrize("day", ["2026-02-30", "gestern", "1800-01-01"])
def test_a_day_that_does_not_exist_has_no_page(arrive: Arrive, day: str) -> None:
    _head(arrive).get("calendar.change_day", day=day, status=404)


def test_who_saves_second_is_told_and_changes_nothing(arrive: Arrive, any_app: Flask) -> None:
    head, system = _head(arrive), arrive("demo.feng")
    opened = {"opened_version": _hidden(head.get("calendar.change_day", day="2026-12-31"), "opened_version")}
    _change(system, "2026-12-31", name="先存的")
    data = {"kind": "statutory", "name": "后存的", "source": "国办通知", **opened}
    answer = head.post("calendar.change_day", day="2026-12-31", data=data, status=409).text
    assert "先存的" in answer
    stored = _day(any_app, "2026-12-31")
    assert stored is not None
    assert (stored.name, stored.version) == ("先存的", 1)


def test_an_import_shows_first_what_would_change_and_changes_nothing(arrive: Arrive, any_app: Flask) -> None:
    before = _year(any_app, 2027)
    page = _preview(_head(arrive), FILE)
    answer = page.select_one(".answer-line")
    assert answer is not None
    assert answer.get_text() == "存下以后：新 1 天，改 14 天，撤 5 天推算的，0 天不变。"
    assert _year(any_app, 2027) == before


def test_an_import_replaces_the_provisional_days_of_its_year(arrive: Arrive, any_app: Flask) -> None:
    head = _head(arrive)
    before = _year(any_app, 2026)
    _apply(head, _preview(head, FILE))
    rows = {row[0]: row for row in _year(any_app, 2027)}
    assert not any(row[4] for row in rows.values())
    assert {day for day, row in rows.items() if row[1] == "ordinary"} == set(GUESSED_ONLY)
    with any_app.app_context():
        calendar = working_calendar()
        assert calendar.is_workday(D("2027-02-10"))
        assert calendar.is_workday(D("2027-02-20"))
        assert not calendar.is_provisional(D("2027-02-10"))
    assert "按" + NOTICE in head.get("calendar.index", year=2027).get_text()
    assert _year(any_app, 2026) == before
    (row,) = _audit(any_app, "admin:calendar:import")
    changes = json.loads(row.detail)
    assert len(changes) == 20
    assert changes["2027-02-20"] == [None, f"调休上班 春节调休上班（{NOTICE}）"]
    assert changes["2027-02-10"][1].startswith("按星期")


def test_the_same_file_again_changes_nothing(arrive: Arrive, any_app: Flask) -> None:
    head = _head(arrive)
    page = _preview(head, FILE)
    _apply(head, page)
    before = _year(any_app, 2027)
    assert "文件和现在的日历一样" in _preview(head, FILE).get_text()
    _apply(head, page, status=303)  # the very form again: answered as the first time
    assert _year(any_app, 2027) == before
    assert len(_audit(any_app, "admin:calendar:import")) == 1


def test_a_year_changed_since_the_preview_is_not_overwritten(arrive: Arrive, any_app: Flask) -> None:
    head = _head(arrive)
    page = _preview(head, FILE)
    _change(arrive("demo.feng"), "2027-12-31", name="先存的")
    assert "先改了 2027 年的日历" in _apply(head, page, status=409)
    assert len(_year(any_app, 2027)) == 20


def test_a_file_that_was_tampered_with_after_the_preview_is_refused(arrive: Arrive, any_app: Flask) -> None:
    head, before = _head(arrive), _year(any_app, 2027)
    data = {"text": "day,kind\n2027-01-01,x", "seen": "0" * 16}
    assert "请重新导入一次" in head.post("calendar.apply", year=2027, data=data, status=422).text
    assert _year(any_app, 2027) == before


def test_every_bad_cell_is_named_with_row_column_value_and_reason(arrive: Arrive, any_app: Flask) -> None:
    lines = FILE.splitlines()
    lines[2] = f"2027-02-30,holiday,,={NOTICE},也许"
    lines[5] = lines[4]
    lines[7] = lines[7].replace("2027-", "2026-")
    lines[15] = "2027-02-19,makeup,春节调休上班,通知,0"
    before = _year(any_app, 2027)
    page = _preview(_head(arrive), "\n".join(lines), status=422)
    found = [[cell.get_text(strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]
    assert found == [
        ["3", "日期", "2027-02-30", "日期应写作 2027-01-01"],
        ["3", "类型", "holiday", found[1][3]],
        ["3", "暂定", "也许", "应是 0 或 1"],
        ["3", "名称", "（空）", "要写名称"],
        ["3", "来源", f"={NOTICE}", "不能以 = + - @ 开头，表格软件会当成公式"],
        ["6", "日期", "2027-02-07", "这一天前面已经有一行"],
        ["8", "日期", "2026-05-01", "不在 2027 年"],
        ["16", "类型", "makeup", "2027-02-19 是周五，本来就上班，不能是调休上班"],
    ]
    assert found[1][3].startswith("应是 statutory（法定节假日）")
    box = page.select_one("textarea[name=text]")
    assert box is not None
    assert "holiday" in box.get_text()
    assert _year(any_app, 2027) == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "请粘贴内容，或选一个文件"),
        ("day,name\n2027-01-01,元旦", "缺「kind」这一列"),
        ("\n".join(FILE.splitlines()[:3]), "只有 2 天法定节假日，不像一整年的安排"),
        ('day,kind,name,source,provisional\n2027-01-01,"statutory', "这一行的引号或字符读不懂"),
    ],
)
def test_a_file_that_is_no_year_is_refused(arrive: Arrive, text: str, reason: str) -> None:
    assert reason in _preview(_head(arrive), text, status=422).get_text()


def test_what_a_spreadsheet_copies_is_read_too(arrive: Arrive) -> None:
    words = {"day": "日期", "kind": "类型", "name": "名称", "source": "来源", "provisional": "暂定"}
    head, *lines = FILE.replace(",", "\t").replace("2027-0", "2027/").replace("statutory", "法定节假日").splitlines()
    pasted = "\n".join(["\t".join(words[key] for key in head.split("\t")), *lines])
    assert "新 1 天，改 14 天" in _preview(_head(arrive), pasted).get_text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_in_either_encoding(arrive: Arrive, encoding: str) -> None:
    head = _head(arrive)
    upload = (BytesIO(FILE.encode(encoding)), "2027.csv")
    assert "新 1 天，改 14 天" in head.post("calendar.take_over", year=2027, data={"file": upload}, status=200).text


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x00" * 50, "这不是文本文件"), (b"\xff\xfe\x81", "读不懂"), (b"a" * 200_001, "文件超过 200 KB")],
)
def test_a_file_that_is_no_text_is_refused(arrive: Arrive, content: bytes, reason: str) -> None:
    data = {"file": (BytesIO(content), "2027.csv")}
    assert reason in _head(arrive).post("calendar.take_over", year=2027, data=data, status=422).text


def test_what_is_exported_can_be_imported_and_changes_nothing(arrive: Arrive) -> None:
    head = _head(arrive)
    for year in (2024, 2026, 2027):
        response = head.client.get(head.address("calendar.export", year=year))
        assert response.headers["Content-Disposition"] == f"attachment; filename=calendar-{year}.csv"
        assert "文件和现在的日历一样" in _preview(head, response.text, year=year).get_text()


def test_there_is_nothing_to_export_of_a_year_without_data(arrive: Arrive) -> None:
    head = _head(arrive)
    for query in ("year=2028", "year=x", "", "year=99999"):
        assert head.client.get(f"/admin/calendar/export?{query}").status_code == 404


def test_setting_up_again_leaves_a_year_that_people_changed_alone(arrive: Arrive, any_app: Flask) -> None:
    head = _head(arrive)
    _apply(head, _preview(head, FILE))
    before = _year(any_app, 2027)
    with any_app.app_context():
        days = set_up(demo=True, now=utc_now())["calendar_days"]
    assert (days["new"], days["changed"]) == (0, 0)
    assert _year(any_app, 2027) == before


def test_a_form_without_its_token_changes_nothing(arrive: Arrive, any_app: Flask) -> None:
    head = _head(arrive)
    assert csrf(head.client.get("/admin/calendar/2027/import"))
    assert head.client.post("/admin/calendar/days/2026-12-31", data={"kind": "swapped"}).status_code == 400
    assert _day(any_app, "2026-12-31") is None
