"""flask search eval, check and rebuild, and flask audit verify: what they print, and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import create_app
from portal.search.services import engine
from tests.support.databases import let_go, settings

from .support import json_of, run, sentence

DOCS = [
    {"id": "a", "title": "注册资本", "body": "有限责任公司五年内缴足。"},
    {"id": "b", "title": "试用期", "body": "合同三年以上的，试用期最长六个月。"},
    {"id": "c", "title": "异议期", "body": "商标公告之日起两个月。"},
]
QUERIES = [
    {"id": "1", "text": "注册资本几年", "relevant": ["a"]},
    {"id": "2", "text": "试用期多长", "relevant": ["b", "c"]},
]


def _lines(path: Path, rows: list[Any]) -> str:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return str(path)


def test_search_eval_needs_no_database_and_prints_its_figures(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path / "data"))
    docs, queries = _lines(tmp_path / "d.jsonl", DOCS), _lines(tmp_path / "q.jsonl", QUERIES)
    found = json_of(run(app, "search", "eval", "--docs", docs, "--queries", queries, "--json"))
    let_go(app)
    assert set(found) >= set(
        "docs queries meaning hit@1 hit@3 mrr@10 ndcg@10 recall@10 zero p50_ms p95_ms build_s".split()
    )
    assert (found["docs"], found["queries"], found["zero"], found["hit@1"]) == (3, 2, 0, 1.0)
    assert 0 < found["recall@10"] <= 1
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert not (tmp_path / "data" / "portal.db").exists()


@pytest.mark.parametrize("broken", ["docs", "queries"])
@pytest.mark.parametrize("content", [None, "no json\n", '{"id": "a"}\n', "[1]\n"])
def test_search_eval_of_a_file_that_cannot_be_used_is_one_sentence(
    app: Flask, tmp_path: Path, broken: str, content: str | None
) -> None:
    files = {"docs": _lines(tmp_path / "docs", DOCS), "queries": _lines(tmp_path / "queries", QUERIES)}
    path = tmp_path / broken
    path.unlink()
    if content is not None:
        path.write_text(content)
    words = sentence(run(app, "search", "eval", "--docs", files["docs"], "--queries", files["queries"], "--json"))
    assert str(path) in words


def test_search_check_compares_the_index_with_the_database(full_app: Flask) -> None:
    found = json_of(run(full_app, "search", "check", "--json"))
    assert found == {
        "ok": True,
        "documents": 81,
        "expected": 81,
        "missing": [],
        "stale": [],
        "extra": [],
        "damaged": [],
    }
    with full_app.app_context():
        engine().rebuild([], engine().position())
    emptied = json_of(run(full_app, "search", "check", "--json"), code=1)
    assert (emptied["ok"], emptied["documents"], len(emptied["missing"])) == (False, 0, 81)
    words = run(full_app, "search", "check")
    assert words.exit_code == 1
    assert "索引与数据库不一致" in words.stdout


def test_search_rebuild_mends_the_index(full_app: Flask) -> None:
    with full_app.app_context():
        engine().rebuild([], engine().position())
    found = json_of(run(full_app, "search", "rebuild", "--json"))
    assert found["documents"] == 81
    assert found["seconds"] >= 0
    assert json_of(run(full_app, "search", "check", "--json"))["ok"] is True


def test_audit_verify_walks_the_chain_and_names_its_head(full_app: Flask, tmp_path: Path) -> None:
    found = json_of(run(full_app, "audit", "verify", "--json"))
    assert set(found) >= {"ok", "rows", "head", "first_bad", "reason"}
    assert (found["ok"], found["first_bad"], found["reason"]) == (True, None, None)
    assert found["head"]["seq"] == found["rows"] > 80
    anchors = _lines(tmp_path / "anchors", [found["head"]])
    assert json_of(run(full_app, "audit", "verify", "--anchors", anchors, "--json"))["ok"] is True
    cut = _lines(tmp_path / "cut", [{"seq": found["rows"] + 1, "hash": "0" * 64}])
    beyond = json_of(run(full_app, "audit", "verify", "--anchors", cut, "--json"), code=1)
    assert (beyond["first_bad"], beyond["reason"]) == (found["rows"] + 1, "cut")


@pytest.mark.parametrize("content", [None, "no json\n", '{"seq": 1}\n', '{"seq": "x", "hash": ""}\n', "[]\n"])
def test_audit_verify_with_anchors_that_cannot_be_read_is_one_sentence(
    full_app: Flask, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "anchors"
    if content is not None:
        path.write_text(content)
    assert str(path) in sentence(run(full_app, "audit", "verify", "--anchors", str(path), "--json"))
