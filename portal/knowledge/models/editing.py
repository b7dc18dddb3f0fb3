"""Texts on their way to being published: drafts, requests for review, remarks, files."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, instant, pk

from ..rules.states import RequestState
from .articles import Article, Revision


class Draft(Base):
    """What somebody is writing (草稿): saves itself, is no act, answers nobody; submitted, it becomes a revision."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("article_id", "author_id"),)

    id: Mapped[pk]
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"), index=True)
    """None for an article that does not exist yet."""
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    author_name: Mapped[str] = mapped_column(String(60))
    base_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    """The revision it was written against; a newer one calls for a merge."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The form as it was typed, field by field; checked only when it is submitted."""
    created_at: Mapped[instant]
    changed_at: Mapped[instant]
    version: Mapped[int] = mapped_column(default=1)

    article: Mapped[Article | None] = relationship(lazy="raise_on_sql", viewonly=True)
    base: Mapped[Revision | None] = relationship(lazy="raise_on_sql", viewonly=True)


class ReviewRequest(Base):
    """Revisions laid before a reviewer (送审), several together where one change of the rules touches many."""

    __tablename__ = "review_requests"

    id: Mapped[pk]
    title: Mapped[str] = mapped_column(String(200))
    why: Mapped[str]
    state: Mapped[RequestState] = mapped_column(String(10), default=RequestState.WAITING, index=True)
    wanted_on: Mapped[date | None]
    """The day from which the texts should speak; None is at once."""
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    submitted_by_name: Mapped[str] = mapped_column(String(60))
    submitted_at: Mapped[instant]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_by_name: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(default="")
    """What the reviewer said."""
    version: Mapped[int] = mapped_column(default=1)

    items: Mapped[list["ReviewItem"]] = relationship(lazy="raise_on_sql", order_by="ReviewItem.id", viewonly=True)
    remarks: Mapped[list["Remark"]] = relationship(lazy="raise_on_sql", order_by="Remark.id", viewonly=True)


class ReviewItem(Base):
    """One revision of a request for review."""

    __tablename__ = "review_items"
    __table_args__ = (UniqueConstraint("request_id", "revision_id"),)

    id: Mapped[pk]
    request_id: Mapped[int] = mapped_column(ForeignKey("review_requests.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), index=True)

    request: Mapped[ReviewRequest] = relationship(lazy="raise_on_sql", viewonly=True)
    revision: Mapped[Revision] = relationship(lazy="raise_on_sql", viewonly=True)


class Remark(Base):
    """What a reviewer says of one place in a text (批注)."""

    __tablename__ = "remarks"

    id: Mapped[pk]
    request_id: Mapped[int] = mapped_column(ForeignKey("review_requests.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    field: Mapped[str] = mapped_column(String(20))
    quote: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]
    settled_by_name: Mapped[str] = mapped_column(String(60), default="")
    settled_at: Mapped[datetime | None]


class Attachment(Base):
    """A picture or file of an article, checked and, if a picture, drawn anew before it was kept."""

    __tablename__ = "attachments"

    id: Mapped[pk]
    file: Mapped[str] = mapped_column(String(60), unique=True)
    """Its name in the store of files."""
    filename: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]


class Reference(Base):
    """What a revision points to: another article, a file, an address outside."""

    __tablename__ = "references_made"
    __table_args__ = (UniqueConstraint("revision_id", "kind", "target"),)

    id: Mapped[pk]
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    kind: Mapped[str] = mapped_column(String(10))
    """article, file or link."""
    target: Mapped[str] = mapped_column(String(300), index=True)
    """The article's number, the attachment's number, the address."""
