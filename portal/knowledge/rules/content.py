"""Read one file of the content pack: front matter and body, with every fault named by line and reason."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Any

import yaml

from .figures import date_figures, figures
from .states import MaterialKind

SCRIPT_LIMIT = 120
"""Characters a script may have: 120 characters are read aloud in about 30 seconds."""

_NAME = re.compile(r"(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)(?:\.from-(?P<day>\d{4}-\d{2}-\d{2}))?\.md")
_CHECKED = re.compile(r"(?:text|web-excerpt|web)(?:-\d{4}-\d{2})?")
_REQUIRED = [
    "title",
    "category",
    "phrases",
    "script",
    "audience",
    "district",
    "unit",
    "kind",
    "in_force_from",
    "checked",
    "confidence",
    "basis",
]
_OPTIONAL = ["in_force_to", "note"]
_BASIS_REQUIRED = ["text", "source", "article", "in_force_from", "checked"]
_BASIS_OPTIONAL = ["in_force_to", "note"]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a content file, and where: line counts from 1 in the file."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class BasisEntry:
    """One fact with the law it rests on; in_force_to is the last day, None while open."""

    text: str
    source: str
    article: str
    in_force_from: date
    in_force_to: date | None
    checked: str
    note: str


@dataclass(frozen=True)
class ContentFile:
    """One revision of an article as the content pack states it."""

    path: str
    slug: str
    title: str
    category: str
    phrases: tuple[str, ...]
    script: str
    audience: str
    district: str
    unit: str
    kind: MaterialKind
    in_force_from: date
    in_force_to: date | None
    checked: str
    confidence: str
    note: str
    basis: tuple[BasisEntry, ...]
    body: str
    takes_over_on: date | None
    """The day in the file's name (`<slug>.from-2027-01-01.md`), None for a text in force already."""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Where each item of the front matter stands, for faults found later."""

    def fault(self, key: str, reason: str) -> Fault:
        """A fault of this file at the line of an item."""
        return Fault(self.path, self.lines.get(key, 1), reason)


@dataclass
class _Reader:
    file: str
    first: int
    node: yaml.MappingNode
    faults: list[Fault]
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def read(self, required: Collection[str], optional: Collection[str], what: str) -> None:
        loader = yaml.constructor.SafeConstructor()
        for key_node, value_node in self.node.value:
            key, line = str(key_node.value), key_node.start_mark.line + self.first
            if key in self.values:
                self.fault(line, f"{what}「{key}」写了两次")
            if key not in required and key not in optional:
                self.fault(line, f"{what}没有「{key}」这一项")
            self.lines[key] = line
            try:
                self.values[key] = loader.construct_object(value_node, deep=True)
            except (yaml.YAMLError, ValueError):
                self.values[key] = None
                self.fault(line, f"「{key}」的写法读不懂")
        at = self.node.start_mark.line + self.first
        for key in required:
            if self.values.get(key) in (None, "", []):
                self.fault(self.lines.get(key, at), f"{what}缺「{key}」")

    def fault(self, line: int, reason: str) -> None:
        self.faults.append(Fault(self.file, line, reason))

    def line(self, key: str) -> int:
        return self.lines.get(key, self.node.start_mark.line + self.first)

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(self.line(key), f"「{key}」应是文字")
            return ""
        return value.strip()

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None or type(value) is date:
            return value
        self.fault(self.line(key), f"「{key}」应是日期，写作 2024-07-01")
        return None


def parse(path: str, source: str) -> tuple[ContentFile | None, list[Fault]]:
    """Read a content file.

    Args:
        path: the file's path below the content folder, such as `0104/capital-five-years.md`.
        source: its whole text.

    Returns:
        The file, or None and the faults that keep it out.
    """
    name = _NAME.fullmatch(PurePosixPath(path).name)
    takes_over = _day(name["day"]) if name and name["day"] else None
    if name is None or (name["day"] and takes_over is None):
        return None, [Fault(path, 1, "文件名应是 <slug>.md 或 <slug>.from-2027-01-01.md")]
    head, body_line, faults = _front_matter(path, source)
    if head is None:
        return None, faults
    reader = _Reader(path, 2, head, faults)
    reader.read(_REQUIRED, _OPTIONAL, "文件头")
    basis = _basis(reader, head)
    kind = _choice(reader)
    phrases = _phrases(reader)
    lines = source.splitlines()
    body = "\n".join(lines[body_line:]).strip()
    if not body:
        reader.fault(body_line + 1, "正文是空的")
    if faults or kind is None:
        return None, faults
    start = reader.day("in_force_from")
    content = ContentFile(
        path=path,
        slug=name["slug"],
        title=reader.text("title"),
        category=reader.text("category"),
        phrases=phrases,
        script=" ".join(reader.text("script").split()),
        audience=reader.text("audience"),
        district=reader.text("district"),
        unit=reader.text("unit"),
        kind=kind,
        in_force_from=start or date.min,
        in_force_to=reader.day("in_force_to"),
        checked=reader.text("checked"),
        confidence=reader.text("confidence"),
        note=reader.text("note"),
        basis=basis,
        body=body,
        takes_over_on=takes_over,
        lines=reader.lines,
    )
    _check(content, reader, next(i for i, line in enumerate(lines[body_line:], start=body_line) if line.strip()))
    return (None, faults) if faults else (content, [])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _front_matter(path: str, source: str) -> tuple[yaml.MappingNode | None, int, list[Fault]]:
    lines = source.splitlines()
    if not lines or lines[0].strip() != "---":
        return None, 0, [Fault(path, 1, "第一行应是 ---，文件头从这里开始")]
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.strip() == "---"), None)
    if end is None:
        return None, 0, [Fault(path, 1, "文件头没有结束的 ---")]
    try:
        node = yaml.compose("\n".join(lines[1:end]), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line + 2 if error.problem_mark else 1
        return None, 0, [Fault(path, at, f"文件头不是合法的 YAML：{error.problem}")]
    except yaml.YAMLError:
        return None, 0, [Fault(path, 1, "文件头含有不能用的字符")]
    if not isinstance(node, yaml.MappingNode):
        return None, 0, [Fault(path, 2, "文件头应是「项: 值」")]
    return node, end + 1, []


def _basis(reader: _Reader, head: yaml.MappingNode) -> tuple[BasisEntry, ...]:
    node = next((value for key, value in head.value if key.value == "basis"), None)
    if not isinstance(node, yaml.SequenceNode):
        if node is not None:
            reader.fault(reader.line("basis"), "「basis」应是一列依据")
        return ()
    entries = []
    for item in node.value:
        if not isinstance(item, yaml.MappingNode):
            reader.fault(item.start_mark.line + reader.first, "每条依据应有 text、source、article 等项")
            continue
        entry = _Reader(reader.file, reader.first, item, reader.faults)
        entry.read(_BASIS_REQUIRED, _BASIS_OPTIONAL, "依据")
        if not _CHECKED.fullmatch(entry.text("checked")):
            entry.fault(entry.line("checked"), "依据的「checked」应写作 text-2026-07 或 web-excerpt")
        start, end = entry.day("in_force_from"), entry.day("in_force_to")
        if start and end and end < start:
            entry.fault(entry.line("in_force_to"), "依据的失效日早于施行日")
        texts = {key: entry.text(key) for key in ("text", "source", "article", "checked", "note")}
        entries.append(BasisEntry(**texts, in_force_from=start or date.min, in_force_to=end))
    return tuple(entries)


def _choice(reader: _Reader) -> MaterialKind | None:
    value = reader.text("kind")
    try:
        return MaterialKind(value)
    except ValueError:
        reader.fault(reader.line("kind"), f"材料性质「{value}」不在 {'、'.join(MaterialKind)} 之内")
        return None


def _phrases(reader: _Reader) -> tuple[str, ...]:
    value = reader.values.get("phrases")
    if not isinstance(value, list) or not all(isinstance(p, str) and p.strip() for p in value):
        reader.fault(reader.line("phrases"), "「phrases」应是一列问法")
        return ()
    phrases = tuple(p.strip() for p in value)
    if len(set(phrases)) != len(phrases):
        reader.fault(reader.line("phrases"), "「phrases」有重复的问法")
    return phrases


def _check(content: ContentFile, reader: _Reader, body_line: int) -> None:
    """Faults that need the whole file: lengths, dates that agree, figures present in the basis."""
    if len(content.script) > SCRIPT_LIMIT:
        reader.fault(reader.line("script"), f"话术 {len(content.script)} 字，超过 {SCRIPT_LIMIT} 字")
    if len(content.title) > 60:
        reader.fault(reader.line("title"), "标题超过 60 字")
    if content.confidence not in ("high", "medium"):
        reader.fault(reader.line("confidence"), "「confidence」应是 high 或 medium")
    if content.in_force_to and content.in_force_to < content.in_force_from:
        reader.fault(reader.line("in_force_to"), "失效日早于施行日")
    if content.takes_over_on and content.takes_over_on != content.in_force_from:
        reader.fault(reader.line("in_force_from"), "施行日应与文件名里的日子相同")
    if content.in_force_from < max(b.in_force_from for b in content.basis):
        reader.fault(reader.line("in_force_from"), "施行日早于最晚施行的依据，那时全文还不成立")
    ends = [b.in_force_to for b in content.basis if b.in_force_to]
    if ends and (content.in_force_to is None or content.in_force_to > min(ends)):
        reader.fault(reader.line("in_force_to"), "依据先失效，失效日应不晚于它")
    known = allowed_figures(content)
    lines = [(reader.line("script"), content.script)]
    lines += [(body_line + 1 + i, text) for i, text in enumerate(reader_body(content))]
    for line, text in lines:
        for unit, value in sorted(figures(text) - known):
            reader.fault(line, f"「{value} {unit}」在依据里找不到")


def reader_body(content: ContentFile) -> list[str]:
    """The body, line by line, as figures are looked for in it."""
    return content.body.splitlines()


def allowed_figures(content: ContentFile) -> set[tuple[str, str]]:
    """Every figure the basis states, with its notes and its dates of force."""
    known = figures(content.note)
    for entry in content.basis:
        known |= figures(entry.text) | figures(entry.note) | figures(entry.source) | date_figures(entry.in_force_from)
        if entry.in_force_to:
            known |= date_figures(entry.in_force_to) | date_figures(entry.in_force_to + timedelta(days=1))
    for day in (content.in_force_from, content.in_force_to):
        if day:
            known |= date_figures(day)
    if content.in_force_to:
        known |= date_figures(content.in_force_to + timedelta(days=1))
    return known
