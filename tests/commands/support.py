"""Run a command as people do: in this process where that is the same, as a process of its own where it is not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask

from portal.config import ROOT

FLASK = Path(sys.executable).with_name("flask")


def run(app: Flask, *words: str) -> Result:
    """`flask <words>` in this process."""
    return app.test_cli_runner().invoke(args=list(words))


def json_of(result: Result, code: int = 0) -> dict[str, Any]:
    """The one JSON object on standard output; nothing else may be there."""
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return only_json(result.stdout)


def only_json(text: str) -> dict[str, Any]:
    """One JSON object and a newline."""
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    found = json.loads(text)
    assert isinstance(found, dict)
    assert "\\u" not in text, "Chinese stays readable"
    return found


def sentence(result: Result, code: int = 2) -> str:
    """The one sentence for people on standard error; standard output stays empty."""
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    assert result.stdout == ""
    return one_line(result.stderr)


def one_line(text: str) -> str:
    """One line without a trace."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def process(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`flask <words>` as a process of its own over a data folder."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "FLASK_"))}
    env |= {"PORTAL_ENV": "test", "PORTAL_DATA_DIR": str(folder), "PYTHONWARNINGS": "error::DeprecationWarning:portal"}
    env |= {f"PORTAL_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [FLASK, *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False, encoding="utf-8"
    )
