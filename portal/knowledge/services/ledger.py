"""The publication ledger: lines are added, never changed; what speaks when follows from them (rules/force.py)."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from portal.accounts.models import Person
from portal.audit.services import Actor, record
from portal.core.clock import near_time
from portal.core.database import db
from portal.core.errors import DomainError
from portal.search.services import index_later

from ..models import Article, Publication, Review, Revision
from ..queries.documents import PREFIX
from ..queries.reviews import contributors
from ..rules.force import FUSE, live_line

Follower = Callable[[Article, Publication, Actor, datetime], None]
_followers: list[Follower] = []


def follow(follower: Follower) -> Follower:
    """Register who is told, in the same transaction, of each line that publishes or withdraws."""
    _followers.append(follower)
    return follower


def _tell(article: Article, line: Publication, by: Actor, now: datetime) -> None:
    for follower in _followers:
        follower(article, line, by, now)


def ref(article: Article) -> str:
    """The article as the audit names it."""
    return f"article:{article.number}"


def lines_of(article: Article) -> list[Publication]:
    """The ledger of an article, locked so that two who add a line do so one after the other."""
    db.session.scalars(select(Article.id).where(Article.id == article.id).with_for_update()).one()
    statement = select(Publication).where(Publication.article_id == article.id).order_by(Publication.id)
    return list(db.session.scalars(statement.execution_options(populate_existing=True)))


def publish(
    article: Article,
    revision: Revision,
    *,
    review: Review,
    from_at: datetime,
    by: Actor,
    reason: str,
    now: datetime,
    critical: bool = False,
) -> Publication:
    """Let a reviewed revision speak from a moment on."""
    line = _add(
        article,
        revision_id=revision.id,
        review_id=review.id,
        from_at=from_at,
        critical=critical,
        by=by,
        reason=reason,
        now=now,
    )
    changes = {"revision": revision.no, "from": from_at.isoformat()}
    record("knowledge:article:publish", ref(article), by=by, now=now, changes=changes, reason=reason)
    _tell(article, line, by, now)
    return line


def withdraw(
    article: Article, *, by: Actor, reason: str, now: datetime, from_at: datetime | None = None
) -> Publication:
    """Take an article away (下架), at once or from a later moment on: nothing of it answers from then on. A text that
    is to take over after that still does.

    Raises:
        DomainError: no reason, or nothing of it speaks then.
    """
    if not reason.strip():
        raise DomainError("下架要写明理由")
    start = max(now, from_at or now)
    line = live_line(lines_of(article), start)
    if line is None or line.revision_id is None:
        raise DomainError("这一条现在没有在用的版本，不用下架")
    added = _add(article, revision_id=None, from_at=start, by=by, reason=reason.strip(), now=now)
    changes = {"revision_id": (line.revision_id, None), "from": start.isoformat()}
    record("knowledge:article:withdraw", ref(article), by=by, now=now, changes=changes, reason=reason.strip())
    _tell(article, added, by, now)
    return added


def call_off(article: Article, line_id: int, *, by: Actor, reason: str, now: datetime) -> Publication:
    """Call off what was to begin at the moment of a line: whatever else the ledger says goes on, as if it had never
    been written. The line that says so lapses as it begins; it only voids those written before it for that moment.

    Raises:
        DomainError: no such line, or it has begun.
    """
    lines = lines_of(article)
    line = next((line for line in lines if line.id == line_id), None)
    if line is None or line.from_at <= now:
        raise DomainError("这一次定时发布已经开始，或已经取消；要停用请下架")
    added = _add(article, revision_id=None, from_at=line.from_at, lapses_at=line.from_at, by=by, reason=reason, now=now)
    changes = {"from": line.from_at.isoformat(), "revision_id": (line.revision_id, None)}
    record("knowledge:article:call-off", ref(article), by=by, now=now, changes=changes, reason=reason)
    return added


def publish_in_emergency(article: Article, revision: Revision, *, by: Actor, reason: str, now: datetime) -> Publication:
    """Let a revision speak on one person's word, for 24 hours: unless a second person confirms it, what spoke before
    speaks again.

    Raises:
        DomainError: no reason; it speaks already; a fuse burns already; or this person's last fuse on this article
            was seen to by nobody else (two fuses in a row would be no fuse).
    """
    if not reason.strip():
        raise DomainError("紧急发布要写明理由")
    if revision.article_id != article.id:
        raise DomainError("这一版不是这一条知识的")
    lines = lines_of(article)
    live = live_line(lines, now)
    if live and live.lapses_at:
        raise DomainError(f"已有一次紧急发布，到 {near_time(live.lapses_at, now)} 失效，请先由另一位审核人确认")
    if live and live.revision_id == revision.id:
        raise DomainError("这一版现在就在用，不用再发布")
    last_fuse = max((line.id for line in lines if is_fuse(line) and line.by_id == by.id), default=None)
    if last_fuse and not any(line.id > last_fuse and line.by_id != by.id for line in lines):
        raise DomainError("您上一次紧急发布没有人确认；再发要由另一个人发，或者送审")
    lapses_at = now + FUSE
    line = _add(
        article,
        revision_id=revision.id,
        from_at=now,
        lapses_at=lapses_at,
        critical=True,
        by=by,
        reason=reason.strip(),
        now=now,
    )
    changes = {"revision": revision.no, "lapses": lapses_at.isoformat()}
    record("knowledge:article:emergency", ref(article), by=by, now=now, changes=changes, reason=reason.strip())
    _tell(article, line, by, now)
    return line


def is_fuse(line: Publication) -> bool:
    """Whether a line was written by one person alone in an emergency."""
    return line.lapses_at is not None and line.revision_id is not None


def confirm_emergency(article: Article, *, by: Person, words: str, now: datetime) -> Publication:
    """A second person's word on an emergency publication: it stays.

    Raises:
        DomainError: no fuse burns, or this person lit it or had a hand in the text.
    """
    line = live_line(lines_of(article), now)
    if line is None or line.lapses_at is None or line.revision_id is None:
        raise DomainError("没有等待确认的紧急发布，可能已过 24 小时失效")
    revision = db.session.get_one(Revision, line.revision_id)
    if by.id in {line.by_id, *contributors([revision.id])}:
        raise DomainError("紧急发布须由另一位审核人确认")
    review = _review(revision, by=by, remark=words, now=now)
    return publish(
        article,
        revision,
        review=review,
        from_at=now,
        by=Actor(by.id, by.name),
        reason=words or "确认紧急发布",
        now=now,
        critical=False,
    )


def _review(revision: Revision, *, by: Person, remark: str, now: datetime) -> Review:
    row = Review(
        revision_id=revision.id,
        author_id=revision.author_id,
        reviewer_id=by.id,
        reviewer_name=by.name,
        verdict="通过",
        remark=remark,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def approve(revision: Revision, *, by: Person, remark: str, now: datetime) -> Review:
    """A second person's yes.

    Raises:
        DomainError: the approver wrote it (four eyes; the database keeps this too).
    """
    if revision.author_id == by.id:
        raise DomainError("写的人不能审自己的版本")
    return _review(revision, by=by, remark=remark, now=now)


def _add(
    article: Article,
    *,
    revision_id: int | None,
    from_at: datetime,
    by: Actor,
    reason: str,
    now: datetime,
    review_id: int | None = None,
    lapses_at: datetime | None = None,
    critical: bool = False,
) -> Publication:
    line = Publication(
        article_id=article.id,
        revision_id=revision_id,
        review_id=review_id,
        from_at=from_at,
        lapses_at=lapses_at,
        critical=critical,
        by_id=by.id,
        by_name=by.name,
        reason=reason[:200],
        at=now,
    )
    db.session.add(line)
    db.session.flush()
    index_later(f"{PREFIX}{article.id}")
    return line
