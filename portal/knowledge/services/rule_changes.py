"""A document was amended or repealed: freeze, task and notify in one act."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from portal.accounts.rules.permissions import Permission
from portal.audit.services import Actor, record
from portal.categories.rules import Asks
from portal.categories.services import raise_prompt
from portal.core.clock import beijing_day, day_start
from portal.core.database import db
from portal.core.errors import DomainError
from portal.inbox.services.notices import tell, tell_all

from ..models import Article, RuleChange, RuleTouch
from ..queries.deadlines import due_in
from ..queries.rule_changes import Resting, blast, users_lately
from ..rules.states import RuleAct
from . import ledger

MEND_WITHIN = 3
"""Working days within which what rests on a changed document should be mended."""
ADDRESS = "/knowledge/rules/{}"


def change_rule(
    typed: str,
    *,
    act: RuleAct,
    in_force_on: date,
    note: str,
    touched: Collection[int],
    frozen: Collection[int],
    by: Actor,
    now: datetime,
) -> RuleChange:
    """Enter a change of a document and do what follows, all of it or nothing.

    Args:
        typed: the document's name or number.
        act: what happened to it.
        in_force_on: from when.
        note: what changed, for whoever mends the articles.
        touched: the revisions that rest on it and must be mended.
        frozen: those of them that are taken away, at once or on that day.
        by: who enters it.
        now: the moment.

    Raises:
        DomainError: it is no document, nothing was chosen, or a chosen text no longer speaks.
    """
    found = blast(typed, in_force_on, now)
    if found is None:
        raise DomainError("请写文件的名称或文号，如「公司法」或「国发〔2018〕35号」")
    known = {each.revision.id: each for each in found.resting}
    if not touched:
        raise DomainError("没有选受影响的知识；一条都没有，就不用登记")
    if gone := set(touched) - known.keys():
        raise DomainError(f"您选的 {len(gone)} 条这会儿已不在用，请再看一遍受影响的知识")
    change = RuleChange(
        document=typed.strip()[:200],
        key=found.asked.key[:200],
        act=act,
        in_force_on=in_force_on,
        note=note.strip(),
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(change)
    db.session.flush()
    rows = [known[key] for key in sorted(touched)]
    for each in rows:
        _touch(change, each, freeze=each.revision.id in frozen and each.may_freeze, by=by, now=now)
    done = [each.revision.id for each in rows if each.revision.id in frozen and each.may_freeze]
    changes = {"key": change.key, "act": act, "in_force_on": in_force_on, "touched": len(rows), "frozen": len(done)}
    record("knowledge:rule:change", f"rule:{change.id}", by=by, now=now, changes=changes, reason=change.note)
    _notify(change, rows, by=by, now=now)
    return change


def _touch(change: RuleChange, each: Resting, *, freeze: bool, by: Actor, now: datetime) -> None:
    revision, today = each.revision, beijing_day(now)
    article = db.session.get_one(Article, revision.article_id)
    db.session.add(RuleTouch(change_id=change.id, article_id=article.id, revision_id=revision.id, frozen=freeze))
    reason = f"「{change.document}」{change.act}，{change.in_force_on.isoformat()} 起"
    changes = {"change": change.id, "revision": revision.no, "frozen": freeze}
    record("knowledge:rule:touch", ledger.ref(article), by=by, now=now, changes=changes, reason=reason)
    if freeze:
        start = day_start(change.in_force_on)
        ledger.withdraw(article, by=by, reason=reason, now=now, from_at=start if start > now else None)
    mend_by = due_in(MEND_WITHIN, today) or today + timedelta(days=5)
    if change.in_force_on > today:
        mend_by = max(today, change.in_force_on - timedelta(days=1))
    raise_prompt(
        article.category_id,
        asks=Asks.ARTICLE,
        rule="knowledge:rule-change",
        key=f"{change.id}:{article.number}",
        title=f"依据变了，要改：{revision.title}",
        evidence={
            "文件": change.document,
            "变化": f"{change.act}，{change.in_force_on.isoformat()} 起",
            "依据": [f"{row.source} {row.article}".strip() for row in each.basis] or each.places,
            "近 30 天引用": each.uses,
            "已停用": freeze,
            "说明": change.note,
        },
        object_ref=ledger.ref(article),
        due_on=mend_by,
        harm=float(each.uses),
        by=by,
        now=now,
    )


def _notify(change: RuleChange, rows: Sequence[Resting], *, by: Actor, now: datetime) -> None:
    """Owners and editors mend; whoever told it to callers of late may have to call back."""
    address, key = ADDRESS.format(change.id), f"rule:{change.id}"
    what = f"「{change.document}」{change.in_force_on:%Y-%m-%d} 起{change.act}"
    said = f"{what}，{len(rows)} 条知识要改"
    for owner in sorted({each.revision.article.owner_id for each in rows if each.revision.article.owner_id}):
        tell(owner, said, address=address, now=now, key=key)
    tell_all(Permission.KNOWLEDGE_ARTICLE_WRITE, said, address=address, now=now, key=key)
    users = users_lately({each.revision.article_id for each in rows}, now)
    for person_id, times in sorted(users.items()):
        if person_id != by.id:
            words = f"{what}；您近 30 天引用过 {times} 次相关的知识，念过的话可能要更正"
            tell(person_id, words, address="/knowledge/changes", now=now, key=key)
