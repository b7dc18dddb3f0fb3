"""What changed since somebody was here last, and who has not said that they read of it."""

from datetime import datetime, timedelta
from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, day_start, near_time, utc_now
from portal.core.pages import page

from ..queries import changes as reading
from ..rules import difference, force
from ..services import changes as services
from . import bp
from .work import desk_or, done

DAYS = (1, 7, 30)


@bp.get("/changes")
@needs(Permission.KNOWLEDGE_ARTICLE_READ)
def changes() -> ResponseReturnValue:
    """Everything that changed since my last sign-in, or within some days, each with its difference."""
    person, now = current_person(), utc_now()
    asked = request.args.get("days", type=int)
    days = asked if asked in DAYS else None
    moment = (
        day_start(beijing_day(now) - timedelta(days=days - 1))
        if days
        else reading.last_here(person.id, person.session_id, now)
    )
    found = reading.since(moment, now, person_id=person.id)
    may_say = person.may(Permission.KNOWLEDGE_CHANGE_ACKNOWLEDGE)
    rows = [shown(change, now, may_say=may_say) for change in found]
    return page(
        "knowledge/changes.html",
        rows=rows,
        waiting=sum(bool(row["acknowledge_url"]) for row in rows),
        moment=moment,
        most=reading.MOST,
        days=days,
        spans=[("上次登录以来", url_for("knowledge.changes"), days is None)]
        + [(f"{number} 天", url_for("knowledge.changes", days=number), days == number) for number in DAYS],
        unread_url=url_for("knowledge.unread_changes") if person.may(Permission.KNOWLEDGE_CHANGE_FOLLOW) else None,
    )


def shown(change: reading.Change, now: datetime, *, may_say: bool) -> dict[str, Any]:
    """A change as pages show it: what was said, what is said, and the difference between the two scripts."""
    line = change.line
    before, after = change.before, change.after
    hidden = after is not None and not force.has_begun(
        [line], after.id, valid_from=after.valid_from, basis=after.basis, now=now
    )
    old, new = difference.words(before.script if before else "", after.script if after and not hidden else "")
    known = before if hidden else after or before
    kind = "下架" if after is None else "新增" if before is None else "修改"
    return {
        "id": line.id,
        "number": change.article.number,
        "title": known.title if known else change.article.number,
        "url": url_for("knowledge.show", number=change.article.number),
        "category": change.article.category.name,
        "kind": kind,
        "critical": line.critical,
        "fuse": line.lapses_at,
        "at": line.from_at,
        "by": line.by_name,
        "reason": line.reason,
        "same_script": bool(before and after and before.script == after.script),
        "before": old if before else [],
        "after": new if after and not hidden else [],
        "hidden": hidden,
        "read_at": change.read_at,
        "acknowledge_url": url_for("knowledge.acknowledge", line_id=line.id)
        if may_say and line.critical and change.read_at is None
        else None,
    }


@bp.post("/changes/<int:line_id>/acknowledge")
@needs(Permission.KNOWLEDGE_CHANGE_ACKNOWLEDGE)
def acknowledge(line_id: int) -> ResponseReturnValue:
    """Say that a change was read, by one key."""
    line, person = reading.line_by_id(line_id) or abort(404), current_person()
    new = services.acknowledge(line, person_id=person.id, by=person.actor, now=utc_now())
    return done("已确认看过" if new else "已经确认过", desk_or(url_for("knowledge.changes")))


@bp.get("/changes/unread")
@needs(Permission.KNOWLEDGE_CHANGE_FOLLOW)
def unread_changes() -> ResponseReturnValue:
    """Who has not said that they read of a critical change; whose day is over stands first."""
    now = utc_now()
    found = sorted(reading.unread(now), key=lambda row: not row.is_late)
    rows = [
        {
            "id": row.change.line.id,
            "title": row.change.title,
            "number": row.change.article.number,
            "url": url_for("knowledge.show", number=row.change.article.number),
            "at": row.change.line.from_at,
            "when": near_time(row.change.line.from_at, now),
            "people": row.people,
            "asked": row.asked,
            "read": row.asked - len(row.people),
            "is_late": row.is_late,
        }
        for row in found
    ]
    return page(
        "knowledge/unread_changes.html",
        rows=rows,
        late=sum(bool(row["is_late"]) for row in rows),
        people=len({name for row in found for name in row.people}),
        back_url=url_for("knowledge.changes"),
    )
