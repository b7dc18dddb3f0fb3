"""Verbs about units."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import delete, select, update

from portal.audit.services import SYSTEM, Actor, record
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.succession import why_not_end, why_not_rename, why_not_take_over

from .models import Unit, UnitMerge, UnitName
from .queries import forget_units, unit_ids, unit_merges, unit_with_history


def load_units(names: Iterable[tuple[str, str]], *, now: datetime) -> dict[str, int]:
    """Add the units that nobody ever called so; what people renamed, merged, retired or changed stays as it is.

    Args:
        names: name and level (市级 or 区级及其他); the first level given for a name counts.
        now: the moment of the load.

    Returns:
        How many were new, changed (always 0: people own them) and unchanged.
    """
    wanted: dict[str, str] = {}
    for name, level in names:
        wanted.setdefault(name, level)
    known = unit_ids()
    new = [name for name in wanted if name not in known]
    for name in new:
        db.session.add(Unit(first_name=name, level=wanted[name], changed_at=now, changed_by=SYSTEM.name))
    if new:
        db.session.flush()
        forget_units()
        record("directory:unit:load", "units", by=SYSTEM, now=now, changes={"new": len(new)})
    return {"new": len(new), "changed": 0, "unchanged": len(wanted) - len(new)}


LABELS = {"contact": "联系方式", "note": "备注"}


def edit_unit(unit_id: int, *, contact: str, note: str, opened_version: int, by: Actor, now: datetime) -> None:
    """Change how a unit is reached.

    Raises:
        ConflictError: somebody saved after this form was opened; nothing is overwritten.
    """
    before = db.session.get_one(Unit, unit_id)
    old = {"contact": before.contact, "note": before.note}
    if (contact, note) == (before.contact, before.note) and opened_version == before.version:
        return
    changed = db.session.scalar(
        update(Unit)
        .where(Unit.id == unit_id, Unit.version == opened_version)
        .values(contact=contact, note=note, version=opened_version + 1, changed_at=now, changed_by=by.name)
        .returning(Unit.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        db.session.refresh(before)
        current = {LABELS["contact"]: before.contact, LABELS["note"]: before.note}
        raise ConflictError(
            f"{before.changed_by}先存了，您的字没有丢",
            current=current,
            version=before.version,
            who=before.changed_by,
            when=before.changed_at,
        )
    record(
        "directory:unit:edit",
        f"unit:{unit_id}",
        by=by,
        now=now,
        changes={"contact": (old["contact"], contact), "note": (old["note"], note)},
    )


def rename_unit(
    unit_id: int, *, name: str, from_on: date, why: str, opened_version: int, by: Actor, now: datetime
) -> None:
    """Give a unit another name from a day on; it is found by the old one for ever.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: the name is taken or the same, or the day does not fit its history.
    """
    unit = _opened(unit_id, opened_version)
    if unit_ids().get(name, unit_id) != unit_id:
        raise DomainError(f"「{name}」是另一个单位的名称或曾用名，请换一个，或者合并")
    if sentence := why_not_rename(unit, unit.spans(), name, from_on):
        raise DomainError(sentence)
    old = unit.spans()[-1].name
    db.session.add(UnitName(unit_id=unit_id, name=name, from_on=from_on, why=why, at=now, by_name=by.name))
    _saved(unit, "rename", by=by, now=now, why=why, changes={"name": (old, name), "from_on": (None, from_on)})


def retire_unit(unit_id: int, *, on: date, why: str, opened_version: int, by: Actor, now: datetime) -> None:
    """Let a unit handle nothing from a day on.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: it has ended already, or the day does not fit its history.
    """
    unit = _opened(unit_id, opened_version)
    if sentence := why_not_retire(unit, on):
        raise DomainError(sentence)
    unit.retired_on, unit.retired_why = on, why
    _saved(unit, "retire", by=by, now=now, why=why, changes={"retired_on": (None, on)})


def merge_unit(
    unit_id: int, *, into_id: int, on: date, why: str, opened_version: int, by: Actor, now: datetime
) -> None:
    """Let another unit stand for this one from a day on; what names it is read through.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: it would stand for itself, the other has ended, or the day does not fit their histories.
    """
    unit = _opened(unit_id, opened_version)
    into = unit_with_history(into_id)
    if sentence := why_not_merge(unit, into, on):
        raise DomainError(sentence)
    unit.retired_on, unit.retired_why = on, why
    db.session.add(UnitMerge(unit_id=unit_id, into_id=into_id))
    _saved(unit, "merge", by=by, now=now, why=why, changes={"into": (None, f"unit:{into_id}"), "on": (None, on)})


def why_not_retire(unit: Unit, on: date) -> str | None:
    """Why a unit cannot end on a day; None if it can."""
    return why_not_end(unit, unit.spans(), unit.name, on, verb="停用")


def why_not_merge(unit: Unit, into: Unit | None, on: date) -> str | None:
    """Why one unit cannot be merged into the other on a day; None if it can."""
    if into is None:
        return "要并入的单位不存在"
    if into.id == unit.id:
        return f"「{unit.name}」不能并入它自己"
    if unit_merges().circles(unit.id, into.id):
        return f"「{into.name}」已并入「{unit.name}」，不能再反过来合并"
    return why_not_end(unit, unit.spans(), unit.name, on, verb="合并") or why_not_take_over(into, into.name, on)


def take_back_unit(unit_id: int, what: str, *, opened_version: int, by: Actor, now: datetime) -> None:
    """Take back the last change of name ("name") or the end ("end") of a unit, as if it had not been entered.

    Raises:
        ConflictError: somebody saved after this page was opened.
        DomainError: there is nothing to take back.
    """
    unit = _opened(unit_id, opened_version)
    if what == "name" and unit.names:
        last = unit.names[-1]
        db.session.execute(delete(UnitName).where(UnitName.id == last.id))
        changes = {"name": (last.name, unit.spans()[-2].name), "from_on": (last.from_on, None)}
    elif what == "end" and unit.retired_on:
        into = f"unit:{unit.merge.into_id}" if unit.merge else None
        db.session.execute(delete(UnitMerge).where(UnitMerge.unit_id == unit_id))
        changes = {"retired_on": (unit.retired_on, None), "into": (into, None)}
        unit.retired_on, unit.retired_why = None, ""
    else:
        raise DomainError("没有可以撤销的改动")
    _saved(unit, "take-back", by=by, now=now, why="", changes=changes)


def _opened(unit_id: int, opened_version: int) -> Unit:
    """The unit with its history, while nobody else changes the history of any unit."""
    db.session.execute(select(Unit.id).order_by(Unit.id).limit(1).with_for_update())
    unit = unit_with_history(unit_id)
    if unit is None:
        raise DomainError("这个单位不存在")
    if unit.version != opened_version:
        current = {"名称": unit.spans()[-1].name, "停用": str(unit.retired_on or "在用")}
        raise ConflictError(
            f"{unit.changed_by}先存了，您的字没有丢", current=current, who=unit.changed_by, when=unit.changed_at
        )
    return unit


def _saved(unit: Unit, verb: str, *, by: Actor, now: datetime, why: str, changes: Mapping[str, object]) -> None:
    unit.version += 1
    unit.changed_at, unit.changed_by = now, by.name
    db.session.flush()
    forget_units()
    record(f"directory:unit:{verb}", f"unit:{unit.id}", by=by, now=now, changes=changes, reason=why)
