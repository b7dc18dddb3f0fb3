"""Files that people upload or the portal makes: looked into before they are taken, kept outside the web root.

A file is kept below the data folder under a random name; which domain it belongs to, and who may have it, is that
domain's own rule, and it leaves as an attachment that no browser runs. Several hosts share the storage it lies on.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from flask import Response, send_file

from .errors import DomainError
from .file_checks import check

LARGEST = 20 * 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """A kept file: its name (area and random part), its length and its hash."""

    name: str
    size: int
    sha256: str


_folder: Path | None = None
_NAME = re.compile(r"([a-z]+)-([0-9a-f]{32})")


def use_folder(folder: Path) -> None:
    """Where files are kept: below the data folder, for this user only."""
    global _folder
    _folder = folder


def _place(name: str) -> Path:
    if _folder is None:
        raise RuntimeError("the files have no folder yet")
    found = _NAME.fullmatch(name)
    if not found:
        raise ValueError("no name of a kept file")
    return _folder / found[1] / found[2][:2] / name


def draft(area: str) -> Path:
    """A new empty file of an area (a domain's own corner) to write into; `keep` it, or unlink it."""
    path = _place(f"{area}-{secrets.token_hex(16)}")
    for folder in (path.parent.parent.parent, path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    return path


def keep(path: Path) -> Kept:
    """Make sure a written draft is on the disk, and say what it is called and what it holds."""
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return look(path)


def look(path: Path) -> Kept:
    """What a kept file is called and what it holds now."""
    with path.open("rb") as file:
        return Kept(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def take(stream: BinaryIO, filename: str, *, area: str, allowed: Collection[str], largest: int = LARGEST) -> Kept:
    """Take an uploaded file in: written under a random name, looked into, refused without a trace where it is wrong.

    Raises:
        DomainError: too large, of another kind than its name says, or beyond the limits of an archive.
    """
    path = draft(area)
    try:
        size = 0
        with path.open("wb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > largest:
                    raise DomainError(f"「{filename[:60]}」超过 {largest // 1024 // 1024} MB，没有收下：请拆成几份再传")
                file.write(chunk)
        check(path, filename, allowed=allowed)
        return keep(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def path_of(name: str) -> Path:
    """Where a kept file lies.

    Raises:
        DomainError: it is not there.
    """
    path = _place(name)
    if not path.is_file():
        raise DomainError("文件不在存放的地方，请告诉系统管理员")
    return path


def remove(name: str) -> None:
    """Let a kept file go; letting it go twice changes nothing."""
    _place(name).unlink(missing_ok=True)


def older_than(age: timedelta, *, area: str) -> list[str]:
    """The names of an area's files that nobody has written to for this long, by the disk's own clock."""
    if _folder is None:
        return []
    since = _disk_now() - age.total_seconds()
    found = [path for path in (_folder / area).glob("??/*") if _NAME.fullmatch(path.name)]
    return [path.name for path in found if path.stat().st_mtime < since]


def scratch() -> Path:
    """The folder for what libraries write on their way, so that no personal data lies about in a shared one."""
    if _folder is None:
        raise RuntimeError("the files have no folder yet")
    folder = _folder / "scratch"
    for place in (_folder, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _disk_now() -> float:
    """What time it is on the storage, which several hosts may share."""
    probe = scratch() / ".now"
    probe.touch(mode=0o600)
    return probe.stat().st_mtime


def clean_scratch(now: datetime) -> None:
    """Remove what processes that were killed left there a day ago or longer."""
    since = _disk_now() - timedelta(days=1).total_seconds()
    for path in scratch().iterdir():
        if path.is_file() and path.stat().st_mtime < since:
            path.unlink(missing_ok=True)


def attachment(path: Path | BinaryIO, *, filename: str, mimetype: str) -> Response:
    """The answer that hands a file over: to be saved, never shown or run."""
    response = send_file(path, mimetype=mimetype, as_attachment=True, download_name=filename, etag=False, max_age=0)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
