"""Verification: when it is due, what it finds, and that the four clocks never reset each other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.categories.models import Prompt
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.write import transaction
from portal.knowledge.models import Article, Revision, Verification
from portal.knowledge.queries import verifying as reading
from portal.knowledge.queries.uses import usage
from portal.knowledge.queries.visible import outlook, stretches
from portal.knowledge.rules import verifying as rules
from portal.knowledge.rules.states import MaterialKind, Sensitivity, Verdict
from portal.knowledge.services import uses
from portal.knowledge.services import verifying as services
from tests.support.visitor import Visitor

from .asking import acts, article_of, who
from .keeping import basis, edit, newest, notices, person
from .pack import NOW, take_in, write

Arrive = Callable[[str], Visitor]
TODAY = beijing_day(NOW)


@pytest.fixture
def told(any_app: Flask, tmp_path: Path) -> Flask:
    """Two articles on each database."""
    for slug in ("told", "other"):
        write(tmp_path / "pack", slug, f"{slug} 这样念。")
    with any_app.app_context():
        take_in(tmp_path / "pack")
    return any_app


def _verify(
    slug: str = "told",
    verdict: Verdict = Verdict.TRUE,
    *,
    words: str = "",
    next_on: date | None = None,
    now: datetime = NOW,
    revision_id: int = 0,
) -> int:
    with transaction():
        row = services.verify(
            article_of(slug),
            revision_id or newest(slug).id,
            verdict=verdict,
            words=words,
            next_on=next_on,
            by=who("demo.zhou"),
            now=now,
        )
        return row.id


def _due(slug: str = "told", now: datetime = NOW) -> reading.Due:
    (due,) = reading.clocks(now, [article_of(slug).id])
    return due


# -- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sensitivity", "own", "days"),
    [
        (MaterialKind.LAW, Sensitivity.OPEN, None, 365),
        (MaterialKind.HOT_QUESTION, Sensitivity.OPEN, None, 90),
        (MaterialKind.NOTICE, Sensitivity.INTERNAL, None, 60),
        (MaterialKind.LAW, Sensitivity.INTERNAL, None, 90),
        (MaterialKind.NOTICE, Sensitivity.SENSITIVE, None, 30),
        (MaterialKind.NOTICE, Sensitivity.SENSITIVE, 400, 400),
    ],
)
def test_the_shorter_interval_counts_and_what_is_set_by_hand_before_all(
    kind: MaterialKind, sensitivity: Sensitivity, own: int | None, days: int
) -> None:
    found = rules.interval(kind, sensitivity, own)
    assert (found.days, bool(found.why)) == (days, True)


def test_every_kind_and_every_sensitivity_has_days_and_a_reason() -> None:
    assert set(rules.BY_KIND) == set(MaterialKind)
    assert set(rules.AT_MOST) == set(Sensitivity)
    assert all(days >= rules.SHORTEST and why for days, why in [*rules.BY_KIND.values(), *rules.AT_MOST.values()])


@pytest.mark.parametrize(
    ("mark", "day"),
    [
        ("2026-07", date(2026, 7, 31)),
        ("text-2024-02", date(2024, 2, 29)),
        ("text-2026-12", date(2026, 12, 31)),
        ("web-excerpt", None),
        ("web-2026-07-06", date(2026, 7, 31)),
        ("", None),
        ("2026-13", None),
        ("待核", None),
    ],
)
def test_a_mark_of_checking_names_the_last_day_of_its_month(mark: str, day: date | None) -> None:
    assert rules.marked_on(mark) == day


def test_the_clock_goes_by_the_last_verification_else_by_the_first_mark_else_it_is_due_at_once() -> None:
    every, taken_in = rules.Interval(90, ""), date(2026, 10, 1)
    marked = rules.clock(last_true_on=None, next_on=None, first_mark="2026-07", taken_in_on=taken_in, every=every)
    assert (marked.verified_on, marked.due_on) == (date(2026, 7, 31), date(2026, 10, 29))
    excerpt = rules.clock(last_true_on=None, next_on=None, first_mark="web-excerpt", taken_in_on=taken_in, every=every)
    assert (excerpt.verified_on, excerpt.since, excerpt.due_on) == (None, taken_in, taken_in)
    later = date(2026, 11, 1)
    done = rules.clock(
        last_true_on=later, next_on=date(2027, 2, 1), first_mark="2026-07", taken_in_on=taken_in, every=every
    )
    assert (done.since, done.due_on, done.days(TODAY), done.overdue(TODAY)) == (later, date(2027, 2, 1), 22, -70)


def test_harm_is_use_times_age_times_change() -> None:
    assert rules.harm(10, 100, 0) == 1000
    assert rules.harm(10, 100, 2) == 3000
    assert rules.harm(0, 999, 9) == 0


# -- services -----------------------------------------------------------------------------------------------------


def test_a_text_found_true_moves_its_clock_and_leaves_a_line_in_the_audit(told: Flask) -> None:
    with told.app_context():
        before = _due()
        assert before.clock.verified_on == date(2026, 7, 31)
        _verify()
        after = _due()
        assert after.clock.verified_on == TODAY
        assert after.clock.due_on == TODAY + timedelta(days=365)
        assert _due("other").clock == before.clock
        assert len(acts("knowledge:article:verify")) == 1
        assert db.session.scalars(select(Prompt)).all() == []


def test_what_is_wrong_raises_a_prompt_and_what_should_go_is_told_to_reviewers(told: Flask) -> None:
    with told.app_context():
        _verify(verdict=Verdict.TO_CHANGE, words="第二句过时")
        _verify(verdict=Verdict.TO_CHANGE, words="第二句还是过时")
        prompt = db.session.scalars(select(Prompt)).one()
        assert (prompt.asks, prompt.rule, prompt.state) == ("知识", "knowledge:verification", "待办")
        assert "第二句过时" in str(prompt.evidence)
        assert _due().clock.verified_on == date(2026, 7, 31), "what was found wrong was not found true"
        assert _due().clock.due_on == date(2026, 11, 30), "five working days later it comes back"
        _verify("other", Verdict.TO_WITHDRAW, words="没有依据了")
        assert any("该下架" in text for text in notices("demo.wu"))
        assert not any("该下架" in text for text in notices("demo.zhou"))
        assert len(db.session.scalars(select(Prompt)).all()) == 2


def test_a_verdict_without_words_a_past_day_or_another_text_is_refused(told: Flask) -> None:
    with told.app_context():
        for bad in (
            {"verdict": Verdict.TO_CHANGE},
            {"verdict": Verdict.TO_WITHDRAW, "words": "  "},
            {"next_on": TODAY},
            {"next_on": TODAY + timedelta(days=731)},
            {"revision_id": newest("other").id},
        ):
            with pytest.raises(DomainError):
                _verify(**bad)  # type: ignore[arg-type]
        assert db.session.scalars(select(Verification)).all() == []
        old = newest("told").id
        edit("told", script="换了一句。")
        with pytest.raises(DomainError, match="现在不在用"):
            _verify(revision_id=old)


def test_owner_interval_and_sensitivity_are_set_by_head_or_reviewer_and_keep_the_opened_version(told: Flask) -> None:
    with told.app_context():

        def save(owner: str | None, days: int | None, version: int) -> bool:
            with transaction():
                return services.set_keeping(
                    article_of("told"),
                    owner_id=person(owner).id if owner else None,
                    interval_days=days,
                    sensitivity=Sensitivity.INTERNAL,
                    opened_version=version,
                    by=who("demo.sun"),
                    now=NOW,
                )

        assert save("demo.zhou", 45, 1)
        assert _due().every.days == 45
        assert any("责任人" in text for text in notices("demo.zhou"))
        assert not save("demo.zhou", 45, 2), "the same again changes nothing"
        with pytest.raises(ConflictError):
            save(None, 60, 1)
        for owner, days in ((None, 6), (None, 731), ("demo.li", 45)):
            with pytest.raises(DomainError):
                save(owner, days, 2)
        assert len(acts("knowledge:article:assign")) == 1


@dataclass(frozen=True)
class _Clocks:
    changed: tuple[int, str]
    verified: rules.Clock
    valid: object
    used: object


def _clocks(slug: str, now: datetime) -> _Clocks:
    article = article_of(slug)
    revision = db.session.scalars(
        select(Revision).where(Revision.article_id == article.id).order_by(Revision.no.desc()).limit(1)
    ).one()
    ahead = outlook(stretches([article.id])[article.id], now)
    span = (ahead.current.start, ahead.current.end) if ahead.current else None
    return _Clocks((revision.no, revision.sha256), _due(slug, now).clock, span, usage(article.id, now))


def test_the_four_clocks_never_reset_each_other(told: Flask) -> None:
    later = NOW + timedelta(hours=1)
    with told.app_context():
        before = _clocks("told", later)
        _verify(now=NOW)
        verified = _clocks("told", later)
        assert (verified.changed, verified.valid, verified.used) == (before.changed, before.valid, before.used)
        assert verified.verified != before.verified

        with transaction():
            uses.use(article_of("told"), newest("told").id, ticket="T-1", by=who(), now=NOW)
        used = _clocks("told", later)
        assert (used.changed, used.verified, used.valid) == (verified.changed, verified.verified, verified.valid)
        assert used.used != verified.used

        edit("told", script="改了一个字。", checked="2026-11", now=NOW + timedelta(minutes=5))
        edited = _clocks("told", later)
        assert (edited.verified, edited.used) != (None, None)
        assert edited.verified == used.verified, "an edit never verifies, whatever mark it brings"
        assert edited.used.last_at == used.used.last_at  # type: ignore[attr-defined]
        assert edited.changed != used.changed


def test_an_edit_never_moves_the_clock_of_what_was_never_verified(told: Flask) -> None:
    with told.app_context():
        before = _due().clock
        for number, mark in enumerate(("2026-11", "text-2026-11", "web-excerpt")):
            edit("told", script=f"第 {number} 次改。", checked=mark, now=NOW + timedelta(minutes=number))
            assert _due(now=NOW + timedelta(hours=1)).clock == before


def test_the_queue_is_ordered_by_harm_and_a_changed_basis_weighs_more(told: Flask) -> None:
    soon = NOW + timedelta(days=250)
    with told.app_context():
        for number in range(3):
            with transaction():
                uses.use(article_of("told"), newest("told").id, ticket=f"A-{number}", by=who(), now=soon)
        for number in range(2):
            with transaction():
                uses.use(article_of("other"), newest("other").id, ticket=f"B-{number}", by=who(), now=soon)
        at = soon + timedelta(hours=1)
        rows, total = reading.queue(at)
        assert total == 2
        assert [row.number for row in rows] == [article_of("told").number, article_of("other").number]
        days = rows[0].clock.days(beijing_day(at))
        assert rows[0].harm == 3 * days
        edit("other", rows=[basis("别的条例", "第二条")], now=soon)
        rows, _ = reading.queue(at)
        assert [row.number for row in rows] == [article_of("other").number, article_of("told").number]
        assert (rows[0].changed_basis, rows[0].harm) == (1, 2 * days * 2)
        assert reading.queue(NOW)[1] == 0, "what is not due within a month is not asked for"
        assert reading.queue(at, owner_id=person("demo.zhou").id)[1] == 0


# -- pages --------------------------------------------------------------------------------------------------------


def _number(guest: Visitor) -> str:
    with guest.app.app_context():
        return db.session.scalars(select(Article.number).where(Article.slug == "trademark-term")).one()


def test_the_page_shows_the_formula_and_leads_to_the_form(visitor: Arrive) -> None:
    editor = visitor("demo.zhou")
    page = editor.get("knowledge.verifications")
    assert rules.FORMULA in page.get_text()
    first = page.select_one("tbody a")
    assert first is not None
    there = editor.get(str(first["href"]))
    form = there.select_one("main form.form")
    assert form is not None
    kept = {box["name"]: box.get("value", "") for box in form.select("input[type=hidden]")}
    refused = editor.post(str(form["action"]), data={**kept, "verdict": "要修改", "words": ""}, status=422)
    assert "请写明哪里要改" in refused.text
    editor.post(str(form["action"]), data={**kept, "verdict": "仍然准确", "words": "对过公报"})
    page = editor.get("knowledge.verifications")
    assert str(first["href"]) not in [link["href"] for link in page.select("tbody a")]
    assert "对过公报" in editor.get(str(first["href"])).get_text()


def test_verification_is_for_editors_and_reviewers_and_keeping_for_reviewer_and_head(visitor: Arrive) -> None:
    number = _number(visitor("demo.zhou"))
    for login, verifies, assigns in (
        ("demo.zhou", 200, 403),
        ("demo.wu", 200, 200),
        ("demo.sun", 403, 200),
        ("demo.li", 403, 403),
        ("demo.wang", 403, 403),
    ):
        client = visitor(login).client
        assert client.get("/knowledge/verify").status_code == verifies, login
        assert client.get(f"/knowledge/{number}/verify").status_code == verifies, login
        assert client.get(f"/knowledge/{number}/keeping").status_code == assigns, login
    head = visitor("demo.sun")
    head.post(
        f"/knowledge/{number}/keeping", data={"owner": "", "interval_days": "3", "sensitivity": "公开"}, status=422
    )
    head.post(f"/knowledge/{number}/keeping", data={"owner": "", "interval_days": "45", "sensitivity": "公开"})
    assert "45 天一次" in visitor("demo.zhou").get(f"/knowledge/{number}/verify").get_text()
