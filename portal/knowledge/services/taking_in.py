"""A batch that was looked at is taken in (批量导入) in the background, or let go."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from portal.accounts.models import Person
from portal.audit.services import Actor, record
from portal.categories.models import Category
from portal.categories.queries import codes
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.markup import render
from portal.inbox.models import Job
from portal.inbox.rules.jobs import JobState
from portal.inbox.services import jobs
from portal.inbox.services.work import JobContext, JobKind

from ..models import Article, ArticleBatch, ArticleRow, Revision
from ..queries.batches import Known, address, fates, known
from ..rules.fates import Decision, decide
from ..rules.states import BatchState, RowFate, Weight
from . import reviewing
from .publishing import add_phrases, add_revision, create_article
from .staging import ref

JOB = "knowledge:batch"
ORIGIN = "批量导入"
AT_ONCE = 200
HELD = 0.08
"""Seconds after which a transaction takes no further article, so that the write lock is held well under 200 ms."""

WORKED_ON = (RowFate.NEW, RowFate.CHANGED)


# -- deciding --------------------------------------------------------------------------------------------------------


def opened(batch_id: int, version: int | None) -> ArticleBatch:
    """The batch as it was opened, locked.

    Raises:
        DomainError: there is no such batch.
        ConflictError: somebody decided meanwhile.
    """
    batch = db.session.scalar(
        select(ArticleBatch)
        .where(ArticleBatch.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if batch is None:
        raise DomainError("没有这一批")
    if version is not None and batch.version != version:
        raise ConflictError(
            "这一批已有人处理", current={"状态": batch.state}, version=batch.version, who=batch.by_name, when=batch.at
        )
    return batch


def apply(batch: ArticleBatch, *, by: Actor, now: datetime) -> Job | None:
    """Take a batch in, in the background; one that is being taken in or is in already is left alone.

    Raises:
        DomainError: it was dropped, holds nothing to take in, or another one is being taken in.
    """
    if batch.state in (BatchState.APPLYING, BatchState.APPLIED):
        return None
    if batch.state == BatchState.DROPPED:
        raise DomainError("这一批已经放弃，要导入请重新上传")
    count = sum(fates([batch.id])[batch.id][fate] for fate in WORKED_ON)
    if not count:
        raise DomainError("这一批没有要入库的行：都与库里一样，或都退回了")
    busy = db.session.scalar(select(func.count()).where(ArticleBatch.state == BatchState.APPLYING))
    if busy:
        raise DomainError("另一批正在入库，等它做完再来")
    batch.state, batch.version = BatchState.APPLYING, batch.version + 1
    record("knowledge:batch:apply", ref(batch), by=by, now=now, changes={"rows": count})
    title = f"导入「{batch.filename}」"
    return jobs.ask_for(JOB, {"batch": batch.id}, by=by, now=now, title=title, address=address(batch.id))


def drop(batch: ArticleBatch, *, by: Actor, now: datetime) -> None:
    """Let a batch go that was not taken in; letting it go twice changes nothing.

    Raises:
        DomainError: it is being taken in, or is in already.
    """
    if batch.state == BatchState.DROPPED:
        return
    if batch.state != BatchState.STAGED:
        raise DomainError(f"这一批{batch.state}，不能放弃")
    batch.state, batch.version = BatchState.DROPPED, batch.version + 1
    record("knowledge:batch:drop", ref(batch), by=by, now=now)


# -- taking in, by a runner ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ready:
    """A row with its text decided and rendered, or with the reason why it is not taken after all."""

    row_id: int
    line: int
    category: str
    found: Decision
    body_html: str = ""
    refused: str = ""


def take_in(context: JobContext) -> None:
    """Make a revision of every row that is new or changed, then lay them all before a reviewer in one request.

    Safe to repeat: a row that has its revision is passed over, and the request is made with the end of the batch.
    """
    batch_id = int(context.payload["batch"])
    batch = db.session.get(ArticleBatch, batch_id)
    if batch is None or batch.state != BatchState.APPLYING:
        return
    filename = batch.filename
    rows = _rows_to_do(batch_id)
    contents = [row.content for row in rows]
    there = known(contents, utc_now())
    todo = [(row.id, row.line, dict(row.content)) for row in rows]
    categories = codes()
    db.session.expunge_all()  # plain facts from here on; no lock waits for them to be read again
    db.session.rollback()
    done, refused = 0, 0
    for start in range(0, len(todo), AT_ONCE):
        ready = []
        for row_id, line, content in todo[start : start + AT_ONCE]:
            context.check()
            ready.append(_ready(row_id, line, content, there))
        while ready:
            count = _write_some(context, ready, categories, filename)
            refused += sum(bool(each.refused) for each in ready[:count])
            done, ready = done + count, ready[count:]
            context.progress(done, len(todo), faults=refused)
    with context.transaction():
        _end(context, batch_id)


def _rows_to_do(batch_id: int) -> Sequence[ArticleRow]:
    return db.session.scalars(
        select(ArticleRow)
        .where(ArticleRow.batch_id == batch_id, ArticleRow.fate.in_(WORKED_ON), ArticleRow.revision_id.is_(None))
        .order_by(ArticleRow.line)
    ).all()


def _ready(row_id: int, line: int, content: dict[str, Any], there: Known) -> _Ready:
    found = decide(content, there.of(content), categories=there.categories, units=there.units, day=there.day)
    code = there.categories.get(content["category"].strip(" /"), "")
    if found.fate is RowFate.REJECTED:
        return _Ready(row_id, line, code, found, refused=found.reason)
    if not found.content:
        return _Ready(row_id, line, code, found)
    try:
        return _Ready(row_id, line, code, found, body_html=render(found.content["body"]))
    except DomainError as error:
        return _Ready(row_id, line, code, found, refused=str(error))


def _write_some(context: JobContext, ready: Sequence[_Ready], categories: Mapping[str, Category], filename: str) -> int:
    """Write as many rows as the lock may be held for; returns how many."""
    now, count = utc_now(), 0
    with context.transaction():
        began = time.monotonic()
        author = db.session.get_one(Person, context.owner.id)
        for each in ready:
            _write(each, categories, author, filename, now)
            count += 1
            if time.monotonic() - began > HELD:
                break
    return count


def _write(each: _Ready, categories: Mapping[str, Category], author: Person, filename: str, now: datetime) -> None:
    found, by = each.found, Actor(author.id, author.name)
    if each.refused:
        _settle(each.row_id, fate=RowFate.REJECTED, reason=each.refused)
        return
    if found.article_id is None:
        article = create_article(categories[each.category], slug=None, by=by, now=now)
    else:
        article = db.session.get_one(Article, found.article_id, with_for_update=True)
        newest = db.session.scalar(select(func.max(Revision.id)).where(Revision.article_id == article.id))
        if newest != found.base_id:
            _settle(each.row_id, fate=RowFate.REJECTED, reason=f"入库时有人刚改过 {article.number}：请再导一次")
            return
    add_phrases(article, found.phrases, origin=ORIGIN, by=by, now=now)
    revision_id = None
    if found.content:
        revision_id = add_revision(
            article,
            content=found.content,
            body_html=each.body_html,
            basis=found.basis,
            author=author,
            why=f"导入「{filename[:120]}」第 {each.line} 行",
            weight=Weight.CHANGE if found.article_id else Weight.SUBSTANCE,
            now=now,
        ).id
    _settle(each.row_id, fate=found.fate, reason=found.reason, article_id=article.id, revision_id=revision_id)


def _settle(row_id: int, **values: Any) -> None:
    db.session.execute(
        update(ArticleRow).where(ArticleRow.id == row_id).values(**values).execution_options(synchronize_session=False)
    )


def _end(context: JobContext, batch_id: int) -> None:
    now = utc_now()
    batch = opened(batch_id, None)
    made = select(ArticleRow.revision_id).where(ArticleRow.batch_id == batch_id, ArticleRow.revision_id.is_not(None))
    revisions = db.session.scalars(select(Revision).where(Revision.id.in_(made)).order_by(Revision.id)).all()
    if revisions:
        reviewing.submit(
            revisions,
            title=f"批量导入「{batch.filename[:150]}」{len(revisions)} 条",
            why=f"批量导入「{batch.filename}」",
            wanted_on=None,
            by=context.owner,
            now=now,
        )
    batch.state, batch.applied_at, batch.version = BatchState.APPLIED, now, batch.version + 1
    counts = fates([batch_id])[batch_id]
    record("knowledge:batch:end", ref(batch), by=context.owner, now=now, changes=counts)
    words = "，".join(f"{fate} {count}" for fate, count in counts.items() if count)
    laid = "，已一并送审" if revisions else ""
    context.finish(counts, notice=f"「{batch.filename}」入库了：{words}{laid}", address=address(batch_id))


def _ended(job: Job, state: JobState, now: datetime) -> None:
    """A job that failed or was stopped leaves its batch to be begun again; what it did stays and is not done twice."""
    batch = db.session.get(ArticleBatch, int(job.payload["batch"]))
    if batch is not None and batch.state == BatchState.APPLYING:
        batch.state, batch.version = BatchState.STAGED, batch.version + 1


TAKING_IN = JobKind(
    name=JOB,
    title="批量导入",
    run=take_in,
    unit="行",
    stopping="写好的草稿留着，还没有送审；再点「入库」就接着做。",
    ended=_ended,
)
