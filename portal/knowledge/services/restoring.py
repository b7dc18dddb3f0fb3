"""An old text comes back as a new revision, laid before a reviewer like any other."""

from datetime import datetime

from sqlalchemy import func, select

from portal.accounts.models import Person
from portal.audit.services import Actor
from portal.core.database import db
from portal.core.errors import DomainError

from ..models import Article, ReviewRequest, Revision
from ..rules.identity import basis_rows, content_of
from ..rules.states import Weight
from .ledger import lines_of
from .publishing import add_revision
from .reviewing import submit


def restore(article: Article, revision: Revision, *, why: str, by: Person, now: datetime) -> ReviewRequest:
    """Lay an old text before a reviewer again, as a new revision.

    Args:
        article: the article.
        revision: the old text, with its basis.
        why: the reason, for the history.
        by: who wants it back; counts as its author, so another person approves.
        now: the moment.

    Raises:
        DomainError: it is another article's, it is the newest text already, or no reason.
    """
    if revision.article_id != article.id:
        raise DomainError("这一版不是这一条知识的")
    if not why.strip():
        raise DomainError("恢复旧版要写明理由")
    lines_of(article)
    newest = db.session.scalar(select(func.max(Revision.id)).where(Revision.article_id == article.id))
    if newest == revision.id:
        raise DomainError("这就是最新的一版，不用恢复")
    again = add_revision(
        article,
        content=content_of(revision),
        body_html=revision.body_html,
        basis=basis_rows(revision),
        author=by,
        why=f"恢复第 {revision.no} 版：{why.strip()}"[:200],
        weight=Weight.SUBSTANCE,
        now=now,
    )
    title = f"恢复第 {revision.no} 版：{revision.title}"
    return submit([again], title=title, why=why, wanted_on=None, by=Actor(by.id, by.name), now=now)
