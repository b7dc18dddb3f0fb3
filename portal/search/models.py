"""The outbox: what must be indexed, as rows of the transaction that caused it; domain words; the log of queries."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, instant, pk


class OutboxRow(Base):
    """One thing to index anew; numbers follow the order of commits."""

    __tablename__ = "search_outbox"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(String(100))
    at: Mapped[instant]


class SynonymGroup(Base):
    """Words that mean the same. A group of the data file is updated from it until people have changed it."""

    __tablename__ = "synonym_groups"

    id: Mapped[pk]
    head: Mapped[str | None] = mapped_column(String(60), unique=True)
    """The first word of the group in the data file, by which it is known again; empty for those people added."""
    text: Mapped[str]
    """The words, 、 between them."""
    note: Mapped[str] = mapped_column(String(200), default="")
    added_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[instant]
    changed_by: Mapped[str] = mapped_column(String(60), default="")
    """Who changed it last; empty while it stands as the data file has it."""
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def words(self) -> list[str]:
        """The words one by one."""
        return self.text.split("、")


class Term(Base):
    """A word of the trade: for suggestions, first letters and slips. Never deleted; one that no name has is absent."""

    __tablename__ = "terms"

    id: Mapped[pk]
    text: Mapped[str] = mapped_column(String(60), unique=True)
    origin: Mapped[str] = mapped_column(String(20))
    present: Mapped[bool] = mapped_column(default=True)
    retired_at: Mapped[datetime | None]
    changed_at: Mapped[instant]
    changed_by: Mapped[str] = mapped_column(String(60), default="")
    version: Mapped[int] = mapped_column(default=1)


class SearchEvent(Base):
    """A query that was meant (查询记录): settled, or followed by an act. A mark, no act: not audited.

    Nothing of a phone number is kept. The ids of documents are opaque here.
    """

    __tablename__ = "search_events"
    __table_args__ = (
        UniqueConstraint("person_id", "mark"),
        Index("ix_search_events_person", "person_id", "at"),
        Index("ix_search_events_hits", "hits", "at"),
    )

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    mark: Mapped[str] = mapped_column(String(40))
    """The name of the answer that was shown: one answer is one event however often the browser tells of it."""
    words: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), index=True)
    """The words as they are compared: without blanks and signs, one spelling."""
    hits: Mapped[int]
    first: Mapped[list[str]] = mapped_column(JSON)
    context: Mapped[str] = mapped_column(String(20))
    """The category it was asked in; empty where none was chosen."""
    took_ms: Mapped[int]
    at: Mapped[instant]


class SearchClick(Base):
    """What somebody did with a document that a query had found."""

    __tablename__ = "search_clicks"
    __table_args__ = (UniqueConstraint("event_id", "document", "how"),)

    id: Mapped[pk]
    event_id: Mapped[int] = mapped_column(ForeignKey("search_events.id"))
    document: Mapped[str] = mapped_column(String(100), index=True)
    how: Mapped[str] = mapped_column(String(10))
    rank: Mapped[int | None]
    """Its place among the first documents, from 1; empty where it stood below them."""
    at: Mapped[instant]
