"""Read what was not found and what could be learned from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import joinedload, selectinload

from portal.accounts.models import Person
from portal.categories.models import Category
from portal.categories.queries import codes, standing
from portal.core.clock import beijing_day, day_start
from portal.core.database import db
from portal.search.events import keys_without_hits, without_hits
from portal.search.models import SearchEvent

from ..models import Article, Gap, GapReport, PhraseEvidence, ProposedPhrase
from ..rules.states import PhraseState

WEEKS = 8
"""How far back what was not found is looked at."""


@dataclass
class Missing:
    """Words for which nothing was found, and the occasions on which they were asked.

    Attributes:
        key: the words as they are compared.
        words: the words as they were typed last.
        events: the queries that found nothing.
        reports: the times somebody at the desk said so.
        gap: what is kept of them, if anything.
        category: where they belong, None for 未归类.
        state: what became of them: 已收 or 待收 as a phrase, None while nobody has seen to them.
    """

    key: str
    words: str
    events: list[SearchEvent] = field(default_factory=list)
    reports: list[GapReport] = field(default_factory=list)
    gap: Gap | None = None
    category: Category | None = None
    state: PhraseState | None = None

    @property
    def people(self) -> int:
        """How many different people asked."""
        return len({event.person_id for event in self.events} | {report.person_id for report in self.reports})

    @property
    def last_at(self) -> datetime:
        """When it was asked last."""
        return max([event.at for event in self.events] + [report.at for report in self.reports])


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks(now: datetime) -> list[date]:
    """The Mondays that are looked at, this week's first."""
    this = week_of(beijing_day(now))
    return [this - timedelta(weeks=back) for back in range(WEEKS)]


def span(week: date | None, now: datetime) -> tuple[datetime, datetime]:
    """From when until just before when: a week, or all that is looked at."""
    first = week or weeks(now)[-1]
    last = (week or weeks(now)[0]) + timedelta(weeks=1)
    return day_start(first), day_start(last)


def missing(now: datetime, *, key: str | None = None) -> list[Missing]:
    """All that was not found in the weeks that are looked at (or only these words); asked by most people first."""
    since, until = span(None, now)
    reported = select(GapReport).where(GapReport.at >= since, GapReport.at < until).options(joinedload(GapReport.gap))
    if key is not None:
        reported = reported.join(Gap, Gap.id == GapReport.gap_id).where(Gap.key == key)
    reports = db.session.scalars(reported.order_by(GapReport.at.desc(), GapReport.id.desc())).all()
    found: dict[str, Missing] = {}
    for event in without_hits(since, until, None if key is None else [key]):
        found.setdefault(event.key, Missing(event.key, event.words)).events.append(event)
    for report in reports:
        found.setdefault(report.gap.key, Missing(report.gap.key, report.gap.words)).reports.append(report)
    _complete(found, beijing_day(now))
    return in_order(found.values())


def in_order(rows: Iterable[Missing]) -> list[Missing]:
    """Asked by most people first, then most often, then last."""
    return sorted(rows, key=lambda row: (-row.people, -len(row.events), -row.last_at.timestamp(), row.key))


def _complete(found: dict[str, Missing], today: date) -> None:
    """Add what is kept of the words, where they belong, and what became of them."""
    gaps = db.session.scalars(select(Gap).where(Gap.key.in_(found)).options(joinedload(Gap.article)))
    kept = {gap.key: gap for gap in gaps}
    states = _states(list(found))
    known = codes()
    by_id = {category.id: category for category in known.values()}
    stands = standing(known.values(), today)
    for row in found.values():
        row.gap = kept.get(row.key)
        row.state = states.get(row.key)
        picked = row.gap.category_id if row.gap else None
        asked_in = next((known[event.context].id for event in row.events if event.context in known), None)
        if category := by_id.get(picked or asked_in or 0):
            row.category = stands[category.id]


def _states(keys: Sequence[str]) -> dict[str, PhraseState]:
    statement = select(ProposedPhrase.key, ProposedPhrase.state).where(
        ProposedPhrase.key.in_(keys), ProposedPhrase.state != PhraseState.REFUSED
    )
    states: dict[str, PhraseState] = {}
    for key, state in db.session.execute(statement):
        if states.get(key) != PhraseState.TAKEN:
            states[key] = PhraseState(state)
    return states


def within(rows: Iterable[Missing], week: date | None, now: datetime) -> list[Missing]:
    """Those asked in a week, each with that week's occasions only."""
    if week is None:
        return list(rows)
    since, until = span(week, now)

    def of_week(row: Missing) -> Missing:
        events = [event for event in row.events if since <= event.at < until]
        reports = [report for report in row.reports if since <= report.at < until]
        return Missing(row.key, row.words, events, reports, row.gap, row.category, row.state)

    narrowed = [of_week(row) for row in rows]
    return in_order(row for row in narrowed if row.events or row.reports)


def unseen_gaps(now: datetime) -> int:
    """How many different words were not found in the weeks that are looked at and led to no phrase yet."""
    since, _ = span(None, now)
    reported = select(Gap.key).join(GapReport, GapReport.gap_id == Gap.id).where(GapReport.at >= since)
    asked = union(keys_without_hits(since), reported).subquery()
    seen_to = select(ProposedPhrase.key).where(ProposedPhrase.state != PhraseState.REFUSED)
    return db.session.scalar(select(func.count()).select_from(asked).where(asked.c.key.not_in(seen_to))) or 0


@dataclass(frozen=True)
class Waiting:
    """A proposed phrase that waits for an editor."""

    phrase: ProposedPhrase
    people: int
    last_at: datetime


def waiting() -> list[Waiting]:
    """The phrases that wait, those with the most different people behind them first."""
    people = func.count(PhraseEvidence.person_id.distinct())
    statement: Select[ProposedPhrase, int, datetime] = (
        select(ProposedPhrase, people, func.max(PhraseEvidence.asked_at))
        .join(PhraseEvidence, PhraseEvidence.proposal_id == ProposedPhrase.id)
        .where(ProposedPhrase.state == PhraseState.WAITING)
        .group_by(ProposedPhrase.id)
        .options(joinedload(ProposedPhrase.article).selectinload(Article.phrases))
        .order_by(people.desc(), func.max(PhraseEvidence.asked_at).desc(), ProposedPhrase.id)
    )
    return [Waiting(phrase, count, last_at) for phrase, count, last_at in db.session.execute(statement)]


def waiting_phrases() -> int:
    """How many proposed phrases wait for an editor."""
    return db.session.scalar(select(func.count()).where(ProposedPhrase.state == PhraseState.WAITING)) or 0


def phrase_by_id(phrase_id: int) -> ProposedPhrase | None:
    """One proposed phrase with its article and evidence, held against a second editor."""
    return db.session.scalar(
        select(ProposedPhrase)
        .where(ProposedPhrase.id == phrase_id)
        .options(selectinload(ProposedPhrase.article), selectinload(ProposedPhrase.evidence))
    )


def names(person_ids: Iterable[int]) -> dict[int, str]:
    """Person id → name."""
    statement = select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return dict(db.session.execute(statement).all())
