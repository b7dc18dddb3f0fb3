"""Read categories: as they are called today, as they were on a day, and through what they were merged into."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.database import db
from portal.core.succession import Merges
from portal.directory.queries import unit_merges
from portal.search.services import forget_unchanged, while_unchanged

from .models import Category, CategoryAlias, CategoryMerge, CategoryUnit

_MERGES, _OUTLINE = "category merges", "category outline"


def tree() -> Sequence[Category]:
    """The first-level categories in order, each with its children; retired ones among them."""
    return db.session.scalars(
        select(Category)
        .where(Category.level == 1)
        .options(
            joinedload(Category.merge).joinedload(CategoryMerge.into),
            selectinload(Category.children).options(
                selectinload(Category.units).joinedload(CategoryUnit.unit),
                joinedload(Category.merge).joinedload(CategoryMerge.into),
            ),
        )
        .order_by(Category.code)
    ).all()


def category_by_code(code: str) -> Category | None:
    """One category with its parent, children, units, names and outside codes, as the database has it now."""
    return db.session.scalar(
        select(Category)
        .where(Category.code == code)
        .options(
            selectinload(Category.parent),
            selectinload(Category.children),
            selectinload(Category.units).joinedload(CategoryUnit.unit),
            selectinload(Category.names),
            selectinload(Category.aliases),
            joinedload(Category.merge).joinedload(CategoryMerge.into),
        )
        .execution_options(populate_existing=True)
    )


def codes() -> dict[str, Category]:
    """Code → category, all of them."""
    return {category.code: category for category in db.session.scalars(select(Category))}


def category_merges() -> Merges:
    """Which category stands for which."""
    return while_unchanged(_MERGES, _read_merges)


def forget_tree() -> None:
    """The tree or its merges have changed within this transaction."""
    forget_unchanged(_MERGES)
    forget_unchanged(_OUTLINE)


def _outline() -> dict[int, tuple[str, int | None]]:
    """Id → code and parent of every category."""
    return while_unchanged(_OUTLINE, _read_outline)


def _read_outline() -> dict[int, tuple[str, int | None]]:
    found = db.session.execute(select(Category.id, Category.code, Category.parent_id))
    return {key: (code, parent_id) for key, code, parent_id in found}


def _read_merges() -> Merges:
    statement = select(CategoryMerge.category_id, CategoryMerge.into_id, Category.retired_on).join(
        Category, Category.id == CategoryMerge.category_id
    )
    return Merges({key: (into_id, on) for key, into_id, on in db.session.execute(statement) if on})


def standing(found: Iterable[Category], day: date) -> dict[int, Category]:
    """Id → the category that stands for it on a day, with its parent: itself, unless it was merged by then."""
    given = {category.id: category for category in found}
    merges = category_merges()
    ids = {key: merges.stands(key, day) for key in given}
    if missing := set(ids.values()) - given.keys():
        loaded = select(Category).where(Category.id.in_(missing)).options(selectinload(Category.parent))
        given |= {category.id: category for category in db.session.scalars(loaded)}
    return {key: given[stands] for key, stands in ids.items()}


def standing_codes(day: date) -> dict[str, str]:
    """Code → the code of the category that stands for it on a day, for every category."""
    merges, outline = category_merges(), _outline()
    return {code: outline[merges.stands(key, day)][0] for key, (code, _) in outline.items()}


def codes_standing_under(code: str, day: date) -> list[str]:
    """The code, those below it, and those that were merged into any of them by a day; without what was merged away.

    A code that was merged itself is read through.
    """
    stands, outline = standing_codes(day), _outline()
    top = stands.get(code)
    below = {
        given for given, parent_id in outline.values() if given == top or (parent_id and outline[parent_id][0] == top)
    }
    return sorted(given for given, now in stands.items() if now in below)


def category_by_alias(system: str, code: str, day: date) -> Category | None:
    """The category another system's code means on a day, read through what was merged by then."""
    alias = db.session.scalar(
        select(CategoryAlias).where(
            CategoryAlias.system == system,
            CategoryAlias.code == code,
            CategoryAlias.from_on <= day,
            or_(CategoryAlias.to_on.is_(None), CategoryAlias.to_on >= day),
        )
    )
    return db.session.get(Category, category_merges().stands(alias.category_id, day)) if alias else None


def names_on(day: date) -> dict[str, str]:
    """Code → what each category was called on a day, of those in use then."""
    found = db.session.scalars(select(Category).options(selectinload(Category.names)).order_by(Category.code))
    return {category.code: category.name_on(day) for category in found if category.in_use(day)}


def systems() -> list[str]:
    """The outside systems that have codes here."""
    return list(db.session.scalars(select(CategoryAlias.system).distinct().order_by(CategoryAlias.system)))


def categories_of_unit(unit_id: int, day: date) -> list[Category]:
    """The categories in use on a day that a unit handles, for itself or for those merged into it."""
    found = db.session.scalars(
        select(Category)
        .join(CategoryUnit, CategoryUnit.category_id == Category.id)
        .where(CategoryUnit.unit_id.in_(unit_merges().standing_as(unit_id, day)))
        .order_by(Category.code)
        .distinct()
    )
    return [category for category in found if category.in_use(day)]


def category_counts_of_units(day: date) -> dict[int, int]:
    """Unit id → how many categories in use on a day it handles, for itself or for those merged into it."""
    merges = unit_merges()
    statement = select(Category, CategoryUnit.unit_id).join(CategoryUnit, CategoryUnit.category_id == Category.id)
    pairs = {
        (merges.stands(unit_id, day), category.id)
        for category, unit_id in db.session.execute(statement)
        if category.in_use(day)
    }
    counts: dict[int, int] = {}
    for unit_id, _ in pairs:
        counts[unit_id] = counts.get(unit_id, 0) + 1
    return counts


def merged_here(category_id: int) -> Sequence[Category]:
    """The categories that were or will be merged into this one."""
    return db.session.scalars(
        select(Category)
        .join(CategoryMerge, CategoryMerge.category_id == Category.id)
        .where(CategoryMerge.into_id == category_id)
        .order_by(Category.retired_on, Category.code)
    ).all()


def choices(day: date, *, level: int, but: Collection[int] = ()) -> list[Category]:
    """The categories of a level that go on being used from a day, for picking one of them."""
    found = db.session.scalars(
        select(Category).where(Category.level == level, Category.id.not_in(but)).order_by(Category.code)
    )
    return [category for category in found if category.in_use(day) and category.retired_on is None]
