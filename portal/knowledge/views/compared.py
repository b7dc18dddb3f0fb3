"""A comparison as a page shows it: rows numbered by their changes, what did not change folded."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from ..models import Revision
from ..queries.reviews import NOTHING, said
from ..rules import difference, script

VIEWS = {"side": "并排", "inline": "逐行", "script": "只看话术"}


def view_of(asked: str | None) -> str:
    """How the comparison is shown; anything else is side by side."""
    return asked if asked in VIEWS else "side"


def compared(old: Revision | None, new: Revision, *, view: str, start: int = 1) -> dict[str, Any]:
    """What a page shows of two revisions.

    Args:
        old: what stood before; None where there was nothing.
        new: what is looked at.
        view: side, inline or script.
        start: the number of the first change on the page.
    """
    found = difference.difference(said(old) if old else NOTHING, said(new))
    if view == "script":
        found = [field for field in found if field.name == "script"]
    sections, number = [], start
    for field in found:
        if field.same:
            continue
        rows = list(_rows(field, number))
        number += field.changes
        sections.append({"name": field.name, "label": field.label, "rows": rows})
        if field.name == "script":
            sections[-1]["lengths"] = [_length(old.script) if old else "没有", _length(new.script)]
    return {
        "sections": sections,
        "same": [field.label for field in found if field.same],
        "changes": number - start,
        "view": view,
        "is_new": old is None,
    }


def _length(text: str) -> str:
    return f"{len(text)} 字 · 约 {script.seconds(text)} 秒"


def _rows(field: difference.Field, number: int) -> Iterator[dict[str, Any]]:
    """The rows of a field; neighbours that did not change are one, folded."""
    at = 0
    several = len(field.rows) > 1
    for same, group in groupby(field.rows, key=lambda row: row.same):
        rows = list(group)
        if same:
            first, last = at + 1, at + len(rows)
            span = f"第 {first} 段" if first == last else f"第 {first} 至 {last} 段"
            yield {"folded": f"{span}未变", "texts": ["".join(text for text, _ in row.new or []) for row in rows]}
        else:
            for nth, row in enumerate(rows, start=at + 1):
                yield {
                    "id": f"change-{number}",
                    "no": nth if several else None,
                    "old": row.old,
                    "new": row.new,
                    "inline": row.inline,
                    "note": row.note,
                }
                number += 1
        at += len(rows)
