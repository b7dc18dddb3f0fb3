"""Writers killed in the middle of anything: the index is whole, says truly how far it came, and goes on from there."""

import multiprocessing
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from portal.search.engine.engine import Engine
from portal.search.engine.types import Change, Deleted, Document

from .conftest import NOW

IDS = 40
_spawn = multiprocessing.get_context("spawn")


def _change(seq: int) -> Change:
    name = f"d{seq * 7 % IDS}"
    return Deleted(name) if seq % 11 == 0 else Document(name, {"title": f"第{seq}次变更", "body": "公积金" * (seq % 5)})


def _database(position: int) -> dict[str, str]:
    """What the index must hold at a position: the last change of each document."""
    last = {change.id: change for change in map(_change, range(1, position + 1))}
    return {name: change.digest for name, change in last.items() if isinstance(change, Document)}


def _outbox(last: int, batch: int) -> object:
    def fetch(position: int) -> tuple[Sequence[Change], int]:
        reached = min(last, position + batch)
        return [_change(seq) for seq in range(position + 1, reached + 1)], reached

    return fetch


def _follow(root: Path, last: int, batch: int) -> None:
    Engine(root).follow(_outbox(last, batch))  # type: ignore[arg-type]


def _kill_rounds(root: Path, rounds: int, seed: int) -> float:
    """Kill a writer again and again; returns the longest time until index and database were equal again."""
    chance, slowest = random.Random(seed), 0.0
    engine = Engine(root)
    engine.rebuild([], 0)
    for _ in range(rounds):
        writer = _spawn.Process(target=_follow, args=(root, 10_000, chance.randint(1, 4)))
        writer.start()
        before = engine.position()
        while writer.is_alive() and engine.position() == before:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.15)
        writer.kill()
        writer.join()
        started = time.perf_counter()
        position = engine.position()
        assert engine.check(_database(position)).ok
        engine.follow(_outbox(position + 1, 1))  # type: ignore[arg-type]
        assert engine.check(_database(position + 1)).ok
        slowest = max(slowest, time.perf_counter() - started)
        assert engine.search("变更", at=NOW).total > 0
    return slowest


def test_a_killed_writer_leaves_a_whole_index(tmp_path: Path) -> None:
    assert _kill_rounds(tmp_path / "index", rounds=4, seed=1) < 5


@pytest.mark.drill
def test_a_hundred_kills(tmp_path: Path) -> None:
    slowest = _kill_rounds(tmp_path / "index", rounds=100, seed=2)
    print(f"100 kills: index equal to database each time, the slowest after {slowest:.2f} s")  # noqa: T201
    assert slowest < 5


def _write(root: Path, writer: int, changes: int) -> None:
    engine = Engine(root)
    for turn in range(changes):
        done: list[str] = []

        def fetch(position: int, turn: int = turn, done: list[str] = done) -> tuple[Sequence[Change], int]:
            if done:
                return (), position
            done.append("once")
            return [Document(f"w{writer}-{turn}", {"title": f"变更{turn}"})], position + 1

        engine.follow(fetch)


@pytest.mark.drill
def test_four_processes_with_five_hundred_changes_each(tmp_path: Path) -> None:
    root = tmp_path / "index"
    Engine(root).rebuild([], 0)
    started = time.perf_counter()
    writers = [_spawn.Process(target=_write, args=(root, number, 500)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    engine = Engine(root)
    print(f"4 × 500 changes in {time.perf_counter() - started:.1f} s, segments {engine.stats()['segments']}")  # noqa: T201
    assert engine.position() == 2000
    assert engine.stats()["documents"] == 2000
    assert engine.check().ok
