"""A machine that lives the life of articles at random beside a plain model, and what must hold after every step.

Short in the suite, long as a drill: the machine is one, its length is chosen by who runs it.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

from flask import Flask
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal import create_app
from portal.core.clock import beijing_day, day_start, set_clock
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.home.queries import answer
from portal.knowledge.models import Article, Publication, Review, Revision, Verification
from portal.knowledge.queries import articles as listing
from portal.knowledge.queries.articles import Filters
from portal.knowledge.queries.visible import answering
from portal.knowledge.rules.force import FUSE
from portal.knowledge.rules.states import Verdict
from portal.knowledge.services import restoring, reviewing
from portal.search import services as index
from tests.support.databases import Templates, let_go

from . import hands
from .hands import REVIEWER
from .life_model import Line, Model, Text, Waiting
from .pack import NOW

PEOPLE = ["writer", "second", "third"]
"""Anybody may write, approve, light and confirm here: what the ledger allows must not hang on who has which role."""
CANARY = "全库同词"
"""A word that every text has: a search for it finds all that answer, and no more."""


class Life(RuleBasedStateMachine):
    """Drafts, requests, approvals, dates, withdrawals, emergencies, confirmations, calling off, restoring, time."""

    app: ClassVar[Flask]
    copy: ClassVar[Callable[[], Flask]]

    @initialize()
    def begin(self) -> None:
        """Three articles, empty; a verification of none."""
        type(self).app = type(self).copy()
        self.context = self.app.app_context()
        self.context.push()
        self.now, self.model, self.count = NOW, Model(), 0
        self.people = {name: hands.another(name).id for name in PEOPLE}
        self.articles = [hands.article() for _ in range(3)]
        self.verified: list[tuple[Any, ...]] = []

    def teardown(self) -> None:
        """Let everything go."""
        if hasattr(self, "context"):
            db.session.remove()
            self.context.pop()
            let_go(self.app)
            set_clock(None)

    # -- what people do ---------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 2), who=st.sampled_from(PEOPLE), days=st.sampled_from([None, None, None, 0, 1, 3]))
    def write(self, which: int, who: str, days: int | None) -> None:
        """Somebody writes a revision."""
        self.count += 1
        until = None if days is None else beijing_day(self.now) + timedelta(days=days)
        script = f"{CANARY}第{self.count}句。"
        article = self.articles[which]
        made = hands.write(article, script, by=self._person(who), now=self.now, valid_to=until)
        before = [text for text in self.model.texts if text.article == article]
        base = max((n for n, text in enumerate(before) if text.id in self.model.approved), default=-1)
        since = [text.author for text in before[base + 1 :]]
        self.model.texts.append(Text(made, article, who, script, until, [*since, who]))

    @precondition(lambda self: self.model.texts)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def submit(self, data: st.DataObject, who: str) -> None:
        """Somebody lays one or two texts before a reviewer."""
        texts = data.draw(
            st.lists(st.sampled_from(self.model.texts), min_size=1, max_size=2, unique_by=lambda t: t.article)
        )
        with transaction():
            rows = [db.session.get_one(Revision, text.id) for text in texts]
            by = self._actor(who)
            made = reviewing.submit(rows, title="", why="", wanted_on=None, by=by, now=self.now).id
        touched = {text.article for text in texts}
        self.model.waiting = [
            each for each in self.model.waiting if each.by != who or not {t.article for t in each.texts} <= touched
        ]
        self.model.waiting.append(Waiting(made, texts, who))

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE), days=st.sampled_from([None, None, 1, 2, 5]))
    def approve(self, data: st.DataObject, who: str, days: int | None) -> None:
        """Somebody approves, at once or for a day."""
        asked = data.draw(st.sampled_from(self.model.waiting))
        on = None if days is None else beijing_day(self.now) + timedelta(days=days)
        barred = who == asked.by or any(who in self._hands(text) for text in asked.texts)
        stale = any(self._newer(text) for text in asked.texts)

        def act() -> None:
            hands.approve(asked.id, by=self._person(who), from_on=on, now=self.now)

        if self._does(act, allowed=not barred and not stale):
            start = max(self.now, day_start(on)) if on else self.now
            for text in sorted(asked.texts, key=lambda each: each.id):
                self.model.approved.add(text.id)
                self.model.lines.append(Line(text.article, text, start, None))
            self.model.waiting.remove(asked)

    @rule(which=st.integers(0, 2))
    def withdraw(self, which: int) -> None:
        """A reviewer takes an article away."""
        article = self.articles[which]
        line = self.model.line(article, self.now)
        speaks = line is not None and line.text is not None
        if self._does(lambda: hands.withdraw(article, now=self.now), allowed=speaks):
            self.model.lines.append(Line(article, None, self.now, None))

    @precondition(lambda self: self.model.texts)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def light(self, data: st.DataObject, who: str) -> None:
        """Somebody publishes on their own word."""
        text = data.draw(st.sampled_from(self.model.texts))
        line = self.model.line(text.article, self.now)
        burns = line is not None and line.until is not None
        again = line is not None and line.text is not None and line.text.id == text.id
        allowed = not burns and not again and not self._lit_last(text.article, who)

        def act() -> None:
            with transaction():
                revision = db.session.get_one(Revision, text.id)
                article = db.session.get_one(Article, text.article)
                reviewing.publish_in_emergency(article, revision, by=self._actor(who), reason="急", now=self.now)

        if self._does(act, allowed=allowed):
            self.model.lines.append(Line(text.article, text, self.now, self.now + FUSE, lit_by=who))

    @rule(which=st.integers(0, 2), who=st.sampled_from(PEOPLE))
    def confirm(self, which: int, who: str) -> None:
        """Somebody confirms what burns."""
        article = self.articles[which]
        line = self.model.line(article, self.now)
        burns = line is not None and line.until is not None and line.text is not None
        barred = line is not None and line.text is not None and who in {line.lit_by, *self._hands(line.text)}
        if self._does(lambda: hands.confirm(article, by=self._person(who), now=self.now), allowed=burns and not barred):
            assert line is not None
            assert line.text is not None
            text = line.text
            self.model.approved.add(text.id)
            self.model.lines.append(Line(article, text, self.now, None))
            self.model.waiting = [each for each in self.model.waiting if {t.id for t in each.texts} != {text.id}]

    @rule(data=st.data(), which=st.integers(0, 2))
    def call_off(self, data: st.DataObject, which: int) -> None:
        """A reviewer calls a line of the ledger off, begun or not."""
        article = self.articles[which]
        ids = [line.id for line in hands.lines(article)]
        if not ids:
            return
        chosen = db.session.get_one(Publication, data.draw(st.sampled_from(ids)))
        line_id, at = chosen.id, chosen.from_at
        allowed = at > self.now
        if self._does(lambda: hands.call_off(article, line_id, now=self.now), allowed=allowed):
            for line in self.model.lines:
                same = line.article == article and line.at == at
                line.called_off = line.called_off or same

    @precondition(lambda self: self.model.texts)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def restore(self, data: st.DataObject, who: str) -> None:
        """Somebody brings an old text back: a new one that waits."""
        text = data.draw(st.sampled_from(self.model.texts))
        newest = max(each.id for each in self.model.texts if each.article == text.article)
        made: list[tuple[int, int]] = []

        def act() -> None:
            with transaction():
                article = db.session.get_one(Article, text.article)
                loaded = [selectinload(Revision.basis)]
                revision = db.session.get_one(Revision, text.id, options=loaded)
                by = self._person(who)
                row = restoring.restore(article, revision, why="要回来", by=by, now=self.now)
                db.session.flush()
                new = db.session.scalar(select(func.max(Revision.id)).where(Revision.article_id == text.article))
                made.append((row.id, new or 0))

        if self._does(act, allowed=newest != text.id):
            self._restored(text, who, *made[0])

    def _restored(self, text: Text, who: str, request: int, revision: int) -> None:
        before = [each for each in self.model.texts if each.article == text.article]
        base = max((n for n, each in enumerate(before) if each.id in self.model.approved), default=-1)
        since = [each.author for each in before[base + 1 :]]
        again = Text(revision, text.article, who, text.script, text.valid_to, [*since, who])
        self.model.texts.append(again)
        self.model.waiting = [
            each for each in self.model.waiting if each.by != who or {t.article for t in each.texts} != {text.article}
        ]
        self.model.waiting.append(Waiting(request, [again], who))

    @precondition(lambda self: self.model.texts)
    @rule(data=st.data())
    def verify(self, data: st.DataObject) -> None:
        """A reviewer compares a text with its sources."""
        text = data.draw(st.sampled_from(self.model.texts))
        by = hands.actor(REVIEWER)
        with transaction():
            row = Verification(
                article_id=text.article,
                revision_id=text.id,
                verdict=Verdict.TRUE,
                words="",
                next_on=date(2027, 5, 1),
                by_id=by.id,
                by_name=by.name,
                at=self.now,
            )
            db.session.add(row)
        self.verified = self._verifications()

    @rule(
        span=st.sampled_from(
            [timedelta(minutes=1), timedelta(hours=9), FUSE - timedelta(minutes=1), FUSE, timedelta(days=3)]
        )
    )
    def wait(self, span: timedelta) -> None:
        """Time goes by; nothing else happens."""
        self.now += span
        set_clock(self.now)

    # -- what must hold --------------------------------------------------------------------------------------

    @invariant()
    def the_portal_says_what_the_model_says(self) -> None:
        """At any moment an article says what the plain model says, one text at most."""
        if not hasattr(self, "model"):
            return
        for moment in (self.now, self.now + FUSE, self.now + timedelta(days=2), self.now + timedelta(days=30)):
            rows = db.session.execute(
                select(Revision.article_id, Revision.id).where(Revision.id.in_(answering(moment)))
            )
            found: dict[int, list[int]] = {}
            for article, revision in rows:
                found.setdefault(article, []).append(revision)
            says = {article: text.id for article in self.articles if (text := self.model.says(article, moment))}
            assert found == {article: [revision] for article, revision in says.items()}, moment

    @invariant()
    def nothing_speaks_without_two_people_or_a_burning_fuse(self) -> None:
        """Behind what speaks stands another person's yes, or a fuse that burns."""
        if not hasattr(self, "model"):
            return
        for revision in db.session.scalars(select(Revision).where(Revision.id.in_(answering(self.now)))):
            reviewers = set(db.session.scalars(select(Review.reviewer_id).where(Review.revision_id == revision.id)))
            burning = db.session.scalar(
                select(Publication.id).where(Publication.revision_id == revision.id, Publication.lapses_at > self.now)
            )
            assert (reviewers - {revision.author_id}) or burning

    @invariant()
    def search_lists_and_counts_show_what_answers_and_nothing_else(self) -> None:
        """Every search hit may be read out; what is counted is what is shown."""
        if not hasattr(self, "model"):
            return
        wanted = {text.id for article in self.articles if (text := self.model.says(article, self.now))}
        found = answer(CANARY, category="", now=self.now, person_id=None)
        assert {card.revision_id for card in found.cards} == wanted
        assert found.total == len(wanted)
        assert sum(int(each["count"]) for each in found.facets) in (0, len(wanted))
        rows, total = listing.articles(Filters(), self.now)
        assert ({row.id for row in rows}, total) == (wanted, len(wanted))
        assert sum(listing.counts_by_category(self.now).values()) == len(wanted)

    @invariant()
    def the_index_is_the_database(self) -> None:
        """The index holds what it should, document by document."""
        if not hasattr(self, "model"):
            return
        check = index.check()
        assert not check.missing
        assert not check.extra
        assert check.documents == check.expected

    @invariant()
    def verified_moves_only_when_somebody_verifies(self) -> None:
        """No edit, approval or withdrawal touches that clock."""
        if hasattr(self, "model"):
            assert self._verifications() == self.verified

    # -- helpers ---------------------------------------------------------------------------------------------

    def _does(self, act: Callable[[], object], *, allowed: bool) -> bool:
        """Whether the act was done; it must be refused exactly where the model says."""
        refused = ""
        try:
            act()
        except DomainError as refusal:
            refused = str(refusal)
        assert allowed is not bool(refused), refused or "let through"
        return allowed

    def _person(self, name: str) -> Any:
        return db.session.get_one(hands.Person, self.people[name])

    def _actor(self, name: str) -> Any:
        person = self._person(name)
        return hands.Actor(person.id, person.name)

    def _hands(self, text: Text) -> set[str]:
        """Who may not approve a text, counted from the last approved one before it."""
        before = [each for each in self.model.texts if each.article == text.article and each.id <= text.id]
        base = max((n for n, each in enumerate(before[:-1]) if each.id in self.model.approved), default=-1)
        return {each.author for each in before[base + 1 :]}

    def _newer(self, text: Text) -> bool:
        """Whether a newer text speaks in the ledger now or will."""
        moments = (
            {self.now}
            | {line.at for line in self.model.lines}
            | {line.until for line in self.model.lines if line.until}
        )
        ahead = [moment for moment in moments if moment >= self.now]
        lines = [self.model.line(text.article, moment) for moment in ahead]
        return any(line and line.text and line.text.id > text.id for line in lines)

    def _lit_last(self, article: int, who: str) -> bool:
        """Whether nobody else has done anything on the article since this person last lit a fuse there."""
        lines, mine = hands.lines(article), self.people[who]
        fuses = [line.id for line in lines if line.lapses_at and line.revision_id and line.by_id == mine]
        return bool(fuses) and all(line.by_id == mine for line in lines if line.id > max(fuses))

    def _verifications(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in db.session.execute(select(Verification.__table__).order_by(Verification.id))]


def live(templates: Templates, folder: Path, *, examples: int, steps: int) -> None:
    """Let the machine live so many lives of so many steps."""
    made: list[int] = []

    def copy() -> Flask:
        made.append(1)
        context = templates.copy("sqlite", "bare", folder / f"life-{len(made)}")
        set_clock(NOW)
        return create_app(context.__enter__())

    Life.copy = staticmethod(copy)  # type: ignore[assignment]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Life, settings=hypothesis_settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )
