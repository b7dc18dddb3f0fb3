"""What a draft holds: the form as it was typed, field by field, right or wrong."""

from collections.abc import Iterable, Mapping
from typing import Any

Content = Mapping[str, Any]
"""Field → what was typed; `basis` holds rows of the same kind."""

LABELS = {
    "title": "标题",
    "kind": "材料性质",
    "category": "诉求分类",
    "script": "话术",
    "body": "正文",
    "basis": "依据",
    "phrases": "问法",
    "audience": "适用对象",
    "district": "适用地区",
    "unit": "承办单位",
    "valid_from": "施行日",
    "valid_to": "失效日",
    "confidence": "把握",
    "note": "提醒",
    "sensitivity": "敏感程度",
    "owner": "责任人",
    "interval_days": "复核间隔",
    "weight": "改了多少",
    "why": "为什么改",
    "wanted_on": "希望从哪天起用",
}
"""Every field of a draft, in the words of the form."""

BASIS_LABELS = {
    "text": "原话",
    "source": "文件",
    "article": "条款",
    "in_force_from": "施行日",
    "in_force_to": "失效日",
    "checked": "核对",
    "note": "说明",
}
BASIS_FIELDS = tuple(BASIS_LABELS)

MERGED = ("title", "script", "body", "audience", "district", "unit", "kind", "valid_from", "valid_to", "note")
"""The fields of a text that two writers may have changed, but for the basis."""


def shown(content: Content, name: str) -> str:
    """A field as a reader sees it; the basis as lines of text."""
    return basis_lines(content.get("basis", ())) if name == "basis" else str(content.get(name) or "")


def basis_lines(rows: Iterable[Mapping[str, str]]) -> str:
    """The basis as text, a row a paragraph."""
    found = []
    for row in rows:
        days = " 至 ".join(day for day in (row.get("in_force_from", ""), row.get("in_force_to", "")) if day)
        head = " ".join(part for part in (row.get("source", ""), row.get("article", ""), days) if part)
        found.append("\n".join(part for part in (head, row.get("text", ""), row.get("note", "")) if part))
    return "\n\n".join(found)


def changed_row(rows: list[dict[str, str]], act: str) -> list[dict[str, str]]:
    """The rows after an act on them: row-add, row-drop-2, row-up-2, row-down-2; anything else changes nothing."""
    verb, _, place = act.removeprefix("row-").partition("-")
    if verb == "add":
        return [*rows, dict.fromkeys(BASIS_FIELDS, "")]
    at = int(place) if place.isdecimal() and len(place) < 4 else -1
    if not 0 <= at < len(rows):
        return rows
    left = rows[:at] + rows[at + 1 :]
    if verb == "drop":
        return left
    to = {"up": at - 1, "down": at + 1}.get(verb, at)
    to = min(max(to, 0), len(left))
    return [*left[:to], rows[at], *left[to:]]


def phrases_of(text: str) -> list[str]:
    """The phrases typed one a line, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def is_empty(row: Mapping[str, str]) -> bool:
    """Whether nothing was typed into a row of the basis."""
    return not any((row.get(name) or "").strip() for name in BASIS_FIELDS if name != "checked")
