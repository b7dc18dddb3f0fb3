"""What other systems may ask, in JSON: the answers the desk would show now, and what goes on from a beginning.

Described by docs/openapi.json, word for word; a test holds the two against each other.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.rules.permissions import Permission
from portal.accounts.token_access import current_token, needs_token
from portal.categories.queries import category_by_code
from portal.config import ROOT
from portal.core.clock import beijing, utc_now
from portal.core.marks import public
from portal.core.pages import error_page
from portal.core.text import one_line
from portal.knowledge.queries.cards import Card, checked_words
from portal.knowledge.queries.selection import Whole, text_at
from portal.knowledge.rules import script
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


@bp.get("/articles/<string:number>")
@needs_token(Permission.KNOWLEDGE_ARTICLE_READ)
def article(number: str) -> ResponseReturnValue:
    """One text, whole: the one in force now, or the one that was at a moment that is past."""
    now = utc_now()
    moment = _moment(now)
    if moment != now and not current_token().may(Permission.KNOWLEDGE_HISTORY_READ):
        abort(403)
    found = text_at(number, moment)
    if found is None:
        what = "没有这个编号的知识，或那一刻它没有可以念的文本"
        return error_page(404, what=what, safe="没有给出。", todo="编号照 search 给的写；要查以前的，带上 at。")
    return _json(at=beijing(moment).isoformat(timespec="seconds"), article=_whole(found))


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


def _moment(now: datetime) -> datetime:
    """The moment that is asked about; what is still to come is nobody's business yet."""
    asked = request.args.get("at", "").strip()
    if not asked:
        return now
    try:
        moment = datetime.fromisoformat(asked.replace(" ", "+") if "T" in asked else asked)
    except ValueError:
        raise _AskedWrong("at 应写作 2026-07-01T09:30:00+08:00，时区要写") from None
    if moment.tzinfo is None or not 1990 <= moment.year <= 2100:
        raise _AskedWrong("at 应写作 2026-07-01T09:30:00+08:00，时区要写")
    if moment > now:
        raise _AskedWrong("at 还没有到：只能查现在和以前")
    return moment


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


def _whole(text: Whole) -> dict[str, Any]:
    content = text.content
    return {
        "number": text.number,
        "revision": text.revision_no,
        "sha256": text.sha256,
        "title": content["title"],
        "script": content["script"],
        "seconds": script.seconds(content["script"]),
        "body": content["body"],
        "body_html": text.body_html,
        "basis": [
            {
                "text": row["text"],
                "source": row["source"],
                "article": row["article"],
                "in_force_from": row["in_force_from"].isoformat(),
                "in_force_to": row["in_force_to"].isoformat() if row["in_force_to"] else None,
            }
            for row in text.basis
        ],
        "in_force_from": content["valid_from"].isoformat(),
        "in_force_to": content["valid_to"].isoformat() if content["valid_to"] else None,
        "checked": checked_words(content["checked"]),
        "category": {"code": text.category, "name": text.category_name},
        "unit": content["unit"],
        "audience": content["audience"],
        "district": content["district"],
        "kind": str(content["kind"]),
        "note": content["note"],
        "phrases": text.phrases,
        "url": url_for("knowledge.show", number=text.number),
    }


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
