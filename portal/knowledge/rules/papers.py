"""Word files and folders of Markdown, read into texts. Runs in the child process of core/child.py."""

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

import mammoth
import nh3
from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter
from PIL import Image, UnidentifiedImageError

from portal.core.errors import DomainError
from portal.core.file_checks import PIXELS

from .archives import refuse_entities
from .content import parse
from .incoming import NO_SCRIPT, TITLE_LIMIT, script_and_body, tidy

MOST_TEXTS = 1_000
LARGEST_TEXT = 1024 * 1024
LARGEST_PICTURE = 5 * 1024 * 1024
MOST_PICTURES = 60
_TAGS = {
    *"p br h1 h2 h3 h4 h5 h6 ul ol li pre blockquote table thead tbody tr th td a strong em sup sub code img".split()
}
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "img": {"src", "alt"}}
_PICTURE = "picture:"
"""How a picture of the document is named in its text until it is uploaded: picture:3."""


# -- Word ------------------------------------------------------------------------------------------------------------


def read_word(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Read a Word document: `path`; `split`: each heading 1 begins a text; `name`: a title for want of one.

    Returns:
        `rows` as those of a sheet, and `pictures`: redrawn, with their type and bytes in base64.

    Raises:
        DomainError: broken, empty, or it declares entities.
    """
    refuse_entities(argument["path"], "Word 文档")
    pictures = _Pictures()
    try:
        with open(argument["path"], "rb") as file:
            told = mammoth.convert_to_html(file, convert_image=mammoth.images.img_element(pictures.take))
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, RecursionError):
        raise DomainError("Word 文档读不了，没有收下：请用 Word 或 WPS 打开，另存为 docx 再传") from None
    html = nh3.clean(
        told.value, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel", "picture"}
    )
    soup = BeautifulSoup(html, "html.parser")
    texts = list(_texts(soup, split=argument["split"], name=argument["name"]))
    if not texts:
        raise DomainError("Word 文档里没有文字，没有收下")
    if len(texts) > MOST_TEXTS:
        raise DomainError(f"拆出的条目超过 {MOST_TEXTS:,} 条，没有收下：请拆成几份再传")
    rows = [_row(number, title, body) for number, (title, body) in enumerate(texts, start=1)]
    return {"rows": rows, "pictures": pictures.kept, "left_out": pictures.left_out}


class _Pictures:
    """The pictures of a document, drawn anew; what is linked from outside, too large or no picture is left out."""

    def __init__(self) -> None:
        self.kept: list[dict[str, str]] = []
        self.left_out = 0

    def take(self, image: Any) -> dict[str, str]:
        try:
            with image.open() as stream:
                drawn = _redrawn(stream.read(LARGEST_PICTURE + 1)) if len(self.kept) < MOST_PICTURES else None
        except (ValueError, KeyError, OSError):
            drawn = None
        if drawn is None:
            self.left_out += 1
            return {"src": ""}
        self.kept.append(drawn)
        return {"src": f"{_PICTURE}{len(self.kept)}"}


def _redrawn(data: bytes) -> dict[str, str] | None:
    """A picture drawn anew, so that nothing but its points is kept; None where it is none or too large."""
    if len(data) > LARGEST_PICTURE:
        return None
    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with closing(Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "GIF"])) as picture:
            if picture.width * picture.height > PIXELS:
                return None
            out = io.BytesIO()
            if picture.format == "JPEG":
                picture.convert("RGB").save(out, "JPEG", quality=88)
            else:
                picture.convert("RGBA").save(out, "PNG")
            kind = "jpg" if picture.format == "JPEG" else "png"
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
    return {"kind": kind, "data": base64.b64encode(out.getvalue()).decode()}


def _texts(soup: BeautifulSoup, *, split: bool, name: str) -> Iterator[tuple[str, str]]:
    """Title and Markdown of each text of the document."""
    for image in soup.find_all("img"):
        if not str(image.get("src") or ""):
            image.decompose()
    tops = [child for child in soup.children if isinstance(child, Tag)]
    if not split:
        if tops and tops[0].name == "h1":
            name = tops.pop(0).get_text(" ", strip=True) or name
        yield from _text(name, tops)
        return
    title, parts = "", list[Tag]()
    for top in tops:
        if top.name == "h1":
            yield from _text(title, parts)
            title, parts = top.get_text(" ", strip=True), []
        else:
            parts.append(top)
    yield from _text(title, parts)


def _text(title: str, parts: list[Tag]) -> Iterator[tuple[str, str]]:
    body = tidy("\n\n".join(_markdown.convert_soup(part) for part in parts))
    if body or title:
        yield title, body


_markdown = MarkdownConverter(heading_style="ATX", bullets="-", table_infer_header=True, escape_underscores=False)
"""Markdown as the portal writes it; the first row of a table is its head."""


def _row(number: int, title: str, body: str) -> dict[str, Any]:
    faults = []
    if not title:
        faults.append(("标题", body[:60], "第一个「标题 1」以前的文字不属于任何一条：请给它一个标题 1，或删去"))
    if len(title) > TITLE_LIMIT:
        faults.append(("标题", title, f"标题 {len(title)} 字，超过 {TITLE_LIMIT} 字"))
    parts = script_and_body(body)
    if not parts:
        faults.append(("内容", body[:60], NO_SCRIPT if body else "这个标题下面没有内容"))
    row: dict[str, Any] = {"line": number, "name": title, "cells": {"标题": title, "内容": body}, "faults": faults}
    if parts and not faults:
        row["content"] = {"title": title, "script": parts[0], "body": parts[1], "keywords": []}
    return row


# -- a folder of Markdown --------------------------------------------------------------------------------------------


def read_folder(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Read the Markdown files of a zip, written as those of kb_content (docs/content): `path`.

    Returns:
        `rows` as those of a sheet, one for each file.

    Raises:
        DomainError: no Markdown in it, or too much.
    """
    with zipfile.ZipFile(argument["path"]) as archive:
        entries = sorted(
            (entry for entry in archive.infolist() if _is_text(entry.filename)), key=lambda entry: entry.filename
        )
        if not entries:
            raise DomainError("压缩包里没有 .md 文件，没有收下")
        if len(entries) > MOST_TEXTS:
            raise DomainError(f"一次最多 {MOST_TEXTS:,} 个 .md 文件，没有收下：请拆成几份再传")
        try:
            rows = [_of_file(number, entry, archive) for number, entry in enumerate(entries, start=1)]
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
            raise DomainError("压缩包坏了，没有收下：请重新打包再传") from None
    return {"rows": rows}


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() == ".md" and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _of_file(number: int, entry: zipfile.ZipInfo, archive: zipfile.ZipFile) -> dict[str, Any]:
    row: dict[str, Any] = {"line": number, "name": entry.filename[:200], "cells": {}, "faults": []}
    if entry.file_size > LARGEST_TEXT:
        row["faults"] = [("文件", entry.filename, f"超过 {LARGEST_TEXT // 1024 // 1024} MB")]
        return row
    data = archive.read(entry)
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        row["faults"] = [("文件", entry.filename, "文件不是 UTF-8 编码")]
        return row
    found, faults = parse(entry.filename, source)
    row["faults"] = [(f"第 {fault.line} 行", "", fault.reason) for fault in faults]
    if found and found.takes_over_on:
        row["faults"] = [("文件", entry.filename, "到日才生效的文本不能批量导入：请在这一条里改好，送审时选生效日")]
    if found is None or row["faults"]:
        return row
    row["content"] = {
        "slug": found.slug,
        "category": found.category,
        "title": found.title,
        "script": found.script,
        "body": found.body,
        "audience": found.audience,
        "district": found.district,
        "unit": found.unit,
        "kind": str(found.kind),
        "valid_from": found.in_force_from.isoformat(),
        "valid_to": found.in_force_to.isoformat() if found.in_force_to else None,
        "checked": found.checked,
        "confidence": found.confidence,
        "note": found.note,
        "keywords": list(found.phrases),
        "basis": [_basis(asdict(each)) for each in found.basis],
    }
    return row


def _basis(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}
