"""The tree of ticket categories comes from the project's own data, once."""

import csv
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditRow
from portal.categories.models import Category, CategoryUnit
from portal.categories.queries import category_by_code, tree
from portal.categories.services import DATA, load_categories
from portal.core.database import db
from portal.core.errors import SetupError
from portal.core.write import transaction
from portal.directory.models import Unit
from portal.directory.rules import split_units
from tests.knowledge.pack import NOW


def _count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(
    ("text", "city", "units"),
    [
        ("市市场监管局", True, ["市市场监管局"]),
        ("市科委、中关村管委会", True, ["市科委、中关村管委会"]),
        ("市税务局/市财政局", True, ["市税务局", "市财政局"]),
        ("各区市场监管局、属地街乡", False, ["各区市场监管局", "属地街乡"]),
        ("各区政府（街道、乡镇）、其他", False, ["各区政府（街道、乡镇）", "其他"]),
        ("各区政府(街道/乡镇)/其他", False, ["各区政府(街道/乡镇)", "其他"]),
        ("", True, []),
        (" / ", True, []),
    ],
)
def test_a_cell_of_the_data_file_names_its_units(text: str, city: bool, units: list[str]) -> None:
    assert split_units(text, city=city) == units


def test_there_are_eighteen_groups_and_a_hundred_and_twenty_six_categories(any_app: Flask) -> None:
    with any_app.app_context():
        groups = tree()
        assert len(groups) == 18
        assert sum(len(group.children) for group in groups) == 126
        assert all(child.code.startswith(group.code) for group in groups for child in group.children)
        one = category_by_code("0104")
        assert one is not None
        assert one.parent is not None
        assert (one.name, one.parent.code) == ("注册资本与出资", "01")
        assert "市市场监管局" in [held.unit.name for held in one.units]
        assert category_by_code("9999") is None


def test_every_line_of_the_data_file_is_a_category_with_all_its_units(app: Flask) -> None:
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with app.app_context():
        assert len(rows) == _count(Category) == 144
        for row in rows:
            held = {unit.unit.name for unit in category_by_code(row["code"]).units}  # type: ignore[union-attr]
            named = split_units(row["city_unit"], city=True) + split_units(row["district_or_other_unit"], city=False)
            assert held == set(named), row["code"]


def test_loading_again_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = [_count(model) for model in (Category, CategoryUnit, Unit, AuditRow)]
        with transaction():
            categories, units = load_categories(now=NOW)
        assert categories == {"new": 0, "changed": 0, "unchanged": 144}
        assert (units["new"], units["changed"]) == (0, 0)
        assert [_count(model) for model in (Category, CategoryUnit, Unit, AuditRow)] == before


def test_what_people_wrote_at_a_unit_stays_when_the_data_is_loaded_again(app: Flask) -> None:
    with app.app_context():
        unit_id = db.session.scalars(select(Unit.id).where(Unit.name == "市市场监管局")).one()
        with transaction():
            db.session.get_one(Unit, unit_id).contact = "010-1"
        with transaction():
            load_categories(now=NOW)
        assert db.session.get_one(Unit, unit_id).contact == "010-1"


def test_a_category_without_its_parent_stops_the_load_and_leaves_nothing(app: Flask, tmp_path: Path) -> None:
    text = DATA.read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    broken = tmp_path / "broken.csv"
    new = rows[-1].replace(next(csv.reader([rows[-1]]))[0], "9901", 1)
    fields = dict(zip(next(csv.reader([head])), next(csv.reader([new])), strict=True))
    fields |= {"code": "9901", "parent_code": "99", "level": "2"}
    with broken.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerow(fields)
    with app.app_context():
        with pytest.raises(SetupError, match="9901 的上级 99 不在文件里"), transaction():
            load_categories(now=NOW, path=broken)
        assert _count(Category) == 144
