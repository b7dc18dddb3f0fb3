"""What can be exported. A domain names its exports in its own `exports` room; the roof finds them there."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from portal.accounts.rules.permissions import Permission

from .sheets import Sheet, Watermark


@dataclass(frozen=True)
class Asked:
    """What somebody asked to have exported: the conditions, who it is for, and the moment it is made."""

    params: Mapping[str, str]
    person_id: int
    now: datetime


Writer = Callable[[Path, Asked, Watermark, Callable[[int], None]], int]
"""Writes a file of its own format, telling after each row how many there are; returns how many there were."""


@dataclass(frozen=True)
class ExportKind:
    """Something that can be exported.

    Attributes:
        name: what rows and addresses call it.
        title: what people call it.
        permission: who may, besides whoever may export at all.
        sheets: makes the tables; rows are best made one by one.
        count: how many rows there will be, about.
        conditions: the conditions in words, as they stand on the page and in the file.
        back: the path of the list it is taken from.
        params: the names of the conditions; nothing else of the address is kept.
        personal: whether it holds personal data, so that masked and unmasked differ.
        asked_at: the endpoint of the page that asks for it.
        formats: what it can be written as.
        writers: how it is written in the formats that are no table.
        printed: the template that shows what the writer of the format `print` left, as JSON.
    """

    name: str
    title: str
    permission: Permission
    sheets: Callable[[Asked], Iterable[Sheet]]
    count: Callable[[Asked], int]
    conditions: Callable[[Mapping[str, str]], str]
    back: str
    params: tuple[str, ...] = ()
    personal: bool = False
    asked_at: str = "inbox.ask_export"
    formats: tuple[str, ...] = field(default=("xlsx", "csv"))
    writers: Mapping[str, Writer] = field(default_factory=dict)
    printed: str = ""


_kinds: dict[str, ExportKind] = {}


def register_export(kind: ExportKind) -> None:
    """Let this be exported."""
    _kinds[kind.name] = kind


def export_kind(name: str) -> ExportKind | None:
    """The kind of this name, or None."""
    return _kinds.get(name)
