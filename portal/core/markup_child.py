"""The process that renders Markdown: started as a script, fed one JSON line a text, killed when it takes too long.

Markdown hangs or recurses on short hostile inputs (8,000 opening brackets); a process can be ended, a thread cannot.
"""

import json
import re
import resource
import sys
from dataclasses import dataclass, replace

import nh3
from markdown import Markdown
from markdown.inlinepatterns import SimpleTagInlineProcessor
from markdown_it import MarkdownIt

MEMORY = 512 * 1024 * 1024
BLOCKS = "p br h2 h3 h4 h5 ul ol li dl dt dd pre blockquote hr table thead tbody tr th td"
TAGS = {*BLOCKS.split(), "a", "strong", "em", "del", "sup", "sub", "code", "img"}
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
}
_PICTURE = re.compile(r"/knowledge/files/\d{1,9}")
_STRUCK = r"(~~)(?=\S)(.+?)(?<=\S)~~"
_IMG = re.compile(r'<img(?: [a-z]+="[^"]*")*>')


def clean(html: str) -> str:
    """Only the tags, attributes and schemes an article needs."""
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
        url_relative=_own_page,
        attribute_filter=_own_picture,
    )
    shown = _IMG.sub(lambda found: found[0] if ' src="' in found[0] else "", cleaned)
    return shown.lstrip("\ufeff")  # the next reader would take it for a byte order mark


def _own_picture(tag: str, attribute: str, value: str) -> str | None:
    """A picture is one that was taken in here, looked into and drawn anew; no other address is asked for anything."""
    if tag == "img" and attribute == "src" and not _PICTURE.fullmatch(value):
        return None
    return value


def _own_page(address: str) -> str | None:
    """An address without a scheme leads to a page of the portal or to a place in the text, or nowhere."""
    return address if re.match(r"(?:/(?![/\\])|#)[^\s\\]*$", address) else None


_STEP = 4
"""Spaces by which Python-Markdown wants a list to stand within a list."""
_MARKER = re.compile(r"(?P<indent> *)(?P<mark>[-*+]|\d{1,9}[.)])(?P<gap> +|$)(?P<rest>.*)")
_READER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class _Line:
    """How a line stands in lists: how deep, from which column its content begins, and what the line itself is."""

    depth: int
    column: int
    first: bool
    opens: bool
    loose: bool
    fenced: bool = False


def for_python_markdown(text: str) -> str:
    """CommonMark, as every editor writes it, with its lists laid out as Python-Markdown reads them.

    A list within a list stands two or three spaces in for CommonMark; Python-Markdown wants four, or flattens it.
    Everything outside of lists stays as it is, but for the empty line before a list right after a paragraph.
    """
    lines = text.expandtabs(_STEP).split("\n")
    places = _places(text.expandtabs(_STEP), lines)
    if not places:
        return text
    out: list[str] = []
    before: _Line | None = None
    for at, line in enumerate(lines):
        place = places.get(at)
        if line.strip() and out and out[-1].strip() and _wants_space(before, place):
            out.append("")
        if line.strip():
            before = place
        out.append(_laid_out(line, place) if place else line)
    return "\n".join(out)


def _wants_space(before: _Line | None, place: _Line | None) -> bool:
    """Whether Python-Markdown needs an empty line before this one, after the last line that says something."""
    if before is None or place is None:
        return (before is None) != (place is None) and (before is not None or (place is not None and place.first))
    return place.first and (before.loose or (place.opens and place.depth == before.depth))


def _places(text: str, lines: list[str]) -> dict[int, _Line]:
    """Line → how it stands in lists, for the lines that stand in any."""
    found: dict[int, _Line] = {}
    columns: list[int] = []
    opens, quotes = False, 0
    for token in _READER.parse(text):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if quotes:  # the lines of a list within a quotation begin with its mark: they stay as they are
            continue
        if token.type in ("bullet_list_open", "ordered_list_open"):
            opens = True
        elif token.type == "list_item_open" and token.map:
            first, end = token.map[0], min(token.map[1], len(lines))
            columns.append(_column(lines[first], columns[-1] if columns else 0))
            if not (first in found and found[first].first):  # a list that begins on the line of another is left to it
                loose = _has_space(lines[first:end]) or (first in found and found[first].loose)
                for at in range(first, end):
                    found[at] = _Line(len(columns), columns[-1], at == first, opens, loose)
            opens = False
        elif token.type == "list_item_close":
            columns.pop()
        elif token.type == "fence" and token.map and columns:
            for at in range(token.map[0], min(token.map[1], len(lines))):
                found[at] = replace(found[at], fenced=not found[at].first)
    return found


def _has_space(lines: list[str]) -> bool:
    """Whether an empty line stands between two that say something."""
    return any(not line.strip() for line in "\n".join(lines).rstrip().split("\n"))


def _column(line: str, start: int) -> int:
    """The column from which an item's content begins; what follows five spaces or more is code, not more indent."""
    marker = _MARKER.match(line, start)
    if marker is None:
        return start + 2
    if not marker["rest"] or len(marker["gap"]) > _STEP:
        return marker.end("mark") + 1
    return marker.start("rest")


def _laid_out(line: str, place: _Line) -> str:
    """A line of a list, its depth told in steps of four spaces."""
    if not line.strip():
        return ""
    inner = " " * (_STEP * place.depth)
    marker = _MARKER.match(line, len(line) - len(line.lstrip(" "))) if place.first else None
    if marker:
        mark = "-" if marker["mark"] in "*+" else marker["mark"].replace(")", ".")
        return f"{inner[_STEP:]}{mark} {marker['rest'].strip()}"
    content = line[place.column :] if not line[: place.column].strip() else line.lstrip(" ")
    if place.fenced:  # Python-Markdown knows no fence within a list, but it does know code by its indent
        return "" if re.match(r"\s*(?:```|~~~)", line) else inner + " " * _STEP + content
    return inner + content


def reader() -> Markdown:
    """Python-Markdown as the portal writes it."""
    markdown = Markdown(extensions=["extra", "sane_lists", "nl2br"], output_format="html")
    markdown.inlinePatterns.register(SimpleTagInlineProcessor(_STRUCK, "del"), "struck", 65)
    return markdown


def main() -> None:
    """Answer one line of JSON for each line of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    markdown = reader()
    for line in sys.stdin:
        try:
            said = for_python_markdown(json.loads(line)["text"])
            answer = {"html": clean(markdown.reset().convert(said))}
        except (RecursionError, MemoryError, ValueError, AssertionError) as error:
            answer = {"error": type(error).__name__}
            markdown = reader()  # one that was stopped half way no longer reads anything right
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
