"""Whoever tampers with the audit is found, and the first row that does not hold is named."""

import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from portal.audit.queries import check_chain
from portal.audit.rules import HASHED, START, canonical, row_hash, verify
from portal.core.database import db

from .tampering import KINDS, Rows, anchors_of, check, fill, lay, read, tamper_at_random, unlock


@pytest.fixture
def chain(any_app: Flask) -> Flask:
    """A chain of some forty acts that can be laid hands on, on each database."""
    fill(any_app)
    unlock(any_app)
    return any_app


def test_sixty_tamperings_of_every_kind_are_found(chain: Flask) -> None:
    found = tamper_at_random(chain, 60, seed=20261123)
    assert sum(found.values()) == 60
    assert all(found.values()), found


def _without(seq: int) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if row["seq"] != seq]


def _with(number: int, /, **values: object) -> Callable[[Rows], Rows]:
    return lambda rows: [{**row, **values} if row["seq"] == number else row for row in rows]


@pytest.mark.parametrize(
    ("tamper", "first_bad", "reason"),
    [
        (_with(7, actor_name="别人"), 7, "hash"),
        (_with(1, detail="{}"), 1, "hash"),
        (_with(7, actor_id=999), 7, "hash"),
        (_with(7, at=datetime(2020, 1, 1, tzinfo=UTC)), 7, "hash"),
        (_with(7, hash="0" * 64), 7, "hash"),
        (_with(7, prev="0" * 64), 7, "link"),
        (_with(7, alg="rot13"), 7, "hash"),
        (_with(7, alg="shake_128"), 7, "hash"),
        (_without(7), 7, "gap"),
        (_without(1), 1, "gap"),
        (_with(7, seq=0), 1, "gap"),
        (lambda rows: rows[:20], 21, "cut"),
        (lambda rows: [], 1, "cut"),
    ],
)
def test_the_first_row_that_does_not_hold_is_named(
    chain: Flask, tamper: Callable[[Rows], Rows], first_bad: int, reason: str
) -> None:
    rows = read(chain)
    lay(chain, tamper(rows))
    verdict = check(chain, anchors_of(rows))
    assert (verdict.ok, verdict.first_bad, verdict.reason) == (False, first_bad, reason)


def test_a_tail_that_was_cut_or_rewritten_is_seen_only_against_anchors(chain: Flask) -> None:
    rows = read(chain)
    lay(chain, rows[:20])
    assert check(chain, {}).ok
    assert check(chain, anchors_of(rows)).reason == "cut"
    rewritten = KINDS["rewrite from there"](random.Random(3), rows)
    lay(chain, rewritten)
    assert check(chain, {}).ok
    verdict = check(chain, anchors_of(rows))
    assert verdict.reason == "anchor"
    assert verdict.first_bad in anchors_of(rows)


@pytest.mark.parametrize(
    "value", ["'no moment'", "CAST(x'ff' AS TEXT)", "x'00ff'", "''", "'2026-13-45 99:00:00'", "'<script>'", "12345"]
)
@pytest.mark.parametrize("column", ["at", "detail", "hash", "prev", "alg", "actor_id"])
def test_a_row_that_cannot_even_be_read_is_named(app: Flask, column: str, value: str) -> None:
    fill(app, 12)
    unlock(app)
    rows = read(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(f"UPDATE audit SET {column} = {value} WHERE seq = 9"))
    verdict = check(app, anchors_of(rows))
    assert (verdict.ok, verdict.first_bad) == (False, 9)


def test_from_a_number_on_only_what_follows_is_walked(chain: Flask) -> None:
    rows = read(chain)
    with chain.app_context():
        verdict = check_chain(start=11)
        assert (verdict.ok, verdict.rows, verdict.head_seq) == (True, len(rows) - 10, len(rows))
    lay(chain, _with(5, reason="别的")(rows))
    with chain.app_context():
        assert check_chain(start=11).ok
        assert check_chain().first_bad == 5


class _First(random.Random):
    """Always the first row."""

    def randrange(self, *_: int) -> int:  # type: ignore[override]
        return 0


def test_from_a_number_on_the_row_before_must_be_there_and_be_the_anchored_one(chain: Flask) -> None:
    rows = read(chain)
    anchors = anchors_of(rows)
    lay(chain, rows[:10])
    with chain.app_context():
        cut = check_chain(start=21)
        assert (cut.ok, cut.first_bad, cut.reason) == (False, 11, "cut")
        assert check_chain(start=11).ok
        assert check_chain(start=12).first_bad == 11
    lay(chain, _without(14)(rows))
    with chain.app_context():
        gap = check_chain(start=15)
        assert (gap.ok, gap.first_bad, gap.reason) == (False, 14, "gap")
    lay(chain, KINDS["rewrite from there"](_First(), rows))
    with chain.app_context():
        rewritten = check_chain(start=15, anchors={14: anchors[14]})
        assert (rewritten.ok, rewritten.first_bad, rewritten.reason) == (False, 14, "anchor")


def test_the_chain_can_be_checked_without_the_program(chain: Flask) -> None:
    """What is hashed is written down here once more, so that nobody changes it by accident."""
    prev = START
    for row in read(chain):
        plain = {name: row[name] for name in HASHED}
        plain["at"] = row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        raw = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        assert row["prev"] == prev
        assert raw == canonical(row)
        assert row["hash"] == hashlib.sha256(raw).hexdigest() == row_hash(row)
        prev = row["hash"]
    names = "seq at actor_id actor_name session ip action object_ref result reason detail alg prev"
    assert " ".join(HASHED) == names


def test_no_row_is_a_chain_that_holds() -> None:
    verdict = verify([])
    assert (verdict.ok, verdict.rows, verdict.head_seq, verdict.head_hash) == (True, 0, 0, START)
