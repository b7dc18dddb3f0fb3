"""What answers at a moment: tables for the pure rule, and the rule against its twin in SQL on random ledgers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.accounts.models import Person
from portal.accounts.services import CONTENT_PACK, ensure_service
from portal.categories.models import Category
from portal.core.clock import BEIJING, beijing_day, day_start
from portal.core.database import db
from portal.core.write import begin_write, end_write
from portal.knowledge.models import Article, Basis, Publication, Review, Revision
from portal.knowledge.queries.cards import cards, current_revisions
from portal.knowledge.queries.visible import answering, outlook, stretches
from portal.knowledge.rules import force
from portal.knowledge.rules.states import MaterialKind

FIRST = date(2026, 12, 28)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@dataclass(frozen=True)
class _Line:
    id: int
    revision_id: int | None
    from_at: datetime
    lapses_at: datetime | None = None


@dataclass(frozen=True)
class _Span:
    in_force_from: date
    in_force_to: date | None = None


LEDGER = [
    _Line(1, 11, _at("2026-01-01T09:00")),
    _Line(2, 12, _at("2027-01-01T00:00")),
    _Line(3, None, _at("2027-03-01T00:00")),
    _Line(4, 12, _at("2027-03-02T00:00")),
    _Line(5, 13, _at("2027-03-02T00:00")),
]


@pytest.mark.parametrize(
    ("moment", "revision"),
    [
        ("2026-01-01T08:59:59", None),
        ("2026-01-01T09:00:00", 11),
        ("2026-12-31T23:59:59", 11),
        ("2027-01-01T00:00:00", 12),
        ("2027-02-28T23:59:59", 12),
        ("2027-03-01T00:00:00", None),
        ("2027-03-02T00:00:00", 13),
        ("2030-01-01T00:00:00", 13),
    ],
)
def test_the_ledger_says_which_revision_is_live(moment: str, revision: int | None) -> None:
    line = force.live_line(LEDGER, _at(moment))
    assert (line.revision_id if line else None) == revision
    live = [window.revision_id for window in force.windows(LEDGER) if window.holds(_at(moment))]
    assert live == ([revision] if revision else [])


def test_a_withdrawal_leaves_a_gap_and_of_equal_moments_the_last_line_counts() -> None:
    assert force.windows(LEDGER) == [
        force.Window(11, _at("2026-01-01T09:00"), _at("2027-01-01T00:00")),
        force.Window(12, _at("2027-01-01T00:00"), _at("2027-03-01T00:00")),
        force.Window(13, _at("2027-03-02T00:00"), None),
    ]
    assert force.windows([]) == []


def test_when_a_fuse_has_burnt_down_the_text_before_speaks_again() -> None:
    fused = _Line(2, 12, _at("2026-06-01T22:00"), _at("2026-06-02T22:00"))
    assert force.windows([_Line(1, 11, _at("2026-01-01T09:00")), fused]) == [
        force.Window(11, _at("2026-01-01T09:00"), _at("2026-06-01T22:00")),
        force.Window(12, _at("2026-06-01T22:00"), _at("2026-06-02T22:00")),
        force.Window(11, _at("2026-06-02T22:00"), None),
    ]
    assert force.windows([fused]) == [force.Window(12, _at("2026-06-01T22:00"), _at("2026-06-02T22:00"))]
    confirmed = _Line(3, 12, _at("2026-06-02T09:00"))
    assert force.live_line([fused, confirmed], _at("2026-06-03T00:00")) == confirmed


OPEN = force.Window(1, _at("2026-06-01T12:00"), None)


@pytest.mark.parametrize(
    ("window", "valid", "basis", "start", "end"),
    [
        (OPEN, (date(2020, 1, 1), None), [], "2026-06-01T12:00", None),
        (OPEN, (date(2026, 7, 1), None), [], "2026-07-01T00:00", None),
        (OPEN, (date(2020, 1, 1), date(2026, 12, 31)), [], "2026-06-01T12:00", "2027-01-01T00:00"),
        (OPEN, (date(2020, 1, 1), None), [_Span(date(2026, 8, 15))], "2026-08-15T00:00", None),
        (
            OPEN,
            (date(2020, 1, 1), None),
            [_Span(date(2020, 1, 1), date(2026, 9, 30)), _Span(date(2020, 1, 1))],
            "2026-06-01T12:00",
            "2026-10-01T00:00",
        ),
        (
            force.Window(1, _at("2026-06-01T12:00"), _at("2026-06-05T10:00")),
            (date(2020, 1, 1), date(2026, 12, 31)),
            [],
            "2026-06-01T12:00",
            "2026-06-05T10:00",
        ),
    ],
)
def test_a_live_text_answers_only_while_it_and_all_its_basis_are_in_force(
    window: force.Window, valid: tuple[date, date | None], basis: list[_Span], start: str, end: str | None
) -> None:
    found = force.answering(window, valid_from=valid[0], valid_to=valid[1], basis=basis)
    assert found == force.Window(1, _at(start), _at(end) if end else None)


def test_a_text_out_of_force_before_it_is_published_never_answers() -> None:
    assert force.answering(OPEN, valid_from=date(2020, 1, 1), valid_to=date(2026, 5, 31), basis=[]) is None
    assert (
        force.answering(OPEN, valid_from=date(2027, 1, 1), valid_to=None, basis=[_Span(FIRST, date(2026, 12, 31))])
        is None
    )


@pytest.mark.parametrize(
    ("end", "now", "days"),
    [
        (None, "2026-12-01T00:00", None),
        ("2027-01-01T00:00", "2026-12-31T23:59", 1),
        ("2027-01-01T00:00", "2026-12-31T00:00", 1),
        ("2027-01-01T00:00", "2026-12-01T12:00", 31),
        ("2027-01-01T00:00", "2027-01-01T08:00", 0),
    ],
)
def test_days_left_are_counted_in_beijing(end: str | None, now: str, days: int | None) -> None:
    assert force.days_left(_at(end) if end else None, _at(now)) == days


@pytest.mark.parametrize(
    ("mark", "today", "old"),
    [
        ("text-2026-07", date(2026, 11, 23), False),
        ("text-2026-07", date(2027, 7, 2), False),
        ("text-2026-07", date(2027, 7, 3), True),
        ("text-2025-01", date(2026, 11, 23), True),
        ("web-excerpt", date(2026, 11, 23), True),
        ("web-excerpt-2026-07", date(2026, 11, 23), True),
        ("web", date(2026, 11, 23), True),
        ("text", date(2026, 11, 23), True),
    ],
)
def test_a_mark_of_checking_grows_old(mark: str, today: date, old: bool) -> None:
    assert force.mark_is_old(mark, today) is old


@pytest.mark.parametrize(
    ("marks", "confidence", "doubtful"),
    [
        (["text-2026-07"], "high", False),
        (["text-2026-07", "text-2026-01"], "high", False),
        (["text-2026-07"], "medium", True),
        (["text-2026-07", "web-excerpt"], "high", True),
        (["text-2024-06"], "high", True),
        ([], "high", False),
    ],
)
def test_a_doubtful_text_carries_the_mark(marks: list[str], confidence: str, doubtful: bool) -> None:
    assert force.needs_check(marks, confidence, date(2026, 11, 23)) is doubtful


# -- the rule and its twin in SQL ---------------------------------------------------------------------------

DAYS = st.integers(min_value=0, max_value=8).map(lambda n: FIRST + timedelta(days=n))
MOMENTS = st.builds(
    lambda day, seconds: datetime.combine(day, datetime.min.time(), BEIJING) + timedelta(seconds=seconds),
    DAYS,
    st.sampled_from([0, 1, 8 * 3600, 12 * 3600, 86_399]),
)
SPANS = st.tuples(st.one_of(st.just(date(2020, 1, 1)), DAYS), st.one_of(st.none(), DAYS))


@dataclass(frozen=True)
class _Text:
    valid: tuple[date, date | None]
    basis: list[tuple[date, date | None]]


@dataclass(frozen=True)
class _Case:
    texts: list[_Text]
    lines: list[tuple[int | None, datetime, int | None]]
    """Which text (None withdraws), from when, after how many hours it lapses; 0 calls off what begins then."""
    ids: list[int] = field(default_factory=list)


TEXTS = st.builds(_Text, SPANS, st.lists(SPANS, max_size=2))
CASES = st.lists(TEXTS, min_size=1, max_size=3).flatmap(
    lambda texts: st.builds(
        _Case,
        st.just(texts),
        st.lists(
            st.tuples(
                st.one_of(st.none(), st.integers(0, len(texts) - 1), st.integers(0, len(texts) - 1)),
                MOMENTS,
                st.sampled_from([None, None, 1, 24, 60, 0]),
            ),
            max_size=4,
        ),
    )
)


def _write(case: _Case, number: int, category: Category, author: Person, now: datetime) -> Article:
    article = Article(number=f"KB-TEST-{number}", category_id=category.id, created_at=now)
    db.session.add(article)
    db.session.flush()
    revisions = [_revision(article, no, text, author, now) for no, text in enumerate(case.texts, start=1)]
    db.session.add_all(revisions)
    db.session.flush()
    for chosen, from_at, hours in case.lines:
        revision_id = None if chosen is None else revisions[chosen].id
        revision_id = None if hours == 0 else revision_id
        lapses_at = from_at + timedelta(hours=hours) if hours is not None and (revision_id or not hours) else None
        reviewed = revision_id is not None and lapses_at is None
        line = Publication(
            article_id=article.id,
            revision_id=revision_id,
            review_id=_review(revision_id, author, now).id if reviewed and revision_id else None,
            from_at=from_at,
            lapses_at=lapses_at,
            by_id=author.id,
            by_name=author.name,
            reason="",
            at=now,
        )
        db.session.add(line)
        db.session.flush()
    return article


def _review(revision_id: int, author: Person, now: datetime) -> Review:
    reviewer = db.session.scalars(select(Person).where(Person.id != author.id).limit(1)).one()
    row = Review(
        revision_id=revision_id,
        author_id=author.id,
        reviewer_id=reviewer.id,
        reviewer_name=reviewer.name,
        verdict="通过",
        remark="",
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _revision(article: Article, no: int, text: _Text, author: Person, now: datetime) -> Revision:
    plain = dict.fromkeys(("title", "script", "body", "body_html", "audience", "district", "unit", "note", "why"), "字")
    basis = [
        Basis(
            position=n, text="", source="", article="", in_force_from=a, in_force_to=b, checked="text-2026-07", note=""
        )
        for n, (a, b) in enumerate(text.basis, start=1)
    ]
    return Revision(
        **plain,
        article_id=article.id,
        no=no,
        kind=MaterialKind.LAW,
        valid_from=text.valid[0],
        valid_to=text.valid[1],
        checked="2026-07",
        confidence="high",
        weight="实质修改",
        sha256=f"{article.id}-{no}",
        author_id=author.id,
        author_name=author.name,
        created_at=now,
        basis=basis,
    )


def _by_rule(articles: Iterable[Article], moment: datetime) -> set[int]:
    found: set[int] = set()
    for article in articles:
        lines = db.session.scalars(select(Publication).where(Publication.article_id == article.id)).all()
        for window in force.windows(lines):
            revision = db.session.get_one(Revision, window.revision_id)
            basis = db.session.scalars(select(Basis).where(Basis.revision_id == revision.id)).all()
            narrow = force.answering(window, valid_from=revision.valid_from, valid_to=revision.valid_to, basis=basis)
            if narrow and narrow.holds(moment):
                found.add(revision.id)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(CASES, min_size=1, max_size=3), moments=st.lists(MOMENTS, min_size=1, max_size=4))
def test_the_database_and_the_rule_agree_on_what_answers(
    any_app: Flask, cases: list[_Case], moments: list[datetime]
) -> None:
    now = _at("2026-12-01T00:00")
    with any_app.app_context():
        begin_write()
        try:
            category = db.session.scalars(select(Category).limit(1)).one()
            author = ensure_service(CONTENT_PACK, now=now)
            articles = [_write(case, n, category, author, now) for n, case in enumerate(cases)]
            edges = [edge for case in cases for _, edge, _ in case.lines]
            edges += [edge + timedelta(hours=hours) for case in cases for _, edge, hours in case.lines if hours]
            edges += [day_start(beijing_day(moment)) for moment in moments]
            for moment in {*moments, *edges, *(edge - timedelta(microseconds=1) for edge in edges)}:
                expected = _by_rule(articles, moment)
                assert set(db.session.scalars(answering(moment))) == expected
                ids = [article.id for article in articles]
                assert set(current_revisions(ids, moment)) == expected
                everything = list(db.session.scalars(select(Revision.id)))
                assert {card.revision_id for card in cards(everything, now=moment, person_id=None)} == expected
                spans = stretches(ids)
                held = {outlook(spans[key], moment).current for key in ids}
                assert {window.revision_id for window in held if window} == expected
        finally:
            end_write()
