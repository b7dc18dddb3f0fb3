"""Verbs about categories."""

import csv
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from portal.audit.services import SYSTEM, record
from portal.core.database import db
from portal.core.errors import SetupError
from portal.directory.queries import unit_ids
from portal.directory.rules import CITY, DISTRICT, split_units
from portal.directory.services import load_units

from .models import Category, CategoryUnit

DATA = Path(__file__).with_name("data") / "ticket_categories.csv"
Counts = dict[str, int]


def load_categories(*, now: datetime, path: Path = DATA) -> tuple[Counts, Counts]:
    """Load the tree and its units from the data file; the second time nothing changes.

    Returns:
        New, changed and unchanged: of categories, then of units.

    Raises:
        SetupError: the file names a parent that is not there.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [(name, CITY) for row in rows for name in split_units(row["city_unit"], city=True)]
    names += [(name, DISTRICT) for row in rows for name in split_units(row["district_or_other_unit"], city=False)]
    unit_counts = load_units(names, now=now)
    known = {category.code: category for category in db.session.scalars(select(Category))}
    new = 0
    for row in sorted(rows, key=lambda row: int(row["level"])):
        if row["code"] in known:
            continue
        parent = known.get(row["parent_code"])
        if row["parent_code"] and parent is None:
            raise SetupError(f"诉求分类 {row['code']} 的上级 {row['parent_code']} 不在文件里")
        category = Category(
            code=row["code"], first_name=row["name"], level=int(row["level"]), parent_id=parent.id if parent else None
        )
        db.session.add(category)
        db.session.flush()
        known[category.code] = category
        _link_units(category, row)
        new += 1
    if new:
        record("categories:category:load", "categories", by=SYSTEM, now=now, changes={"new": new})
    return {"new": new, "changed": 0, "unchanged": len(rows) - new}, unit_counts


def _link_units(category: Category, row: dict[str, str]) -> None:
    ids = unit_ids()
    names = split_units(row["city_unit"], city=True) + split_units(row["district_or_other_unit"], city=False)
    for name in dict.fromkeys(names):
        db.session.add(CategoryUnit(category_id=category.id, unit_id=ids[name]))
    db.session.flush()
