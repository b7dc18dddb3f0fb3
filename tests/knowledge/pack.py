"""A small content pack for tests, and the verb that imports it."""

from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.core.database import db
from portal.knowledge.models import Article, Revision
from portal.knowledge.queries.visible import answering
from portal.knowledge.services.content_pack import Report, import_folder
from portal.search.services import drain

UNIT = "市市场监管局"


def at(text: str) -> datetime:
    """A moment in Beijing: at("2026-12-31T23:59")."""
    return datetime.fromisoformat(f"{text}+08:00")


NOW = at("2026-11-23T09:00")


def write(
    folder: Path,
    slug: str,
    script: str,
    *,
    category: str = "0104",
    title: str = "",
    since: date = date(2024, 7, 1),
    until: date | None = None,
    takes_over: date | None = None,
    extra: str = "",
    body: str = "正文在这里。",
    phrases: tuple[str, ...] = (),
) -> Path:
    """Write one content file; returns its path."""
    ends = f"in_force_to: {until}\n" if until else ""
    name = f"{slug}.from-{takes_over}.md" if takes_over else f"{slug}.md"
    path = folder / category / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"""---
title: {title or f"标题 {slug}"}
category: '{category}'
phrases:
{chr(10).join(f"- {phrase}" for phrase in phrases or (f"怎么问 {slug}",))}
script: {script}
audience: 企业
district: 全市
unit: {UNIT}
kind: 法律法规
in_force_from: {takes_over or since}
{ends}checked: 2026-07
confidence: high
{extra}basis:
- text: 依据的原话。
  source: 示例条例
  article: 第一条
  in_force_from: {since}
  checked: text-2026-07
---

{body}
""",
        encoding="utf-8",
    )
    return path


def reviewer() -> Person:
    """The demo reviewer, who may approve."""
    person = person_by_name("demo.wu")
    assert person is not None
    return person


def take_in(folder: Path, *, approved: bool = True, now: datetime = NOW) -> Report:
    """Import the folder and bring the index up to it."""
    report = import_folder(folder, approver=reviewer() if approved else None, now=now)
    drain(wait=True)
    return report


def told(slug: str, now: datetime = NOW) -> str | None:
    """The script that an article answers with, or None."""
    statement = select(Revision.script).join(Article, Article.id == Revision.article_id)
    return db.session.scalar(statement.where(Article.slug == slug, Revision.id.in_(answering(now))))
