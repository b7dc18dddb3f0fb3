"""Several writers, one index: nothing is lost, nothing old is laid over something new."""

import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import pytest

from portal.search.engine.engine import Engine
from portal.search.engine.locking import exclusive
from portal.search.engine.types import Change, Deleted, Document, IndexBusy

from .conftest import ARTICLES, NOW

ROUNDS = 15


class _Once:
    """An outbox with one change in it."""

    def __init__(self, change: Change) -> None:
        self.changes = [change]

    def __call__(self, position: int) -> tuple[Sequence[Change], int]:
        changes, self.changes = self.changes, []
        return changes, position + len(changes)


def _write(root: Path, writer: int) -> None:
    engine = Engine(root)
    for turn in range(ROUNDS):
        engine.follow(_Once(Document(f"w{writer}-{turn}", {"title": f"第{turn}号变更"})))


def test_two_processes_lose_no_change(engine: Engine) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write, args=(engine.root, number)) for number in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert engine.position() == 1 + 2 * ROUNDS
    assert engine.stats()["documents"] == len(ARTICLES) + 2 * ROUNDS
    assert engine.search("变更", at=NOW, limit=100).total >= 2 * ROUNDS
    assert engine.check().ok


def test_a_busy_index_is_left_alone(engine: Engine) -> None:
    with exclusive(engine.root / "lock"):
        assert not Engine(engine.root).try_apply([Deleted("fund")], 2)
        with pytest.raises(IndexBusy):
            engine.follow(lambda at: ((), at), wait=False)
    assert engine.try_apply([Deleted("fund")], 2)


def test_changes_the_index_has_already_are_not_taken_again(engine: Engine) -> None:
    assert engine.apply([Document("fund", {"title": "新的标题"})], 9)
    assert not engine.apply([ARTICLES[0]], 8)
    assert engine.search("新的标题", at=NOW).hits[0].id == "fund"


def test_of_several_changes_to_one_document_the_last_counts(engine: Engine) -> None:
    engine.apply([Deleted("fund"), Document("fund", {"title": "甲乙丙"}), Document("fund", {"title": "丁戊己"})], 2)
    assert [h.id for h in engine.search("丁戊己", at=NOW).hits] == ["fund"]
    assert engine.search("甲乙丙", at=NOW).total == 0
    assert engine.stats()["documents"] == len(ARTICLES)


def test_segments_stay_few_and_nothing_is_lost_in_merging(engine: Engine) -> None:
    for number in range(30):
        engine.apply([Document(f"n{number % 20}", {"title": f"编号{number}的事项"})], 2 + number)
        assert len(engine.state().segments) <= 9
    assert engine.stats()["documents"] == len(ARTICLES) + 20
    assert engine.search("编号29的事项", at=NOW).hits[0].id == "n9"
    engine.tidy()
    assert engine.check().ok


def test_another_engine_sees_a_change_at_once(engine: Engine) -> None:
    other = Engine(engine.root)
    other.search("公积金", at=NOW)
    engine.apply([Document("new", {"title": "歇业备案"})], 2)
    assert other.search("歇业备案", at=NOW).hits[0].id == "new"
