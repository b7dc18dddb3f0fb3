"""What differs between two texts, as people see it: field by field, phrase by phrase, paragraph beside paragraph.

Nothing here knows a database: two texts come in as `Said`, rows of pieces go out; a piece is a stretch of text with
"same", "add" or "del".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from .blocks import Block, blocks, pair_up
from .content import BasisEntry
from .figures import key_spans

Piece = tuple[str, str]
SAME, ADD, DEL = "same", "add", "del"
LABELS = {
    "title": "标题",
    "script": "话术",
    "body": "正文",
    "basis": "依据",
    "audience": "适用对象",
    "district": "适用地区",
    "unit": "承办单位",
    "kind": "材料性质",
    "valid": "有效期",
    "checked": "核对文本",
    "confidence": "把握",
    "note": "提醒",
}
ORDER = ("script", *(name for name in LABELS if name != "script"))
"""What is read aloud stands first."""
MOST_CELLS = 250_000
"""Tokens of one side times tokens of the other, above which sentences are compared before their words."""
SHORT = 3
"""Signs between two changes that are read as part of one change, where the changes around are at least as long."""

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|\d+(?:[.,]\d+)*[%％‰]?|\s+|.", re.DOTALL)
_SENTENCE = re.compile(r"[^。！？；\n]*[。！？；\n]?")


@dataclass(frozen=True)
class Said:
    """All that a revision says; `fields` holds those of LABELS that are plain text, the body as Markdown."""

    fields: dict[str, str]
    body: str
    basis: Sequence[BasisEntry]


@dataclass(frozen=True)
class Row:
    """A line of the comparison: pieces on each side; None where that side has nothing there."""

    old: list[Piece] | None
    new: list[Piece] | None
    note: str = ""
    """What changed besides words: a paragraph that became a heading."""

    @property
    def same(self) -> bool:
        """Whether nothing changed here."""
        return not self.note and self.old == self.new

    @property
    def inline(self) -> list[Piece]:
        """Both sides in one line: what went, then what came."""
        if self.old is None or self.new is None:
            return self.old or self.new or []
        return _woven(self.old, self.new)


@dataclass(frozen=True)
class Field:
    """One field of the comparison."""

    name: str
    label: str
    rows: list[Row] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing of the field changed."""
        return all(row.same for row in self.rows)

    @property
    def changes(self) -> int:
        """How many of its rows changed."""
        return sum(not row.same for row in self.rows)


def difference(old: Said, new: Said) -> list[Field]:
    """Every field with its rows, those read aloud first."""
    found = []
    for name in ORDER:
        if name == "body":
            rows = _of_blocks(blocks(old.body), blocks(new.body))
        elif name == "basis":
            rows = _of_basis(old.basis, new.basis)
        else:
            rows = [_row(old.fields.get(name, ""), new.fields.get(name, ""))]
        found.append(Field(name, LABELS[name], rows))
    return found


def words(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Two texts in pieces: what stayed, what went (left) and what came (right)."""
    return _sides(_smooth(_changes(old, new)))


# -- words ---------------------------------------------------------------------------------------------------

Change = tuple[str, str]
"""A stretch: (what stood there, what stands there); equal where nothing changed."""


def tokens(text: str) -> list[str]:
    """A text cut for comparison: figures with their unit whole, Latin words whole, every other sign by itself."""
    found: list[str] = []
    at = 0
    for start, end in key_spans(text):
        found += _TOKEN.findall(text[at:start])
        found.append(text[start:end])
        at = end
    return found + _TOKEN.findall(text[at:])


def _changes(old: str, new: str) -> list[Change]:
    """The stretches of two texts; of long ones, sentences are laid beside each other before their words are."""
    left, right = tokens(old), tokens(new)
    if old == new or len(left) * len(right) <= MOST_CELLS:
        return [(old, new)] if old == new else _matched(left, right)
    pairs = pair_up(_sentences(old), _sentences(new))
    found: list[Change] = []
    for before, after in pairs:
        if before is None or after is None:
            found.append((before.text if before else "", after.text if after else ""))
        else:
            one, other = tokens(before.text), tokens(after.text)
            small = len(one) * len(other) <= MOST_CELLS
            found += _matched(one, other) if small else [(before.text, after.text)]
    return found


def _sentences(text: str) -> list[Block]:
    return [Block("", part) for part in _SENTENCE.findall(text) if part]


def _matched(left: list[str], right: list[str]) -> list[Change]:
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        old, new = "".join(left[a:b]), "".join(right[c:d])
        found.append((old, old) if tag == "equal" else (old, new))
    return found


def _smooth(changes: list[Change]) -> list[Change]:
    """A few signs that happen to stay between two changes belong to the change: one phrase became another."""
    joined = _join(changes)
    for at in range(1, len(joined) - 1):
        (old, new), before, after = joined[at], joined[at - 1], joined[at + 1]
        if old == new and before[0] != before[1] and after[0] != after[1] and _is_chance(old, before, after):
            joined[at] = (old + "\0", new + "\1")
    return [(old.replace("\0", ""), new.replace("\1", "")) for old, new in _join(joined)]


def _is_chance(text: str, before: Change, after: Change) -> bool:
    if len(text) > SHORT or "\n" in text or re.search(r"[，。；：、！？\d]", text):
        return False
    around = min(max(map(len, before)), max(map(len, after)))
    return len(text) == 1 or len(text) <= around


def _join(changes: list[Change]) -> list[Change]:
    found: list[Change] = []
    for old, new in changes:
        if not old and not new:
            continue
        if found and (found[-1][0] == found[-1][1]) == (old == new):
            found[-1] = (found[-1][0] + old, found[-1][1] + new)
        else:
            found.append((old, new))
    return found


def _sides(changes: list[Change]) -> tuple[list[Piece], list[Piece]]:
    left: list[Piece] = []
    right: list[Piece] = []
    for old, new in changes:
        if old == new:
            left.append((old, SAME))
            right.append((new, SAME))
            continue
        left += [(old, DEL)] if old else []
        right += [(new, ADD)] if new else []
    return left, right


def _woven(old: list[Piece], new: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    left, right = iter(old), iter(new)
    a, b = next(left, None), next(right, None)
    while a or b:
        if a and a[1] == DEL:
            found.append(a)
            a = next(left, None)
        elif b and b[1] == ADD:
            found.append(b)
            b = next(right, None)
        else:
            found += [a] if a else []
            a, b = next(left, None), next(right, None)
    return found


def _row(old: str, new: str, note: str = "") -> Row:
    left, right = words(old, new)
    return Row(left, right, note)


# -- structure -----------------------------------------------------------------------------------------------


def _of_blocks(old: list[Block], new: list[Block]) -> list[Row]:
    rows = []
    for before, after in pair_up(old, new):
        if before is None or after is None:
            rows.append(_alone(before.text if before else None, after.text if after else None))
        else:
            moved = f"由{before.what}改为{after.what}" if before.what != after.what else ""
            rows.append(_row(before.text, after.text, moved))
    return rows


def _alone(old: str | None, new: str | None) -> Row:
    return Row([(old, DEL)] if old is not None else None, [(new, ADD)] if new is not None else None)


def _of_basis(old: Sequence[BasisEntry], new: Sequence[BasisEntry]) -> list[Row]:
    """Rows of the same article of the same document stand beside each other, then those that rest on the same
    document, then those that say nearly the same.
    """
    partner: dict[int, int] = {}
    alike: list[Callable[[BasisEntry, BasisEntry], bool]] = [
        lambda a, b: a == b,
        lambda a, b: (a.source, a.article, a.text) == (b.source, b.article, b.text),
        lambda a, b: (a.source, a.article) == (b.source, b.article),
        lambda a, b: a.text == b.text,
        lambda a, b: a.source == b.source and _near(a.text, b.text),
        lambda a, b: _near(a.text, b.text),
    ]
    for same in alike:
        free = [n for n in range(len(old)) if n not in partner.values()]
        for at, row in enumerate(new):
            found = next((n for n in free if at not in partner and same(old[n], row)), None)
            if found is not None:
                partner[at] = found
                free.remove(found)
    rows = [
        _alone(None, "\n".join(_lines(row))) if at not in partner else _of_lines(_lines(old[partner[at]]), _lines(row))
        for at, row in enumerate(new)
    ]
    gone = [_alone("\n".join(_lines(row)), None) for n, row in enumerate(old) if n not in partner.values()]
    return rows + gone


def _near(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.5


def _lines(row: BasisEntry) -> list[str]:
    until = f"至 {row.in_force_to.isoformat()}" if row.in_force_to else "起"
    found = [row.text, f"{row.source} {row.article}", f"施行 {row.in_force_from.isoformat()} {until}"]
    return [*found, f"核对 {row.checked}", f"备注 {row.note}" if row.note else "没有备注"]


def _of_lines(old: Sequence[str], new: Sequence[str]) -> Row:
    left: list[Piece] = []
    right: list[Piece] = []
    for number, (before, after) in enumerate(zip(old, new, strict=True)):
        one, other = words(before, after)
        left += [("\n", SAME)] * bool(number) + one
        right += [("\n", SAME)] * bool(number) + other
    return Row(left, right)
