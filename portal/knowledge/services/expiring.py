"""A chore of every hour: what leaves force raises a prompt, what nobody read of a day becomes a list."""

from datetime import datetime, timedelta

from portal.accounts.rules.permissions import Permission
from portal.categories.rules import Asks
from portal.categories.services import raise_prompt, raised_before
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.services.notices import tell, tell_all

from ..queries.changes import unread
from ..queries.expiring import Expiring, expiring
from ..queries.uses import times_used
from .ledger import ref

RULE = "knowledge:expiry"
EVERY = timedelta(hours=1)


def raise_expiring(now: datetime) -> int:
    """Raise a prompt for each text that leaves force within a month or has left it, once for each revision, and tell
    whoever keeps it; returns how many were raised. Within a write transaction.
    """
    rows = expiring(now)
    known = raised_before(RULE, [_key(row) for row in rows])
    uses = times_used({row.article.id for row in rows}, now)
    new = [row for row in rows if _key(row) not in known]
    for row in new:
        _raise(row, uses.get(row.article.id, 0), now)
    return len(new)


def _key(row: Expiring) -> str:
    return f"revision:{row.revision.id}"


def _raise(row: Expiring, uses: int, now: datetime) -> None:
    today = beijing_day(now)
    words = "已失效" if row.is_over else f"{row.last_on.isoformat()} 到期"
    raise_prompt(
        row.article.category_id,
        asks=Asks.ARTICLE,
        rule=RULE,
        key=_key(row),
        title=f"{words}，还没有接替的版本：{row.revision.title}",
        evidence={"为什么": row.why, "最后一天": row.last_on.isoformat(), "近 90 天引用": uses},
        object_ref=ref(row.article),
        due_on=max(today, row.last_on),
        harm=float(uses * max(1, (today - row.last_on).days)),
        now=now,
    )
    said, address = f"「{row.revision.title}」{words}，还没有接替的版本", f"/knowledge/{row.article.number}"
    key = f"expiry:{row.revision.id}"
    if row.article.owner_id:
        tell(row.article.owner_id, said, address=address, now=now, key=key)
    else:
        tell_all(Permission.KNOWLEDGE_ARTICLE_WRITE, said, address=address, now=now, key=key)


def tell_of_unread(now: datetime) -> None:
    """Once its day is over, who has not read of a critical change is a list for those who follow it up."""
    for row in unread(now):
        if row.is_late:
            said = f"「{row.change.title}」的重要变化，{row.asked} 人里还有 {len(row.people)} 人没有确认"
            key = f"unread:{row.change.line.id}"
            tell_all(Permission.KNOWLEDGE_CHANGE_FOLLOW, said, address="/knowledge/changes/unread", now=now, key=key)


_done: dict[str, datetime] = {}


def keep_true(now: datetime) -> None:
    """The chore: about once an hour in each process; what it does twice has no second effect."""
    place = str(db.engine.url)
    db.session.rollback()
    if place in _done and timedelta(0) <= now - _done[place] < EVERY:
        return
    rows = expiring(now)
    new = {_key(row) for row in rows} - raised_before(RULE, [_key(row) for row in rows])
    late = any(row.is_late for row in unread(now))
    db.session.rollback()
    if new or late:
        with transaction():
            raise_expiring(now)
            tell_of_unread(now)
    _done[place] = now
