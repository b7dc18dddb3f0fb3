"""The vectors of documents, beside the index and derived like it: blocks that never change, and a sealed manifest.

A document's vectors are known by its id and digest, a piece's by a hash of its text: what was computed once is taken
over when a document changes in another place. Damaged or foreign vectors are dropped and computed anew.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..engine import arrays, disk
from ..engine.disk import MANIFEST, Entry, Manifest
from ..engine.folder import prepare
from ..engine.locking import exclusive
from ..engine.types import IndexDamaged

Halves = npt.NDArray[np.float16]
MOST_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where the vectors of a document stand: the whole first, then its pieces."""

    block: str
    start: int
    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Computed:
    """The vectors of one document, with the hash of each piece's text."""

    id: str
    digest: str
    hashes: Sequence[int]
    vectors: Halves


@dataclass(frozen=True, slots=True)
class View:
    """All vectors at one moment."""

    stamp: tuple[int, int, int] | None
    manifest: Manifest | None
    blocks: Mapping[str, Halves]
    places: Mapping[str, Place]
    known: Mapping[int, tuple[str, int]]


_EMPTY = View(None, None, {}, {}, {})


def text_hash(text: str) -> int:
    """The hash by which a piece's vector is found again."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


class VectorStore:
    """The vectors that one model gave, in a folder."""

    def __init__(self, root: Path, model: str, dim: int) -> None:
        self.root = root
        self.model = model
        self.dim = dim
        self._view = _EMPTY
        self._loading = threading.Lock()

    def view(self) -> View:
        """The newest vectors; empty where there are none, or none of this model, or damaged ones."""
        try:
            stamp = disk.stamp(self.root / MANIFEST)
        except OSError:
            return _EMPTY
        if self._view.stamp != stamp:
            with self._loading:
                try:
                    self._view = self._load(stamp)
                except (IndexDamaged, OSError, ValueError, KeyError):
                    self._view = View(stamp, None, {}, {}, {})
        return self._view

    def _load(self, stamp: tuple[int, int, int]) -> View:
        manifest = Manifest.parse((self.root / MANIFEST).read_bytes())
        if manifest.build != self.model:
            return View(stamp, None, {}, {}, {})
        blocks: dict[str, Halves] = {}
        places: dict[str, Place] = {}
        known: dict[int, tuple[str, int]] = {}
        for name in manifest.segments:
            found = arrays.load(disk.verified(self.root / name, manifest.files[name]))
            blocks[name] = found.arrays["vectors"].reshape(-1, self.dim)
            starts = found.arrays["starts"].tolist()
            for at, (document, digest) in enumerate(found.meta):
                places[document] = Place(name, starts[at], starts[at + 1] - starts[at], digest)
            known.update((value, (name, row)) for row, value in enumerate(found.arrays["hashes"].tolist()))
        return View(stamp, manifest, blocks, places, known)

    def add(self, computed: Sequence[Computed], keep: Callable[[str], bool] = lambda _: True) -> None:
        """Keep the vectors of documents; blocks that become many are made one, without documents not to be kept."""
        prepare(self.root)
        with exclusive(self.root / "lock"):
            view = self.view()
            names, files = list(view.blocks), dict(view.manifest.files) if view.manifest else {}
            if len(names) >= MOST_BLOCKS:
                fresh = {entry.id for entry in computed}
                computed = [*_kept(view, lambda name: name not in fresh and keep(name)), *computed]
                names, files = [], {}
            name = f"v-{secrets.token_hex(6)}.arr"
            files[name] = disk.write(self.root / name, _block(computed, self.dim))
            self._commit([*names, name], files)

    def _commit(self, names: Sequence[str], files: Mapping[str, Entry]) -> None:
        disk.sync_folder(self.root)
        disk.replace(self.root / MANIFEST, Manifest(self.model, 0, "", names, files).dump())
        for path in self.root.glob("v-*.arr"):
            if path.name not in files:
                path.unlink(missing_ok=True)


def _block(computed: Sequence[Computed], dim: int) -> bytes:
    counts = [len(entry.vectors) for entry in computed]
    return arrays.dump(
        {
            "vectors": np.concatenate([np.zeros((0, dim), np.float16), *(entry.vectors for entry in computed)]),
            "hashes": np.array([value for entry in computed for value in entry.hashes], dtype=np.uint64),
            "starts": np.cumsum([0, *counts]).astype(np.uint32),
        },
        [(entry.id, entry.digest) for entry in computed],
    )


def _kept(view: View, wanted: Callable[[str], bool]) -> Iterable[Computed]:
    hashes = {(name, row): value for value, (name, row) in view.known.items()}
    for document, place in view.places.items():
        if wanted(document):
            rows = range(place.start, place.start + place.count)
            vectors = view.blocks[place.block][place.start : place.start + place.count]
            yield Computed(document, place.digest, [hashes.get((place.block, row), 0) for row in rows], vectors)
