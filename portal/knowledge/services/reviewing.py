"""Review (送审、审核): revisions are laid before a second person, who lets them speak, asks for changes or refuses."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission
from portal.audit.services import Actor, record
from portal.core.clock import day_start, near_time
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.write import transaction
from portal.inbox.models import Notice
from portal.inbox.services.notices import tell, tell_all

from ..models import Article, Publication, Remark, ReviewItem, ReviewRequest, Revision
from ..queries.reviews import contributors
from ..rules.difference import LABELS
from ..rules.force import windows
from ..rules.states import RequestState
from . import ledger

ADDRESS = "/knowledge/review/{}"
FIELDS = {name: label for name, label in LABELS.items() if name not in ("checked", "confidence")}
"""The places of a text that a remark may speak of."""


def ref(request: ReviewRequest) -> str:
    """The request as the audit names it."""
    return f"review:{request.id}"


def submit(
    revisions: Sequence[Revision], *, title: str, why: str, wanted_on: date | None, by: Actor, now: datetime
) -> ReviewRequest:
    """Lay revisions before a reviewer; a wished day that has begun already is at once. One's own older request that
    held earlier texts of these articles and of no other is taken back.

    Raises:
        DomainError: there is nothing to lay before anybody.
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
    for request in _waiting():
        articles = {item.revision.article_id for item in request.items}
        if request.submitted_by_id == by.id and articles and articles <= article_ids:
            _end(request, RequestState.TAKEN_BACK, "送了新的版本", by=by, now=now)


def _waiting() -> Sequence[ReviewRequest]:
    return db.session.scalars(
        select(ReviewRequest)
        .where(ReviewRequest.state == RequestState.WAITING)
        .options(selectinload(ReviewRequest.items).selectinload(ReviewItem.revision))
        .execution_options(populate_existing=True)
    ).all()


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
    """Let every revision of the request speak, at once or from a day on; remarks still open are closed with it.

    Raises:
        DomainError: this person wrote one of them, or a newer text of one is in force already.
    """
    revisions = _revisions(request)
    for revision in revisions:
        if by.id in contributors([revision.id]) or by.id == request.submitted_by_id:
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
    for remark in request.remarks:
        settle_remark(remark, by=Actor(by.id, by.name), now=now)
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
    ahead = [window for window in windows(ledger.lines_of(article)) if window.end is None or window.end > now]
    ids = {window.revision_id for window in ahead if window.revision_id > revision.id}
    return db.session.scalar(select(func.max(Revision.no)).where(Revision.id.in_(ids))) if ids else None


def publish_in_emergency(article: Article, revision: Revision, *, by: Actor, reason: str, now: datetime) -> Publication:
    """Let a revision speak on one person's word for 24 hours, and ask the reviewers to confirm it.

    Raises:
        DomainError: as `ledger.publish_in_emergency`.
    """
    line = ledger.publish_in_emergency(article, revision, by=by, reason=reason, now=now)
    until = near_time(line.lapses_at, now) if line.lapses_at else ""
    tell_all(
        Permission.KNOWLEDGE_ARTICLE_APPROVE,
        f"{by.name}紧急发布了「{revision.title}」，{until} 前要另一位审核人确认，不然失效",
        address=f"/knowledge/{article.number}",
        now=now,
        key=f"emergency:{line.id}",
    )
    return line


def confirm_emergency(article: Article, *, by: Person, words: str, now: datetime) -> Publication:
    """A second person's word on an emergency publication: it stays, and a request that held nothing else is through.

    Raises:
        DomainError: as `ledger.confirm_emergency`.
    """
    line = ledger.confirm_emergency(article, by=by, words=words.strip(), now=now)
    for request in _waiting():
        if {item.revision_id for item in request.items} == {line.revision_id}:
            _end(request, RequestState.APPROVED, words or "紧急发布已确认", by=Actor(by.id, by.name), now=now)
            tell(
                request.submitted_by_id,
                f"{by.name}确认了紧急发布「{request.title}」",
                address=ADDRESS.format(request.id),
                now=now,
            )
    return line


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
        DomainError: nothing is said, of no place of this request, or it is decided.
    """
    if request.state != RequestState.WAITING:
        raise DomainError("这次送审已有人处理，不再加批注")
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


def remind(now: datetime, *, after: Sequence[int] = (2, 5)) -> int:
    """Tell the reviewers of requests that have waited for so many days; told once for each. A chore: it opens a write
    only where somebody is to be told.
    """
    waiting = select(ReviewRequest).where(
        ReviewRequest.state == RequestState.WAITING, ReviewRequest.submitted_at <= now - timedelta(days=min(after))
    )
    due = {}
    for request in db.session.scalars(waiting):
        days = max(days for days in after if (now - request.submitted_at).days >= days)
        due[f"review:{request.id}:{days}"] = (request.id, request.title, request.submitted_at)
    told = select(Notice.key).where(Notice.key.in_(due)).distinct()
    due = {key: facts for key, facts in due.items() if key not in set(db.session.scalars(told))} if due else {}
    if due:
        with transaction():
            for key, (request_id, title, submitted_at) in due.items():
                tell_all(
                    Permission.KNOWLEDGE_ARTICLE_APPROVE,
                    f"「{title}」{near_time(submitted_at, now)}送审，还没有人审",
                    address=ADDRESS.format(request_id),
                    now=now,
                    key=key,
                )
    return len(due)


def remind_of_waiting(now: datetime) -> None:
    """The chore that reminds."""
    remind(now)
