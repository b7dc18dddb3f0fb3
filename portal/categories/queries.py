"""Read categories."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.database import db

from .models import Category, CategoryUnit


def tree() -> Sequence[Category]:
    """The first-level categories in order, each with its children."""
    return db.session.scalars(
        select(Category)
        .where(Category.level == 1)
        .options(selectinload(Category.children).selectinload(Category.units).joinedload(CategoryUnit.unit))
        .order_by(Category.code)
    ).all()


def category_by_code(code: str) -> Category | None:
    """One category with its parent, children and units."""
    return db.session.scalar(
        select(Category)
        .where(Category.code == code)
        .options(
            selectinload(Category.parent),
            selectinload(Category.children),
            selectinload(Category.units).joinedload(CategoryUnit.unit),
        )
    )


def codes() -> dict[str, Category]:
    """Code → category, all of them."""
    return {category.code: category for category in db.session.scalars(select(Category))}


def categories_of_unit(unit_id: int) -> Sequence[Category]:
    """The categories a unit handles."""
    return db.session.scalars(
        select(Category)
        .join(CategoryUnit, CategoryUnit.category_id == Category.id)
        .where(CategoryUnit.unit_id == unit_id)
        .order_by(Category.code)
    ).all()


def category_counts_of_units() -> dict[int, int]:
    """Unit id → how many categories name it."""
    counts: dict[int, int] = {}
    for unit_id in db.session.scalars(select(CategoryUnit.unit_id)):
        counts[unit_id] = counts.get(unit_id, 0) + 1
    return counts


def with_descendants(code: str) -> list[str]:
    """The code itself and those below it."""
    return list(
        db.session.scalars(
            select(Category.code).where((Category.code == code) | Category.parent.has(Category.code == code))
        )
    )
