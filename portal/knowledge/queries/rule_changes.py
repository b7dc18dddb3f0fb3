"""What rests on a document: articles by their basis and by what they say, drafts, texts in review, uses of late."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.clock import day_start
from portal.core.database import db
from portal.core.text import like_pattern

from ..models import (
    Article,
    Basis,
    Draft,
    Phrase,
    Publication,
    ReviewItem,
    ReviewRequest,
    Revision,
    RuleChange,
    RuleTouch,
    Use,
)
from ..rules import force
from ..rules.documents import Document, document, mentions, pieces, rests_on
from ..rules.states import RequestState
from .visible import answering

LATELY = timedelta(days=30)
"""Uses this far back are told of: what was said on the phone may have to be said again."""
PAGE = 25


@dataclass
class Resting:
    """A text that rests on a document, and how.

    Attributes:
        revision: the text, with its article and category; it answers now or will.
        basis: the rows of its basis that name the document.
        places: where else it speaks of it: 话术, 正文, 问法, 标题.
        uses: how often the article was used of late.
        may_freeze: whether the text would still answer on the day of the change, so that freezing it means something.
    """

    revision: Revision
    basis: list[Basis] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    uses: int = 0
    may_freeze: bool = True


@dataclass(frozen=True)
class Blast:
    """All that a change of one document touches."""

    asked: Document
    resting: list[Resting]
    drafts: list[Draft]
    in_review: list[ReviewItem]
    users: dict[int, int]
    """Person → how many times they told one of these articles to a caller of late."""

    @property
    def uses(self) -> int:
        """How often these articles were used of late."""
        return sum(self.users.values())


def blast(typed: str, in_force_on: date, now: datetime) -> Blast | None:
    """What rests on a document; None where what was typed is neither a name nor a number."""
    asked = document(typed)
    if asked is None:
        return None
    ids = _speaking(now)
    found = _by_basis(asked, ids)
    for revision, places in _by_text(asked, ids).items():
        found.setdefault(revision, Resting(revision)).places = places
    resting = sorted(found.values(), key=lambda each: (not each.basis, each.revision.article.number))
    start = max(now, day_start(in_force_on))
    live = _live_at({each.revision.article_id for each in resting}, start)
    uses, users = _uses({each.revision.article_id for each in resting}, now)
    for each in resting:
        each.uses = uses.get(each.revision.article_id, 0)
        each.may_freeze = live.get(each.revision.article_id) == each.revision.id
    drafts, in_review = _drafts(asked), _in_review(asked, {each.revision.id for each in resting})
    return Blast(asked, resting, drafts, in_review, users)


def _speaking(now: datetime) -> ColumnElement[bool]:
    """Revisions that answer now, or that a line of the ledger lets speak later."""
    later = select(Publication.revision_id).where(Publication.from_at > now, Publication.revision_id.is_not(None))
    return or_(Revision.id.in_(answering(now)), Revision.id.in_(later))


def _loaded(ids: Collection[int]) -> Sequence[Revision]:
    return db.session.scalars(
        select(Revision)
        .where(Revision.id.in_(ids))
        .options(selectinload(Revision.basis), joinedload(Revision.article).joinedload(Article.category))
    ).all()


def _by_basis(asked: Document, speaking: ColumnElement[bool]) -> dict[Revision, Resting]:
    """Each source is read once, however many rows name it; so every spelling is found."""
    sources = [source for source in db.session.scalars(select(Basis.source).distinct()) if rests_on(source, asked)]
    if not sources:
        return {}
    named = select(Basis.revision_id).where(Basis.source.in_(sources))
    ids = db.session.scalars(select(Revision.id).where(Revision.id.in_(named), speaking)).all()
    known = set(sources)
    return {
        revision: Resting(revision, [row for row in revision.basis if row.source in known]) for revision in _loaded(ids)
    }


def _by_text(asked: Document, speaking: ColumnElement[bool]) -> dict[Revision, list[str]]:
    """Texts that speak of it; the database looks for pieces that every spelling has, then each is read."""
    rough = [like_pattern(piece) for piece in pieces(asked)]

    def holds(*columns: Any) -> ColumnElement[bool]:
        return or_(*(column.like(like, escape="\\") for column in columns for like in rough))

    phrased = select(Phrase.article_id).where(holds(Phrase.text))
    stated = select(Basis.revision_id).where(holds(Basis.text, Basis.note))
    ids = db.session.scalars(
        select(Revision.id).where(
            speaking,
            or_(
                holds(Revision.title, Revision.script, Revision.body, Revision.note),
                Revision.article_id.in_(phrased),
                Revision.id.in_(stated),
            ),
        )
    ).all()
    phrases: dict[int, list[str]] = {}
    revisions = _loaded(ids)
    articles = {revision.article_id for revision in revisions}
    for article_id, text in db.session.execute(
        select(Phrase.article_id, Phrase.text).where(Phrase.article_id.in_(articles))
    ):
        phrases.setdefault(article_id, []).append(text)
    found = {revision: _places(revision, phrases.get(revision.article_id, []), asked) for revision in revisions}
    return {revision: places for revision, places in found.items() if places}


def _places(revision: Revision, phrases: Iterable[str], asked: Document) -> list[str]:
    texts = {
        "标题": revision.title,
        "话术": revision.script,
        "正文": revision.body,
        "提醒": revision.note,
        "逐条说法": "\n".join(f"{row.text}\n{row.note}" for row in revision.basis),
        "问法": "\n".join(phrases),
    }
    return [place for place, text in texts.items() if mentions(text, asked)]


def _live_at(article_ids: Collection[int], moment: datetime) -> dict[int, int | None]:
    """Article → the revision that the ledger lets speak at a moment."""
    lines: dict[int, list[Publication]] = {}
    for line in db.session.scalars(select(Publication).where(Publication.article_id.in_(article_ids))):
        lines.setdefault(line.article_id, []).append(line)
    return {key: live.revision_id for key, of_one in lines.items() if (live := force.live_line(of_one, moment))}


def _uses(article_ids: Collection[int], now: datetime) -> tuple[dict[int, int], dict[int, int]]:
    """Article → times, and person → times, of the uses of late."""
    statement = (
        select(Use.article_id, Use.person_id, func.count())
        .where(Use.article_id.in_(article_ids), Use.at > now - LATELY)
        .group_by(Use.article_id, Use.person_id)
    )
    by_article: dict[int, int] = {}
    by_person: dict[int, int] = {}
    for article_id, person_id, times in db.session.execute(statement):
        by_article[article_id] = by_article.get(article_id, 0) + times
        by_person[person_id] = by_person.get(person_id, 0) + times
    return by_article, by_person


def users_lately(article_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Person → how many times they told one of these articles to a caller of late."""
    return _uses(article_ids, now)[1]


def _drafts(asked: Document) -> list[Draft]:
    drafts = db.session.scalars(select(Draft).options(joinedload(Draft.article)).order_by(Draft.id))
    return [draft for draft in drafts if any(_speaks(text, asked) for text in _texts(draft.content))]


def _speaks(text: str, asked: Document) -> bool:
    return mentions(text, asked) or rests_on(text, asked)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _in_review(asked: Document, known: Collection[int]) -> list[ReviewItem]:
    items = db.session.scalars(
        select(ReviewItem)
        .join(ReviewRequest, ReviewRequest.id == ReviewItem.request_id)
        .where(ReviewRequest.state == RequestState.WAITING, ReviewItem.revision_id.not_in(known))
        .options(
            joinedload(ReviewItem.request),
            joinedload(ReviewItem.revision).selectinload(Revision.basis),
            joinedload(ReviewItem.revision).joinedload(Revision.article),
        )
        .order_by(ReviewItem.id)
    )
    return [
        item
        for item in items
        if any(rests_on(row.source, asked) for row in item.revision.basis) or _places(item.revision, (), asked)
    ]


def changes(page: int) -> tuple[list[tuple[RuleChange, int, int]], int]:
    """A page of the changes entered, the newest first, with how many articles each touched and froze."""
    total = db.session.scalar(select(func.count()).select_from(RuleChange)) or 0
    rows = db.session.scalars(
        select(RuleChange)
        .options(selectinload(RuleChange.touched))
        .order_by(RuleChange.id.desc())
        .limit(PAGE)
        .offset(PAGE * (page - 1))
    )
    return [(row, len(row.touched), sum(touch.frozen for touch in row.touched)) for row in rows], total


def change_by_id(change_id: int) -> RuleChange | None:
    """One change with the articles it touched."""
    return db.session.scalar(
        select(RuleChange)
        .where(RuleChange.id == change_id)
        .options(
            selectinload(RuleChange.touched).joinedload(RuleTouch.article),
            selectinload(RuleChange.touched).joinedload(RuleTouch.revision),
        )
    )
