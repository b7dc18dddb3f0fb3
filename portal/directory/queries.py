"""Read units: by the name of today, by any name they ever had, and through what they were merged into."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from portal.core.database import db
from portal.core.remember import forget, remembered
from portal.core.succession import Merges
from portal.core.text import like_pattern

from .models import Unit, UnitMerge, UnitName

_MERGES, _NAMES = "unit merges", "unit names"


def units(*, words: str = "", level: str = "") -> Sequence[Unit]:
    """The units whose contact, note or any name they ever had holds the words, city units first."""
    statement = select(Unit).options(*_history()).order_by(Unit.level.desc(), Unit.id)
    if words:
        like = like_pattern(words)
        named = select(UnitName.unit_id).where(UnitName.name.like(like, escape="\\"))
        statement = statement.where(
            or_(*(column.like(like, escape="\\") for column in (Unit.first_name, Unit.contact, Unit.note)))
            | Unit.id.in_(named)
        )
    if level:
        statement = statement.where(Unit.level == level)
    return db.session.scalars(statement).all()


def unit_with_history(unit_id: int) -> Unit | None:
    """One unit with all its names and what it was merged into, as the database has it now."""
    statement = select(Unit).where(Unit.id == unit_id).options(*_history())
    return db.session.scalar(statement.execution_options(populate_existing=True))


def choices(day: date, *, but: int) -> list[Unit]:
    """The units that go on from a day, for picking one of them."""
    found = db.session.scalars(select(Unit).where(Unit.id != but).order_by(Unit.level.desc(), Unit.id))
    return [unit for unit in found if unit.in_use(day) and unit.retired_on is None]


def merged_here(unit_id: int) -> Sequence[Unit]:
    """The units that were or will be merged into this one."""
    return db.session.scalars(
        select(Unit)
        .join(UnitMerge, UnitMerge.unit_id == Unit.id)
        .where(UnitMerge.into_id == unit_id)
        .order_by(Unit.retired_on, Unit.id)
    ).all()


def unit_ids() -> dict[str, int]:
    """Name → id of the unit, for every name any unit ever had or will have; read once a transaction."""
    return remembered(_NAMES, _read_names)


def _read_names() -> dict[str, int]:
    found = dict(db.session.execute(select(UnitName.name, UnitName.unit_id)).all())
    return found | dict(db.session.execute(select(Unit.first_name, Unit.id)).all())


def unit_merges() -> Merges:
    """Which unit stands for which; read once a transaction."""
    return remembered(_MERGES, _read_merges)


def forget_units() -> None:
    """Names or merges have changed within this transaction."""
    forget(_MERGES)
    forget(_NAMES)


def _read_merges() -> Merges:
    statement = select(UnitMerge.unit_id, UnitMerge.into_id, Unit.retired_on).join(Unit, Unit.id == UnitMerge.unit_id)
    return Merges({unit_id: (into_id, on) for unit_id, into_id, on in db.session.execute(statement) if on})


def standing_units(found: Collection[Unit], day: date) -> list[Unit]:
    """The units that stand for these on a day, each once, in the order given."""
    merges, loaded = unit_merges(), {unit.id: unit for unit in found}
    ids = list(dict.fromkeys(merges.stands(unit.id, day) for unit in found))
    if missing := set(ids) - loaded.keys():
        loaded |= {unit.id: unit for unit in db.session.scalars(select(Unit).where(Unit.id.in_(missing)))}
    return [loaded[key] for key in ids]


def names_of(ids: Collection[int]) -> list[str]:
    """Every name these units ever had or will have; texts name a unit by the name of their day."""
    return sorted(name for name, unit_id in unit_ids().items() if unit_id in ids)


def names_standing_as(name: str, day: date) -> list[str]:
    """Every name of the unit that stands for this name on a day, and of those merged into it."""
    unit_id, merges = unit_ids().get(name), unit_merges()
    return names_of(merges.standing_as(merges.stands(unit_id, day), day)) if unit_id else [name]


def standing_names(day: date) -> dict[str, str]:
    """Any name → what the unit that stands for it on a day is called today."""
    merges = unit_merges()
    called = dict(db.session.execute(select(Unit.id, Unit.name)).all())
    return {name: called[merges.stands(unit_id, day)] for name, unit_id in unit_ids().items()}


def _history() -> tuple[ExecutableOption, ...]:
    return selectinload(Unit.names), joinedload(Unit.merge).joinedload(UnitMerge.into)
