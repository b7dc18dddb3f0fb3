"""The six-column sheet in which hotlines keep their knowledge (domain.md §2), read with every fault named.

Runs in the child process of core/child.py: what it opens was made by somebody else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from portal.core.errors import DomainError

from .archives import refuse_entities
from .incoming import KEYWORD_LIMIT, NO_SCRIPT, TITLE_LIMIT, script_and_body
from .states import MaterialKind

COLUMNS = ("类目", "标题", "内容", "发文单位", "材料性质", "关键字")
NEEDED = COLUMNS[:5]
MOST_ROWS = 1_000
MOST_COLUMNS = 60
MOST_EMPTY = 1_000
"""So many empty rows in a row are the end of the sheet."""
HEAD_WITHIN = 30
"""The row of headings stands within the first rows; titles and dates may stand above it."""
FOOT = "条件："
"""What the foot line of the portal's own exports begins with; it is no row."""

_OTHER_NAMES = {
    "分类": "类目",
    "所属类目": "类目",
    "所属分类": "类目",
    "知识标题": "标题",
    "答案": "内容",
    "发布单位": "发文单位",
    "来源单位": "发文单位",
    "性质": "材料性质",
    "关键词": "关键字",
}
_LIKE_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_LISTED = re.compile(r"[,，、;；\n]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|_x[0-9A-Fa-f]{4}_")

Cells = dict[str, str]


def read_sheet(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Read a sheet; `path` says where it lies.

    Returns:
        `rows`: each with line, cells (column → text), faults (column, value, reason), and what it says if it has none.

    Raises:
        DomainError: no such sheet, no headings, no rows, or more rows than one file may have.
    """
    refuse_entities(argument["path"], "表格")
    with open(argument["path"], "rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            return _read(book)
        except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, OSError):
            raise DomainError("表格读不了，没有收下：请用 Excel 或 WPS 打开，另存为 xlsx 再传") from None


def _read(book: Any) -> dict[str, Any]:
    missing: list[str] = []
    for page in book.worksheets:
        page.reset_dimensions()  # what a sheet says of its own size is believed of nobody
        lines = page.iter_rows(max_row=1_048_576, max_col=MOST_COLUMNS, values_only=True)
        found = _rows(lines, missing)
        if found is not None:
            return {"rows": list(_checked(found))}
    raise DomainError(_no_head(missing))


def _no_head(missing: list[str]) -> str:
    wanted = "、".join(COLUMNS)
    if missing:
        return f"表头缺「{'」「'.join(missing)}」，没有收下：表头应有 {wanted}"
    return f"没有找到表头，没有收下：前 {HEAD_WITHIN} 行里应有一行写着 {wanted}"


def _rows(lines: Iterable[tuple[Any, ...]], missing: list[str]) -> list[tuple[int, Cells]] | None:
    """The rows below the headings; None where no row of headings is found."""
    places: dict[str, int] | None = None
    above: tuple[Any, ...] = ()
    found: list[tuple[int, Cells]] = []
    empty = 0
    for number, line in enumerate(lines, start=1):
        if places is None:
            if number > HEAD_WITHIN:
                return None
            places = _head(line, above, missing)
            above = line
            continue
        cells = {name: text_of(line[at]) if at < len(line) else "" for name, at in places.items()}
        filled = [text for text in cells.values() if text]
        if not filled or _is_foot(line):
            empty += 1
            if empty >= MOST_EMPTY:
                break
            continue
        empty = 0
        found.append((number, cells))
        if len(found) > MOST_ROWS:
            raise DomainError(f"一次最多 {MOST_ROWS:,} 行，这张表不止，没有收下：请拆成几份再传")
    if places is not None and not found:
        raise DomainError("表头下面没有内容，没有收下")
    return found if places is not None else None


def _is_foot(line: tuple[Any, ...]) -> bool:
    filled = [text_of(value) for value in line if text_of(value)]
    return len(filled) == 1 and filled[0].startswith(FOOT) and "操作记录" in filled[0]


def _head(line: tuple[Any, ...], above: tuple[Any, ...], missing: list[str]) -> dict[str, int] | None:
    """Column → its place, if this row is the row of headings; a heading merged downwards stands in the row above."""
    names = [_name(value) for value in line]
    if not any(name in COLUMNS for name in names):
        return None
    over = [_name(value) for value in above] + [""] * len(names)
    places: dict[str, int] = {}
    for at, name in enumerate(names):
        known = name if name in COLUMNS else over[at]
        if known in COLUMNS:
            places.setdefault(known, at)
    lacking = [name for name in NEEDED if name not in places]
    if lacking:
        if len(places) > 1:
            missing[:] = lacking
        return None
    return places


def _name(value: Any) -> str:
    text = re.sub(r"[\s*＊:：]|[（(].*?[）)]", "", text_of(value))
    return _OTHER_NAMES.get(text, text)


def text_of(value: Any) -> str:
    """A cell as text: trimmed, without signs that cannot be seen; what programs write for nothing is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    text = _CONTROLS.sub("", str(value)).replace("\xa0", " ").strip().strip("\u3000").strip()
    return "" if text.upper() == "NULL" else text


def _checked(rows: list[tuple[int, Cells]]) -> Iterator[dict[str, Any]]:
    first: dict[str, int] = {}
    for line, cells in rows:
        faults = list(faults_of(cells))
        title = cells["标题"]
        if title in first:
            faults.append(("标题", title, f"与第 {first[title]} 行的标题相同，标题不能重复"))
        elif title:
            first[title] = line
        row: dict[str, Any] = {"line": line, "name": title, "cells": cells, "faults": faults}
        parts = script_and_body(cells["内容"])
        if not faults and parts:
            row["content"] = {
                "category": cells["类目"],
                "title": title,
                "script": parts[0],
                "body": parts[1],
                "unit": cells["发文单位"],
                "kind": kind_of(cells["材料性质"]),
                "keywords": keywords(cells.get("关键字", "")),
            }
        yield row


def faults_of(cells: Cells) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a row by itself: column, value, reason."""
    for name in NEEDED:
        if not cells[name]:
            yield name, "", f"「{name}」没有填；合并的单元格只有第一行有值"
    for name, text in cells.items():
        signs = "=＝" if name == "内容" else _LIKE_FORMULA
        if text.startswith(tuple(signs)):
            yield name, text, f"「{name}」以 {text[0]} 开头，像公式不像文字：请去掉开头的符号"
    title = cells["标题"]
    if len(title) > TITLE_LIMIT:
        yield "标题", title, f"标题 {len(title)} 字，超过 {TITLE_LIMIT} 字"
    if "\n" in title:
        yield "标题", title, "标题里有换行"
    if cells["材料性质"] and kind_of(cells["材料性质"]) is None:
        yield "材料性质", cells["材料性质"], f"材料性质应是 {'、'.join(MaterialKind)} 之一"
    yield from _faulty_keywords(keywords(cells.get("关键字", "")), title)
    if cells["内容"] and script_and_body(cells["内容"]) is None:
        yield "内容", cells["内容"], NO_SCRIPT


def _faulty_keywords(words: list[str], title: str) -> Iterator[tuple[str, str, str]]:
    for word in words:
        if len(word) > KEYWORD_LIMIT:
            yield "关键字", word, f"{len(word)} 字，超过 {KEYWORD_LIMIT} 字；几个关键字之间用逗号隔开"
        elif word == title:
            yield "关键字", word, "关键字与标题完全相同"


def kind_of(text: str) -> str | None:
    """The kind of material a word means; 日常咨询类 is 日常咨询."""
    for word in (text, text.removesuffix("类")):
        if word in list(MaterialKind):
            return word
    return None


def keywords(text: str) -> list[str]:
    """The keywords of a cell, each once."""
    return list(dict.fromkeys(word.strip() for word in _LISTED.split(text) if word.strip()))
