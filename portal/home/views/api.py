"""What other systems may ask, in JSON: the answers the desk would show now, and what goes on from a beginning.

Described by docs/openapi.json, word for word; a test holds the two against each other.
"""

import json
from functools import cache
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.rules.permissions import Permission
from portal.accounts.token_access import needs_token
from portal.categories.queries import category_by_code
from portal.config import ROOT
from portal.core.clock import beijing, utc_now
from portal.core.marks import public
from portal.core.pages import error_page
from portal.core.text import one_line
from portal.knowledge.queries.cards import Card
from portal.search.nearness import Joined

from ..queries import answer
from ..suggestions import suggestions

bp = Blueprint("api", __name__, url_prefix="/api/v1")
DESCRIPTION = ROOT / "docs" / "openapi.json"
LONGEST = 200
LESS = {
    Joined.BUSY: "意近检索正忙，只按字面找",
    Joined.COMPUTING: "意近检索还在算，只按字面找",
}
USUAL, MOST = 10, 50
MOST_OFFERED = 20


class _AskedWrong(Exception):  # noqa: N818 — it is no fault of ours
    """What was asked cannot be answered; the message says how to ask."""


@bp.errorhandler(_AskedWrong)
def _say_how(error: _AskedWrong) -> ResponseReturnValue:
    return error_page(400, what=str(error), safe="没有查。", todo="照 /api/v1/openapi.json 的写法再查。")


@bp.get("/search")
@needs_token(Permission.KNOWLEDGE_ARTICLE_READ)
def search() -> ResponseReturnValue:
    """The answers in force now, best first."""
    words, now = _words(), utc_now()
    limit = _limit(most=MOST, usual=USUAL)
    category = one_line(request.args.get("category", ""), 20)
    if category and category_by_code(category) is None:
        raise _AskedWrong(f"没有编码为「{category}」的诉求分类")
    found = answer(words, category=category, now=now, person_id=None, limit=limit, settled=True)
    return _json(
        query=words,
        at=beijing(now).isoformat(timespec="seconds"),
        total=found.total,
        took_ms=found.took_ms,
        degraded=found.degraded or LESS.get(found.joined),
        meant=found.meant,
        results=[_result(card) for card in found.cards],
    )


@bp.get("/suggest")
@needs_token(Permission.KNOWLEDGE_ARTICLE_READ)
def suggest() -> ResponseReturnValue:
    """What goes on from a beginning."""
    words, now = _words(), utc_now()
    offered = suggestions(words, now=now, limit=_limit(most=MOST_OFFERED, usual=8))
    return _json(
        query=words,
        at=beijing(now).isoformat(timespec="seconds"),
        suggestions=[{"text": each.text, "number": each.number} for each in offered],
    )


@bp.get("/openapi.json")
@public("describes the interface and carries no data")
def describe() -> ResponseReturnValue:
    """The description of this interface."""
    return Response(_description(), mimetype="application/json")


@cache
def _description() -> bytes:
    return DESCRIPTION.read_bytes()


def _json(**values: Any) -> Response:
    """An answer in JSON; Chinese stays readable."""
    return Response(json.dumps(values, ensure_ascii=False) + "\n", mimetype="application/json")


def _words() -> str:
    words = one_line(request.args.get("q", ""), LONGEST)
    if not words:
        raise _AskedWrong("q 没有填：写要查的话，几个字就行")
    return words


def _limit(*, most: int, usual: int) -> int:
    text = request.args.get("limit", "")
    if not text:
        return usual
    if not text.isascii() or not text.isdecimal() or len(text) > 4 or not 1 <= int(text) <= most:
        raise _AskedWrong(f"limit 应是 1 到 {most} 的整数")
    return int(text)


def _result(card: Card) -> dict[str, Any]:
    why = card.why or {"kind": "标题", "parts": card.title_parts}
    parts: Any = why["parts"]
    return {
        "number": card.number,
        "revision": card.revision_no,
        "title": card.title,
        "script": card.script,
        "seconds": card.seconds,
        "basis": [row["label"] for row in card.basis],
        "in_force_from": card.in_force_from.isoformat(),
        "in_force_to": card.in_force_to.isoformat() if card.in_force_to else None,
        "changes_on": card.changes_on.isoformat() if card.changes_on else None,
        "checked": card.checked,
        "needs_check": card.needs_check,
        "category": {"code": card.category_code, "name": card.category_name},
        "unit": card.unit,
        "audience": card.audience,
        "district": card.district,
        "kind": str(card.kind),
        "why": {"field": why["kind"], "text": "".join(text for text, _ in parts)},
        "url": url_for("knowledge.show", number=card.number),
    }
