"""kill -9 while articles are imported and indexed: nothing committed is lost or half there, the index follows."""

import json
import random
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from portal.config import ROOT
from tests.support.databases import Templates

from .server import BIN, Talker, environment, flask, serving

PACK = ROOT / "kb_content"
SEARCHERS = ("李坐席", "钱工单", "周编辑", "吴审核", "王培训", "赵走访", "孙负责", "甲方代表")
"""Each start of the server claims some of a person's searches of the minute: the rounds take turns."""


def _changed_pack(folder: Path, round_no: int) -> None:
    """The whole content pack with one more phrase in every file, so that every article changes in every round."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PACK, folder)
    for path in folder.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("phrases:\n", f"phrases:\n- 第{round_no}轮怎么问{path.stem}\n", 1)
        path.write_text(text, encoding="utf-8")


def _committed(folder: Path) -> dict[str, int]:
    """Counts read straight from the database file, as a second witness; whole articles only."""
    articles_half = (
        "SELECT count(*) FROM articles a WHERE NOT EXISTS (SELECT 1 FROM revisions r WHERE r.article_id=a.id)"
    )
    revisions_half = (
        "SELECT count(*) FROM revisions r WHERE NOT EXISTS (SELECT 1 FROM basis b WHERE b.revision_id=r.id)"
    )
    with closing(sqlite3.connect(folder / "portal.db")) as connection:

        def ask(statement: str) -> object:
            return connection.execute(statement).fetchone()[0]

        return {
            "ok": int(ask("PRAGMA integrity_check") == "ok"),
            "articles": int(str(ask("SELECT count(*) FROM articles"))),
            "phrases": int(str(ask("SELECT count(*) FROM phrases"))),
            "half": int(str(ask(articles_half))) + int(str(ask(revisions_half))),
        }


def _drill(templates: Templates, tmp_path: Path, *, rounds: int) -> None:
    folder, pack, chance = tmp_path / "data", tmp_path / "pack", random.Random(7)
    with templates.copy("sqlite", "bare", folder):
        before, slowest = _committed(folder), 0.0
        for round_no in range(1, rounds + 1):
            _changed_pack(pack, round_no)
            with serving(folder) as base:
                guest = Talker(base).sign_in(SEARCHERS[round_no % len(SEARCHERS)])
                line = [str(BIN / "flask"), "kb", "import", str(pack)]
                importer = subprocess.Popen(
                    line, cwd=ROOT, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                deadline = time.monotonic() + chance.uniform(1.5, 6.0)
                while time.monotonic() < deadline and importer.poll() is None:
                    time.sleep(0.25)
                    assert guest.ask("/desk/results?q=zhuce")[0] == 200
                importer.kill()
                importer.wait()
                assert guest.ask("/desk/results?q=zhuce")[0] == 200
            after = _committed(folder)
            assert after["ok"]
            assert after["half"] == 0
            assert after["articles"] >= before["articles"]
            assert after["phrases"] >= before["phrases"]
            started = time.monotonic()
            checked = flask(folder, "search", "check", "--json")
            slowest = max(slowest, time.monotonic() - started)
            assert checked.returncode == 0, checked.stdout + checked.stderr
            assert slowest <= 15, "start-up included; the index itself is brought up in a fraction of it"
            before = after
        done = flask(folder, "kb", "import", str(pack), "--json")
        assert done.returncode == 0, done.stderr
        again = json.loads(flask(folder, "kb", "import", str(pack), "--json").stdout)
        assert (again["articles"], again["unchanged"]) == (80, 80)
        assert flask(folder, "search", "check", "--json").returncode == 0
    print(
        f"| {rounds} × kill -9 while importing and indexing | {before['articles']} articles, 0 lost, 0 half done, "
        f"index equal {slowest:.1f} s after each start, process start included | 0 lost, equal ≤ 5 s |"
    )


def test_a_killed_import_leaves_whole_articles_and_an_equal_index(templates: Templates, tmp_path: Path) -> None:
    _drill(templates, tmp_path, rounds=2)


@pytest.mark.drill
def test_twenty_killed_imports_leave_whole_articles_and_an_equal_index(templates: Templates, tmp_path: Path) -> None:
    _drill(templates, tmp_path, rounds=20)
