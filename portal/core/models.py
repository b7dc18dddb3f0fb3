"""Tables that belong to no domain."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .database import Base, instant


class FormReceipt(Base):
    """A form that was taken: the same form sent again is answered with the first one's result."""

    __tablename__ = "form_receipts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[instant]
    location: Mapped[str]


class CalendarDay(Base):
    """A day that is not what its weekday says, with the notice that says so; provisional until published.

    A row is never deleted: a day that became an ordinary one again has the kind `ordinary`, so that its version goes on
    and setting up does not bring the old kind back.
    """

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(200))
    provisional: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str] = mapped_column(String(60), default="")
