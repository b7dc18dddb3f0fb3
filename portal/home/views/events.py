"""The desk tells what was asked and meant, and what was done with an answer: marks, no acts (not audited)."""

import re

from flask import abort, request
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.search.events import FIRST, Asked, How, note, remember

from .desk import bp

_MARK = re.compile(r"[A-Za-z0-9_-]{8,40}", re.ASCII)
_DOCUMENT = re.compile(r"[a-z]+:[0-9:]{1,60}", re.ASCII)
_TOLD = (How.OPENED, How.COPIED, How.READ)
"""What the browser may tell by itself; a use is told by the act."""


@bp.post("/desk/asked")
@needs(Permission.KNOWLEDGE_ARTICLE_FAVOURITE)
def asked() -> ResponseReturnValue:
    """A query has settled, or something was done with a document that it had found."""
    given = request.form
    how, document = given.get("how", ""), given.get("document", "")
    first = tuple(given.get("first", "").split())
    if not _MARK.fullmatch(given.get("mark", "")) or not all(map(_DOCUMENT.fullmatch, first[:FIRST])):
        abort(400)
    if how and (how not in _TOLD or not _DOCUMENT.fullmatch(document)):
        abort(400)
    person, now = current_person(), utc_now()
    event = remember(
        Asked(
            mark=given["mark"],
            words=given.get("q", ""),
            hits=_count(given.get("hits", "")),
            first=first,
            context=given.get("category", "")[:20],
            took_ms=_count(given.get("took", "")),
        ),
        person_id=person.id,
        now=now,
    )
    if event is not None and how:
        note(event, document, How(how), now=now)
    return "", 204


def _count(text: str) -> int:
    """A number of the desk's own; anything else was not told by it."""
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII):
        abort(400)
    return int(text)
