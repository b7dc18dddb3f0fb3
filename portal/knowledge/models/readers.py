"""What readers keep of articles and do with them: favourites, uses, flags, gaps, phrases learned from them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, instant, pk

from ..rules.states import FlagKind, FlagState, PhraseState
from .articles import Article, Revision


class Favourite(Base):
    """An article somebody wants at hand."""

    __tablename__ = "favourites"
    __table_args__ = (UniqueConstraint("person_id", "article_id"),)

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    at: Mapped[instant]


class Opened(Base):
    """When somebody last opened an article: a mark for the desk's list, no act (not audited)."""

    __tablename__ = "opened"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Use(Base):
    """What was told to a caller (引用): this very revision, for this ticket. Never changed, never deleted."""

    __tablename__ = "uses"
    __table_args__ = (UniqueConstraint("ticket", "revision_id"), Index("ix_uses_article", "article_id", "at"))

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), index=True)
    ticket: Mapped[str | None] = mapped_column(String(32))
    """The ticket's number as it was typed; this floor does not read it. None where none was given."""
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    person_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]

    article: Mapped[Article] = relationship(lazy="raise_on_sql", viewonly=True)
    revision: Mapped[Revision] = relationship(lazy="raise_on_sql", viewonly=True)


class Flag(Base):
    """A reader says that a revision is wrong (纠错)."""

    __tablename__ = "flags"

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    kind: Mapped[FlagKind] = mapped_column(String(10))
    words: Mapped[str]
    searched: Mapped[str] = mapped_column(String(200))
    """The words by which the text had been found, if any."""
    ticket: Mapped[str | None] = mapped_column(String(32))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    person_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]
    state: Mapped[FlagState] = mapped_column(String(10), default=FlagState.NEW, index=True)
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    seen_by_name: Mapped[str] = mapped_column(String(60), default="")
    seen_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    """The working day by which whoever keeps the article owes an answer."""
    answer: Mapped[str] = mapped_column(default="")
    answer_revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    """The revision in which it ended; None where the answer says why nothing was changed."""
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_by_name: Mapped[str] = mapped_column(String(60), default="")
    answered_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When the person who raised it read the answer."""

    article: Mapped[Article] = relationship(lazy="raise_on_sql", viewonly=True)
    revision: Mapped[Revision] = relationship(lazy="raise_on_sql", foreign_keys=[revision_id], viewonly=True)


class Gap(Base):
    """Words for which nothing was found (搜不到), once somebody has reported, sorted or answered them."""

    __tablename__ = "gaps"

    id: Mapped[pk]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    words: Mapped[str] = mapped_column(String(200))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    """The category an editor sorted it into, else the first that somebody reporting it picked."""
    sorted_by_name: Mapped[str] = mapped_column(String(60), default="")
    sorted_at: Mapped[datetime | None]
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    """The article that an editor says answers it; empty again when its phrase was refused."""
    answered_by_name: Mapped[str] = mapped_column(String(60), default="")
    answered_at: Mapped[datetime | None]
    at: Mapped[instant]

    article: Mapped[Article | None] = relationship(lazy="raise_on_sql", viewonly=True)


class GapReport(Base):
    """Somebody at the desk reported a gap (报缺口)."""

    __tablename__ = "gap_reports"

    id: Mapped[pk]
    gap_id: Mapped[int] = mapped_column(ForeignKey("gaps.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    note: Mapped[str] = mapped_column(String(300))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    person_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(index=True)

    gap: Mapped[Gap] = relationship(lazy="raise_on_sql", viewonly=True)


class ProposedPhrase(Base):
    """Words by which an article should be found, learned from what people did; an editor takes or refuses them."""

    __tablename__ = "proposed_phrases"
    __table_args__ = (UniqueConstraint("article_id", "key"),)

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    key: Mapped[str] = mapped_column(String(200), index=True)
    text: Mapped[str] = mapped_column(String(200))
    state: Mapped[PhraseState] = mapped_column(String(10), default=PhraseState.WAITING, index=True)
    at: Mapped[instant]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_by_name: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None]

    article: Mapped[Article] = relationship(lazy="raise_on_sql", viewonly=True)
    evidence: Mapped[list["PhraseEvidence"]] = relationship(
        lazy="raise_on_sql", order_by="PhraseEvidence.id.desc()", viewonly=True
    )


class PhraseEvidence(Base):
    """One occasion that speaks for a phrase: asked so, found nothing of use, asked otherwise, used the article.

    Where `used_words` is empty an editor said which article answers the gap.
    """

    __tablename__ = "phrase_evidence"
    __table_args__ = (UniqueConstraint("proposal_id", "event_id"),)

    id: Mapped[pk]
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposed_phrases.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    event_id: Mapped[int | None]
    """The query that failed, by its number in the log; the log forgets in time, the evidence stays."""
    hits: Mapped[int]
    used_words: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[instant]
    at: Mapped[instant]
