"""What changed: the lines of the ledger since somebody was here last, and who has not read of the critical ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import Person, UserSession
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, day_start
from portal.core.database import db
from portal.inbox.queries.notices import people_who_may

from ..models import Acknowledgement, Article, Publication, Revision
from ..rules import force
from .deadlines import last_workday_before
from .visible import answering, stands

MOST = 100
"""Lines on one page; whoever was away longer looks at the articles."""
KEPT = timedelta(days=30)
"""How long a critical change asks to be read."""


@dataclass(frozen=True)
class Change:
    """A line that has begun to count, with the text before it and the text after it.

    Attributes:
        line: the line of the ledger.
        article: the article with its category.
        before: what answered until then; None where nothing did.
        after: what answers from then on; None where it was withdrawn.
        read_at: when the person at hand said that they read of it.
    """

    line: Publication
    article: Article
    before: Revision | None
    after: Revision | None
    read_at: datetime | None = None

    @property
    def title(self) -> str:
        """What the article is called."""
        known = self.after or self.before
        return known.title if known else self.article.number


def last_here(person_id: int, session_id: int, now: datetime) -> datetime:
    """When somebody was here last before this sign-in; who never was begins with the last working day."""
    statement = select(func.max(UserSession.seen_at)).where(
        UserSession.person_id == person_id, UserSession.id != session_id, UserSession.seen_at < now
    )
    seen = db.session.scalar(statement)
    workday = day_start(last_workday_before(beijing_day(now)))
    return max(seen, now - KEPT) if seen else workday


def since(moment: datetime, now: datetime, *, person_id: int) -> list[Change]:
    """What began to count after a moment, the newest first."""
    statement = (
        select(Publication)
        .where(Publication.from_at > moment, Publication.from_at <= now, stands(Publication))
        .order_by(Publication.from_at.desc(), Publication.id.desc())
        .limit(MOST)
    )
    return _with_texts(db.session.scalars(statement).all(), person_id)


def critical(person_id: int, now: datetime) -> list[Change]:
    """The critical changes that somebody has not said they read, the newest first; one for each article.

    A text that no longer answers (its fuse burnt down, another one took over) stands here no more.
    """
    standing = or_(Publication.revision_id.is_(None), Publication.revision_id.in_(answering(now)))
    statement = _unread(person_id, now).where(standing)
    newest: dict[int, Publication] = {}
    for line in db.session.scalars(statement.order_by(Publication.from_at.desc(), Publication.id.desc())):
        newest.setdefault(line.article_id, line)
    return _with_texts(list(newest.values()), None)


def critical_on(article_ids: Collection[int], person_id: int, now: datetime) -> dict[int, datetime]:
    """Of some articles those that changed critically without this person having read of it, and when."""
    if not article_ids:
        return {}
    statement = _unread(person_id, now).where(Publication.article_id.in_(article_ids)).order_by(Publication.from_at)
    return {line.article_id: line.from_at for line in db.session.scalars(statement)}


def _unread(person_id: int, now: datetime) -> Select[Publication]:
    read = exists().where(Acknowledgement.publication_id == Publication.id, Acknowledgement.person_id == person_id)
    return select(Publication).where(
        Publication.critical, Publication.from_at > now - KEPT, Publication.from_at <= now, ~read, stands(Publication)
    )


def line_by_id(line_id: int) -> Publication | None:
    """A line of the ledger."""
    return db.session.get(Publication, line_id)


def _with_texts(lines: Sequence[Publication], person_id: int | None) -> list[Change]:
    """The lines with what answered just before each of them and just after it; with a person, when they read of it."""
    if not lines:
        return []
    article_ids = {line.article_id for line in lines}
    ledgers: dict[int, list[Publication]] = {key: [] for key in article_ids}
    articles: dict[int, Article] = {}
    whole = (
        select(Publication, Article)
        .join(Article, Article.id == Publication.article_id)
        .where(Article.id.in_(article_ids))
        .options(joinedload(Article.category))
    )
    for each, article in db.session.execute(whole):
        ledgers[article.id].append(each)
        articles[article.id] = article
    before = {line.id: _before(line, ledgers[line.article_id]) for line in lines}
    wanted = {key for key in (*before.values(), *(line.revision_id for line in lines)) if key}
    loaded = select(Revision).where(Revision.id.in_(wanted)).options(joinedload(Revision.basis))
    texts = {revision.id: revision for revision in db.session.scalars(loaded).unique()}
    read = _read_at([line.id for line in lines], person_id) if person_id else {}
    return [
        Change(
            line,
            articles[line.article_id],
            texts.get(before[line.id] or 0),
            texts.get(line.revision_id or 0),
            read.get(line.id),
        )
        for line in lines
    ]


def _before(line: Publication, ledger: Sequence[Publication]) -> int | None:
    """The revision that answered just before a line began to count."""
    earlier = [each for each in ledger if (each.from_at, each.id) < (line.from_at, line.id)]
    found = force.live_line(earlier, line.from_at)
    return found.revision_id if found else None


def _read_at(line_ids: Collection[int], person_id: int) -> dict[int, datetime]:
    statement = select(Acknowledgement.publication_id, Acknowledgement.at).where(
        Acknowledgement.person_id == person_id, Acknowledgement.publication_id.in_(line_ids)
    )
    return dict(db.session.execute(statement).all())


@dataclass(frozen=True)
class Unread:
    """A critical change and who has not said that they read of it.

    Attributes:
        change: the change.
        people: their names.
        asked: of how many.
        is_late: whether its day is over.
    """

    change: Change
    people: list[str]
    asked: int
    is_late: bool


def unread(now: datetime) -> list[Unread]:
    """The critical changes of the last month that somebody has not read, the newest first.

    Asked are those who may read answers to callers, and who were here when it changed.
    """
    lines = db.session.scalars(
        select(Publication)
        .where(Publication.critical, Publication.from_at > now - KEPT, Publication.from_at <= now, stands(Publication))
        .order_by(Publication.from_at.desc(), Publication.id.desc())
    ).all()
    asked = people_who_may(Permission.KNOWLEDGE_CHANGE_ACKNOWLEDGE)
    people = db.session.scalars(select(Person).where(Person.id.in_(asked)).order_by(Person.id)).all()
    statement = select(Acknowledgement.publication_id, Acknowledgement.person_id).where(
        Acknowledgement.publication_id.in_([line.id for line in lines])
    )
    done = {(line_id, person_id) for line_id, person_id in db.session.execute(statement)}
    found = []
    for change in _with_texts(lines, None):
        line = change.line
        theirs = [person for person in people if person.created_at <= line.from_at and person.id != line.by_id]
        left = [person.name for person in theirs if (line.id, person.id) not in done]
        if left:
            late = beijing_day(line.from_at) < beijing_day(now)
            found.append(Unread(change, left, len(theirs), late))
    return found
