"""How the portal is: database, index, versions."""

from typing import Any

from sqlalchemy import func, select, text

from portal.core.database import db
from portal.core.migrations import current_revision, head_revision
from portal.knowledge.models import Review, Revision
from portal.search.engine.types import IndexDamaged
from portal.search.nearness import progress
from portal.search.services import behind, engine


def health() -> list[dict[str, Any]]:
    """One row for each thing that may be ill: label, state, value and what to do."""
    db.session.execute(text("SELECT 1"))
    database = "PostgreSQL" if db.engine.dialect.name == "postgresql" else "SQLite"
    at, head = current_revision(), head_revision()
    rows = [
        _row("数据库", True, database, "连得上，答得出"),
        _row("结构版本", at == head, at or "还没有建", "" if at == head else f"程序要 {head}，请运行 flask setup"),
    ]
    try:
        left, documents = behind(), engine().stats()["documents"]
        rows.append(_row("搜索索引", left == 0, f"{documents} 篇", "与数据库一致" if left == 0 else f"还差 {left} 项"))
        rows.append(_nearness())
    except IndexDamaged as damage:
        rows.append(_row("搜索索引", False, "坏了", f"{damage}；下一次搜索时自动重建"))
    return rows


def _nearness() -> dict[str, Any]:
    done = progress()
    if done is None:
        return _row("意近检索", True, "没有模型", "按字面找")
    well = done.done >= done.total
    return _row("意近检索", well, f"{done.done} / {done.total} 篇", "" if well else "后台正在算，算完之前按字面找")


def _row(label: str, well: bool, value: str, note: str) -> dict[str, Any]:
    return {"label": label, "state": "正常" if well else "要处理", "value": value, "note": note}


def holdings(person_id: int) -> list[dict[str, Any]]:
    """What a person has in hand, to be handed over before the account is disabled."""
    written = db.session.scalar(select(func.count()).where(Revision.author_id == person_id)) or 0
    approved = db.session.scalar(select(func.count()).where(Review.reviewer_id == person_id)) or 0
    rows = [("写过的知识版本", written), ("审过的知识版本", approved)]
    return [{"label": label, "text": f"{count} 个，署名保留"} for label, count in rows if count]
