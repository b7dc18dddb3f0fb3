"""The answer card: what an agent reads aloud, with what vouches for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache

from sqlalchemy import Date, Select, bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from portal.categories.models import Category
from portal.categories.queries import standing
from portal.core.clock import beijing_day
from portal.core.database import UtcDateTime, db
from portal.search.services import while_unchanged

from ..models import Article, Basis, Favourite, Revision
from ..rules import force, script
from .documents import document_id
from .uses import times_used
from .visible import answering, answering_on, outlook, stretches

Parts = list[tuple[str, bool]]
MOST_KEPT = 2_000
"""Cards that a process keeps at hand, some kilobytes each."""


@dataclass
class Card:
    """One answer in force now, ready for the page; texts come as parts with a mark where they carry weight."""

    article_id: int
    revision_id: int
    revision_no: int
    number: str
    title: str
    script: str
    script_parts: Parts
    basis: list[dict[str, str | None]]
    in_force_from: date
    in_force_to: date | None
    checked: str
    needs_check: bool
    category_code: str
    category_name: str
    unit: str
    audience: str
    district: str
    kind: str
    seconds: int
    length: int
    changes_on: date | None = None
    critical_on: date | None = None
    """The day of a critical change that whoever looks has not said they read of."""
    favourite: bool = False
    used: int = 0
    url: str = ""
    category_url: str = ""
    favourite_url: str = ""
    use_url: str | None = None
    flag_url: str | None = None
    feedback_url: str | None = None
    title_parts: Parts = field(default_factory=list)
    why: dict[str, object] | None = None

    @property
    def document(self) -> str:
        """What the log of queries calls it."""
        return document_id(self.article_id, self.revision_id)

    @property
    def first_sentence(self) -> str:
        """What a closed card shows."""
        return script.first_sentence(self.script)

    @property
    def first_parts(self) -> Parts:
        """The first sentence with its key values marked."""
        return script.parts(self.first_sentence)


def cards(revision_ids: Sequence[int], *, now: datetime, person_id: int | None) -> list[Card]:
    """The cards of these revisions that may be read out now, in the order given; others are left out."""
    if not revision_ids:
        return []
    day = beijing_day(now)
    asked = {"ids": list(revision_ids), "now": now, "today": day}
    answering_now = set(db.session.scalars(_answering_among(), asked))
    known: dict[int, _Kept] = while_unchanged(("cards", day), dict)
    if missing := answering_now - known.keys():
        if len(known) > MOST_KEPT:
            known.clear()
        known |= _read(missing, now)
    shown = [known[key] for key in revision_ids if key in answering_now]
    articles = {kept.card.article_id for kept in shown}
    favourites = favourite_ids(person_id, articles) if person_id else set()
    used = times_used(articles, now)
    return [
        replace(
            kept.card,
            changes_on=outlook(kept.stretches, now).changes_on,
            favourite=kept.card.article_id in favourites,
            used=used.get(kept.card.article_id, 0),
        )
        for kept in shown
    ]


@dataclass(frozen=True)
class _Kept:
    """What of a card stays the same for all who ask, until the outbox moves on or the day is over."""

    card: Card
    stretches: list[force.Window]


def _read(revision_ids: Collection[int], now: datetime) -> dict[int, _Kept]:
    statement = (
        select(Revision)
        .where(Revision.id.in_(revision_ids))
        .options(selectinload(Revision.basis), joinedload(Revision.article).joinedload(Article.category))
    )
    revisions = db.session.scalars(statement).all()
    ahead = stretches({revision.article_id for revision in revisions})
    stands = standing((revision.article.category for revision in revisions), beijing_day(now))
    return {
        revision.id: _Kept(
            _card(revision, now, category=stands[revision.article.category_id]), ahead[revision.article_id]
        )
        for revision in revisions
    }


@cache
def _answering_among() -> Select[int]:
    """Of some revisions those that may be read out; built once, since it is asked at each key that is typed."""
    now, today = bindparam("now", type_=UtcDateTime), bindparam("today", type_=Date)
    among = Revision.id.in_(bindparam("ids", expanding=True))
    return select(Revision.id).where(among, Revision.id.in_(answering_on(now, today)))


def current_revisions(article_ids: Collection[int], now: datetime) -> list[int]:
    """The revisions of these articles that answer now."""
    statement = answering(now).where(Revision.article_id.in_(article_ids))
    found = db.session.execute(statement.add_columns(Revision.article_id))
    by_article = {article_id: revision_id for revision_id, article_id in found}
    return [by_article[key] for key in article_ids if key in by_article]


def favourite_ids(person_id: int, articles: Collection[int]) -> set[int]:
    """Which of these articles a person keeps at hand."""
    return set(
        db.session.scalars(
            select(Favourite.article_id).where(Favourite.person_id == person_id, Favourite.article_id.in_(articles))
        )
    )


def _card(revision: Revision, now: datetime, *, category: Category) -> Card:
    article = revision.article
    return Card(
        article_id=article.id,
        revision_id=revision.id,
        revision_no=revision.no,
        number=article.number,
        title=revision.title,
        script=revision.script,
        script_parts=script.parts(revision.script),
        basis=basis_labels(revision.basis),
        in_force_from=revision.valid_from,
        in_force_to=revision.valid_to,
        checked=checked_words(revision.checked),
        needs_check=revision_needs_check(revision, now),
        category_code=category.code,
        category_name=category.name,
        unit=revision.unit,
        audience=revision.audience,
        district=revision.district,
        kind=revision.kind,
        seconds=script.seconds(revision.script),
        length=len(revision.script),
        title_parts=[(revision.title, False)],
    )


def revision_needs_check(revision: Revision, now: datetime) -> bool:
    """Whether the text carries 待核实 today."""
    return force.needs_check((row.checked for row in revision.basis), revision.confidence, beijing_day(now))


def checked_words(mark: str) -> str:
    """The mark of checking in words: 2026-07, or 摘录."""
    return "摘录" if mark.startswith("web") else mark.removeprefix("text-")


def basis_labels(rows: Sequence[Basis]) -> list[dict[str, str | None]]:
    """One label for each law, its articles joined: 公司法（2023年修订）第四十六条、第四十七条."""
    articles: dict[str, list[str]] = {}
    for row in rows:
        named = articles.setdefault(short_source(row.source), [])
        named += [part for part in row.article.split("、") if part not in named]
    return [{"label": f"{source} {'、'.join(named)}".strip(), "url": None} for source, named in articles.items()]


def short_source(source: str) -> str:
    """A law's name as one says it: without 中华人民共和国, brackets made full width."""
    return source.replace("中华人民共和国", "").replace("(", "（").replace(")", "）")
