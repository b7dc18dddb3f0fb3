"""flask audit verify: what it prints and how it ends when something is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import create_app
from tests.support.databases import let_go, settings

from .tampering import fill, lay, read, unlock

NO_HASH = "0" * 64


def _verify(app: Flask, *words: str) -> tuple[int, str, str]:
    result = app.test_cli_runner().invoke(args=["audit", "verify", *words])
    return result.exit_code, result.stdout, result.stderr


def _json(app: Flask, *words: str) -> tuple[int, dict[str, Any]]:
    code, out, err = _verify(app, *words, "--json")
    assert err == ""
    assert out.endswith("\n")
    assert out.count("\n") == 1
    return code, json.loads(out)


def _anchors(path: Path, rows: list[dict[str, Any]]) -> str:
    lines = [json.dumps({"seq": row["seq"], "hash": row["hash"]}) for row in rows]
    path.write_text("\n".join(["", *lines, ""]), encoding="utf-8")
    return str(path)


def test_a_whole_chain_ends_with_zero(any_app: Flask) -> None:
    fill(any_app, 10)
    rows = read(any_app)
    code, found = _json(any_app)
    assert code == 0
    head = {"seq": len(rows), "hash": rows[-1]["hash"]}
    assert found == {"ok": True, "rows": len(rows), "head": head, "first_bad": None, "reason": None}
    code, found = _json(any_app, "--from", "5")
    assert (code, found["rows"], found["head"]) == (0, len(rows) - 4, head)


def test_a_chain_that_does_not_hold_ends_with_one_and_names_the_row(any_app: Flask) -> None:
    fill(any_app, 10)
    unlock(any_app)
    rows = read(any_app)
    rows[6]["reason"] = "别的理由"
    lay(any_app, rows)
    code, found = _json(any_app)
    assert code == 1
    head = {"seq": 6, "hash": rows[5]["hash"]}
    assert found == {"ok": False, "rows": 6, "head": head, "first_bad": 7, "reason": "hash"}
    code, out, _ = _verify(any_app)
    assert code == 1
    assert "第 7 行对不上" in out


def test_a_cut_tail_ends_with_one_given_anchors(any_app: Flask, tmp_path: Path) -> None:
    fill(any_app, 10)
    unlock(any_app)
    rows = read(any_app)
    path = _anchors(tmp_path / "anchors.jsonl", rows[-1:])
    assert _json(any_app, "--anchors", path)[0] == 0
    lay(any_app, rows[:-3])
    assert _json(any_app)[0] == 0
    code, found = _json(any_app, "--anchors", path)
    assert (code, found["first_bad"], found["reason"]) == (1, len(rows) - 2, "cut")
    code, found = _json(any_app, "--from", str(len(rows)))
    assert (code, found["first_bad"], found["reason"]) == (1, len(rows) - 2, "cut")


@pytest.mark.parametrize("start", ["0", "-1", "x", "1.5"])
def test_a_number_that_is_none_is_wrong_use(app: Flask, start: str) -> None:
    code, out, err = _verify(app, "--from", start, "--json")
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_without_a_database_it_ends_with_two_and_one_sentence(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path))
    code, out, err = _verify(app, "--json")
    let_go(app)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "flask setup" in err


def test_over_a_file_that_is_no_database_it_ends_with_two_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "portal.db").write_bytes(b"this is no database " * 500)
    app = create_app(settings(tmp_path))
    code, out, err = _verify(app, "--json")
    let_go(app)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "PORTAL_DATABASE_URL" in err
