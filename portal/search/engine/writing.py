"""The steps of a writer, who holds the lock: changes in, small segments made one, everything anew."""

import itertools
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from . import disk
from . import folder as files
from .folder import State
from .postings import Field, key
from .segment import build
from .store import Contents
from .types import Change, Document

CHUNK = 5000
"""Documents a segment when all are written: few segments, each small enough to be made in memory."""

MOST_SMALL = 8
SMALL = 500
"""Segments of fewer documents are made one when there are more than MOST_SMALL of them: a change may have to wait for
that.
"""

MOST_DELETED = 0.3
"""A larger share of deleted documents than this makes a segment worth writing anew."""


def take(state: State, changes: Sequence[Change], position: int) -> None:
    """Write changes as a new segment; of several changes to one document the last counts."""
    last = {change.id: change for change in changes}
    documents = [change for change in last.values() if isinstance(change, Document)]
    contents = _contents(state)
    keys = np.array([key(Field.ID, name) for name in last], dtype=np.uint64)
    for segment in state.segments.values():
        begins, sizes = segment.find(keys)
        for begin in begins[sizes > 0].tolist():
            contents.delete(segment.name, int(segment.index.docs[begin]))
    _commit(state, contents, documents, position, ())


def merge_small(state: State) -> bool:
    """Make the small segments one, if they are too many; returns whether anything was done."""
    contents = _contents(state)
    small = [name for name in contents.segments if _live(contents, name) < SMALL]
    if len(small) <= MOST_SMALL:
        return False
    _rewrite(state, contents, _cheapest(contents, small))
    return True


def tidy(state: State) -> bool:
    """One step of what takes longer: write anew what is mostly deleted, and make one of many middling segments."""
    contents = _contents(state)
    worn = [name for name in contents.segments if contents.size(name)[1] > MOST_DELETED * contents.size(name)[0]]
    middling = [name for name in contents.segments if SMALL <= _live(contents, name) < CHUNK]
    wanted = worn[:1] or (_cheapest(contents, middling) if len(middling) > MOST_SMALL else [])
    if wanted:
        _rewrite(state, contents, wanted)
    return bool(wanted)


def write_all(root: Path, documents: Iterable[Document], position: int) -> tuple[Path, int]:
    """A new generation with all documents, not yet the one that counts; returns its folder and their number."""
    folder, contents, manifest = files.create(root), Contents(), None
    build_id, total, source = secrets.token_hex(8), 0, iter(documents)
    while True:
        chunk = list({d.id: d for d in itertools.islice(source, CHUNK)}.values())
        if manifest is not None and not chunk:
            return folder, total
        manifest = files.commit(
            folder, contents, _new_files(contents, chunk, ()), manifest, build=build_id, position=position
        )
        total += len(chunk)


def _live(contents: Contents, name: str) -> int:
    size, gone = contents.size(name)
    return size - gone


def _cheapest(contents: Contents, names: Sequence[str]) -> list[str]:
    """The smallest segments up to one that would cost more than the gain: each document is written again only now and
    then.
    """
    chosen: list[str] = []
    total = 0
    for size, name in sorted((_live(contents, name), name) for name in names):
        if len(chosen) > 1 and size > 2 * total:
            break
        total += size
        chosen.append(name)
    return chosen


def _rewrite(state: State, contents: Contents, names: Sequence[str]) -> None:
    _commit(state, contents, _documents(state, names), state.manifest.position, names)


def _commit(
    state: State, contents: Contents, documents: Sequence[Document], position: int, without: Iterable[str]
) -> None:
    new = _new_files(contents, documents, without)
    files.commit(state.folder, contents, new, state.manifest, build=state.manifest.build, position=position)


def _contents(state: State) -> Contents:
    toc = state.manifest.toc
    return Contents.open(toc, disk.verified(state.folder / toc, state.manifest.files[toc]))


def _new_files(contents: Contents, documents: Sequence[Document], without: Iterable[str]) -> dict[str, bytes]:
    """The files of a new segment with these documents, and of the table that names it."""
    if not documents:
        return dict(contents.write((), None, without))
    before = set(contents.segments)
    postings, arrays = build(documents)
    new = dict(contents.write([(d.id, d.canonical()) for d in documents], postings, without))
    (segment,) = set(contents.segments) - before
    return {**new, files.files_of(segment)[0]: arrays}


def _documents(state: State, names: Sequence[str]) -> list[Document]:
    snapshot = state.snapshot
    wanted = [at for at, segment in enumerate(snapshot.segments) if segment.name in names]
    numbers = (n for at in wanted for n in range(int(snapshot.offsets[at]), int(snapshot.offsets[at + 1])))
    return [snapshot.document(number) for number in numbers if snapshot.alive[number]]
