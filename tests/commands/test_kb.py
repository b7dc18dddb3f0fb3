"""flask kb import and flask kb eval: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.clock import set_clock
from portal.core.database import Base, db
from tests.knowledge.pack import at, told, write

from .support import json_of, one_line, run, sentence

COUNTS = ("new", "changed", "unchanged", "kept", "rejected")


def _rows() -> dict[str, int]:
    return {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


def test_import_of_the_content_pack_twice_is_eighty_new_then_eighty_unchanged(app: Flask) -> None:
    first = json_of(run(app, "kb", "import", "--json"))
    assert set(first) >= {"files", "articles", "revisions", *COUNTS, "errors"}
    assert first == {**dict.fromkeys(COUNTS, 0), "files": 81, "articles": 80, "revisions": 81, "new": 80, "errors": []}
    second = json_of(run(app, "kb", "import", "--json"))
    assert second == {**first, "new": 0, "unchanged": 80}
    words = run(app, "kb", "import")
    assert (words.exit_code, words.stdout) == (
        0,
        "81 个文件，80 条知识：新 0，改 0，未变 80，人改过而保留 0，拒收 0\n",
    )


def test_import_with_a_faulty_file_ends_with_one_and_takes_the_others(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "good", "好的一句。")
    write(tmp_path, "bad", "好的一句。", category="9999")
    result = run(app, "kb", "import", str(tmp_path), "--json")
    found = json_of(result, code=1)
    assert (found["new"], found["rejected"], found["articles"]) == (1, 1, 2)
    assert found["errors"] == [{"file": "9999/bad.md", "line": 3, "reason": "没有编码为「9999」的诉求分类"}]
    assert one_line(result.stderr) == "9999/bad.md:3: 没有编码为「9999」的诉求分类"


def test_import_of_a_folder_that_is_not_there_is_wrong_use(app: Flask, tmp_path: Path) -> None:
    assert sentence(run(app, "kb", "import", str(tmp_path / "none"), "--json")) == f"没有目录 {tmp_path / 'none'}"


def test_import_of_an_empty_folder_is_no_fault(app: Flask, tmp_path: Path) -> None:
    assert json_of(run(app, "kb", "import", str(tmp_path), "--json"))["articles"] == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("查无此人", "没有叫「查无此人」的人"),
        ("demo.zhou", "周编辑没有审核发布的权限"),
        ("甲方代表", "甲方代表没有审核发布的权限"),
        ("冯系统", "冯系统没有审核发布的权限"),
    ],
)
def test_only_a_person_who_may_approve_can_approve_an_import(
    app: Flask, tmp_path: Path, name: str, reason: str
) -> None:
    write(tmp_path, "good", "好的一句。")
    assert sentence(run(app, "kb", "import", str(tmp_path), "--approved-by", name, "--json")) == reason
    with app.app_context():
        assert _rows()["articles"] == 0


def test_the_content_packs_own_name_cannot_approve_what_it_wrote(full_app: Flask) -> None:
    assert sentence(run(full_app, "kb", "import", "--approved-by", "内容包")) == "内容包没有审核发布的权限"


def test_outside_the_demo_an_import_leaves_drafts_until_somebody_approves(app: Flask, tmp_path: Path) -> None:
    app.config["DEMO"] = False
    write(tmp_path, "good", "好的一句。")
    assert json_of(run(app, "kb", "import", str(tmp_path), "--json"))["new"] == 1
    with app.app_context():
        assert told("good") is None
        assert _rows()["publications"] == 0
    approved = json_of(run(app, "kb", "import", str(tmp_path), "--approved-by", "吴审核", "--json"))
    assert approved["changed"] == 1
    with app.app_context():
        assert told("good", at("2026-11-24T00:00")) == "好的一句。"


QUESTIONS = [
    {"text": "注册资本几年内缴足", "slug": "capital-five-years", "kind": "formal"},
    {"text": "商标有效期多久", "slug": "trademark-term", "kind": "formal"},
    {"text": "试用期能有多长", "slug": "probation-period", "kind": "colloquial"},
    {"text": "外星人怎么登记", "slug": "no-such-article", "kind": "colloquial"},
]


def _file(folder: Path, lines: list[object]) -> str:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n", encoding="utf-8")
    return str(path)


def test_eval_measures_the_desks_own_search_and_writes_nothing(full_app: Flask, tmp_path: Path) -> None:
    path = _file(tmp_path, list(QUESTIONS))
    with full_app.app_context():
        before = _rows()
    found = json_of(run(full_app, "kb", "eval", path, "--json"))
    assert set(found) >= {"n", "hit@1", "hit@3", "mrr@10", "meaning", "kinds", "unknown_slugs", "misses"}
    assert (found["n"], found["unknown_slugs"]) == (4, ["no-such-article"])
    assert found["hit@3"] == 0.75
    assert set(found["kinds"]) == {"formal", "colloquial"}
    assert found["kinds"]["colloquial"].items() >= {"n": 2, "hit@3": 0.5}.items()
    assert 0 < found["mrr@10"] <= found["hit@3"]
    miss = next(row for row in found["misses"] if row["slug"] == "no-such-article")
    assert (miss["text"], miss["kind"], miss["rank"]) == ("外星人怎么登记", "colloquial", None)
    assert len(miss["first"]) <= 3
    with full_app.app_context():
        assert _rows() == before
    words = run(full_app, "kb", "eval", path, "--misses")
    assert "no-such-article" in words.stdout


def test_eval_asks_as_of_now(full_app: Flask, tmp_path: Path) -> None:
    path = _file(tmp_path, [{"text": "异议期改成两个月了吗", "slug": "trademark-term", "kind": "new"}])
    set_clock(at("2027-01-01T00:00:30"))
    assert json_of(run(full_app, "kb", "eval", path, "--json"))["hit@1"] == 1


def test_eval_of_no_question_is_no_fault(full_app: Flask, tmp_path: Path) -> None:
    found = json_of(run(full_app, "kb", "eval", _file(tmp_path, []), "--json"))
    assert (found["n"], found["hit@3"], found["kinds"], found["misses"]) == (0, 0, {}, [])


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"\xff\xfe",
        b"not json\n",
        b'{"text": "a"}\n',
        b'["text"]\n',
        b"3\n",
        b'{"text": null, "slug": "a", "kind": "b"}\n',
        b'{"text": "a", "slug": ["x"], "kind": "b"}\n',
    ],
)
def test_eval_of_a_file_that_cannot_be_used_is_one_sentence(
    full_app: Flask, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "questions.jsonl"
    if content is not None:
        path.write_bytes(content)
    assert str(path) in sentence(run(full_app, "kb", "eval", str(path), "--json"))


def test_eval_of_a_folder_is_one_sentence(full_app: Flask, tmp_path: Path) -> None:
    assert "应是 JSON 行" in sentence(run(full_app, "kb", "eval", str(tmp_path)))
