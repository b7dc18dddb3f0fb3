"""Articles, their immutable revisions, the second person's word and the ledger of what speaks when."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.categories.models import Category
from portal.core.database import Base, instant, pk

from ..rules.states import MaterialKind, Sensitivity


class Article(Base):
    """A stable number (知识编号) under which revisions come and go."""

    __tablename__ = "articles"

    id: Mapped[pk]
    number: Mapped[str] = mapped_column(String(30), unique=True)
    slug: Mapped[str | None] = mapped_column(String(100), unique=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    created_at: Mapped[instant]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Who keeps it true (责任人); where nobody is named, the editors do as a group."""
    sensitivity: Mapped[Sensitivity] = mapped_column(String(4), default=Sensitivity.OPEN)
    interval_days: Mapped[int | None]
    """Days between two verifications; None takes the usual ones of its category and sensitivity."""
    version: Mapped[int] = mapped_column(default=1)

    category: Mapped[Category] = relationship(lazy="raise_on_sql")
    revisions: Mapped[list["Revision"]] = relationship(lazy="raise_on_sql", order_by="Revision.no", viewonly=True)
    phrases: Mapped[list["Phrase"]] = relationship(lazy="raise_on_sql", order_by="Phrase.id", viewonly=True)
    publications: Mapped[list["Publication"]] = relationship(
        lazy="raise_on_sql", order_by="Publication.id", viewonly=True
    )


class Revision(Base):
    """What an article says, word for word. Never changed, never deleted (kept by the database)."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("article_id", "no"), UniqueConstraint("id", "author_id"))

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    no: Mapped[int]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    title: Mapped[str] = mapped_column(String(200))
    script: Mapped[str]
    body: Mapped[str]
    body_html: Mapped[str]
    audience: Mapped[str] = mapped_column(String(200))
    district: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(100))
    kind: Mapped[MaterialKind] = mapped_column(String(20))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    checked: Mapped[str] = mapped_column(String(30))
    confidence: Mapped[str] = mapped_column(String(10))
    note: Mapped[str]
    weight: Mapped[str] = mapped_column(String(10))
    why: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    author_name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[instant]

    article: Mapped[Article] = relationship(lazy="raise_on_sql", viewonly=True)
    basis: Mapped[list["Basis"]] = relationship(lazy="raise_on_sql", order_by="Basis.position")


class Basis(Base):
    """One statement of a revision with the law it rests on (依据)."""

    __tablename__ = "basis"
    __table_args__ = (UniqueConstraint("revision_id", "position"),)

    id: Mapped[pk]
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), index=True)
    position: Mapped[int]
    text: Mapped[str]
    source: Mapped[str] = mapped_column(String(200))
    article: Mapped[str] = mapped_column(String(200))
    in_force_from: Mapped[date]
    in_force_to: Mapped[date | None]
    checked: Mapped[str] = mapped_column(String(30))
    note: Mapped[str]


class Phrase(Base):
    """A way callers put the question (相似问). Belongs to the article: nobody reads it to a caller."""

    __tablename__ = "phrases"
    __table_args__ = (UniqueConstraint("article_id", "text"),)

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    text: Mapped[str] = mapped_column(String(200))
    origin: Mapped[str] = mapped_column(String(20))
    added_at: Mapped[instant]


class Review(Base):
    """A second person's word on a revision. The database keeps author and reviewer apart."""

    __tablename__ = "reviews"
    __table_args__ = (
        ForeignKeyConstraint(["revision_id", "author_id"], ["revisions.id", "revisions.author_id"]),
        CheckConstraint("author_id <> reviewer_id", name="four_eyes"),
    )

    id: Mapped[pk]
    revision_id: Mapped[int] = mapped_column(index=True)
    author_id: Mapped[int]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reviewer_name: Mapped[str] = mapped_column(String(60))
    verdict: Mapped[str] = mapped_column(String(20))
    remark: Mapped[str]
    at: Mapped[instant]


class Publication(Base):
    """A line of the ledger: from this moment the article says this revision, or nothing (下架).

    Lines are only added. What is live at a moment is the line with the latest `from_at` not after it that has not
    lapsed: a line written by one person alone in an emergency lapses, and what it had replaced speaks again. The
    database keeps that nothing speaks without a review or a fuse.
    """

    __tablename__ = "publications"
    __table_args__ = (
        CheckConstraint(
            "revision_id IS NULL OR review_id IS NOT NULL OR lapses_at IS NOT NULL", name="reviewed_or_fused"
        ),
    )

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"), index=True)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    from_at: Mapped[instant]
    lapses_at: Mapped[datetime | None]
    """The end of the fuse of an emergency publication; the second person's line follows it."""
    critical: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether everybody at the desk must say that they have read of this change."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[instant]


class Proposal(Base):
    """A text of the content pack laid beside an article that people have changed since."""

    __tablename__ = "proposals"
    __table_args__ = (UniqueConstraint("article_id", "sha256"),)

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    at: Mapped[instant]
