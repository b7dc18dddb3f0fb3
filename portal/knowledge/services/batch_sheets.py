"""Sheets that go with batches: an empty one to fill in, and the rows that were not taken."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.datavalidation import DataValidation

from portal.audit.queries import head
from portal.inbox.sheets import Column, Sheet, Watermark

from ..models import ArticleBatch, ArticleRow
from ..rules.incoming import KEYWORD_LIMIT, TITLE_LIMIT
from ..rules.sheets import COLUMNS, MOST_ROWS
from ..rules.states import MaterialKind

WIDTHS = {"类目": 24, "标题": 36, "内容": 70, "发文单位": 22, "材料性质": 12, "关键字": 28}
_WORDS = (
    f"一次最多 {MOST_ROWS:,} 行；表头的先后不限，上面可以有标题行。",
    "类目：最末一级的编码（如 0104），或「一级/二级」的名称；见下面的清单。",
    f"标题：最多 {TITLE_LIMIT} 字，全库不能重复；标题和类目都一样的，当作改动。",
    "内容：第一段是坐席念的话术，120 字以内，以句号结尾；详细说明另起一段。",
    "发文单位：写单位库里的名称。",
    f"材料性质：{'、'.join(MaterialKind)}。",
    f"关键字：几个之间用逗号隔开，每个最多 {KEYWORD_LIMIT} 字，不能与标题全同；可以不填。",
)


def template_sheet(categories: Sequence[tuple[str, str]]) -> bytes:
    """The six headings, an example below them, and on a second sheet what may stand where."""
    book = Workbook()
    page: Any = book.active
    page.title = "知识"
    for at, name in enumerate(COLUMNS, start=1):
        cell = page.cell(1, at, name)
        cell.font = Font(bold=True)
        page.column_dimensions[cell.column_letter].width = WIDTHS[name]
    page.freeze_panes = "A2"
    kinds = DataValidation(type="list", formula1=f'"{",".join(MaterialKind)}"', allow_blank=True)
    page.add_data_validation(kinds)
    kinds.add(f"E2:E{MOST_ROWS + 1}")
    help_page = book.create_sheet("说明")
    help_page.column_dimensions["A"].width = 90
    for words in (*_WORDS, "", "类目清单：", *(words for _, words in categories)):
        help_page.append([words])
    for row in help_page.iter_rows():
        row[0].alignment = Alignment(wrap_text=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rejected_sheet(rows: Sequence[ArticleRow]) -> Sheet:
    """The rows as they came, each with where it stood and why it was not taken."""
    columns = [Column(name, WIDTHS[name]) for name in COLUMNS]
    extra = [Column("第几行", 8), Column("哪一列", 12), Column("填的是", 30), Column("为什么退回", 60)]
    return Sheet("退回的行", [*columns, *extra], (_row(row) for row in rows))


def _row(row: ArticleRow) -> list[str | int]:
    said = row.content.get("cells") or {"标题": row.content.get("title", row.name)}
    return [*(said.get(name, "") for name in COLUMNS), row.line, row.column, row.value, row.reason]


def watermark_of(batch: ArticleBatch, *, name: str, login: str, now: datetime) -> Watermark:
    """Who took the rows out of which batch, and when."""
    seq, last = head()
    return Watermark(
        number=f"导入 {batch.id}",
        name=name,
        login=login,
        at=now,
        title="退回的行",
        conditions=batch.filename,
        masked=True,
        anchor=f"第 {seq} 行 {last}",
    )
