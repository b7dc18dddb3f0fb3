"""Pictures of articles: looked into, drawn anew by a child process, kept; what nobody refers to is let go of."""

import base64
import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO, cast

from sqlalchemy import select

from portal.audit.services import Actor, record
from portal.core import child, files
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.files import Kept

from ..models import Attachment
from ..rules.pictures import FORMATS

AREA = "article"
LARGEST = 10 * 1024 * 1024
ENDINGS = ("png", "jpg", "jpeg")
MIMETYPES = {"png": "image/png", "jpg": "image/jpeg"}
MEMORY = 512 * 1024 * 1024
SECONDS = 20
YOUNG = timedelta(hours=12)
"""A file without its row is that old before it counts as left behind."""


@dataclass(frozen=True)
class Picture:
    """A picture that was taken in and drawn anew, before its row is written."""

    kept: Kept
    filename: str
    kind: str


def take(stream: IO[bytes], filename: str) -> Picture:
    """Look into an uploaded picture and draw it anew; done before the write begins, for it takes a moment.

    Raises:
        DomainError: too large, of another kind than its name says, too many pixels, or no picture at all.
    """
    name = _plain(filename)
    raw = files.take(cast(BinaryIO, stream), name, area=AREA, allowed=ENDINGS, largest=LARGEST)
    try:
        kind = "png" if name.lower().endswith(".png") else "jpg"
        data = base64.b64encode(files.path_of(raw.name).read_bytes()).decode()
        drawn = child.call(
            "portal.knowledge.rules.pictures",
            "redraw",
            {"data": data, "kind": kind},
            what=f"图片「{name}」",
            memory=MEMORY,
            seconds=SECONDS,
        )
        return Picture(_written(base64.b64decode(drawn["data"])), name, kind)
    finally:
        files.remove(raw.name)


def _plain(filename: str) -> str:
    """The name without any folder, and not too long; a pasted picture has none."""
    name = "".join(sign for sign in Path(filename.replace("\\", "/")).name if sign.isprintable()).strip()
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:100] or '图片'}.{ending}" if dot else name[:100] or "图片.png"


def _written(data: bytes) -> Kept:
    path = files.draft(AREA)
    try:
        path.write_bytes(data)
        return files.keep(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def keep(picture: Picture, *, by: Actor, now: datetime) -> Attachment:
    """Write the row of a picture that was taken in."""
    row = Attachment(
        file=picture.kept.name,
        filename=picture.filename,
        kind=picture.kind,
        size=picture.kept.size,
        sha256=picture.kept.sha256,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    facts = {"filename": picture.filename, "size": picture.kept.size, "sha256": picture.kept.sha256}
    record("knowledge:file:add", f"file:{row.id}", by=by, now=now, changes=facts)
    return row


def content_of(row: Attachment) -> bytes | None:
    """A picture as it was kept; None where it is not there, or no longer what it was."""
    if row.kind not in FORMATS:
        return None
    with contextlib.suppress(DomainError, ValueError):
        data = files.path_of(row.file).read_bytes()
        return data if hashlib.sha256(data).hexdigest() == row.sha256 else None
    return None


def sweep(now: datetime) -> None:
    """Let go of files that were written for a row that never came: the request that brought them failed."""
    old = files.older_than(YOUNG, area=AREA)
    named = set(db.session.scalars(select(Attachment.file).where(Attachment.file.in_(old)))) if old else set()
    db.session.rollback()
    for name in set(old) - named:
        files.remove(name)
