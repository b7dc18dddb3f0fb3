"""The long form of tests/knowledge/test_life.py."""

from pathlib import Path

import pytest

from tests.knowledge.life import live
from tests.support.databases import Templates

pytestmark = pytest.mark.drill


def test_in_many_long_lives_the_ledger_says_what_the_model_says(templates: Templates, tmp_path: Path) -> None:
    live(templates, tmp_path, examples=200, steps=60)
