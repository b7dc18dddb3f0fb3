"""A Markdown text cut into what people call a paragraph, an item, a row; and two such texts laid beside each other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

MOST_PAIRS = 40_000
"""Pairs of blocks that are compared within one changed stretch; a longer one is compared near its diagonal only."""
ALIKE = 0.3
"""The share of common pairs of signs from which two blocks are one block that was changed."""

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)")
_FENCE = re.compile(r"\s*(```|~~~)")
_RULE_ROW = re.compile(r"\s*\|?[\s:|-]+\|?\s*")


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, an item of a list, a row of a table, a quotation, a listing."""

    what: str
    text: str

    @cached_property
    def pairs(self) -> frozenset[str]:
        """Its pairs of neighbouring signs, for likeness."""
        text = re.sub(r"\s+", "", self.text)
        return frozenset(text[n : n + 2] for n in range(len(text) - 1)) or frozenset(text)

    def likeness(self, other: "Block") -> float:
        """How alike two blocks are, from 0 to 1."""
        if self.text == other.text:
            return 1.0
        total = len(self.pairs) + len(other.pairs)
        return 2 * len(self.pairs & other.pairs) / total if total else 0.0


def blocks(markdown: str) -> list[Block]:
    """The blocks of a text in order; no word of it is lost, only the marks of its structure."""
    reader = _Reader()
    for line in markdown.expandtabs(4).splitlines():
        reader.take(line)
    reader.end()
    return reader.found


class _Reader:
    """Reads line by line and closes a block where the next one begins."""

    def __init__(self) -> None:
        self.found: list[Block] = []
        self.held: list[str] = []
        self.what = "段落"
        self.fence = ""

    def take(self, line: str) -> None:
        mark = _FENCE.match(line)
        if self.fence:
            self._in_listing(line, ends=mark is not None and mark[1] == self.fence)
        elif mark:
            self._begin("代码", line.strip().lstrip("`~").strip())
            self.fence = mark[1]
        elif not line.strip():
            self.end()
        elif begins := _one_line(line):
            self._begin(*begins)
            if not begins[0].startswith("列表"):
                self.end()
        else:
            self.held.append(line.strip())

    def end(self) -> None:
        if self.held:
            self.found.append(Block(self.what, "\n".join(self.held)))
        self.held, self.what = [], "段落"

    def _begin(self, what: str, text: str) -> None:
        self.end()
        self.what = what
        self.held += [text] * bool(text)

    def _in_listing(self, line: str, *, ends: bool) -> None:
        if ends:
            self.fence = ""
            self.end()
        else:
            self.held.append(line)


def _one_line(line: str) -> tuple[str, str] | None:
    """What a line begins, with its text; None where it goes on with what stands above it."""
    stripped = line.strip()
    if heading := _HEADING.fullmatch(stripped):
        return f"{len(heading[1])} 级标题", heading[2].strip()
    if item := _ITEM.fullmatch(line):
        depth = len(item[1]) // 2 + 1
        return f"列表第 {depth} 层" + ("编号项" if item[2] else "项"), item[3].strip()
    if stripped.startswith("|"):
        if "-" in stripped and _RULE_ROW.fullmatch(stripped):
            return "表格行", ""
        return "表格行", " | ".join(cell.strip() for cell in stripped.strip("|").split("|"))
    if stripped.startswith(">"):
        return "引文", stripped.lstrip("> ")
    return None


Pair = tuple[Block | None, Block | None]


def pair_up(old: Sequence[Block], new: Sequence[Block]) -> list[Pair]:
    """Blocks laid beside each other in order: equal ones first, then, between those, the ones most alike."""
    found: list[Pair] = []
    left, right = [block.text for block in old], [block.text for block in new]
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found += zip(old[a:b], new[c:d], strict=True)
        else:
            found += _aligned(old[a:b], new[c:d])
    return found


def _aligned(old: Sequence[Block], new: Sequence[Block]) -> list[Pair]:
    """The pairing with the greatest likeness in all that keeps the order."""
    if not old or not new:
        return [(block, None) for block in old] + [(None, block) for block in new]
    rows, columns = len(old), len(new)
    reach = columns if rows * columns <= MOST_PAIRS else max(1, MOST_PAIRS // (2 * rows))
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    ways = [bytearray(columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        middle = i * columns // rows
        above, here, way = best[i - 1], best[i], ways[i]
        for j in range(1, columns + 1):
            up, side = above[j], here[j - 1]
            here[j], way[j] = (up, 1) if up >= side else (side, 2)
            if abs(j - middle) > reach:
                continue
            like = old[i - 1].likeness(new[j - 1])
            if like >= ALIKE and above[j - 1] + like > here[j]:
                here[j], way[j] = above[j - 1] + like, 3
    found: list[Pair] = []
    i, j = rows, columns
    while i or j:
        if i and j and ways[i][j] == 3:
            i, j = i - 1, j - 1
            found.append((old[i], new[j]))
        elif j and (not i or ways[i][j] == 2):
            j -= 1
            found.append((None, new[j]))
        else:
            i -= 1
            found.append((old[i], None))
    return found[::-1]
