"""How the portal is: database, index, versions."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, text

from portal.accounts.models import ApiToken
from portal.accounts.rules.tokens import TokenState, state_of
from portal.core.database import db
from portal.core.migrations import current_revision, head_revision
from portal.inbox.models import Export, Job
from portal.inbox.rules.exports import ExportState
from portal.inbox.rules.jobs import UNFINISHED
from portal.knowledge.models import Article, Draft, Flag, Review, ReviewRequest, Revision
from portal.knowledge.rules.states import FlagState, RequestState
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


def holdings(person_id: int, now: datetime) -> list[dict[str, Any]]:
    """What a person has in hand, to be handed over before the account is disabled, and what becomes of each then."""
    lasting = or_(Export.expires_at.is_(None), Export.expires_at > now)
    exports = _count(select(Export.state).where(Export.person_id == person_id, lasting))
    jobs = _count(select(Job.state).where(Job.owner_id == person_id))
    tokens = Counter(
        state_of(
            granted_at=token.granted_at, taken_at=token.taken_at, ended_at=token.ended_at, until=token.until, now=now
        )
        for token in db.session.scalars(select(ApiToken).where(ApiToken.made_by_id == person_id))
    )
    flags = _count(select(Flag.state).where(Flag.person_id == person_id))
    written = _count(select(Revision.author_id).where(Revision.author_id == person_id))
    drafts = _count(select(Draft.author_id).where(Draft.author_id == person_id))
    requests = _count(select(ReviewRequest.state).where(ReviewRequest.submitted_by_id == person_id))
    owned = _count(select(Article.owner_id).where(Article.owner_id == person_id))
    approved = _count(select(Review.reviewer_id).where(Review.reviewer_id == person_id))
    rows = (
        ("等甲方决定的导出", exports[ExportState.WAITING], "份，批准了也只有本人能取，先请甲方退回"),
        ("在生成、可下载的导出", exports[ExportState.BUILDING] + exports[ExportState.READY], "份，只有本人能取"),
        ("没做完的后台任务", sum(jobs[state] for state in UNFINISHED), "件，会接着做完，别人停不了"),
        ("没领的 API 令牌", tokens[TokenState.ASKED] + tokens[TokenState.GRANTED], "个，只有本人能领，请作废另办"),
        ("在用的 API 令牌", tokens[TokenState.ACTIVE], "个，停用账号以后照样能用，要停请作废"),
        ("编辑还没看的纠错", flags[FlagState.NEW], "条，照样会处理"),
        ("没送审的草稿", drafts.total(), "份，只有本人能接着写，请先送审"),
        ("等审核的送审", requests[RequestState.WAITING], "件，照样会审，只有本人能撤回"),
        ("负责的知识", owned.total(), "条，请改由别人负责"),
        ("写过的知识版本", written.total(), "个，署名保留"),
        ("审过的知识版本", approved.total(), "个，署名保留"),
    )
    return [{"label": label, "text": f"{count} {words}"} for label, count, words in rows if count]


def _count(values: Select[Any]) -> Counter[Any]:
    """Value → how many rows have it."""
    column = values.selected_columns[0]
    return Counter(dict(db.session.execute(values.add_columns(func.count()).group_by(column)).all()))
