"""Verify an article (复核), and say who keeps it and how often."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission, permissions_of
from portal.audit.services import Actor, record
from portal.categories.rules import Asks
from portal.categories.services import raise_prompt
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.inbox.services.notices import tell, tell_all

from ..models import Article, Verification
from ..queries.deadlines import due_in
from ..queries.verifying import answering_revision, clocks
from ..rules import verifying as rules
from ..rules.states import Sensitivity, Verdict
from .ledger import ref

ANSWER_WITHIN = 5
"""Working days within which what was found wrong should be mended, and after which it is looked at again."""


def verify(
    article: Article,
    revision_id: int,
    *,
    verdict: Verdict,
    words: str,
    next_on: date | None,
    by: Actor,
    now: datetime,
) -> Verification:
    """Say what a comparison of the text with its sources found.

    Args:
        article: the article.
        revision_id: the text that was compared: the one that answers now.
        verdict: what was found.
        words: how; asked for unless the text is still true.
        next_on: when to look again; None takes the article's interval, or a few working days where something is wrong.
        by: who compared it.
        now: the moment.

    Raises:
        DomainError: another text answers by now, or words or the next day are missing or wrong.
    """
    revision = answering_revision(article.id, now)
    if revision is None or revision.id != revision_id:
        raise DomainError("您对的那一版现在不在用，没有记；请看现在这一版再复核")
    if verdict is not Verdict.TRUE and not words.strip():
        raise DomainError("请写明哪里要改、为什么该下架")
    (due,) = clocks(now, [article.id])
    today = beijing_day(now)
    mend_by = due_in(ANSWER_WITHIN, today) or today + timedelta(days=7)
    next_on = next_on or (today + timedelta(days=due.every.days) if verdict is Verdict.TRUE else mend_by)
    if sentence := rules.why_not_next(next_on, today):
        raise DomainError(sentence)
    row = Verification(
        article_id=article.id,
        revision_id=revision.id,
        verdict=verdict,
        words=words.strip(),
        next_on=next_on,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    changes = {"revision": revision.no, "verdict": verdict, "next_on": next_on}
    record("knowledge:article:verify", ref(article), by=by, now=now, changes=changes, reason=row.words)
    if verdict is not Verdict.TRUE:
        evidence = {"复核": f"{by.name}：{row.words}", "版本": f"第 {revision.no} 版"}
        raise_prompt(
            article.category_id,
            asks=Asks.ARTICLE,
            rule="knowledge:verification",
            key=ref(article),
            title=f"{verdict}：{revision.title}",
            evidence=evidence,
            object_ref=ref(article),
            due_on=mend_by,
            by=by,
            now=now,
        )
    address = f"/knowledge/{article.number}"
    if verdict is Verdict.TO_WITHDRAW:
        said = f"{by.name}复核认为该下架：{revision.title}"
        tell_all(Permission.KNOWLEDGE_ARTICLE_APPROVE, said, address=address, now=now, key=f"verification:{row.id}")
    elif verdict is Verdict.TO_CHANGE and article.owner_id and article.owner_id != by.id:
        said = f"{by.name}复核认为要修改：{revision.title}"
        tell(article.owner_id, said, address=address, now=now, key=f"verification:{row.id}")
    return row


def set_keeping(
    article: Article,
    *,
    owner_id: int | None,
    interval_days: int | None,
    sensitivity: Sensitivity,
    opened_version: int | None,
    by: Actor,
    now: datetime,
) -> bool:
    """Say who keeps an article, how often it is verified and how sensitive it is; returns whether anything changed.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: the interval is out of bounds, or the person may not verify.
    """
    held = db.session.scalars(
        select(Article).where(Article.id == article.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if opened_version is not None and held.version != opened_version:
        owner = db.session.get(Person, held.owner_id) if held.owner_id else None
        current = {"责任人": owner.name if owner else "编辑组", "周期": str(held.interval_days or "按常例")}
        raise ConflictError("有人先存了，您填的没有丢", current=current, version=held.version)
    if sentence := rules.why_not_interval(interval_days):
        raise DomainError(sentence)
    if owner_id is not None:
        owner = db.session.get(Person, owner_id)
        if owner is None or not owner.active or not _may_keep(owner):
            raise DomainError("责任人应是在用的编辑或审核")
    old = (held.owner_id, held.interval_days, held.sensitivity)
    if old == (owner_id, interval_days, sensitivity):
        return False
    held.owner_id, held.interval_days, held.sensitivity = owner_id, interval_days, sensitivity
    held.version += 1
    changes = {
        "owner_id": (old[0], owner_id),
        "interval_days": (old[1], interval_days),
        "sensitivity": (old[2], sensitivity),
    }
    record("knowledge:article:assign", ref(held), by=by, now=now, changes=changes)
    if owner_id and owner_id not in (old[0], by.id):
        tell(owner_id, f"{by.name}请您做 {held.number} 的责任人", address=f"/knowledge/{held.number}", now=now)
    return True


def _may_keep(person: Person) -> bool:
    return Permission.KNOWLEDGE_FLAG_ANSWER in permissions_of(person.role_set)
