"""How articles are kept true: verification, what the reader said, rules that change, who must know."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, instant, pk

from ..rules.states import RuleAct, Verdict
from .articles import Article, Publication, Revision


class Verification(Base):
    """Somebody compared a text with its sources (复核). Added only; an edit never moves this clock."""

    __tablename__ = "verifications"

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    verdict: Mapped[Verdict] = mapped_column(String(10))
    words: Mapped[str]
    next_on: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]


class Feedback(Base):
    """Whether an answer helped the caller (已解决 / 未解决)."""

    __tablename__ = "feedback"

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    solved: Mapped[bool]
    ticket: Mapped[str | None] = mapped_column(String(32))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(index=True)


class Acknowledgement(Base):
    """Somebody says that they have read of a change (已读)."""

    __tablename__ = "acknowledgements"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), primary_key=True)
    at: Mapped[instant]

    publication: Mapped[Publication] = relationship(lazy="raise_on_sql", viewonly=True)


class RuleChange(Base):
    """A document was amended or repealed, and what was done about all that rests on it."""

    __tablename__ = "rule_changes"

    id: Mapped[pk]
    document: Mapped[str] = mapped_column(String(200))
    """As it was typed: its name or number."""
    key: Mapped[str] = mapped_column(String(200), index=True)
    """As it is compared: one spelling."""
    act: Mapped[RuleAct] = mapped_column(String(4))
    in_force_on: Mapped[date]
    note: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]

    touched: Mapped[list["RuleTouch"]] = relationship(lazy="raise_on_sql", order_by="RuleTouch.id", viewonly=True)


class RuleTouch(Base):
    """One article that rests on a document that changed, and whether it was taken away at once."""

    __tablename__ = "rule_touches"
    __table_args__ = (UniqueConstraint("change_id", "article_id"),)

    id: Mapped[pk]
    change_id: Mapped[int] = mapped_column(ForeignKey("rule_changes.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    frozen: Mapped[bool]

    article: Mapped[Article] = relationship(lazy="raise_on_sql", viewonly=True)
    revision: Mapped[Revision] = relationship(lazy="raise_on_sql", viewonly=True)


class Subscription(Base):
    """Somebody wants to be told when an article or anything of a category changes (订阅)."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("person_id", "article_id"),
        UniqueConstraint("person_id", "category_id"),
        CheckConstraint("(article_id IS NULL) <> (category_id IS NULL)", name="one_thing"),
    )

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    at: Mapped[instant]
