"""A file of articles is read, compared with what is there, and kept for somebody to look at: nothing is taken in."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from portal.audit.services import Actor, record
from portal.core import child, files
from portal.core.database import db
from portal.core.errors import DomainError

from ..models import ArticleBatch, ArticleRow
from ..queries.batches import Known, known
from ..rules.fates import decide
from ..rules.incoming import tidy
from ..rules.states import RowFate
from . import attachments

AREA = "batches"
READ_WITHIN = 40

READERS = {
    "xlsx": ("portal.knowledge.rules.sheets", "read_sheet", "表格"),
    "docx": ("portal.knowledge.rules.papers", "read_word", "Word 文档"),
    "zip": ("portal.knowledge.rules.papers", "read_folder", "压缩包"),
}
"""Ending → who reads such a file in the child process, and what it is called."""

_PICTURE = re.compile(r"!\[([^\]\n]*)\]\(picture:(\d+)\)")


@dataclass(frozen=True)
class Staged:
    """A file that was read: its rows with what becomes of each, as plain data."""

    filename: str
    kind: str
    sha256: str
    rows: list[dict[str, Any]]
    pictures: list[attachments.Picture | None] = field(default_factory=list)


def read(kept: files.Kept, filename: str, *, options: Mapping[str, Any], now: datetime) -> Staged:
    """Read a kept file in the child process and decide what becomes of each row; writes nothing.

    Args:
        kept: the file, looked into by core/files.
        filename: what its owner calls it; its ending says how it is read.
        options: for Word: `split`, and the `category`, `unit` and `kind` that every text gets.
        now: the moment.

    Raises:
        DomainError: it cannot be read, or holds nothing.
    """
    ending = filename.rsplit(".", 1)[-1].lower()
    module, function, what = READERS[ending]
    name = filename.rsplit("/", 1)[-1].rsplit(".", 1)[0][:120]
    argument = {"path": str(files.path_of(kept.name)), "name": name, "split": bool(options.get("split"))}
    found = child.call(module, function, argument, what=what, seconds=READ_WITHIN)
    rows = found["rows"]
    _complete(rows, options if ending == "docx" else {})
    pictures = _pictures(found.get("pictures", ()))
    left_out = found.get("left_out", 0) + pictures.count(None)
    for row in rows:
        row["left_out"] = left_out
    contents = [row["content"] for row in rows if row.get("content")]
    there = known(contents, now)
    return Staged(filename[:200], ending, kept.sha256, [_row(row, there) for row in rows], pictures)


def _complete(rows: Sequence[dict[str, Any]], options: Mapping[str, Any]) -> None:
    """What a Word document does not say of its texts, as it was chosen on the page."""
    given = {key: options[key] for key in ("category", "unit", "kind") if key in options}
    first: dict[str, int] = {}
    for row in rows:
        if not row.get("content"):
            continue
        row["content"] |= given
        title = row["content"]["title"]
        if title in first:
            row["faults"] = [("标题", title, f"与第 {first[title]} 条的标题相同，标题不能重复")]
            del row["content"]
        else:
            first[title] = row["line"]


def _pictures(found: Sequence[Mapping[str, str]]) -> list[attachments.Picture | None]:
    """The pictures of a document, taken in as those of the editor are; None for one that is refused."""
    taken: list[attachments.Picture | None] = []
    for number, each in enumerate(found, start=1):
        try:
            taken.append(attachments.take(io.BytesIO(base64.b64decode(each["data"])), f"图{number}.{each['kind']}"))
        except DomainError:
            taken.append(None)
    return taken


def _row(row: dict[str, Any], there: Known) -> dict[str, Any]:
    """A row of the batch as it is kept."""
    base = {"line": row["line"], "name": row["name"][:200], "article_id": None}
    if not row.get("content"):
        faults = row["faults"]
        column, value, _ = faults[0]
        reason = "；".join(reason for _, _, reason in faults)
        return {
            **base,
            "content": {"cells": row["cells"]},
            "fate": RowFate.REJECTED,
            "column": column[:40],
            "value": value[:200],
            "reason": reason,
        }
    content = row["content"]
    found = decide(content, there.of(content), categories=there.categories, units=there.units, day=there.day)
    kept = {"cells": row["cells"]} if found.fate is RowFate.REJECTED else content
    return {
        **base,
        "content": kept,
        "fate": found.fate,
        "column": found.column[:40],
        "value": found.value[:200],
        "reason": found.reason + _left_out(row),
        "article_id": found.article_id,
    }


def _left_out(row: Mapping[str, Any]) -> str:
    return f"（文档里有 {row['left_out']} 张图没有导入，请在正文里另传）" if row.get("left_out") else ""


def stage(staged: Staged, *, by: Actor, now: datetime) -> ArticleBatch:
    """Keep what was read, for somebody to look at; nothing is taken in yet."""
    batch = ArticleBatch(
        filename=staged.filename,
        kind=staged.kind,
        sha256=staged.sha256,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(batch)
    db.session.flush()
    places = {
        str(number): f"/knowledge/files/{attachments.keep(picture, by=by, now=now).id}" if picture else ""
        for number, picture in enumerate(staged.pictures, start=1)
    }
    rows = [{**row, "content": _with_pictures(row["content"], places), "batch_id": batch.id} for row in staged.rows]
    db.session.execute(insert(ArticleRow), rows)
    counts = {str(fate): sum(row["fate"] == fate for row in staged.rows) for fate in RowFate}
    changes = {"filename": batch.filename, "sha256": batch.sha256, **counts}
    record("knowledge:batch:stage", ref(batch), by=by, now=now, changes=changes)
    return batch


def _with_pictures(content: dict[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """The text with each picture named by the address at which it now lies."""
    if not places or "body" not in content:
        return content

    def place(found: re.Match[str]) -> str:
        address = places.get(found[2], "")
        return f"![{found[1]}]({address})" if address else ""

    return {**content, "body": tidy(_PICTURE.sub(place, content["body"]))}


def ref(batch: ArticleBatch) -> str:
    """The batch as the audit names it."""
    return f"batch:{batch.id}"
