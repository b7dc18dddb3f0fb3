"""Read what lies before reviewers, and the texts that are compared."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.core.database import db
from portal.core.paging import pages

from ..models import Article, Publication, Review, ReviewItem, ReviewRequest, Revision
from ..rules import difference, lint
from ..rules.content import BasisEntry
from ..rules.force import windows
from ..rules.states import RequestState
from .checking import phones

PAGE = 25


@dataclass(frozen=True)
class Queue:
    """What the list of requests is narrowed to.

    Attributes:
        state: one state, or none for all.
        mine: those that this person submitted or wrote.
        page: which page.
    """

    state: RequestState | None = None
    mine: int | None = None
    page: int = 1


def requests(queue: Queue) -> tuple[Sequence[ReviewRequest], int]:
    """A page of requests, and how many there are in all; the longest waiting first, decided ones the newest."""
    statement = _narrow(select(ReviewRequest), queue)
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    waits = queue.state is RequestState.WAITING
    order = ReviewRequest.submitted_at.asc() if waits else ReviewRequest.submitted_at.desc()
    rows = db.session.scalars(
        statement.options(
            selectinload(ReviewRequest.items).joinedload(ReviewItem.revision).joinedload(Revision.article),
            selectinload(ReviewRequest.remarks),
        )
        .order_by(order, ReviewRequest.id)
        .limit(PAGE)
        .offset(PAGE * (min(queue.page, pages(total, PAGE)) - 1))
    ).all()
    return rows, total


def count(queue: Queue) -> int:
    """How many requests there are."""
    return db.session.scalar(select(func.count()).select_from(_narrow(select(ReviewRequest), queue).subquery())) or 0


def _narrow(statement: Select[ReviewRequest], queue: Queue) -> Select[ReviewRequest]:
    if queue.state is not None:
        statement = statement.where(ReviewRequest.state == queue.state)
    if queue.mine is not None:
        wrote = (
            select(ReviewItem.request_id)
            .join(Revision, Revision.id == ReviewItem.revision_id)
            .where(Revision.author_id == queue.mine)
        )
        statement = statement.where(or_(ReviewRequest.submitted_by_id == queue.mine, ReviewRequest.id.in_(wrote)))
    return statement


def request_by_id(request_id: int) -> ReviewRequest | None:
    """One request with its texts, their articles and its remarks."""
    texts = selectinload(ReviewRequest.items).joinedload(ReviewItem.revision)
    return db.session.scalar(
        select(ReviewRequest)
        .where(ReviewRequest.id == request_id)
        .options(
            texts.joinedload(Revision.article),
            texts.selectinload(Revision.basis),
            selectinload(ReviewRequest.remarks),
        )
    )


def before(article_ids: Collection[int], now: datetime) -> dict[int, Revision]:
    """Article id → the revision that the ledger says speaks now, else the last that was published; with its basis.

    An article that never spoke is absent.
    """
    lines: dict[int, list[Publication]] = {}
    of_these = select(Publication).where(Publication.article_id.in_(article_ids)).order_by(Publication.id)
    for line in db.session.scalars(of_these):
        lines.setdefault(line.article_id, []).append(line)
    wanted: dict[int, int] = {}
    for article_id, of_one in lines.items():
        spoke = [window for window in windows(of_one) if window.start <= now]
        if spoke:
            wanted[spoke[-1].revision_id] = article_id
    rows = db.session.scalars(select(Revision).where(Revision.id.in_(wanted)).options(selectinload(Revision.basis)))
    return {wanted[row.id]: row for row in rows}


def revisions_of(article_id: int) -> Sequence[Revision]:
    """Every revision of an article, the newest first, with its basis."""
    return db.session.scalars(
        select(Revision)
        .where(Revision.article_id == article_id)
        .options(selectinload(Revision.basis))
        .order_by(Revision.no.desc())
    ).all()


def said(revision: Revision) -> difference.Said:
    """A revision as it is compared."""
    until = f"至 {revision.valid_to.isoformat()}" if revision.valid_to else "起"
    fields = {
        name: str(getattr(revision, name)) for name in difference.LABELS if name not in ("body", "basis", "valid")
    }
    fields["valid"] = f"{revision.valid_from.isoformat()} {until}"
    basis = [
        BasisEntry(row.text, row.source, row.article, row.in_force_from, row.in_force_to, row.checked, row.note)
        for row in revision.basis
    ]
    return difference.Said(fields, revision.body, basis)


def contributors(revision_ids: Collection[int]) -> set[int]:
    """Who wrote these texts or any of their articles since the last one that was approved: none of them may approve."""
    text, earlier, before_it = aliased(Revision), aliased(Revision), aliased(Revision)
    approved = (
        select(func.max(Review.revision_id))
        .join(before_it, before_it.id == Review.revision_id)
        .where(before_it.article_id == text.article_id, Review.verdict == "通过", before_it.id < text.id)
        .correlate(text)
        .scalar_subquery()
    )
    statement = (
        select(earlier.author_id)
        .join(text, earlier.article_id == text.article_id)
        .where(text.id.in_(revision_ids), earlier.id <= text.id, earlier.id > func.coalesce(approved, 0))
    )
    return set(db.session.scalars(statement))


def findings(revision: Revision) -> list[lint.Finding]:
    """What the checks of the text say of a revision; its basis must be loaded."""
    rests = [lint.Rest(row.text, row.source, row.note, row.in_force_from, row.in_force_to) for row in revision.basis]
    text = lint.Text(
        title=revision.title,
        script=revision.script,
        body=revision.body,
        unit=revision.unit,
        basis=rests,
        note=revision.note,
        valid_from=revision.valid_from,
        valid_to=revision.valid_to,
    )
    return lint.lint(text, phones=phones(revision.unit))


NOTHING = difference.Said(fields={}, body="", basis=[])
"""What an article said before there was one."""


def waiting_for(revision_ids: Iterable[int]) -> dict[int, ReviewRequest]:
    """Revision id → the request in which it waits."""
    statement = (
        select(ReviewItem)
        .join(ReviewRequest, ReviewRequest.id == ReviewItem.request_id)
        .where(ReviewItem.revision_id.in_(list(revision_ids)), ReviewRequest.state == RequestState.WAITING)
        .options(joinedload(ReviewItem.request))
    )
    return {item.revision_id: item.request for item in db.session.scalars(statement)}


def approved(revision_ids: Iterable[int]) -> set[int]:
    """Which of these revisions a second person has approved."""
    return set(db.session.scalars(select(Review.revision_id).where(Review.revision_id.in_(list(revision_ids)))))


def article_with_ledger(number: str) -> Article | None:
    """One article with its ledger, whether or not it ever spoke."""
    statement = select(Article).where(Article.number == number)
    return db.session.scalar(statement.options(selectinload(Article.publications), joinedload(Article.category)))
