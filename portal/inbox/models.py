"""Notices, background jobs, exports and their downloads."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, instant, pk

from .rules.exports import ExportState
from .rules.jobs import JobState


class Notice(Base):
    """A line for one person, with the address it leads to."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("person_id", "key"), Index("ix_notices_unread", "person_id", "read_at"))

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(300))
    key: Mapped[str | None] = mapped_column(String(100))
    at: Mapped[instant]
    read_at: Mapped[datetime | None]


class Job(Base):
    """Work that is done after the request that asked for it, by a runner; this row is the truth about it."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_free", "state", "lease_until"),)

    id: Mapped[pk]
    kind: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(String(20), default=JobState.QUEUED)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    unit: Mapped[str] = mapped_column(String(10), default="")
    faults: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    owner_name: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[instant]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(32), default="")
    checkpoint: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    lease_until: Mapped[datetime | None]
    stop_asked: Mapped[bool] = mapped_column(default=False)


class Export(Base):
    """A file somebody asked for: who, when, why, which rows, masked or not, and what became of it."""

    __tablename__ = "exports"
    __table_args__ = (CheckConstraint("decided_by_id IS NULL OR decided_by_id <> person_id", name="four_eyes"),)

    id: Mapped[pk]
    number: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(10))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    conditions: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    masked: Mapped[bool]
    personal: Mapped[bool]
    state: Mapped[ExportState] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    person_name: Mapped[str] = mapped_column(String(60))
    person_login: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[instant] = mapped_column(index=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_by_name: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(Text, default="")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    rows: Mapped[int | None]
    size: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64), default="")
    file: Mapped[str] = mapped_column(String(80), default="")
    built_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")

    job: Mapped[Job | None] = relationship(lazy="raise_on_sql")


class ExportDownload(Base):
    """One handing over of an export's file. Rows are only ever added."""

    __tablename__ = "export_downloads"

    id: Mapped[pk]
    export_id: Mapped[int] = mapped_column(ForeignKey("exports.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    person_name: Mapped[str] = mapped_column(String(60))
    at: Mapped[instant]
