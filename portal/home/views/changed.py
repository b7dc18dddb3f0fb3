"""Critical changes on the desk: above the box, and on the cards they touch, until somebody says they read of them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for

from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day
from portal.knowledge.queries.cards import Card
from portal.knowledge.queries.changes import Change, critical, critical_on
from portal.knowledge.views.changes import shown

AROUND = 8
"""Signs that stand around what is new, above the box."""
MOST_BANDS = 2
"""Critical changes that stand above the box at once; the others follow when these are read."""


def unread(person: Principal, now: datetime) -> list[Change]:
    """The critical changes that somebody has not said they read of, the newest first."""
    return critical(person.id, now) if person.may(Permission.KNOWLEDGE_CHANGE_ACKNOWLEDGE) else []


def bands(found: Sequence[Change], person: Principal, now: datetime) -> dict[str, Any]:
    """What stands above the box, and the ways to all changes and to one's own flags."""
    rows = [shown(change, now, may_say=True) for change in found[:MOST_BANDS]]
    for row in rows:
        row["brief"] = [] if row["same_script"] else brief(row["after"])
    return {
        "critical": {"rows": rows, "more": len(found) - len(rows), "form_key": secrets.token_urlsafe(12)},
        "changes_url": url_for("knowledge.changes"),
        "my_flags_url": url_for("knowledge.my_flags") if person.may(Permission.KNOWLEDGE_FLAG_RAISE) else None,
    }


def brief(pieces: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is new in a text, with a few signs around each place; nothing where all of it is new."""
    if all(how != "same" for _, how in pieces):
        return []
    found = []
    for at, (text, how) in enumerate(pieces):
        if how == "same":
            head = text[:AROUND] if at else ""
            tail = text[-AROUND:] if at < len(pieces) - 1 else ""
            if len(text) > len(head) + len(tail):
                text = head + "…" + tail
        found.append((text, how))
    return found


def mark(cards: Iterable[Card], found: Sequence[Change] | None, person: Principal, now: datetime) -> None:
    """Let the cards say that they changed; with what is unread already at hand the database is not asked again."""
    listed = list(cards)
    if found is None:
        on: Mapping[int, datetime] = {}
        if person.may(Permission.KNOWLEDGE_CHANGE_ACKNOWLEDGE):
            on = critical_on([card.article_id for card in listed], person.id, now)
    else:
        on = {change.article.id: change.line.from_at for change in found}
    for card in listed:
        card.critical_on = beijing_day(on[card.article_id]) if card.article_id in on else None
