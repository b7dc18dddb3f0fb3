"""Articles that come in many at a time from sheets, Word files and folders: staged, looked at, then taken in."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, instant, pk

from ..rules.states import BatchState, RowFate


class ArticleBatch(Base):
    """One file that was handed in, and how far it has come."""

    __tablename__ = "article_batches"

    id: Mapped[pk]
    filename: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[BatchState] = mapped_column(String(10), default=BatchState.STAGED, index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]
    applied_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    rows: Mapped[list["ArticleRow"]] = relationship(lazy="raise_on_sql", order_by="ArticleRow.id", viewonly=True)


class ArticleRow(Base):
    """One row of a file: what it says, and what becomes of it with the reason."""

    __tablename__ = "article_rows"
    __table_args__ = (UniqueConstraint("batch_id", "line"),)

    id: Mapped[pk]
    batch_id: Mapped[int] = mapped_column(ForeignKey("article_batches.id"))
    line: Mapped[int]
    """The row of the sheet, the line or the place in the zip, from 1."""
    name: Mapped[str] = mapped_column(String(200))
    """What the reader knows it by: a title or a path."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    fate: Mapped[RowFate] = mapped_column(String(10), index=True)
    column: Mapped[str] = mapped_column(String(40), default="")
    value: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(default="")
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
