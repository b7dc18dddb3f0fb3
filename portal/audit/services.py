"""Record an act. No audit, no act: the row is written in the same transaction, as its last statement."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.write import at_commit, collect

from .models import AuditRow
from .rules import ALGORITHM, START, row_hash


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a person in a session, or the system itself (id None)."""

    id: int | None
    name: str
    session: str = ""
    ip: str = ""


SYSTEM = Actor(None, "系统")

acting_from: ContextVar[tuple[str, str]] = ContextVar("acting_from", default=("", ""))
"""Session mark and address of the request at hand, for the audit only."""


def record(
    action: str,
    object_ref: str,
    *,
    by: Actor,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
    result: str = "ok",
    reason: str = "",
) -> None:
    """Add a line that a person can read.

    Args:
        action: `<domain>:<thing>:<verb>`.
        object_ref: what it was done to, such as `article:KB-0104-001`.
        by: who did it.
        now: when.
        changes: field → (old, new), or any plain facts; never secrets or unmasked personal data.
        result: ok, denied or error.
        reason: why, where somebody gave a reason.
    """
    session, ip = acting_from.get()
    detail = json.dumps(dict(changes or {}), ensure_ascii=False, sort_keys=True, default=str)
    collect(
        "audit",
        {
            "at": now,
            "actor_id": by.id,
            "actor_name": by.name,
            "session": by.session or session,
            "ip": by.ip or ip,
            "action": action,
            "object_ref": object_ref,
            "result": result,
            "reason": reason,
            "detail": detail,
        },
    )


def write_rows(session: Session, items: list[dict[str, Any]]) -> None:
    """Chain the collected acts; called by the write path under its lock, just before the commit."""
    head = session.execute(select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    seq, prev = (head.seq, head.hash) if head else (0, START)
    for item in items:
        seq += 1
        row = {**item, "seq": seq, "alg": ALGORITHM, "prev": prev}
        row["hash"] = prev = row_hash(row)
        session.add(AuditRow(**row))


at_commit("audit", write_rows)
