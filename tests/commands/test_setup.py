"""flask setup: everything in one verb, which changes nothing the second time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal import create_app
from portal.admin import commands
from portal.core.database import db
from portal.core.migrations import head_revision
from portal.knowledge.commands import import_content
from portal.search.services import check
from tests.support.databases import let_go, settings

from .support import json_of, one_line, only_json, process, run, sentence


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Flask]:
    """The portal over a data folder with nothing in it."""
    app = create_app(settings(tmp_path / "data"))
    yield app
    let_go(app)


def _forge_version(app: Flask, version: str) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def test_setup_makes_all_there_is_and_the_second_time_changes_nothing(empty_app: Flask) -> None:
    first = json_of(run(empty_app, "setup", "--json"))
    assert first["categories"] == {"new": 144, "changed": 0, "unchanged": 0}
    assert first["articles"].items() >= {"new": 80, "changed": 0, "unchanged": 0, "kept": 0}.items()
    assert first["units"]["new"] > 0
    assert first["calendar_days"]["new"] > 0
    with empty_app.app_context():
        assert first["migrated_to"] == head_revision()
        assert check().documents == 81
    second = json_of(run(empty_app, "setup", "--json"))
    assert second["migrated_to"] == first["migrated_to"]
    parts = [value for value in second.values() if isinstance(value, dict)]
    assert parts
    assert all(part.get("new", 0) == part.get("changed", 0) == 0 for part in parts), second
    assert second["articles"]["unchanged"] == 80
    assert second["categories"]["unchanged"] == 144


def test_setup_without_json_speaks_in_words(full_app: Flask) -> None:
    result = run(full_app, "setup")
    assert result.exit_code == 0
    assert "诉求分类 144" in result.stdout
    assert "未变 80" in result.stdout


def test_setup_says_when_a_part_failed(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.md").write_text("不是内容文件")
    monkeypatch.setattr(commands, "import_content", lambda: import_content(tmp_path))
    result = run(app, "setup", "--json")
    assert json_of(result, code=1)["articles"]["rejected"] == 1
    assert one_line(result.stderr) == "bad.md:1: 第一行应是 ---，文件头从这里开始"


def test_setup_leaves_a_database_of_a_newer_program_alone(app: Flask) -> None:
    _forge_version(app, "29991231_from_the_future")
    assert sentence(run(app, "setup", "--json")) == (
        "数据库的版本 29991231_from_the_future 比程序新：请换用更新的程序，数据没有动"
    )


COMMANDS = [
    ["kb", "import"],
    ["kb", "eval", "README.md"],
    ["search", "check"],
    ["search", "rebuild"],
    ["audit", "verify"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_works_on_a_database_of_another_version(app: Flask, words: list[str]) -> None:
    _forge_version(app, "29991231_from_the_future")
    assert "29991231_from_the_future" in sentence(run(app, *words, "--json"))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_works_without_a_database(empty_app: Flask, words: list[str]) -> None:
    assert "flask setup" in sentence(run(empty_app, *words, "--json"))


@pytest.mark.parametrize(
    "words", ["nonsense", "kb nonsense", "kb import --nonsense", "audit verify --from x", "kb eval", "search eval"]
)
def test_wrong_use_ends_with_two(app: Flask, words: list[str]) -> None:
    result = run(app, *words)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_process_of_its_own_sets_up_an_empty_folder_and_says_only_json(tmp_path: Path) -> None:
    done = process(tmp_path / "data", "setup", "--json")
    assert done.returncode == 0, done.stderr
    assert only_json(done.stdout)["articles"]["new"] == 80
    again = process(tmp_path / "data", "kb", "import", "--json", now="2027-01-01T09:00:00+08:00")
    assert only_json(again.stdout).items() >= {"files": 81, "articles": 80, "revisions": 81, "unchanged": 80}.items()


def test_a_process_of_its_own_without_a_database_says_one_sentence(tmp_path: Path) -> None:
    for words in (["kb", "import", "--json"], ["audit", "verify", "--json"]):
        done = process(tmp_path / "data", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "flask setup" in one_line(done.stderr)


def test_a_database_that_cannot_be_reached_is_said_in_one_sentence(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"
    for words in (["search", "check", "--json"], ["setup", "--json"]):
        done = process(tmp_path / "data", *words, database_url=nowhere)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        one_line(done.stderr)
