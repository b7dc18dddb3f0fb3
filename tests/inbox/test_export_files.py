"""What leaves the house carries its maker's name, and no text in it becomes a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import DomainError
from portal.core.masking import Personal, Secret
from portal.inbox import sheets
from portal.inbox.rules.exports import new_number, read_number
from portal.inbox.sheets import FORMULA_STARTS, Column, Sheet, Watermark, write

AT = datetime.fromisoformat("2026-11-23T09:12:00+08:00")
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠a", "=cmd|'/c calc'!A0"]


def _mark(*, masked: bool = True) -> Watermark:
    return Watermark(
        number="K7QF-3M2X",
        name="孙负责",
        login="demo.sun",
        at=AT,
        title="走访记录",
        conditions="全部",
        masked=masked,
        anchor="第 7 行 " + "ab" * 32,
    )


def _sheet(rows: list[list[Any]], title: str = "走访记录") -> Sheet:
    return Sheet(title, [Column("甲", 10), Column("乙", 10)], rows)


def _write(path: Path, rows: list[list[Any]], *, masked: bool = True, more: tuple[Sheet, ...] = ()) -> int:
    return write(path, path.suffix[1:], [_sheet(rows), *more], _mark(masked=masked), on_row=lambda n: None)


def _cells(path: Path) -> Iterator[Any]:
    for page in openpyxl.load_workbook(path).worksheets:
        for row in page.iter_rows():
            yield from row


def _values(path: Path) -> list[list[Any]]:
    return [list(row) for row in openpyxl.load_workbook(path).worksheets[0].values][2:-2]


def _csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


# -- formulas ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula_in_excel(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xlsx"
    _write(path, [[text, "x"]])
    for cell in _cells(path):
        assert cell.data_type != "f", cell.value
    with zipfile.ZipFile(path) as archive:
        pages = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any(re.search(r"<f[ >]", page) for page in pages)
    assert 'quotePrefix="1"' in zipfile.ZipFile(path).read("xl/styles.xml").decode()


def test_headings_titles_and_the_watermark_are_texts_too(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    hostile = Sheet("=evil[]:*?/\\", [Column("=A1"), Column("+B")], [["=1", "-2"]])
    write(path, "xlsx", [hostile], _mark(), on_row=lambda n: None)
    assert all(cell.data_type != "f" for cell in _cells(path))


@pytest.mark.parametrize("text", [*DANGEROUS, "  =1+1"])
def test_no_text_becomes_a_formula_in_csv(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    _write(path, [[text, "x"]])
    assert _csv(path)[2] == ["'" + text, "x"]


@given(st.text(max_size=40))
def test_no_text_at_all_becomes_a_formula_in_csv(text: str) -> None:
    shown = sheets._harmless(text)
    assert not shown.lstrip(" ").startswith(FORMULA_STARTS)
    assert shown.removeprefix("'") == text.removeprefix("'") or shown == "'" + text


def test_numbers_dates_and_moments_stay_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _write(path, [[-5, Decimal("2265097.80")], [date(2026, 11, 23), AT], [True, None], ["-5", "2026"]])
    assert _values(path) == [
        [-5, 2265097.8],
        [datetime(2026, 11, 23), datetime(2026, 11, 23, 9, 12)],  # noqa: DTZ001 — a cell has no zone
        ["是", None],
        ["-5", "2026"],
    ]


@pytest.mark.parametrize("text", ["a\x00b", "a\x0bb", "\x1b[31m红", "长" * 40_000, "\ud800" + "x"])
def test_signs_no_cell_can_hold_do_not_stop_an_export(tmp_path: Path, text: str) -> None:
    for name in ("a.xlsx", "a.csv"):
        assert _write(tmp_path / name, [[text, "x"]]) == 1


# -- watermark -----------------------------------------------------------------------------------------------


def test_every_sheet_carries_who_when_and_the_number_to_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _write(path, [["a", "b"]], more=(_sheet([["c", "d"]]), _sheet([], title="明细")))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["走访记录", "走访记录2", "明细"]
    for page in book.worksheets:
        for words in ("孙负责", "demo.sun", "2026-11-23 09:12", "K7QF-3M2X", "已脱敏"):
            assert words in str(page["A1"].value)
            assert words in str(page.oddHeader.center.text)
            assert words in str(page.oddFooter.left.text)
        assert "第 7 行" in str(page.cell(page.max_row, 1).value)


def test_and_in_the_properties_where_nobody_looks(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _write(path, [["a", "b"]])
    book = openpyxl.load_workbook(path)
    assert book.properties.identifier == "K7QF-3M2X"
    assert book.properties.creator == "孙负责（demo.sun）"
    assert {prop.name: prop.value for prop in book.custom_doc_props}["zhiying-export"] == "K7QF-3M2X"


def test_a_csv_carries_it_in_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    _write(path, [["a", "b"]])
    assert "孙负责（demo.sun）2026-11-23 09:12 导出 · 编号 K7QF-3M2X" in _csv(path)[0][0]
    assert _csv(path)[1:3] == [["甲", "乙"], ["a", "b"]]


# -- personal data -------------------------------------------------------------------------------------------


def _personal() -> list[list[Any]]:
    return [[Secret("王小明", Personal.NAME), Secret("13812345678", Personal.PHONE)], ["来电 13987654321 的人说", "x"]]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_personal_data_leaves_masked(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _write(path, _personal())
    rows = _values(path) if name == "a.xlsx" else _csv(path)[2:-1]
    assert rows == [["王*", "138****5678"], ["来电 139****4321 的人说", "x"]]


def test_an_approved_one_leaves_whole_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _write(path, _personal(), masked=False)
    assert _values(path)[0] == ["王小明", "13812345678"]
    assert "未脱敏，经甲方批准" in str(openpyxl.load_workbook(path).worksheets[0]["A1"].value)


# -- size and numbers ----------------------------------------------------------------------------------------


def test_more_rows_than_a_file_may_hold_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    with pytest.raises(DomainError, match="超过 3 行：请缩小条件"):
        _write(tmp_path / "a.csv", [["a", "b"]] * 4)


def test_a_broken_off_file_leaves_nothing_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()

    def stop(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    sheet = Sheet("表", [Column("甲")], ([f"138{n:08d}"] for n in range(9)))
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a.xlsx", "xlsx", [sheet], _mark(), on_row=stop)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_rows_are_counted_while_they_are_written(tmp_path: Path) -> None:
    told: list[int] = []
    rows: Callable[[], Iterator[list[str]]] = lambda: (["a", "b"] for _ in range(5))  # noqa: E731
    sheet = Sheet("表", [Column("甲"), Column("乙")], rows())
    assert write(tmp_path / "a.xlsx", "xlsx", [sheet], _mark(), on_row=told.append) == 5
    assert told == [1, 2, 3, 4, 5]


def test_a_trace_number_is_short_and_read_as_people_type_it() -> None:
    numbers = {new_number() for _ in range(2000)}
    assert len(numbers) == 2000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", number) for number in numbers)
    assert read_number(" k7qf3m2x ") == read_number("K7QF 3M2X") == read_number("k7qf-3m2x") == "K7QF-3M2X"
