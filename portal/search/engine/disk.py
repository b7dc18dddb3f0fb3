"""Files that must survive: written whole, flushed to the disk, and known by their SHA-256."""

import hashlib
import json
import mmap
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .types import IndexDamaged

SCHEMA = 1
"""The version of everything stored. Raise it when tokens, fields or files change: old indexes then rebuild
themselves.
"""

MANIFEST = "manifest.json"
CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest knows of one file."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of an index: its files, and the place in the outbox up to which it follows the database."""

    build: str
    position: int
    toc: str
    segments: Sequence[str]
    files: Mapping[str, Entry]

    def dump(self) -> bytes:
        """The manifest as a file, sealed with its own checksum."""
        body = {
            "schema": SCHEMA,
            "build": self.build,
            "position": self.position,
            "toc": self.toc,
            "segments": list(self.segments),
            "files": {name: [e.sha256, e.size] for name, e in sorted(self.files.items())},
        }
        return json.dumps({**body, "seal": _seal(body)}, indent=1).encode()

    @staticmethod
    def parse(data: bytes) -> "Manifest":
        """Read a manifest.

        Raises:
            IndexDamaged: it is no manifest, was changed by another hand, or is of another version.
        """
        try:
            body: dict[str, Any] = json.loads(data)
            seal = body.pop("seal")
        except (ValueError, KeyError, AttributeError):
            raise IndexDamaged("清单读不懂", [MANIFEST]) from None
        if seal != _seal(body):
            raise IndexDamaged("清单被改动", [MANIFEST])
        if body["schema"] != SCHEMA:
            raise IndexDamaged(f"索引版本是 {body['schema']}，程序要 {SCHEMA}", [MANIFEST])
        files = {name: Entry(*pair) for name, pair in body["files"].items()}
        return Manifest(body["build"], body["position"], body["toc"], body["segments"], files)


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def write(path: Path, data: bytes | memoryview) -> Entry:
    """Write a new file and wait until the disk has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return Entry(hashlib.sha256(data).hexdigest(), len(data))


def replace(path: Path, data: bytes) -> None:
    """Put a file in place of another at one stroke, and wait until the disk has it."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write(beside, data)
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def verified(path: Path, entry: Entry, *, keep: bool = True) -> memoryview:
    """Map a file into memory after its size and checksum were found right; what is returned is what was checked.

    Without `keep` the pages that checking brought into memory are let go again: little of the file will be read.

    Raises:
        FileNotFoundError: it is not there.
        IndexDamaged: it is not what the manifest says.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        if size != entry.size:
            raise IndexDamaged("文件长度不符", [path.name])
        mapped = mmap.mmap(handle, 0, access=mmap.ACCESS_READ) if size else None
    finally:
        os.close(handle)
    view = memoryview(mapped) if mapped is not None else memoryview(b"")
    if hashlib.sha256(view).hexdigest() != entry.sha256:
        raise IndexDamaged("文件内容不符", [path.name])
    if mapped is not None and not keep:
        mapped.madvise(mmap.MADV_DONTNEED)
    return view


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced: inode, time and size; cheap enough for every search."""
    state = path.stat()
    return state.st_ino, state.st_mtime_ns, state.st_size
