"""What the pages about uses and gaps share: the tabs of the editors' work, ways back to the desk, answers in place."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import choices
from portal.core.clock import beijing_day

from ..queries.batches import waiting as waiting_batches
from ..queries.learning import unseen_gaps, waiting_phrases
from ..queries.reviews import Queue, count
from ..queries.uses import new_flags
from ..rules.states import RequestState


def tabs(person: Principal, now: datetime) -> list[dict[str, Any]]:
    """The pages of the editors' work that a person may open, each with how much of it waits; none for readers."""
    found: list[dict[str, Any]] = []
    if person.may(Permission.KNOWLEDGE_ARTICLE_WRITE):
        found.append({"here": "drafts", "label": "草稿", "count": None, "url": url_for("knowledge.drafts")})
    if person.may(Permission.KNOWLEDGE_DRAFT_READ):
        whose = None if person.may(Permission.KNOWLEDGE_ARTICLE_APPROVE) else person.id
        waiting = count(Queue(RequestState.WAITING, whose))
        found.append({"here": "reviews", "label": "送审", "count": waiting, "url": url_for("knowledge.reviews")})
    if person.may(Permission.KNOWLEDGE_FLAG_ANSWER):
        url = url_for("knowledge.flags", state="new")
        found.append({"here": "flags", "label": "纠错", "count": new_flags(), "url": url})
        url = url_for("knowledge.verifications")
        found.append({"here": "verifications", "label": "复核", "count": None, "url": url})
    if person.may(Permission.KNOWLEDGE_GAP_READ):
        url = url_for("knowledge.gaps", state="open")
        found.append({"here": "gaps", "label": "搜不到", "count": unseen_gaps(now), "url": url})
    if person.may(Permission.KNOWLEDGE_WORD_EDIT):
        url = url_for("knowledge.phrases")
        found.append({"here": "phrases", "label": "待收问法", "count": waiting_phrases(), "url": url})
        found.append({"here": "words", "label": "同义词", "count": None, "url": url_for("search.list_words")})
    if person.may(Permission.KNOWLEDGE_ARTICLE_WRITE):
        url = url_for("knowledge.batches")
        found.append({"here": "batches", "label": "批量导入", "count": waiting_batches(), "url": url})
    if person.may(Permission.KNOWLEDGE_DRAFT_READ):
        url = url_for("knowledge.rules")
        found.append({"here": "rules", "label": "制度变了", "count": None, "url": url})
        url = url_for("knowledge.reports_of_links")
        found.append({"here": "links", "label": "打架与断链", "count": None, "url": url})
    every = {"here": "index", "label": "知识", "count": None, "url": url_for("knowledge.index")}
    return [every, *found] if found else []


def category_choices(now: datetime) -> list[tuple[str, str]]:
    """The categories one can pick: code and words."""
    return [(category.code, f"{category.code} {category.name}") for category in choices(beijing_day(now), level=2)]


def desk_or(otherwise: str) -> str:
    """Back to the desk with the words and the ticket it was left with; `otherwise` where it was not left from there."""
    words = request.values.get("q", "").strip()[:200]
    if not words:
        return otherwise
    return url_for("home.start", q=words, ticket=request.values.get("ticket", "").strip()[:40] or None)


def done(said: str, back: str) -> ResponseReturnValue:
    """What was done, in place where the page asked so, else on the page one goes back to."""
    if request.accept_mimetypes.best == "application/json":
        return {"said": said}
    flash(said)
    return redirect(back, 303)
