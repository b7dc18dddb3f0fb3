"""The life of articles at random beside a plain model: never two texts at once, never one that one person wanted."""

from pathlib import Path

from tests.support.databases import Templates

from .life import live


def test_whatever_people_do_the_ledger_says_what_the_model_says(templates: Templates, tmp_path: Path) -> None:
    live(templates, tmp_path, examples=6, steps=25)
