"""docs/object-rules.csv and what really happens at every object, in every state, to everybody, are one and the same."""

import csv
from collections import Counter
from collections.abc import Iterator

import pytest

from portal.accounts.access import permission_for
from portal.config import ROOT
from tests.support.databases import Templates

from .objects.actions import ACTIONS
from .objects.portal import object_matrix
from .objects.table import COLUMNS, PRINCIPALS, TABLE, Matrix, rules

THINGS = list(ACTIONS)
FEWEST = 1500


@pytest.fixture(scope="module")
def matrix(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with object_matrix(templates, tmp_path_factory.mktemp("objects")) as found:
        yield found


@pytest.mark.parametrize("thing", THINGS)
def test_every_object_answers_everybody_as_the_table_says(matrix: Matrix, thing: str) -> None:
    wrong = matrix.wrong([rule for rule in rules() if rule.thing == thing])
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_cells_and_each_is_decided_once(matrix: Matrix) -> None:
    counts = Counter(rule.key for rule in rules())
    assert [key for key, times in counts.items() if times > 1] == []
    assert matrix.cells(rules()) >= FEWEST


def test_every_act_stands_in_the_table_and_every_object_in_the_world(matrix: Matrix) -> None:
    asked = {(rule.thing, rule.action) for rule in rules()}
    assert asked == {(thing, action) for thing, acts in ACTIONS.items() for action in acts}
    known = set(matrix.world.things) | {(thing, state) for thing, state, _ in matrix.world.owned}
    assert known == {(rule.thing, rule.state) for rule in rules()}


def test_every_route_that_changes_one_object_stands_in_the_table(matrix: Matrix) -> None:
    """An unsafe route with something in its address decides about one object; a new one is added to the table."""
    app = matrix.world.app
    unsafe = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.arguments and "POST" in (rule.methods or ()) and rule.endpoint not in NO_OBJECT
    }
    assert unsafe <= {act.endpoint for acts in ACTIONS.values() for act in acts.values() if act.method == "POST"}


NO_OBJECT = {"calendar.take_over", "calendar.apply", "categories.aliases"}
"""A whole year, and adding to a list: nothing has an owner or a state there."""


def test_every_condition_of_the_permissions_in_use_is_tried(matrix: Matrix) -> None:
    """Whatever docs/permissions.csv adds to a permission in words is decided in some line here."""
    views = matrix.world.app.view_functions
    in_use = {
        str(permission)
        for rule in matrix.world.app.url_map.iter_rules()
        for method in rule.methods or ()
        if (permission := permission_for(views[rule.endpoint], method))
    }
    with (ROOT / "docs" / "permissions.csv").open(encoding="utf-8", newline="") as file:
        conditional = {row["permission"] for row in csv.DictReader(file) if row["condition"].strip()}
    tried = {str(permission_for(views[rule.act.endpoint], rule.act.method)) for rule in rules()}
    assert (conditional & in_use) - tried == NOT_AN_OBJECTS


NOT_AN_OBJECTS = {"admin:console:read"}
"""各见其职: the console shows each office what the permissions of its parts allow; no object decides."""


def test_the_table_is_written_as_people_read_it() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    assert all(row["thing"] and row["state"] and row["action"] and row["outcome"] for row in rows)
    assert {role for rule in rules() for role in rule.but} <= set(PRINCIPALS)
    order = list(dict.fromkeys(row["thing"] for row in rows))
    assert order == THINGS, "the lines of one thing stand together, in the order of the acts"
