"""What somebody with the database in hand could do to the audit, as pure functions from rows to rows."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select

from portal.audit.models import AuditRow
from portal.audit.queries import check_chain
from portal.audit.rules import START, Verdict, row_hash
from portal.audit.services import SYSTEM, Actor, record
from portal.core.clock import utc_now
from portal.core.database import db, drop_append_only
from portal.core.write import transaction

Rows = list[dict[str, Any]]
Kind = Callable[[random.Random, Rows], Rows]
TABLE = AuditRow.__table__
ANCHOR_EVERY = 7


def fill(app: Flask, acts: int = 30) -> None:
    """Acts of several people, with everything a row may hold."""
    with app.app_context():
        for number in range(acts):
            by = SYSTEM if number % 5 == 0 else Actor(number, f"赵{number}", session=str(number), ip="10.0.0.7")
            with transaction():
                record(
                    "directory:unit:edit",
                    f"unit:{number}",
                    by=by,
                    now=utc_now(),
                    changes={"联系方式": ("旧\n", f"新 {number} <b>'\"\\"), "n": number},
                    result=("ok", "denied", "error")[number % 3],
                    reason="" if number % 2 else "说明理由",
                )


def unlock(app: Flask) -> None:
    """Take the triggers away, as only somebody with the database in hand can."""
    with app.app_context(), db.engine.begin() as connection:
        drop_append_only(connection, "audit")


def read(app: Flask) -> Rows:
    """The whole table."""
    with app.app_context(), db.engine.begin() as connection:
        return [dict(row) for row in connection.execute(select(TABLE).order_by(TABLE.c.seq)).mappings()]


def lay(app: Flask, rows: Rows) -> None:
    """Put these rows in the table's place."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(delete(TABLE))
        if rows:
            connection.execute(insert(TABLE), rows)


def anchors_of(rows: Rows) -> dict[int, str]:
    """What was kept elsewhere: every seventh head, and the last one."""
    return {row["seq"]: row["hash"] for row in rows if row["seq"] % ANCHOR_EVERY == 0} | {
        rows[-1]["seq"]: rows[-1]["hash"]
    }


def check(app: Flask, anchors: dict[int, str]) -> Verdict:
    """What `flask audit verify --anchors` finds."""
    with app.app_context():
        return check_chain(anchors=anchors)


def first_difference(before: Rows, after: Rows) -> int:
    """The first number whose row is not what it was."""
    if any(row["seq"] < 1 for row in after):
        return 1
    new = {row["seq"]: row for row in after}
    wrong = [row["seq"] for row in before if new.get(row["seq"]) != row]
    return min([*wrong, len(before) + 1])


def _other_text(rng: random.Random, value: str) -> str:
    choices = [value + " ", value + "\u200b", value[:-1], value.swapcase(), "", value.replace("0", "O"), value[::-1]]
    return rng.choice([choice for choice in choices if choice != value])


def _other_hex(rng: random.Random, value: str) -> str:
    at = rng.randrange(64)
    digit = rng.choice([sign for sign in "0123456789abcdef" if sign != value[at]])
    return value[:at] + digit + value[at + 1 :]


def _changed(rng: random.Random, column: str, value: Any, rows: Rows) -> Any:
    if column == "seq":
        return rng.choice([0, -3, rows[-1]["seq"] + rng.randint(2, 9)])
    if column == "at":
        return value + timedelta(microseconds=rng.choice([-1, 1, 60_000_000, -86_400_000_000]))
    if column == "actor_id":
        return rng.choice([choice for choice in (None, 0, 1, 77) if choice != value])
    if column == "alg":
        return rng.choice(["sha512", "md5", "SHA256", "none", "shake_128", ""])
    if column in ("prev", "hash"):
        return _other_hex(rng, value)
    return _other_text(rng, value)


def _edit(column: str) -> Kind:
    def tamper(rng: random.Random, rows: Rows) -> Rows:
        at = rng.randrange(len(rows))
        return [
            {**row, column: _changed(rng, column, row[column], rows)} if number == at else row
            for number, row in enumerate(rows)
        ]

    return tamper


def _delete(rng: random.Random, rows: Rows) -> Rows:
    gone = set(rng.sample(range(len(rows)), rng.choice([1, 1, 2, 5])))
    return [row for number, row in enumerate(rows) if number not in gone]


def _truncate(rng: random.Random, rows: Rows) -> Rows:
    return rows[: rng.randrange(len(rows))]


def _forged(rng: random.Random, rows: Rows) -> dict[str, Any]:
    return {**rng.choice(rows), "actor_name": "内鬼", "detail": '{"forged": true}'}


def _insert(rng: random.Random, rows: Rows) -> Rows:
    """A forged row with a right hash of its own between two others, which move up."""
    at = rng.randrange(len(rows))
    row = {**_forged(rng, rows), "seq": at + 1, "prev": rows[at]["prev"]}
    row["hash"] = row_hash(row)
    return [*rows[:at], row, *({**other, "seq": other["seq"] + 1} for other in rows[at:])]


def _insert_below(rng: random.Random, rows: Rows) -> Rows:
    row = {**_forged(rng, rows), "seq": rng.choice([0, -1, -1000]), "prev": START}
    row["hash"] = row_hash(row)
    return [row, *rows]


def _append(rng: random.Random, rows: Rows) -> Rows:
    """A row at the end by somebody who does not know how rows are chained."""
    return [*rows, {**_forged(rng, rows), "seq": rows[-1]["seq"] + rng.choice([1, 2])}]


def _swap(rng: random.Random, rows: Rows) -> Rows:
    first, second = sorted(rng.sample(range(len(rows)), 2))
    kept = ("seq",) if rng.random() < 0.5 else ("seq", "prev", "hash")
    mixed = list(rows)
    for one, other in ((first, second), (second, first)):
        mixed[one] = {**rows[other], **{name: rows[one][name] for name in kept}}
    return mixed


def _chained(rows: Sequence[dict[str, Any]]) -> Rows:
    """The rows numbered and hashed anew, as somebody would who knows how it is done."""
    prev, chained = START, []
    for seq, row in enumerate(rows, start=1):
        new = {**row, "seq": seq, "prev": prev}
        new["hash"] = prev = row_hash(new)
        chained.append(new)
    return chained


def _rewrite(rng: random.Random, rows: Rows) -> Rows:
    at = rng.randrange(len(rows))
    return _chained([*rows[:at], {**rows[at], "actor_name": "别人"}, *rows[at + 1 :]])


def _leave_out_and_rewrite(rng: random.Random, rows: Rows) -> Rows:
    at = rng.randrange(len(rows) - 1)
    return _chained([*rows[:at], *rows[at + 1 :]])


def _insert_and_rewrite(rng: random.Random, rows: Rows) -> Rows:
    at = rng.randrange(len(rows))
    return _chained([*rows[:at], _forged(rng, rows), *rows[at:]])


def _edit_and_hash(rng: random.Random, rows: Rows) -> Rows:
    """One row edited and hashed anew, the rest left as it was."""
    at = rng.randrange(len(rows))
    row = {**rows[at], "detail": "{}x"}
    row["hash"] = row_hash(row)
    return [*rows[:at], row, *rows[at + 1 :]]


KINDS: dict[str, Kind] = {
    **{f"edit {column.name}": _edit(column.name) for column in TABLE.columns},
    "delete": _delete,
    "truncate": _truncate,
    "insert": _insert,
    "insert below": _insert_below,
    "append": _append,
    "swap": _swap,
    "edit and hash": _edit_and_hash,
    "rewrite from there": _rewrite,
    "leave out and rewrite": _leave_out_and_rewrite,
    "insert and rewrite": _insert_and_rewrite,
}


def tamper_at_random(app: Flask, times: int, seed: int) -> dict[str, int]:
    """Tamper so many times, each time from the whole chain; returns how often each kind was found.

    Raises:
        AssertionError: one was not found, or another row was named than the chain and its anchors can name.
    """
    rng = random.Random(seed)
    before = read(app)
    anchors = anchors_of(before)
    found = dict.fromkeys(KINDS, 0)
    names = list(KINDS)
    for number in range(times):
        name = names[number % len(names)] if number < 2 * len(names) else rng.choice(names)
        after = KINDS[name](rng, before)
        lay(app, after)
        verdict = check(app, anchors)
        first = first_difference(before, after)
        latest = min([seq for seq in anchors if seq >= first], default=before[-1]["seq"] + 1)
        assert not verdict.ok, (name, number, seed)
        assert verdict.first_bad is not None
        assert first <= verdict.first_bad <= max(latest, first), (name, number, verdict, first, latest)
        found[name] += 1
    lay(app, before)
    assert check(app, anchors).ok
    return found
