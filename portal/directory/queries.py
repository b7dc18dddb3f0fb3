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

_MERGES = "unit merges"


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
    """One unit with all its names and what it was merged into."""
    return db.session.scalar(select(Unit).where(Unit.id == unit_id).options(*_history()))


def unit_ids() -> dict[str, int]:
    """Name → id of the unit, for every name any unit ever had or will have."""
    found = dict(db.session.execute(select(UnitName.name, UnitName.unit_id)).all())
    return found | dict(db.session.execute(select(Unit.first_name, Unit.id)).all())


def unit_merges() -> Merges:
    """Which unit stands for which; read once a transaction."""
    return remembered(_MERGES, _read_merges)


def forget_merges() -> None:
    """A merge was made or taken back within this transaction."""
    forget(_MERGES)


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
    first = select(Unit.first_name).where(Unit.id.in_(ids))
    later = select(UnitName.name).where(UnitName.unit_id.in_(ids))
    return sorted({*db.session.scalars(first), *db.session.scalars(later)})


def standing_ids_by_name(day: date) -> dict[str, int]:
    """Any name → the id of the unit that stands for it on a day."""
    merges = unit_merges()
    return {name: merges.stands(unit_id, day) for name, unit_id in unit_ids().items()}


def names_today(ids: Collection[int]) -> dict[int, str]:
    """Id → what the unit is called today."""
    return dict(db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids))).all())


def _history() -> tuple[ExecutableOption, ...]:
    return selectinload(Unit.names), joinedload(Unit.merge).joinedload(UnitMerge.into)
