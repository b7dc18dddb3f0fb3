"""The index at one moment, all segments as one space of document numbers; never changed, replaced as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .postings import Field, gather, key
from .segment import Segment
from .store import StoredDocuments
from .types import Document

K1, B = 1.2, 0.75

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a query looks for: a key of the index, its field, and how much it weighs."""

    key: int
    field: Field
    weight: float


class Snapshot:
    """Segments, deletions and statistics of one generation."""

    def __init__(
        self,
        segments: Sequence[Segment],
        deleted: Mapping[str, Sequence[int]],
        stored: Mapping[str, StoredDocuments],
        position: int,
    ) -> None:
        self.segments = segments
        self.position = position
        self._stored = stored
        self.offsets = np.cumsum([0, *map(len, segments)])
        self.size = int(self.offsets[-1])
        self.alive: Mask = np.ones(self.size, dtype=np.bool_)
        for segment, offset in zip(segments, self.offsets, strict=False):
            self.alive[np.array(deleted.get(segment.name, ()), dtype=np.int64) + offset] = False
        self.documents = int(self.alive.sum())
        self._from = _joined([s.valid_from for s in segments], np.float64)
        self._to = _joined([s.valid_to for s in segments], np.float64)
        self._norms = self._length_norms()

    def _length_norms(self) -> Floats:
        """K1 × (1 − B + B × length ÷ mean length) for every field and document, flattened field by field."""
        lengths = np.concatenate(
            [np.zeros((max(Field) + 1, 0), np.float32), *(s.lengths for s in self.segments)], axis=1
        )
        used = np.maximum((lengths > 0).sum(axis=1, keepdims=True), 1)
        mean = np.maximum(lengths.sum(axis=1, keepdims=True) / used, 1)
        norms: Floats = (K1 * (1 - B + B * lengths / mean)).astype(np.float32).ravel()
        return norms

    def id_of(self, number: int) -> str:
        """The id of a document."""
        at = int(np.searchsorted(self.offsets, number, side="right")) - 1
        return self.segments[at].ids[number - int(self.offsets[at])]

    def document(self, number: int) -> Document:
        """A document as it was indexed."""
        at = int(np.searchsorted(self.offsets, number, side="right")) - 1
        content = self._stored[self.segments[at].name].content(number - int(self.offsets[at]))
        return Document.from_canonical(content)

    def visible(self, at: float) -> Mask:
        """Which documents may answer at a moment: not deleted, and in force."""
        return self.alive & (self._from <= at) & (at < self._to)

    def known(self, tokens: Sequence[tuple[Field, str]]) -> list[int]:
        """In how many documents each token stands in its field."""
        keys = np.array([key(field, token) for field, token in tokens], dtype=np.uint64)
        return list(map(int, self.frequencies(keys)))

    def frequencies(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """In how many documents each key stands."""
        return sum((s.find(keys)[1] for s in self.segments), np.zeros(len(keys), dtype=np.int64))

    def score(self, terms: Sequence[Term]) -> npt.NDArray[np.float64]:
        """The BM25 score of every document, summed over the terms."""
        keys = np.array([t.key for t in terms], dtype=np.uint64)
        fields = np.array([t.field for t in terms], dtype=np.int64)
        weights = np.array([t.weight for t in terms], dtype=np.float32)
        found = [segment.find(keys) for segment in self.segments]
        frequency = sum((sizes for _, sizes in found), np.zeros(len(keys), dtype=np.int64))
        idf = np.log(1 + (self.size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        worth = weights * idf * np.float32(K1 + 1)
        scores = np.zeros(self.size, dtype=np.float64)
        for segment, (begins, sizes), offset in zip(self.segments, found, self.offsets, strict=False):
            places = gather(begins, sizes)
            if not len(places):
                continue
            docs = segment.index.docs[places]
            counts = segment.index.counts[places].astype(np.float32)
            norms = self._norms[np.repeat(fields * self.size + offset, sizes) + docs]
            gains = np.repeat(worth, sizes) * counts / (counts + norms)
            scores[offset : offset + len(segment)] += np.bincount(docs, weights=gains, minlength=len(segment))
        return scores

    def having(self, name: str, values: Sequence[str]) -> Mask:
        """Which documents have one of these values of a filter."""
        mask: Mask = np.zeros(self.size, dtype=np.bool_)
        for segment, offset in zip(self.segments, self.offsets, strict=False):
            wanted = [at for at, value in enumerate(segment.facet_values.get(name, ())) if value in values]
            rows = segment.facet(name)
            mask[rows[np.isin(rows[:, 1], wanted), 0] + offset] = True
        return mask

    def counts(self, name: str, among: Mask) -> dict[str, int]:
        """How many of these documents have each value of a filter, the most frequent first."""
        totals: dict[str, int] = {}
        for segment, offset in zip(self.segments, self.offsets, strict=False):
            rows, values = segment.facet(name), segment.facet_values.get(name, ())
            chosen = rows[among[rows[:, 0] + offset], 1]
            for value, count in zip(values, np.bincount(chosen, minlength=len(values)).tolist(), strict=False):
                if count:
                    totals[value] = totals.get(value, 0) + count
        return dict(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of every document that is not deleted, by id."""
        pairs = ((i, d) for segment in self.segments for i, d in zip(segment.ids, segment.digests, strict=True))
        return {i: d for (i, d), alive in zip(pairs, self.alive.tolist(), strict=True) if alive}


def _joined(parts: Sequence[npt.NDArray[np.float64]], dtype: type[np.float64]) -> npt.NDArray[np.float64]:
    return np.concatenate([np.zeros(0, dtype), *parts])
