"""The tree of ticket categories with its history, the outside codes that lead to it, and the units behind each."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from portal.core import succession
from portal.core.database import Base, instant, pk
from portal.core.naming import name_today
from portal.directory.models import Unit

from .rules import Asks, PromptState


class CategoryName(Base):
    """A later name of a category and the day from which it holds; added, or taken back whole."""

    __tablename__ = "category_names"
    __table_args__ = (UniqueConstraint("category_id", "from_on"),)

    id: Mapped[pk]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    name: Mapped[str] = mapped_column(String(100))
    from_on: Mapped[date]
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[instant]
    by_name: Mapped[str] = mapped_column(String(60))


class Category(Base):
    """A category; two levels, codes of two and four digits. A retired one keeps its meaning for the past.

    `name` is what it is called today; `first_name` is the one it was entered with.
    """

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    first_name: Mapped[str] = mapped_column("name", String(100))
    level: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    started_on: Mapped[date | None]
    retired_on: Mapped[date | None]
    retired_why: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str] = mapped_column(String(60), default="")
    version: Mapped[int] = mapped_column(default=1)

    name: Mapped[str] = column_property(
        name_today(
            CategoryName.name, from_on=CategoryName.from_on, owner=CategoryName.category_id, id=id, first=first_name
        )
    )
    names: Mapped[list[CategoryName]] = relationship(lazy="raise_on_sql", order_by=CategoryName.from_on, viewonly=True)
    merge: Mapped["CategoryMerge | None"] = relationship(
        lazy="raise_on_sql", foreign_keys="CategoryMerge.category_id", viewonly=True
    )
    parent: Mapped["Category | None"] = relationship(remote_side="Category.id", lazy="raise_on_sql")
    children: Mapped[list["Category"]] = relationship(lazy="raise_on_sql", order_by="Category.code", viewonly=True)
    units: Mapped[list["CategoryUnit"]] = relationship(lazy="raise_on_sql", order_by="CategoryUnit.id")
    aliases: Mapped[list["CategoryAlias"]] = relationship(
        lazy="raise_on_sql",
        order_by="CategoryAlias.system, CategoryAlias.code, CategoryAlias.from_on",
        viewonly=True,
    )

    def in_use(self, day: date) -> bool:
        """Whether tickets are filed under it on a day."""
        return succession.in_use(self, day)

    def name_on(self, day: date) -> str:
        """What it was called on a day; `names` must be loaded."""
        return succession.name_on(self.first_name, self.names, day)

    def spans(self) -> list[succession.NameSpan]:
        """Every name it had or will have; `names` must be loaded."""
        return succession.name_spans(self.first_name, self.names)


class CategoryMerge(Base):
    """Which category stands for another from the day on which that one ends (Category.retired_on)."""

    __tablename__ = "category_merges"

    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)

    into: Mapped[Category] = relationship(lazy="raise_on_sql", foreign_keys=[into_id], viewonly=True)


class CategoryAlias(Base):
    """A code by which another system names a category, and the days on which it means it; `to_on` is the last one."""

    __tablename__ = "category_aliases"
    __table_args__ = (UniqueConstraint("system", "code", "from_on"),)

    id: Mapped[pk]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    system: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(60))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    at: Mapped[instant]
    by_name: Mapped[str] = mapped_column(String(60))


class CategoryUnit(Base):
    """A unit that handles tickets of a category."""

    __tablename__ = "category_units"
    __table_args__ = (UniqueConstraint("category_id", "unit_id"),)

    id: Mapped[pk]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)

    unit: Mapped[Unit] = relationship(lazy="raise_on_sql")


class Prompt(Base):
    """Something in a category that calls for work (工作提示), with the evidence as it was found that day."""

    __tablename__ = "prompts"

    id: Mapped[pk]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    asks: Mapped[Asks] = mapped_column(String(4))
    rule: Mapped[str] = mapped_column(String(40), index=True)
    key: Mapped[str] = mapped_column(String(100), index=True)
    """What it is about, so that the same thing is raised once while it is open."""
    title: Mapped[str] = mapped_column(String(200))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    object_ref: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[PromptState] = mapped_column(String(10), default=PromptState.OPEN, index=True)
    harm: Mapped[float] = mapped_column(default=0.0)
    due_on: Mapped[date | None]
    raised_at: Mapped[instant]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    owner_name: Mapped[str] = mapped_column(String(60), default="")
    taken_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(default="")
    """Why it is refused, or what was done."""
    proof: Mapped[str] = mapped_column(String(100), default="")
    """The object in which it ended: a revision, a session, a visit."""
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_by_name: Mapped[str] = mapped_column(String(60), default="")
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    category: Mapped[Category] = relationship(lazy="raise_on_sql", viewonly=True)
