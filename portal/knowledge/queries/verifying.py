"""Which texts must be verified, most harmful first. Only what answers now is asked about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.clock import beijing_day
from portal.core.database import db

from ..models import Article, Basis, Revision, RuleChange, RuleTouch, Verification
from ..rules import verifying as rules
from ..rules.states import MaterialKind, Sensitivity, Verdict
from .uses import times_used
from .visible import answering

PAGE = 25


@dataclass(frozen=True)
class Due:
    """An article with its clock of verification and what its age may do."""

    article_id: int
    number: str
    revision_id: int
    title: str
    owner_id: int | None
    category_id: int
    every: rules.Interval
    clock: rules.Clock
    uses: int = 0
    changed_basis: int = 0
    harm: int = 0


def clocks(now: datetime, article_ids: Collection[int] | None = None) -> list[Due]:
    """The clock of every text that answers now (or of these articles alone), in no order."""
    statement = (
        select(Revision.id, Revision.title, Revision.kind, Article)
        .join(Article, Article.id == Revision.article_id)
        .where(Revision.id.in_(answering(now)))
    )
    if article_ids is not None:
        statement = statement.where(Article.id.in_(article_ids))
    rows = db.session.execute(statement).all()
    last, true, marks = _last(article_ids), _last_true(article_ids), _first_marks(article_ids)
    found = []
    for revision_id, title, kind, article in rows:
        every = rules.interval(MaterialKind(kind), Sensitivity(article.sensitivity), article.interval_days)
        clock = rules.clock(
            last_true_on=beijing_day(true[article.id]) if article.id in true else None,
            next_on=last.get(article.id),
            first_mark=marks.get(article.id, ""),
            taken_in_on=beijing_day(article.created_at),
            every=every,
        )
        owner, category = article.owner_id, article.category_id
        found.append(Due(article.id, article.number, revision_id, title, owner, category, every, clock))
    return found


def _last(article_ids: Collection[int] | None) -> dict[int, date]:
    """Article → the next day its last verification named."""
    newest = select(func.max(Verification.id)).group_by(Verification.article_id)
    statement = select(Verification.article_id, Verification.next_on).where(Verification.id.in_(newest))
    if article_ids is not None:
        statement = statement.where(Verification.article_id.in_(article_ids))
    return dict(db.session.execute(statement).all())


def _last_true(article_ids: Collection[int] | None) -> dict[int, datetime]:
    """Article → when it was found true last."""
    statement = (
        select(Verification.article_id, func.max(Verification.at))
        .where(Verification.verdict == Verdict.TRUE)
        .group_by(Verification.article_id)
    )
    if article_ids is not None:
        statement = statement.where(Verification.article_id.in_(article_ids))
    return dict(db.session.execute(statement).all())


def _first_marks(article_ids: Collection[int] | None) -> dict[int, str]:
    """Article → the mark of checking its first revision came with."""
    statement = select(Revision.article_id, Revision.checked).where(Revision.no == 1)
    if article_ids is not None:
        statement = statement.where(Revision.article_id.in_(article_ids))
    return dict(db.session.execute(statement).all())


def queue(now: datetime, *, owner_id: int | None = None, page: int = 1) -> tuple[list[Due], int]:
    """A page of what is due within a month or overdue, most harm first, and how many there are.

    With `owner_id` only what this person keeps.
    """
    today = beijing_day(now)
    due = [each for each in clocks(now) if each.clock.due_on <= today + rules.SOON]
    if owner_id is not None:
        due = [each for each in due if each.owner_id == owner_id]
    uses = times_used([each.article_id for each in due], now)
    changed = changed_basis([each for each in due if uses.get(each.article_id)])
    weighed = [_weigh(each, uses.get(each.article_id, 0), changed.get(each.article_id, 0), today) for each in due]
    weighed.sort(key=lambda each: (-each.harm, each.clock.due_on, each.number))
    start = PAGE * (min(page, max(1, -(-len(weighed) // PAGE))) - 1)
    shown = weighed[start : start + PAGE]
    rest = changed_basis([each for each in shown if not each.uses])
    return [replace(each, changed_basis=rest.get(each.article_id, each.changed_basis)) for each in shown], len(weighed)


def _weigh(due: Due, uses: int, changed: int, today: date) -> Due:
    return replace(due, uses=uses, changed_basis=changed, harm=rules.harm(uses, due.clock.days(today), changed))


def changed_basis(due: Sequence[Due]) -> dict[int, int]:
    """Article → how many rows of its basis are not as they were when it was verified.

    A row that says something else, or rests on something else, counts, and so does each change of a document that
    was entered since (制度变了).
    """
    if not due:
        return {}
    articles = {each.article_id: each for each in due}
    against = _verified_revisions(articles.keys())
    rows: dict[int, set[tuple[object, ...]]] = {}
    wanted = {each.revision_id for each in due} | set(against.values())
    for row in db.session.scalars(select(Basis).where(Basis.revision_id.in_(wanted))):
        facts = (row.text, row.source, row.article, row.in_force_from, row.in_force_to)
        rows.setdefault(row.revision_id, set()).add(facts)
    found = {
        key: len(rows.get(each.revision_id, set()) - rows.get(against.get(key, each.revision_id), set()))
        for key, each in articles.items()
    }
    touched = db.session.execute(
        select(RuleTouch.article_id, RuleChange.at)
        .join(RuleChange, RuleChange.id == RuleTouch.change_id)
        .where(RuleTouch.article_id.in_(articles))
    )
    for key, at in touched:
        found[key] += beijing_day(at) >= articles[key].clock.since
    return {key: count for key, count in found.items() if count}


def _verified_revisions(article_ids: Collection[int]) -> dict[int, int]:
    """Article → the revision that was found true last, else the first one."""
    first = select(Revision.article_id, Revision.id).where(Revision.article_id.in_(article_ids), Revision.no == 1)
    found: dict[int, int] = dict(db.session.execute(first).all())
    newest = (
        select(func.max(Verification.id))
        .where(Verification.verdict == Verdict.TRUE, Verification.article_id.in_(article_ids))
        .group_by(Verification.article_id)
    )
    verified = select(Verification.article_id, Verification.revision_id).where(Verification.id.in_(newest))
    return found | dict(db.session.execute(verified).all())


def verifications(article_id: int, *, limit: int = 10) -> Sequence[Verification]:
    """What was found when an article was verified, the last first."""
    return db.session.scalars(
        select(Verification).where(Verification.article_id == article_id).order_by(Verification.id.desc()).limit(limit)
    ).all()


def answering_revision(article_id: int, now: datetime) -> Revision | None:
    """The text of an article that answers now, with its basis and its category."""
    return db.session.scalar(
        select(Revision)
        .where(Revision.article_id == article_id, Revision.id.in_(answering(now)))
        .options(selectinload(Revision.basis), joinedload(Revision.article).joinedload(Article.category))
    )
