"""The folder of an index: which generation of it counts, and the step from one state to the next.

    index/            mode 0700
      lock            held by the one writer
      current         the name of the generation that counts
      g-5f0c…/        manifest.json, Whoosh's table and segments (.toc, .seg), the arrays of each segment (.arr)

A new state becomes true by replacing one file: `manifest.json` after a change, `current` after a rebuild. Whatever a
crash leaves behind is in no manifest and is swept away by the next writer.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import disk
from .disk import CURRENT, MANIFEST, Entry, Manifest
from .segment import Segment
from .snapshot import Snapshot
from .store import Contents, StoredDocuments
from .types import IndexDamaged

Stamps = tuple[tuple[int, int, int], ...]
_RETRIES = 20


@dataclass(frozen=True, slots=True)
class State:
    """A generation that was read and verified: the folder, its manifest, and what it holds."""

    folder: Path
    manifest: Manifest
    stamps: Stamps
    snapshot: Snapshot
    segments: Mapping[str, Segment]
    stored: Mapping[str, StoredDocuments]


def prepare(root: Path) -> None:
    """Make the index folder, readable by nobody else: whoever can write here could run code as us."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if root.stat().st_mode & 0o077:
        root.chmod(0o700)


def stamps(root: Path) -> Stamps:
    """What tells a new state from the old one.

    Raises:
        IndexDamaged: there is no index.
    """
    try:
        folder = current(root)
        return disk.stamp(root / CURRENT), disk.stamp(folder / MANIFEST)
    except (OSError, ValueError):
        raise IndexDamaged("没有索引", [CURRENT]) from None


def current(root: Path) -> Path:
    """The folder of the generation that counts."""
    return root / Path((root / CURRENT).read_text().strip()).name


def load(root: Path, known: State | None = None) -> State:
    """Read the state that counts now, taking from `known` what has not changed.

    Raises:
        IndexDamaged: something is missing or not what the manifest says.
    """
    rights = root.stat() if root.exists() else None
    if rights and (rights.st_mode & 0o022 or rights.st_uid != os.geteuid()):
        raise IndexDamaged("索引目录别人也能写", [root.name])
    for attempt in range(_RETRIES):
        seen = stamps(root)
        folder = current(root)
        try:
            return _read(folder, seen, known if known and known.folder == folder else None)
        except FileNotFoundError as error:
            if attempt == _RETRIES - 1 or seen == stamps(root):
                raise IndexDamaged("缺少文件", [Path(str(error.filename)).name]) from None
    raise AssertionError("unreachable")


def _read(folder: Path, seen: Stamps, known: State | None) -> State:
    manifest = Manifest.parse((folder / MANIFEST).read_bytes())
    if known and known.manifest.build == manifest.build and manifest.position < known.manifest.position:
        raise IndexDamaged("索引变旧了", [MANIFEST])
    if manifest.toc not in manifest.files:
        raise IndexDamaged("清单不全", [MANIFEST])
    contents = Contents.open(manifest.toc, disk.verified(folder / manifest.toc, manifest.files[manifest.toc]))
    segments: dict[str, Segment] = {}
    stored: dict[str, StoredDocuments] = {}
    for name in contents.segments:
        if known and name in known.segments:
            segments[name], stored[name] = known.segments[name], known.stored[name]
            continue
        arrays, compound = (
            disk.verified(folder / file, manifest.files[file], keep=file.endswith(".arr")) for file in files_of(name)
        )
        segments[name] = Segment(name, arrays)
        stored[name] = contents.documents(name, compound)
    deleted = {name: contents.deleted(name) for name in contents.segments}
    snapshot = Snapshot(list(segments.values()), deleted, stored, manifest.position)
    return State(folder, manifest, seen, snapshot, segments, stored)


def files_of(segment: str) -> tuple[str, str]:
    """The files of a segment: our arrays, Whoosh's compound file."""
    return f"{segment}.arr", f"{segment}.seg"


def damaged_files(state: State) -> list[str]:
    """The files on the disk that are not what the manifest says, by reading all of them."""
    bad = []
    for name, entry in state.manifest.files.items():
        try:
            disk.verified(state.folder / name, entry, keep=False)
        except (OSError, IndexDamaged):
            bad.append(name)
    try:
        Manifest.parse((state.folder / MANIFEST).read_bytes())
    except (OSError, IndexDamaged):
        bad.append(MANIFEST)
    return bad


def create(root: Path) -> Path:
    """A folder for a new generation; those that a crash left unfinished make room for it."""
    try:
        counts = current(root).name
    except (OSError, ValueError):
        counts = ""
    _remove_others(root, counts)
    folder = root / f"g-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    return folder


def commit(
    folder: Path, contents: Contents, new: Mapping[str, bytes], old: Manifest | None, *, build: str, position: int
) -> Manifest:
    """Write new files, then the manifest that makes them count, then sweep away what counts no more."""
    if old:
        sweep(folder, old)  # what a crash left could be what fills the disk
    entries: dict[str, Entry] = {name: disk.write(folder / name, data) for name, data in new.items()}
    disk.sync_folder(folder)
    wanted = {contents.file, *(file for name in contents.segments for file in files_of(name))}
    files = {name: entry for name, entry in {**(old.files if old else {}), **entries}.items() if name in wanted}
    manifest = Manifest(build, position, contents.file, contents.segments, files)
    disk.replace(folder / MANIFEST, manifest.dump())
    sweep(folder, manifest)
    return manifest


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove files that are in no manifest: segments merged away, and what a crash left."""
    for path in folder.iterdir():
        if path.name not in manifest.files and path.name != MANIFEST:
            path.unlink(missing_ok=True)


def switch(root: Path, folder: Path) -> None:
    """Let a generation count, and remove the others; those who still read them keep their files open."""
    disk.replace(root / CURRENT, folder.name.encode())
    _remove_others(root, folder.name)


def _remove_others(root: Path, name: str) -> None:
    for path in root.glob("g-*"):
        if path.name != name:
            shutil.rmtree(path, ignore_errors=True)


def size_on_disk(folder: Path) -> int:
    """The bytes of all files of a generation."""
    return sum(entry.stat().st_size for entry in os.scandir(folder))
