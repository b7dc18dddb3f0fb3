"""Review (送审、审核): revisions are laid before a second person, who lets them speak, asks for changes or refuses."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission
from portal.audit.services import Actor, record
from portal.core.clock import day_start, near_time
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.inbox.services.notices import tell, tell_all

from ..models import Article, Publication, Remark, Review, ReviewItem, ReviewRequest, Revision
from ..rules.states import RequestState
from . import ledger

ADDRESS = "/knowledge/review/{}"
FIELDS = {
    "title": "标题",
    "script": "话术",
    "body": "正文",
    "basis": "依据",
    "audience": "适用对象",
    "district": "适用地区",
    "unit": "承办单位",
    "kind": "材料性质",
    "valid": "有效期",
    "note": "提醒",
}
"""The places of a text that a remark may speak of."""


def ref(request: ReviewRequest) -> str:
    """The request as the audit names it."""
    return f"review:{request.id}"


def submit(
    revisions: Sequence[Revision], *, title: str, why: str, wanted_on: date | None, by: Actor, now: datetime
) -> ReviewRequest:
    """Lay revisions before a reviewer. An older request that held an earlier text of one of these articles is taken
    back, if nothing else is left in it.

    Raises:
        DomainError: there is nothing to lay before anybody, or a day that is past.
    """
    if not revisions:
        raise DomainError("没有要送审的版本")
    if wanted_on is not None and day_start(wanted_on) <= now:
        wanted_on = None
    _overtake({revision.article_id for revision in revisions}, by=by, now=now)
    request = ReviewRequest(
        title=title.strip()[:200] or revisions[0].title,
        why=why.strip(),
        wanted_on=wanted_on,
        submitted_by_id=by.id,
        submitted_by_name=by.name,
        submitted_at=now,
    )
    db.session.add(request)
    db.session.flush()
    db.session.add_all(ReviewItem(request_id=request.id, revision_id=revision.id) for revision in revisions)
    db.session.flush()
    changes = {"revisions": [revision.id for revision in revisions], "wanted_on": wanted_on}
    record("knowledge:review:submit", ref(request), by=by, now=now, changes=changes, reason=request.why)
    tell_all(
        Permission.KNOWLEDGE_ARTICLE_APPROVE,
        f"{by.name}送审「{request.title}」",
        address=ADDRESS.format(request.id),
        now=now,
        key=f"review:{request.id}",
    )
    return request


def _overtake(article_ids: set[int], *, by: Actor, now: datetime) -> None:
    waiting = db.session.scalars(
        select(ReviewRequest)
        .where(ReviewRequest.state == RequestState.WAITING)
        .options(selectinload(ReviewRequest.items).selectinload(ReviewItem.revision))
    )
    for request in waiting:
        articles = {item.revision.article_id for item in request.items}
        if request.submitted_by_id == by.id and articles and articles <= article_ids:
            _end(request, RequestState.TAKEN_BACK, "送了新的版本", by=by, now=now)


def contributors(revision: Revision) -> set[int]:
    """Who wrote this text or any since the last one that was approved: none of them may approve it."""
    approved = (
        select(func.max(Review.revision_id))
        .join(Revision, Revision.id == Review.revision_id)
        .where(Revision.article_id == revision.article_id, Review.verdict == "通过", Revision.id < revision.id)
        .scalar_subquery()
    )
    statement = select(Revision.author_id).where(
        Revision.article_id == revision.article_id,
        Revision.id <= revision.id,
        Revision.id > func.coalesce(approved, 0),
    )
    return set(db.session.scalars(statement))


def opened(request_id: int, version: int) -> ReviewRequest:
    """The request as it was opened, locked for a decision.

    Raises:
        DomainError: there is no such request.
        ConflictError: somebody decided meanwhile.
    """
    request = db.session.scalar(
        select(ReviewRequest)
        .where(ReviewRequest.id == request_id)
        .options(selectinload(ReviewRequest.items), selectinload(ReviewRequest.remarks))
        .with_for_update(of=ReviewRequest)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise DomainError("没有这次送审")
    if request.version != version or request.state != RequestState.WAITING:
        raise ConflictError(
            "这次送审已有人处理",
            current={"状态": request.state, "意见": request.words},
            version=request.version,
            who=request.decided_by_name,
            when=request.decided_at,
        )
    return request


def approve(
    request: ReviewRequest, *, by: Person, words: str, from_on: date | None, critical: bool, now: datetime
) -> list[Publication]:
    """Let every revision of the request speak, at once or from a day on.

    Raises:
        DomainError: this person wrote one of them, or a newer text of one is in force already.
    """
    revisions = _revisions(request)
    for revision in revisions:
        if by.id in contributors(revision) or by.id == request.submitted_by_id:
            raise DomainError("写的人不能审自己参与的版本，请另一位审核人来审")
    start = max(now, day_start(from_on)) if from_on else now
    lines = []
    for revision in revisions:
        article = db.session.get_one(Article, revision.article_id)
        newer = _newer_live(article, revision, now)
        if newer is not None:
            raise DomainError(f"「{revision.title}」已有更新的第 {newer} 版在用，请作者合并以后再送")
        review = ledger.approve(revision, by=by, remark=words, now=now)
        actor = Actor(by.id, by.name)
        reason = words or request.why or request.title
        line = ledger.publish(
            article, revision, review=review, from_at=start, by=actor, reason=reason, now=now, critical=critical
        )
        lines.append(line)
    _end(request, RequestState.APPROVED, words, by=Actor(by.id, by.name), now=now)
    said = f"{by.name}通过了「{request.title}」" + (
        f"，{from_on.isoformat()} 起生效" if from_on and start > now else ""
    )
    tell(request.submitted_by_id, said, address=ADDRESS.format(request.id), now=now)
    return lines


def _revisions(request: ReviewRequest) -> list[Revision]:
    ids = [item.revision_id for item in request.items]
    return list(db.session.scalars(select(Revision).where(Revision.id.in_(ids)).order_by(Revision.id)))


def _newer_live(article: Article, revision: Revision, now: datetime) -> int | None:
    """The number of a newer revision that already speaks or will, if there is one."""
    ids = {line.revision_id for line in ledger.lines_of(article) if line.revision_id and line.revision_id > revision.id}
    return db.session.scalar(select(func.max(Revision.no)).where(Revision.id.in_(ids))) if ids else None


def ask_for_changes(request: ReviewRequest, *, by: Actor, words: str, now: datetime) -> None:
    """Give the texts back to their author with what should change.

    Raises:
        DomainError: nothing is said.
    """
    if not words.strip() and not request.remarks:
        raise DomainError("请写要改什么，或在文中留一条批注")
    _end(request, RequestState.CHANGES, words, by=by, now=now)
    tell(request.submitted_by_id, f"{by.name}请您修改「{request.title}」", address=ADDRESS.format(request.id), now=now)


def refuse(request: ReviewRequest, *, by: Actor, words: str, now: datetime) -> None:
    """Say no for good.

    Raises:
        DomainError: no reason.
    """
    if not words.strip():
        raise DomainError("不采纳要写明理由")
    _end(request, RequestState.REFUSED, words, by=by, now=now)
    tell(request.submitted_by_id, f"{by.name}没有采纳「{request.title}」", address=ADDRESS.format(request.id), now=now)


def take_back(request: ReviewRequest, *, by: Actor, now: datetime) -> None:
    """Take one's own request back.

    Raises:
        DomainError: it is somebody else's.
    """
    if request.submitted_by_id != by.id:
        raise DomainError("只有送审的人能撤回")
    _end(request, RequestState.TAKEN_BACK, "", by=by, now=now)


def _end(request: ReviewRequest, state: RequestState, words: str, *, by: Actor, now: datetime) -> None:
    request.state, request.words = state, words.strip()
    request.decided_by_id, request.decided_by_name, request.decided_at = by.id, by.name, now
    request.version += 1
    changes = {"state": (RequestState.WAITING, state)}
    record("knowledge:review:decide", ref(request), by=by, now=now, changes=changes, reason=words.strip())


def add_remark(
    request: ReviewRequest, revision_id: int, *, field: str, quote: str, text: str, by: Actor, now: datetime
) -> Remark:
    """Say something of one place in a text.

    Raises:
        DomainError: nothing is said, or of no place of this request.
    """
    if not text.strip():
        raise DomainError("批注是空的")
    if field not in FIELDS or revision_id not in {item.revision_id for item in request.items}:
        raise DomainError("批注的位置不在这次送审里")
    remark = Remark(
        request_id=request.id,
        revision_id=revision_id,
        field=field,
        quote=quote.strip()[:200],
        text=text.strip(),
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(remark)
    db.session.flush()
    record("knowledge:review:remark", ref(request), by=by, now=now, changes={"field": field, "remark": remark.id})
    return remark


def settle_remark(remark: Remark, *, by: Actor, now: datetime) -> None:
    """Say that a remark was seen to."""
    if remark.settled_at is None:
        remark.settled_by_name, remark.settled_at = by.name, now
        record("knowledge:review:settle", f"review:{remark.request_id}", by=by, now=now, changes={"remark": remark.id})


def remind(now: datetime, *, after: Iterable[int] = (2, 5)) -> int:
    """Tell the reviewers of requests that have waited for so many days; told once for each. For a daily chore."""
    told = 0
    waiting = db.session.scalars(select(ReviewRequest).where(ReviewRequest.state == RequestState.WAITING))
    for request in waiting:
        for days in after:
            if (now - request.submitted_at).days >= days:
                tell_all(
                    Permission.KNOWLEDGE_ARTICLE_APPROVE,
                    f"「{request.title}」{near_time(request.submitted_at, now)}送审，还没有人审",
                    address=ADDRESS.format(request.id),
                    now=now,
                    key=f"review:{request.id}:{days}",
                )
                told += 1
    return told
