"""What is found in a draft while it is written: the checks of its text, and articles in force that are nearly so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.core.database import db
from portal.directory.models import Unit
from portal.directory.queries import unit_ids

from ..rules import lint
from ..rules.drafting import Content, is_empty
from .alike import Alike, alike


@dataclass(frozen=True)
class Checks:
    """Findings, errors first, and the articles that are nearly the same."""

    findings: list[lint.Finding]
    doubles: list[Alike]


def checks(content: Content, *, article_id: int | None, now: datetime) -> Checks:
    """Look at a draft as it stands; asks the search engine, so never within a write."""
    doubles = alike(content.get("title", ""), content.get("script", ""), but=article_id, now=now)
    return Checks(findings(content), doubles)


def findings(content: Content) -> list[lint.Finding]:
    """What the checks say of a draft."""
    return lint.lint(as_text(content), phones=phones(content.get("unit", "")))


def phones(unit: str) -> set[str]:
    """The phone numbers that the directory knows of a unit, by any of its names."""
    unit_id = unit_ids().get(unit)
    contact = db.session.scalar(select(Unit.contact).where(Unit.id == unit_id)) if unit_id else None
    return lint.digits(contact or "")


def as_text(content: Content) -> lint.Text:
    """What is typed, as the checks look at it."""
    return lint.Text(
        title=content.get("title", ""),
        script=content.get("script", ""),
        body=content.get("body", ""),
        unit=content.get("unit", ""),
        basis=[_rest(row) for row in content.get("basis", ()) if not is_empty(row)],
        note=content.get("note", ""),
        valid_from=_day(content.get("valid_from")),
        valid_to=_day(content.get("valid_to")),
    )


def _rest(row: Mapping[str, Any]) -> lint.Rest:
    return lint.Rest(
        text=row.get("text", ""),
        source=row.get("source", ""),
        note=row.get("note", ""),
        in_force_from=_day(row.get("in_force_from")),
        in_force_to=_day(row.get("in_force_to")),
    )


def _day(typed: Any) -> date | None:
    try:
        day = date.fromisoformat(str(typed or ""))
    except ValueError:
        return None
    return day if 1900 < day.year < 2200 else None
