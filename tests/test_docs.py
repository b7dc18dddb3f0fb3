"""The words beside the code: every setting and command described, every link leading somewhere."""

import re
from pathlib import Path

import click
import pytest
from flask import Flask

from portal.config import ROOT, Settings

DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_described(name: str) -> None:
    assert f"`PORTAL_{name.upper()}`" in GUIDE


def test_every_command_is_described(app: Flask) -> None:
    missing = []
    for name, command in app.cli.commands.items():
        if name in ("run", "shell", "routes"):
            continue
        verbs = list(command.commands) if isinstance(command, click.Group) else [""]
        row = next((line for line in GUIDE.splitlines() if f"`flask {name}" in line), "")
        missing += [f"flask {name} {verb}" for verb in verbs if not _said(name, verb, row)]
    assert not missing, missing


def _said(name: str, verb: str, row: str) -> bool:
    return f"`flask {name} {verb}".strip() in GUIDE or (bool(row) and f"`{verb}`" in row)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


def test_every_package_says_what_it_is_for() -> None:
    for package in (ROOT / "portal").rglob("__init__.py"):
        assert package.read_text(encoding="utf-8").startswith('"""'), package


def test_no_room_is_larger_than_four_hundred_lines() -> None:
    large = [path for path in (ROOT / "portal").rglob("*.py") if len(path.read_text("utf-8").splitlines()) > 400]
    assert not large


def test_only_the_clock_asks_for_the_time_and_only_the_write_path_commits() -> None:
    asks = re.compile(r"datetime\.(now|utcnow)\(|date\.today\(|time\.time\(")
    for path in (ROOT / "portal").rglob("*.py"):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        if name not in ("portal/core/clock.py", "portal/audit/anchors.py"):
            assert not asks.search(text), name
        if name != "portal/core/write.py":
            commits = re.findall(r"session\.commit\(\)", text)
            assert len(commits) <= MARKS.get(name, 0), name


MARKS = {
    "portal/accounts/services/__init__.py": 1,
    "portal/accounts/services/tokens.py": 1,
    "portal/accounts/services/rates.py": 1,
}
"""Where a mark that is no act is written in its own short transaction: last seen, last used, requests counted."""
