"""A door that was opened, or a rule about objects that was taken out, is noticed: a sample, the drill does them all."""

import random
from collections.abc import Iterator

import pytest

from tests.support.databases import Templates

from .matrix import House, granted, open_house
from .mutants import GUARD, Edit, guarded, mutated, survivors_of_opening, survivors_of_the_guard
from .object_mutants import OBJECT_MUTANTS
from .objects.portal import object_matrix
from .objects.table import Matrix, survivors

SEED = 20261123
ROUTES, RULES = 12, 12


@pytest.fixture(scope="module")
def house(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(templates, tmp_path_factory.mktemp("opened") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def matrix(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with object_matrix(templates, tmp_path_factory.mktemp("mutants")) as found:
        yield found


def test_a_route_that_anybody_may_is_noticed(house: House) -> None:
    ways = random.Random(SEED).sample(guarded(house), ROUTES)
    assert survivors_of_opening(house, ways, granted()) == []
    assert [words for way in ways for words in house.wrong(way, granted())] == []


def test_a_guard_that_does_not_decide_is_noticed(house: House) -> None:
    assert survivors_of_the_guard(house, granted()) == []


def test_an_object_rule_that_does_not_decide_is_noticed(matrix: Matrix) -> None:
    assert survivors(matrix, random.Random(SEED).sample(OBJECT_MUTANTS, RULES)) == []


def test_every_mutant_names_a_place_that_is_in_the_source() -> None:
    for each in (*GUARD, *OBJECT_MUTANTS):
        with mutated(each.edits):
            pass
    gone = Edit("portal.inbox.rules.exports:may_see", "no such words", "")
    with pytest.raises(AssertionError, match="has 0 ×"), mutated((gone,)):
        pass
    assert len({each.name for each in OBJECT_MUTANTS}) == len(OBJECT_MUTANTS)
