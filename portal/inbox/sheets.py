"""Write tables that carry who took them out and when, and in which no text ever becomes a formula."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from portal.core.clock import beijing
from portal.core.errors import DomainError
from portal.core.masking import Secret, mask_text

MOST_ROWS = 200_000
LONGEST_CELL = 32_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = Sequence[Any]


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its heading and how wide it is, in characters."""

    label: str
    width: int = 16


@dataclass(frozen=True)
class Sheet:
    """A table: its name, its columns and its rows (text, numbers, dates, moments, yes or no, Secrets)."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Row]


@dataclass(frozen=True)
class Watermark:
    """Who took the file out, when, under which number; seen on every sheet and kept in its properties."""

    number: str
    name: str
    login: str
    at: datetime
    title: str
    conditions: str
    masked: bool
    anchor: str

    @property
    def line(self) -> str:
        """The line that everybody sees."""
        shown = "已脱敏" if self.masked else "未脱敏，经甲方批准"
        when = f"{beijing(self.at):%Y-%m-%d %H:%M}"
        return f"知应 · {self.title} · {self.name}（{self.login}）{when} 导出 · 编号 {self.number} · {shown} · 不得外传"

    @property
    def foot(self) -> str:
        """The line under the table: what it holds, and the head of the record of acts at that moment."""
        return f"条件：{self.conditions} · 操作记录 {self.anchor}"


def write(path: Path, format: str, sheets: Iterable[Sheet], mark: Watermark, *, on_row: Callable[[int], None]) -> int:
    """Write the sheets into a file; returns how many rows there are.

    Args:
        path: where to.
        format: xlsx or csv.
        sheets: what to write; rows may be made while they are written.
        mark: whose file it is. Secrets are written masked unless it says otherwise.
        on_row: told after each row how many there are so far.

    Raises:
        DomainError: more rows than a file may hold.
    """
    counted = _Counter(mark.masked, on_row)
    if format == "csv":
        _write_csv(path, sheets, mark, counted)
    else:
        _write_xlsx(path, sheets, mark, counted)
    return counted.rows


class _Counter:
    """Rows on their way into the file: masked, counted, and no more than there may be."""

    def __init__(self, masked: bool, on_row: Callable[[int], None]) -> None:
        self.masked = masked
        self.on_row = on_row
        self.rows = 0

    def through(self, rows: Iterable[Row]) -> Iterator[list[Any]]:
        for row in rows:
            self.rows += 1
            if self.rows > MOST_ROWS:
                raise DomainError(f"超过 {MOST_ROWS:,} 行：请缩小条件，分几次导出")
            self.on_row(self.rows)
            yield [_plain(value, self.masked) for value in row]


def _plain(value: Any, masked: bool) -> str | int | float | Decimal | date | None:
    """A value as a cell takes it; personal data masked, also where it stands in a free text."""
    if value is None:
        return None
    if isinstance(value, Secret):
        return str(value.masked()) if masked else _clean(value.reveal())
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return beijing(value).replace(tzinfo=None, microsecond=0)
    if isinstance(value, int | float | Decimal | date):
        return value
    text = _clean(str(value))
    return str(mask_text(text)) if masked else text


def _clean(text: str) -> str:
    text = ILLEGAL_CHARACTERS_RE.sub("", text).encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…（太长，后面略去）"


# -- Excel ---------------------------------------------------------------------------------------------------


def _write_xlsx(path: Path, sheets: Iterable[Sheet], mark: Watermark, counted: _Counter) -> None:
    book: Any = Workbook(write_only=True)
    _sign(book, mark)
    try:
        _fill(book, sheets, mark, counted)
        book.save(path)
    except BaseException:
        for page in book.worksheets:
            _drop(page)
        raise


def _fill(book: Any, sheets: Iterable[Sheet], mark: Watermark, counted: _Counter) -> None:
    for sheet in sheets:
        page = book.create_sheet(_sheet_name(sheet.title, book.sheetnames))
        _set_up(page, sheet, mark)
        page.append([_text_cell(page, mark.line, bold=True)])
        page.append([_text_cell(page, column.label, bold=True) for column in sheet.columns])
        for row in counted.through(sheet.rows):
            page.append([_cell(page, value) for value in row])
        page.append([])
        page.append([_text_cell(page, mark.foot)])


def _drop(page: Any) -> None:
    """Remove what the library wrote on its way to a file that will not be."""
    with suppress(Exception):
        page.close()
    with suppress(Exception):
        page._writer.cleanup()


def _sheet_name(title: str, taken: Sequence[str]) -> str:
    name = "".join("_" if sign in "[]:*?/\\" else sign for sign in title)[:28] or "表"
    return name if name not in taken else f"{name}{len(taken) + 1}"


def _sign(book: Any, mark: Watermark) -> None:
    """The same where nobody looks: in the properties of the document."""
    book.properties.creator = f"{mark.name}（{mark.login}）"
    book.properties.lastModifiedBy = mark.login
    book.properties.title = mark.title
    book.properties.identifier = mark.number
    book.properties.description = mark.line
    book.properties.created = book.properties.modified = mark.at.replace(tzinfo=None)
    book.custom_doc_props.append(StringProperty(name="zhiying-export", value=mark.number))
    book.custom_doc_props.append(StringProperty(name="zhiying-anchor", value=mark.anchor))


def _set_up(page: Any, sheet: Sheet, mark: Watermark) -> None:
    for at, column in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(at)].width = column.width
    page.freeze_panes = "A3"
    page.print_title_rows = "1:2"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    printed = mark.line.replace("&", "&&")
    page.oddHeader.center.text = printed
    page.oddFooter.left.text = printed
    page.oddFooter.right.text = "&P / &N"


def _cell(page: Any, value: Any) -> Any:
    if isinstance(value, str):
        return _text_cell(page, value)
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _text_cell(page: Any, text: str, *, bold: bool = False) -> Any:
    """A cell that is a text whatever it begins with, also after somebody edits it."""
    cell = WriteOnlyCell(page, value=text)
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    elif "\n" in text or len(text) > 24:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


# -- CSV -----------------------------------------------------------------------------------------------------


def _write_csv(path: Path, sheets: Iterable[Sheet], mark: Watermark, counted: _Counter) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        for sheet in islice(sheets, 1):
            out.writerow([_harmless(mark.line)])
            out.writerow([_harmless(column.label) for column in sheet.columns])
            out.writerows([_harmless(value) for value in row] for row in counted.through(sheet.rows))
            out.writerow([_harmless(mark.foot)])


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet program would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_STARTS):
        return "'" + value
    return value
