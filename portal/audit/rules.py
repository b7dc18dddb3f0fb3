"""The chain: how a row is hashed, and how a tampered one is found (trust.md §7)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

ALGORITHM = "sha256"
START = "0" * 64
"""What the first row names as the hash before it."""


class UnreadableRowError(Exception):
    """The next row holds what cannot even be read; nobody writes such a row but a forger."""


class Row(Protocol):
    """A row of the audit as any mapping gives it: by column name."""

    def __getitem__(self, key: str, /) -> Any:
        """The column's value."""


HASHED = tuple("seq at actor_id actor_name session ip action object_ref result reason detail alg prev".split())
"""Every column but the hash itself."""


def canonical(row: Row) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, no spaces, moments as ISO 8601 in UTC."""
    plain = {key: _plain(row[key]) for key in HASHED}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def row_hash(row: Row) -> str:
    """The hash of a row; `prev` is one of its columns, so each row vouches for all before it."""
    return hashlib.new(str(row["alg"]), canonical(row)).hexdigest()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


@dataclass
class Verdict:
    """The outcome of a verification; `first_bad` is the first sequence number that does not hold."""

    ok: bool = True
    rows: int = 0
    head_seq: int = 0
    head_hash: str = START
    first_bad: int | None = None
    reason: str | None = None

    def fail(self, seq: int, reason: str) -> "Verdict":
        """Name the first bad row; reasons are hash, link, gap, anchor, cut."""
        self.ok, self.first_bad, self.reason = False, seq, reason
        return self


def verify(
    rows: Iterable[Row], *, anchors: Mapping[int, str] | None = None, start: int = 1, prev: str = START
) -> Verdict:
    """Walk the chain and stop at the first row that does not hold.

    Args:
        rows: the rows in order of seq, from `start` on.
        anchors: seq → hash, kept outside the database; without them a cut tail cannot be seen.
        start: the first sequence number expected.
        prev: the hash of the row before `start`.
    """
    verdict = Verdict(head_hash=prev, head_seq=start - 1)
    left = {seq: value for seq, value in (anchors or {}).items() if seq >= start}
    try:
        for row in rows:
            expected = verdict.head_seq + 1
            reason = _fault(row, expected, verdict.head_hash, left.pop(expected, None))
            if reason:
                return verdict.fail(expected, reason)
            verdict.rows += 1
            verdict.head_seq, verdict.head_hash = expected, str(row["hash"])
    except UnreadableRowError:
        return verdict.fail(verdict.head_seq + 1, "hash")
    if left:
        return verdict.fail(min(verdict.head_seq + 1, *left), "cut")
    return verdict


def _fault(row: Row, seq: int, prev: str, anchor: str | None) -> str | None:
    if row["seq"] != seq:
        return "gap"
    if row["prev"] != prev:
        return "link"
    try:
        right = row_hash(row) == row["hash"]
    except (ValueError, TypeError):
        right = False
    if not right:
        return "hash"
    return "anchor" if anchor is not None and anchor != row["hash"] else None
