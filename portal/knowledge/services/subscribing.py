"""Whoever subscribed (订阅) to an article or a category, or refers to an article, is told when the ledger says so."""

from datetime import datetime

from sqlalchemy import or_, select

from portal.accounts.rules.permissions import Permission
from portal.audit.services import Actor, record
from portal.categories.models import Category
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.inbox.services.notices import tell, tell_all

from ..models import Article, Publication, Revision, Subscription
from ..queries.links import referrers
from ..queries.visible import answering
from . import ledger


def subscribe(
    *,
    article: Article | None = None,
    category: Category | None = None,
    keep: bool,
    person_id: int,
    by: Actor,
    now: datetime,
) -> bool:
    """Ask to be told of an article, or of all of a category, or no longer; returns whether that changed anything."""
    article_id = article.id if article else None
    category_id = category.id if category else None
    held = db.session.scalar(
        select(Subscription).where(
            Subscription.person_id == person_id,
            Subscription.article_id == article_id if article_id else Subscription.category_id == category_id,
        )
    )
    if (held is not None) == keep:
        return False
    if held is None:
        db.session.add(Subscription(person_id=person_id, article_id=article_id, category_id=category_id, at=now))
    else:
        db.session.delete(held)
    what = ledger.ref(article) if article else f"category:{category.code if category else ''}"
    record(f"knowledge:subscription:{'add' if keep else 'end'}", what, by=by, now=now)
    return True


@ledger.follow
def tell_subscribers(article: Article, line: Publication, by: Actor, now: datetime) -> None:
    """Who subscribed to the article or its category is told of a new text, of one to come, of a withdrawal."""
    parent = select(Category.parent_id).where(Category.id == article.category_id).scalar_subquery()
    people = db.session.scalars(
        select(Subscription.person_id)
        .where(
            or_(
                Subscription.article_id == article.id,
                Subscription.category_id == article.category_id,
                Subscription.category_id == parent,
            )
        )
        .distinct()
    ).all()
    if not people:
        return
    title = _title(article, line, now)
    if line.revision_id is None:
        said = f"「{title}」下架了" if line.from_at <= now else f"「{title}」{beijing_day(line.from_at)} 起下架"
    else:
        said = f"「{title}」有新版本" if line.from_at <= now else f"「{title}」{beijing_day(line.from_at)} 起有变化"
    for person_id in people:
        if person_id != by.id:
            tell(person_id, said, address=f"/knowledge/{article.number}", now=now, key=f"line:{line.id}")


def _title(article: Article, line: Publication, now: datetime) -> str:
    """What readers may know the article by; the title of a text to come is told to nobody."""
    if line.revision_id is not None and line.from_at <= now:
        return db.session.get_one(Revision, line.revision_id).title
    statement = select(Revision.title).where(Revision.article_id == article.id)
    current = db.session.scalar(statement.where(Revision.id.in_(answering(now))))
    if current is None and line.revision_id is None:
        spoken = select(Publication.revision_id).where(Publication.article_id == article.id, Publication.from_at <= now)
        current = db.session.scalar(statement.where(Revision.id.in_(spoken)).order_by(Revision.no.desc()).limit(1))
    return current or article.number


@ledger.follow
def warn_referrers(article: Article, line: Publication, by: Actor, now: datetime) -> None:
    """When an article is taken away, whoever keeps an article that points to it is told."""
    if line.revision_id is not None:
        return
    title = _title(article, line, now)
    for found in referrers(article.number, now):
        said = f"「{found.title}」里引用的「{title}」下架了，请改引用"
        address, key = f"/knowledge/{found.number}", f"referrer:{line.id}:{found.article_id}"
        if found.owner_id:
            tell(found.owner_id, said, address=address, now=now, key=key)
        else:
            tell_all(Permission.KNOWLEDGE_ARTICLE_WRITE, said, address=address, now=now, key=key)
