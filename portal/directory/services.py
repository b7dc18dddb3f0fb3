"""Verbs about units."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update

from portal.audit.services import SYSTEM, Actor, record
from portal.core.database import db
from portal.core.errors import ConflictError

from .models import Unit
from .queries import unit_ids


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
            f"{before.changed_by}先存了，您的字没有丢", current=current, who=before.changed_by, when=before.changed_at
        )
    record(
        "directory:unit:edit",
        f"unit:{unit_id}",
        by=by,
        now=now,
        changes={"contact": (old["contact"], contact), "note": (old["note"], note)},
    )
