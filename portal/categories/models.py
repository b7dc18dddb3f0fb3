"""The tree of ticket categories and the units behind each."""

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, pk
from portal.directory.models import Unit


class Category(Base):
    """A category; two levels, codes of two and four digits. A retired one keeps its meaning for the past."""

    __tablename__ = "categories"

    id: Mapped[pk]
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    level: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    retired_on: Mapped[date | None]

    parent: Mapped["Category | None"] = relationship(remote_side="Category.id", lazy="raise_on_sql")
    children: Mapped[list["Category"]] = relationship(lazy="raise_on_sql", order_by="Category.code", viewonly=True)
    units: Mapped[list["CategoryUnit"]] = relationship(lazy="raise_on_sql", order_by="CategoryUnit.id")


class CategoryUnit(Base):
    """A unit that handles tickets of a category."""

    __tablename__ = "category_units"
    __table_args__ = (UniqueConstraint("category_id", "unit_id"),)

    id: Mapped[pk]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)

    unit: Mapped[Unit] = relationship(lazy="raise_on_sql")
