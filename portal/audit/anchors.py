"""Anchors: the head of the chain kept outside the database, without which a cut tail cannot be seen (trust.md §7)."""

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from portal.core.write import after_commit

from .queries import head
from .rules import HASHED, Row

EVERY = 3600.0
"""Seconds between two anchors of one process at the least; the last act before may stay without one that long."""

_folder: Path | None = None
_last = 0.0


def use_folder(folder: Path) -> None:
    """Where anchors and the key of signed exports are kept."""
    global _folder, _last
    _folder, _last = folder, 0.0


def anchor_file() -> Path:
    """The file of anchors: JSON lines {"seq", "hash", "at"}; copy it to another machine."""
    if _folder is None:
        raise RuntimeError("the audit has no folder yet")
    return _folder / "anchors.jsonl"


def drop_anchor() -> tuple[int, str]:
    """Append the head of the chain to the file of anchors; returns it."""
    seq, value = head()
    if seq:
        line = json.dumps({"seq": seq, "hash": value, "at": time.time()}) + "\n"
        handle = os.open(anchor_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    return seq, value


def drop_anchor_hourly() -> None:
    """After a commit: an anchor, if the last one of this process is an hour old."""
    global _last
    if _folder is None or time.monotonic() - _last < EVERY and _last:
        return
    _last = time.monotonic()
    drop_anchor()


def read_anchors(path: Path) -> dict[int, str]:
    """Sequence number → hash of every anchor in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is no anchor.
    """
    found: dict[int, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            try:
                found[int(row["seq"])] = str(row["hash"])
            except (KeyError, TypeError):
                raise ValueError("no anchor") from None
    return found


def export_key() -> str:
    """The key that signs exports; the auditor keeps a copy, made when first asked for."""
    path = anchor_file().with_name("audit_key")
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


def signed_lines(rows: Iterable[Row], key: str) -> Iterator[str]:
    """The rows as JSON lines, and last a line that signs them all: rows, head, HMAC-SHA256 under the key."""
    mac = hmac.new(key.encode(), digestmod=hashlib.sha256)
    count, last = 0, {"seq": 0, "hash": ""}
    for row in rows:
        plain = {name: _plain(row[name]) for name in (*HASHED, "hash")}
        line = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        mac.update(line.encode() + b"\n")
        count, last = count + 1, {"seq": plain["seq"], "hash": plain["hash"]}
        yield line
    yield json.dumps({"rows": count, "head": last, "signature": mac.hexdigest()})


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if hasattr(value, "isoformat") else value


after_commit("anchor", drop_anchor_hourly)
