"""Handling units (承办单位)."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, instant, pk


class Unit(Base):
    """A unit that handles tickets or answers for articles; its contact is for the desk, not for callers."""

    __tablename__ = "units"

    id: Mapped[pk]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    level: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[instant]
    changed_by: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)
