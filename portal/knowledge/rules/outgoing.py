"""Texts on their way out of the house: as a content file of Markdown, and as a Word document with its marks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from docx import Document
from docx.enum.text import WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
FONT = "宋体"


def content_file(
    content: Mapping[str, Any],
    *,
    category: str,
    phrases: Sequence[str],
    basis: Sequence[Mapping[str, Any]],
    mark: str,
) -> str:
    """The text as a file of the content pack, with whose copy it is as a comment that nobody reads as content."""
    head: dict[str, Any] = {
        "title": content["title"],
        "category": category,
        "phrases": list(phrases) or [content["title"]],
        "script": content["script"],
        "audience": content["audience"],
        "district": content["district"],
        "unit": content["unit"],
        "kind": str(content["kind"]),
        "in_force_from": content["valid_from"],
        "in_force_to": content["valid_to"],
        "checked": content["checked"],
        "confidence": content["confidence"],
        "note": content["note"],
        "basis": [_filled(row) for row in basis],
    }
    text = yaml.safe_dump(_filled(head), allow_unicode=True, sort_keys=False, width=100_000)
    return f"---\n# {' '.join(mark.split())}\n{text}---\n\n{content['body'].strip()}\n"


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [])}


def file_name(number: str, slug: str | None, category: str) -> str:
    """Where a text lies in a folder of content."""
    return f"{category}/{slug or number.lower()}.md"


# -- Word ------------------------------------------------------------------------------------------------------------


class WordFile:
    """A Word document whose every page says whose copy it is."""

    def __init__(self, *, line: str, foot: str, number: str, author: str, title: str) -> None:
        self.document: Any = Document()
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = FONT, Pt(11)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
        properties = self.document.core_properties
        properties.author, properties.title, properties.identifier = author, title, number
        properties.comments = line
        section = self.document.sections[0]
        for part, words in ((section.header, line), (section.footer, foot)):
            run = part.paragraphs[0].add_run(_clean(words))
            run.font.size, run.font.color.rgb = Pt(8), RGBColor(0x66, 0x66, 0x66)
        self._first = True

    def add(self, title: str, facts: Sequence[tuple[str, str]], script: str, body_html: str) -> None:
        """One text: its title, what is known of it, the script, the body."""
        if not self._first:
            self.document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        self._first = False
        self.document.add_heading(_clean(title), level=1)
        for label, words in facts:
            line = self.document.add_paragraph()
            line.paragraph_format.space_after = Pt(0)
            line.add_run(f"{label}：").bold = True
            line.add_run(_clean(words))
        self.document.add_heading("话术", level=2)
        self.document.add_paragraph(_clean(script))
        self.document.add_heading("正文", level=2)
        for child in BeautifulSoup(body_html, "html.parser").children:
            self._block(child)

    def save(self, path: Any) -> None:
        """Write it."""
        self.document.save(path)

    def _block(self, node: Any, *, depth: int = 1) -> None:
        if not isinstance(node, Tag):
            if isinstance(node, NavigableString) and node.strip():
                self.document.add_paragraph(_clean(str(node).strip()))
            return
        if re.fullmatch(r"h[1-6]", node.name):
            self.document.add_heading(_text(node), level=min(int(node.name[1]) + 1, 6))
        elif node.name in ("ul", "ol"):
            self._list(node, depth)
        elif node.name == "table":
            self._table(node)
        elif node.name in ("blockquote", "div", "section"):
            for child in node.children:
                self._block(child, depth=depth)
        elif node.name == "hr":
            self.document.add_paragraph("———")
        elif _text(node):
            self._runs(self.document.add_paragraph(), node)

    def _list(self, node: Tag, depth: int) -> None:
        kind = "List Bullet" if node.name == "ul" else "List Number"
        style = kind if depth == 1 else f"{kind} {min(depth, 3)}"
        for item in node.find_all("li", recursive=False):
            line = self.document.add_paragraph(style=style)
            for child in item.children:
                if isinstance(child, Tag) and child.name in ("ul", "ol"):
                    self._list(child, depth + 1)
                else:
                    self._runs(line, child)

    def _table(self, node: Tag) -> None:
        rows = [[_text(cell) for cell in row.find_all(["th", "td"])] for row in node.find_all("tr")]
        width = max((len(row) for row in rows), default=0)
        if not width:
            return
        table = self.document.add_table(rows=0, cols=width)
        table.style = "Table Grid"
        for row in rows:
            for cell, words in zip(table.add_row().cells, row, strict=False):
                cell.text = words

    def _runs(self, line: Any, node: Any) -> None:
        for words, bold in _spans(node, bold=False):
            line.add_run(words).bold = bold or None


def _spans(node: Any, *, bold: bool) -> Iterator[tuple[str, bool]]:
    if not isinstance(node, Tag):
        words = re.sub(r"\s*\n\s*", "", _clean(str(node)))
        if words:
            yield words, bold
        return
    if node.name == "br":
        yield "\n", bold
    for child in node.children:
        yield from _spans(child, bold=bold or node.name in ("strong", "b"))


def _text(node: Tag) -> str:
    return _clean(" ".join(node.get_text(" ", strip=True).split()))


def _clean(words: str) -> str:
    return _UNSEEN.sub("", words)
