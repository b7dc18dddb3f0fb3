"""The publication ledger: lines are added, never changed; what speaks when follows from them (rules/force.py)."""

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
from ..rules.force import FUSE, live_line


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
    return line


def withdraw(article: Article, *, by: Actor, reason: str, now: datetime) -> Publication:
    """Take an article away at once (下架): from the next request on nothing of it answers. A text that is to take over
    later still does.

    Raises:
        DomainError: no reason, or nothing of it speaks now.
    """
    if not reason.strip():
        raise DomainError("下架要写明理由")
    line = live_line(lines_of(article), now)
    if line is None or line.revision_id is None:
        raise DomainError("这一条现在没有在用的版本，不用下架")
    added = _add(article, revision_id=None, from_at=now, by=by, reason=reason.strip(), now=now)
    changes = {"revision_id": (line.revision_id, None)}
    record("knowledge:article:withdraw", ref(article), by=by, now=now, changes=changes, reason=reason.strip())
    return added


def call_off(article: Article, line_id: int, *, by: Actor, reason: str, now: datetime) -> Publication:
    """Call off a line that has not begun: what speaks just before it goes on speaking.

    Raises:
        DomainError: no such line, or it has begun.
    """
    lines = lines_of(article)
    line = next((line for line in lines if line.id == line_id), None)
    if line is None or line.from_at <= now:
        raise DomainError("这一次定时发布已经开始，或已经取消；要停用请下架")
    before = live_line([other for other in lines if other.from_at < line.from_at], line.from_at)
    added = _add(
        article,
        revision_id=before.revision_id if before else None,
        review_id=before.review_id if before else None,
        from_at=line.from_at,
        lapses_at=before.lapses_at if before else None,
        by=by,
        reason=reason,
        now=now,
    )
    changes = {"from": line.from_at.isoformat(), "revision_id": (line.revision_id, added.revision_id)}
    record("knowledge:article:call-off", ref(article), by=by, now=now, changes=changes, reason=reason)
    return added


def publish_in_emergency(article: Article, revision: Revision, *, by: Actor, reason: str, now: datetime) -> Publication:
    """Let a revision speak on one person's word, for 24 hours: unless a second person confirms it, what spoke before
    speaks again.

    Raises:
        DomainError: no reason; it speaks already; or a fuse burns already (two fuses in a row would be no fuse).
    """
    if not reason.strip():
        raise DomainError("紧急发布要写明理由")
    live = live_line(lines_of(article), now)
    if live and live.lapses_at:
        raise DomainError(f"已有一次紧急发布，到 {near_time(live.lapses_at, now)} 失效，请先由另一位审核人确认")
    if live and live.revision_id == revision.id:
        raise DomainError("这一版现在就在用，不用再发布")
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
    return line


def burning(article: Article, now: datetime) -> Publication | None:
    """The emergency line that speaks now and waits for a second person."""
    line = live_line(lines_of(article), now)
    return line if line and line.lapses_at else None


def confirm_emergency(article: Article, *, by: Person, words: str, now: datetime) -> Publication:
    """A second person's word on an emergency publication: it stays.

    Raises:
        DomainError: no fuse burns, or this person lit it or wrote the text.
    """
    line = burning(article, now)
    if line is None or line.revision_id is None:
        raise DomainError("没有等待确认的紧急发布，可能已过 24 小时失效")
    revision = db.session.get_one(Revision, line.revision_id)
    if by.id in (line.by_id, revision.author_id):
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
