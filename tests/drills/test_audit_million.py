"""One million audit rows are verified in at most thirty seconds."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from portal.audit.rules import ALGORITHM, START, row_hash, verify
from tests.support.databases import START as MOMENT


def _chain(length: int) -> Iterator[dict[str, Any]]:
    prev = START
    for seq in range(1, length + 1):
        row: dict[str, Any] = dict.fromkeys(("session", "ip", "reason"), "")
        row |= {"seq": seq, "at": MOMENT + timedelta(seconds=seq), "actor_id": seq % 50, "actor_name": "李坐席"}
        row |= {"action": "knowledge:favourite:keep", "object_ref": f"article:KB-0104-{seq % 900:03}", "result": "ok"}
        row |= {"detail": '{"title": ["旧", "新"]}', "alg": ALGORITHM, "prev": prev}
        row["hash"] = prev = row_hash(row)
        yield row


def _seconds(length: int) -> float:
    rows = list(_chain(length))
    started = time.perf_counter()
    assert verify(rows).ok
    return time.perf_counter() - started


def test_ten_thousand_rows_hold() -> None:
    assert verify(_chain(10_000)).rows == 10_000


@pytest.mark.drill
def test_a_million_rows_hold_within_thirty_seconds() -> None:
    taken = _seconds(1_000_000)
    print(f"| verify 1,000,000 audit rows | {taken:.1f} s | ≤ 30 s |")
    assert taken <= 30
