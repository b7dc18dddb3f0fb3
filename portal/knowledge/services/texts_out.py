"""Whole texts leave the house: as the sheet that comes in again, as content files, as Word, as a page to print."""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from markupsafe import Markup

from portal.inbox.kinds import Asked
from portal.inbox.sheets import Column, Sheet, Watermark

from ..queries.cards import checked_words
from ..queries.selection import Whole, count, selection
from ..rules.incoming import joined, keywords_of
from ..rules.outgoing import WordFile, content_file, file_name
from ..rules.sheets import COLUMNS
from .batch_sheets import WIDTHS

OnRow = Callable[[int], None]
README = "导出说明.txt"


def sheets(asked: Asked) -> Iterator[Sheet]:
    """The six columns, as they can be handed in again."""
    columns = [Column(name, WIDTHS[name]) for name in COLUMNS]
    yield Sheet("现行知识", columns, (_row(text) for text in selection(asked.params, asked.now)))


def _row(text: Whole) -> list[str]:
    content = text.content
    return [
        text.category_path,
        content["title"],
        joined(content["script"], content["body"]),
        content["unit"],
        str(content["kind"]),
        "，".join(keywords_of(text.phrases, content["title"])),
    ]


def write_folder(path: Path, asked: Asked, mark: Watermark, on_row: OnRow) -> int:
    """A folder of content files; each says whose copy it is."""
    done = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, text in enumerate(selection(asked.params, asked.now), start=1):
            source = content_file(
                text.content, category=text.category, phrases=text.phrases, basis=text.basis, mark=mark.line
            )
            archive.writestr(file_name(text.number, text.slug, text.category), source)
            on_row(done)
        archive.writestr(README, f"{mark.line}\n{mark.foot}\n共 {done} 条\n")
    return done


def write_word(path: Path, asked: Asked, mark: Watermark, on_row: OnRow) -> int:
    """One document, a text a page."""
    done = 0
    file = WordFile(line=mark.line, foot=mark.foot, number=mark.number, author=mark.name, title=mark.title)
    for done, text in enumerate(selection(asked.params, asked.now), start=1):
        file.add(text.content["title"], facts(text), text.content["script"], text.body_html)
        on_row(done)
    file.save(path)
    return done


def write_print(path: Path, asked: Asked, mark: Watermark, on_row: OnRow) -> int:
    """What the page to be printed shows: the texts as they are now, and whose copy it is."""
    items = []
    for text in selection(asked.params, asked.now):
        items.append(
            {
                "title": text.content["title"],
                "facts": facts(text),
                "script": text.content["script"],
                "body_html": Markup(text.body_html),  # noqa: S704 — rendered and cleaned when it was saved
                "basis": text.labels,
            }
        )
        on_row(len(items))
    path.write_text(json.dumps({"line": mark.line, "foot": mark.foot, "items": items}), encoding="utf-8")
    return len(items)


def facts(text: Whole) -> list[tuple[str, str]]:
    """What stands above a text: where it belongs, since when it holds, who answers for it, what it rests on."""
    content = text.content
    return [
        ("编号", f"{text.number} 第 {text.revision_no} 版"),
        ("分类", f"{text.category} {text.category_path}"),
        ("有效", _span(content["valid_from"], content["valid_to"])),
        ("承办单位", content["unit"]),
        ("适用", f"{content['audience']}，{content['district']}"),
        ("依据", "；".join(text.labels)),
        ("核对", checked_words(content["checked"])),
    ]


def _span(start: date, end: date | None) -> str:
    return f"{start.isoformat()} 至 {end.isoformat()}" if end else f"{start.isoformat()} 起"


def count_of(asked: Asked) -> int:
    """How many texts there will be."""
    return count(asked.params, asked.now)


WRITERS: dict[str, Callable[[Path, Asked, Watermark, OnRow], int]] = {
    "zip": write_folder,
    "docx": write_word,
    "print": write_print,
}
