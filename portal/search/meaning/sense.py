"""The sense of meaning: which documents are near to what was asked, by their best piece and as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine.fuse import Near
from ..engine.postings import gather
from ..engine.select import Places
from ..engine.snapshot import Floats, Mask, Snapshot
from ..engine.types import Document
from .encoder import Encoder, Vectors
from .store import Computed, Halves, VectorStore, View, text_hash

GAIN_OF_PIECES, GAIN_OF_WHOLE = 0.35, 0.05
"""What a document gains for each standard deviation by which it is nearer than the last of the nearest (tuned on the
project's own questions only; see docs/drills.md)."""

MOST_NEAR = 20
"""So many nearest documents become results, whether the words find them or not."""

ALL_PIECES = 10_000
CANDIDATES = 250
"""Where there are more than ALL_PIECES, only those of so many documents nearest as a whole are compared one by one."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the documents have their vectors."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class _Part:
    """The vectors of one segment's documents: each document as a whole, and in which block its pieces stand where."""

    whole: Floats
    block: Places
    start: Places
    count: Places


@dataclass(frozen=True, slots=True)
class _Map:
    """Vectors in the numbers of a snapshot."""

    snapshot: Snapshot
    view: View
    parts: Mapping[str, _Part]
    blocks: Sequence[Halves]
    block: Places
    start: Places
    count: Places

    def whole(self, vector: Vectors) -> Floats:
        """How near each document is as a whole."""
        return np.concatenate([np.zeros(0, np.float32), *(part.whole @ vector for part in self.parts.values())])


class Meaning:
    """Answers `fuse.Sense` for one query at a time, and computes what is missing."""

    def __init__(self, root: Path, encoder: Encoder) -> None:
        self.encoder = encoder
        self.store = VectorStore(root, encoder.name, encoder.dim)
        self._map: _Map | None = None

    def ask(self, query: str, *, wait: float = 0.3) -> Callable[[Snapshot, Mask, Places], Near] | None:
        """A sense for a search, None where the encoder is busy for longer than `wait` seconds."""
        vector = self.encoder.encode_query(query[:300], wait=wait)
        if vector is None:
            return None
        return lambda snapshot, visible, leading: self._near(snapshot, visible, leading, vector)

    def _near(self, snapshot: Snapshot, visible: Mask, leading: Places, vector: Vectors) -> Near:
        found = self._mapped(snapshot)
        able = np.flatnonzero(visible & (found.count > 0))
        if not len(able):
            return Near({})
        whole = found.whole(vector)[able]
        spread = max(float(whole.std()), 1e-6)
        by_whole = np.argsort(-whole, kind="stable")[:CANDIDATES]
        near_whole = able[by_whole[:MOST_NEAR]], whole[by_whole[:MOST_NEAR]]
        if int(found.count[able].sum()) > ALL_PIECES:
            able = np.union1d(able[by_whole], leading[found.count[leading] > 0])
        best, nearest = _best_pieces(found, able, vector)
        by_piece = np.argsort(-best, kind="stable")[:MOST_NEAR]
        near_piece = able[by_piece], best[by_piece]
        gains: dict[int, float] = {}
        for (places, nearness), weight in ((near_piece, GAIN_OF_PIECES), (near_whole, GAIN_OF_WHOLE)):
            for place, beyond in zip(places.tolist(), nearness - nearness[-1], strict=True):
                gains[place] = gains.get(place, 0.0) + weight * float(beyond) / spread
        return Near(gains, dict(zip(near_piece[0].tolist(), nearest[by_piece].tolist(), strict=True)))

    def _mapped(self, snapshot: Snapshot) -> _Map:
        view, known = self.store.view(), self._map
        if known is None or known.snapshot is not snapshot or known.view is not view:
            # Segments never change: only the new ones are looked through.
            old = known.parts if known and known.view is view else {}
            dim = self.encoder.dim
            parts = {s.name: old.get(s.name) or _part(s.ids, view, dim) for s in snapshot.segments}
            known = self._map = _map(snapshot, view, parts)
        return known

    def pending(self, snapshot: Snapshot) -> list[str]:
        """The documents without vectors, or with those of another text."""
        places = self.store.view().places
        return [
            name for name, digest in snapshot.digests.items() if name not in places or places[name].digest != digest
        ]

    def progress(self, snapshot: Snapshot) -> Progress:
        """How far the vectors follow the index."""
        total = len(snapshot.digests)
        return Progress(total - len(self.pending(snapshot)), total)

    def compute(self, snapshot: Snapshot, *, limit: int = 20) -> int:
        """Compute the vectors of some documents that lack them; for a background job, until it returns 0."""
        wanted = set(self.pending(snapshot)[:limit])
        numbers = [number for number in np.flatnonzero(snapshot.alive).tolist() if snapshot.id_of(number) in wanted]
        if numbers:
            view = self.store.view()
            computed = [self._compute(snapshot.document(number), view) for number in numbers]
            self.store.add(computed, snapshot.digests.__contains__)
        return len(numbers)

    def _compute(self, document: Document, view: View) -> Computed:
        texts = [text for _, text in document.pieces()]
        hashes = [text_hash(text) for text in texts]
        vectors = np.zeros((len(texts), self.encoder.dim), dtype=np.float16)
        fresh = [row for row, value in enumerate(hashes) if value not in view.known]
        if fresh:
            vectors[fresh] = self.encoder.encode_passages([texts[row] for row in fresh]).astype(np.float16)
        for row in set(range(len(texts))) - set(fresh):
            block, place = view.known[hashes[row]]
            vectors[row] = view.blocks[block][place]
        return Computed(document.id, document.digest, hashes, vectors)


def _part(ids: Sequence[str], view: View, dim: int) -> _Part:
    names = {name: at for at, name in enumerate(view.blocks)}
    block, start, count = (np.zeros(len(ids), dtype=np.int64) for _ in range(3))
    for number, document in enumerate(ids):
        place = view.places.get(document)
        if place is not None:
            block[number], start[number], count[number] = names[place.block], place.start, place.count
    whole = np.zeros((len(ids), dim), dtype=np.float32)
    for name, at in names.items():
        mine = np.flatnonzero((block == at) & (count > 0))
        whole[mine] = view.blocks[name][start[mine]].astype(np.float32)
    return _Part(whole, block, start, count)


def _map(snapshot: Snapshot, view: View, parts: Mapping[str, _Part]) -> _Map:
    none = np.zeros(0, dtype=np.int64)
    block, start, count = (
        np.concatenate([none, *(getattr(part, name) for part in parts.values())])
        for name in ("block", "start", "count")
    )
    return _Map(snapshot, view, parts, list(view.blocks.values()), block, start, count)


def _best_pieces(found: _Map, able: Places, vector: Vectors) -> tuple[Floats, Places]:
    """For each of these documents the nearness of its nearest piece, and which piece that is."""
    best, nearest = np.zeros(len(able), dtype=np.float32), np.zeros(len(able), dtype=np.int64)
    for at, vectors in enumerate(found.blocks):
        mine = np.flatnonzero(found.block[able] == at)
        if not len(mine):
            continue
        counts = found.count[able[mine]]
        begins = np.cumsum(counts) - counts
        nearness = vectors[gather(found.start[able[mine]], counts)].astype(np.float32) @ vector
        highest = np.maximum.reduceat(nearness, begins)
        first = np.flatnonzero(nearness == np.repeat(highest, counts))
        owners = np.searchsorted(begins, first, side="right") - 1
        best[mine] = highest
        nearest[mine[owners[::-1]]] = (first - begins[owners])[::-1]
    return best, nearest
