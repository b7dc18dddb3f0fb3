"""Handling units (承办单位), with the names they had and what became of them."""

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from portal.core import succession
from portal.core.database import Base, instant, pk
from portal.core.naming import name_today


class UnitName(Base):
    """A later name of a unit and the day from which it holds; added, or taken back whole."""

    __tablename__ = "unit_names"
    __table_args__ = (UniqueConstraint("unit_id", "from_on"),)

    id: Mapped[pk]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    name: Mapped[str] = mapped_column(String(100), index=True)
    from_on: Mapped[date]
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[instant]
    by_name: Mapped[str] = mapped_column(String(60))


class Unit(Base):
    """A unit that handles tickets or answers for articles; its contact is for the desk, not for callers.

    `name` is what it is called today; `first_name` is the one it was entered with.
    """

    __tablename__ = "units"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column("name", String(100), unique=True)
    level: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(default="")
    retired_on: Mapped[date | None]
    retired_why: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[instant]
    changed_by: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)

    name: Mapped[str] = column_property(
        name_today(UnitName.name, from_on=UnitName.from_on, owner=UnitName.unit_id, id=id, first=first_name)
    )
    names: Mapped[list[UnitName]] = relationship(lazy="raise_on_sql", order_by=UnitName.from_on, viewonly=True)
    merge: Mapped["UnitMerge | None"] = relationship(
        lazy="raise_on_sql", foreign_keys="UnitMerge.unit_id", viewonly=True
    )

    @property
    def started_on(self) -> date | None:
        """Units are entered as they always were."""
        return None

    def in_use(self, day: date) -> bool:
        """Whether it handles anything on a day."""
        return succession.in_use(self, day)

    def name_on(self, day: date) -> str:
        """What it was called on a day; `names` must be loaded."""
        return succession.name_on(self.first_name, self.names, day)

    def spans(self) -> list[succession.NameSpan]:
        """Every name it had or will have; `names` must be loaded."""
        return succession.name_spans(self.first_name, self.names)


class UnitMerge(Base):
    """Who stands for a unit from the day on which it ends (Unit.retired_on)."""

    __tablename__ = "unit_merges"

    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)

    into: Mapped[Unit] = relationship(lazy="raise_on_sql", foreign_keys=[into_id], viewonly=True)
