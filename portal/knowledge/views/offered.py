"""What an article's page offers to those who keep it: acts on what speaks, and the history with every revision."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day

from ..models import Article, Publication, Revision
from ..queries import articles as listing
from ..queries.reviews import contributors
from ..rules import force
from .past import seen_revisions, state_of
from .review import open_requests


def acts(article: Article, current: Revision | None, person: Principal) -> dict[str, str]:
    """Where the keys of the article's page lead that this person may press."""
    number, found = article.number, {}
    if person.may(Permission.KNOWLEDGE_ARTICLE_WRITE):
        found["edit"] = url_for("knowledge.edit", number=number)
    if person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE) and current is not None:
        found["withdraw"] = url_for("knowledge.withdraw", number=number)
    return found


def fuse(article: Article, person: Principal, now: datetime) -> dict[str, Any] | None:
    """The emergency publication that speaks now and waits for a second person; None where none does."""
    line = force.live_line(article.publications, now)
    if line is None or line.lapses_at is None or line.revision_id is None:
        return None
    may = person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE)
    barred = person.id in {line.by_id, *contributors([line.revision_id])} if may else False
    return {
        "until": line.lapses_at,
        "left": _left(line.lapses_at - now),
        "by": line.by_name,
        "reason": line.reason,
        "confirm": url_for("knowledge.confirm_emergency", number=article.number) if may and not barred else None,
        "barred": barred,
    }


def _left(span: timedelta) -> str:
    minutes = max(1, int(span.total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    return f"剩 {hours} 小时 {rest} 分" if hours else f"剩 {rest} 分"


def scheduled(article: Article, person: Principal, now: datetime) -> list[dict[str, Any]]:
    """Lines of the ledger that are yet to begin and may be called off."""
    if not person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE):
        return []
    url = url_for("knowledge.call_off", number=article.number)
    return [{"line": line.id, "from": line.from_at, "url": url} for line in _ahead(article.publications, now)]


def _ahead(lines: Sequence[Publication], now: datetime) -> list[Publication]:
    """Lines that will change what speaks: not those that were called off."""
    found = []
    for moment in sorted({line.from_at for line in lines if line.from_at > now}):
        line = force.live_line(lines, moment)
        before = force.live_line([other for other in lines if other.from_at < moment], moment)
        changes = line is not None and (before is None or line.revision_id != before.revision_id)
        if line is not None and changes and line.revision_id is not None:
            found.append(line)
    return found


def history(article: Article, of_one: Sequence[force.Window], person: Principal, now: datetime) -> list[dict[str, Any]]:
    """Every revision this person may see, the newest first, with its weight, why, and what may be done with it."""
    rows = seen_revisions(article, person, now)
    reviews = listing.reviews(article.id)
    waits = open_requests(rows) if person.may(Permission.KNOWLEDGE_DRAFT_READ) else {}
    return [
        _entry(row, article, of_one, reviews, waits, person, now, older=n + 1 < len(rows)) for n, row in enumerate(rows)
    ]


def _entry(
    row: Revision,
    article: Article,
    of_one: Sequence[force.Window],
    reviews: Any,
    waits: dict[int, str],
    person: Principal,
    now: datetime,
    *,
    older: bool,
) -> dict[str, Any]:
    review = reviews.get(row.id)
    state = state_of(row, article.publications, of_one, now)
    if row.id in waits and state not in ("现行", "待生效"):
        state = "待审"
    first = next((window for window in of_one if window.revision_id == row.id), None)
    number = article.number
    url = waits.get(row.id)
    if url is None and first is not None:
        url = url_for("knowledge.as_of", number=number, on=beijing_day(first.start))
    restores = person.may(Permission.KNOWLEDGE_ARTICLE_WRITE) and state in RESTORED
    lights = person.may(Permission.KNOWLEDGE_ARTICLE_EMERGENCY) and state == "待审"
    return {
        "no": row.no,
        "why": row.why,
        "weight": row.weight,
        "who": f"{row.author_name}，{review.reviewer_name}审核通过" if review else row.author_name,
        "when": row.created_at,
        "state": state,
        "url": url,
        "compare": url_for("knowledge.difference", number=number, b=row.no) if older else None,
        "restore": url_for("knowledge.restore", number=number, revision=row.id) if restores else None,
        "emergency": url_for("knowledge.emergency", number=number, revision=row.id) if lights else None,
    }


RESTORED = ("已替换", "已下架", "已失效", "没有确认")
"""States from which an old text may be brought back."""
