"""Every declared permission and every object rule is taken out once: the tests of doors notice each of them."""

import time
from pathlib import Path

import pytest

from tests.accounts.matrix import granted, open_house
from tests.accounts.mutants import GUARD, OPENED, guarded, survivors_of_opening, survivors_of_the_guard
from tests.accounts.object_mutants import OBJECT_MUTANTS
from tests.accounts.objects.portal import object_matrix
from tests.accounts.objects.table import rules, survivors
from tests.support.databases import Templates


@pytest.mark.drill
def test_every_route_that_anybody_may_is_noticed(templates: Templates, tmp_path: Path) -> None:
    with open_house(templates, tmp_path / "data") as house:
        ways, started = guarded(house), time.monotonic()
        left = survivors_of_opening(house, ways, granted())
        tried = len(ways) * len(OPENED)
        print(f"| {tried} opened routes | {tried - len(left)} noticed, {time.monotonic() - started:.0f} s | all |")
        assert left == []
        assert [words for way in ways for words in house.wrong(way, granted())] == []


@pytest.mark.drill
def test_every_guard_that_does_not_decide_is_noticed(templates: Templates, tmp_path: Path) -> None:
    with open_house(templates, tmp_path / "data") as house:
        left = survivors_of_the_guard(house, granted())
        print(f"| {len(GUARD)} mutants of the guard | {len(GUARD) - len(left)} noticed | all |")
        assert left == []


@pytest.mark.drill
def test_every_object_rule_that_does_not_decide_is_noticed(templates: Templates, tmp_path: Path) -> None:
    with object_matrix(templates, tmp_path) as matrix:
        started = time.monotonic()
        left = survivors(matrix, OBJECT_MUTANTS)
        tried, taken = len(OBJECT_MUTANTS), time.monotonic() - started
        print(f"| {tried} mutants of object rules | {tried - len(left)} noticed, {taken:.0f} s | all |")
        assert left == [], "\n".join(left)


@pytest.mark.drill
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_object_answers_everybody_as_the_table_says(templates: Templates, tmp_path: Path, engine: str) -> None:
    with object_matrix(templates, tmp_path, engine=engine) as matrix:
        started = time.monotonic()
        wrong, cells = matrix.wrong(rules()), matrix.cells(rules())
        print(
            f"| {cells:,} cells of the object matrix, {engine} | "
            f"{len(wrong)} differ, {time.monotonic() - started:.0f} s | 0 |"
        )
        assert wrong == [], "\n".join(wrong)
