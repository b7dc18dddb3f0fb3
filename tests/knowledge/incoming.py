"""Files of articles for tests, good ones and bad ones, and the way they go in."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from docx import Document
from flask import Flask
from openpyxl import Workbook

from portal.inbox.runner import Runner
from portal.knowledge.rules.sheets import COLUMNS
from tests.support.visitor import Visitor

UNIT = "市市场监管局"


def row(title: str, content: str = "", **others: str) -> dict[str, str]:
    """A good row; what is named in `others` is put in its place."""
    words = {"类目": "0104", "标题": title, "内容": content or f"{title}的话术。\n\n{title}的正文。", "发文单位": UNIT}
    return {**words, "材料性质": "日常咨询类", "关键字": f"{title}怎么办", **others}


def sheet(
    rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = COLUMNS, above: Sequence[str] = (), gap: int = 0
) -> bytes:
    """A sheet: lines above the headings, the headings, empty rows, the rows."""
    book = Workbook()
    page: Any = book.active
    for line in above:
        page.append([line])
    page.append(list(columns))
    for _ in range(gap):
        page.append([])
    for each in rows:
        page.append([each.get(name, "") for name in columns])
        for cell in page[page.max_row]:
            if isinstance(cell.value, str) and cell.value.startswith("="):
                cell.data_type = "s"
    return saved(book)


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def word(*parts: tuple[str, Any]) -> bytes:
    """A Word document of headings (h1, h2), paragraphs (p) and tables (a list of rows)."""
    document: Any = Document()
    for kind, said in parts:
        if kind in ("h1", "h2"):
            document.add_heading(said, level=int(kind[1]))
        elif kind == "table":
            table = document.add_table(rows=0, cols=len(said[0]))
            for line in said:
                for cell, words in zip(table.add_row().cells, line, strict=True):
                    cell.text = words
        elif kind == "picture":
            document.add_picture(io.BytesIO(said))
        else:
            document.add_paragraph(said)
    return saved(document)


def packed(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, said in files.items():
            archive.writestr(name, said)
    return out.getvalue()


def repacked(data: bytes, **changes: str | bytes) -> bytes:
    """An archive with some of its parts put in the place of others; a name's dots and slashes are written _."""
    parts: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            parts[name] = changes.get(re.sub(r"\W", "_", name), archive.read(name))
    return packed(parts)


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def hand_in(guest: Visitor, data: bytes, filename: str, *, status: int = 303, **typed: str) -> Any:
    """Hand a file in through the page; gives the answer."""
    said = {"split": "one", "unit": "", "category": "", "kind": "", **typed}
    return guest.post("/knowledge/import/new", data={**said, "file": (io.BytesIO(data), filename)}, status=status)


def batch_of(answer: Any) -> str:
    """The path of the batch that a file became."""
    return str(answer.headers["Location"])


def apply(guest: Visitor, path: str) -> None:
    """Take a batch in, and let a runner do it."""
    guest.post(f"{path}/apply", data={"opened_version": version(guest, path)})
    work(guest.app)


def version(guest: Visitor, path: str) -> str:
    page = guest.get(path)
    box = page.select_one('input[name="opened_version"]')
    assert box is not None
    return str(box["value"])


def work(app: Flask) -> int:
    return Runner(app, lease=timedelta(seconds=30), look_every=0.05).work_off()


def shown(guest: Visitor, path: str) -> list[list[str]]:
    """Line, title, fate and words of each row on the page of a batch."""
    found = []
    for line in guest.get(path).select("tbody tr"):
        cells = [cell.get_text(" ", strip=True) for cell in line.select("td")]
        found.append(cells)
    return found
