"""Postings as arrays: which term stands in which document how often, field by field.

The same arrays go into Whoosh's files and, under 64-bit keys instead of words, into the file that the scorer maps
into memory.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..rules.pinyin import sound_pair

Ints = npt.NDArray[np.uint32]


class Field(IntEnum):
    """What a key of the scorer belongs to; at most sixteen, for four bits of the key."""

    PAIRS = 0
    SINGLES = 1
    TITLE = 2
    PHRASES = 3
    SCRIPT = 4
    BASIS = 5
    SOUNDS = 6
    INITIALS = 7
    ID = 8


TEXT_FIELDS: Mapping[str, Field] = {
    "pairs": Field.PAIRS,
    "singles": Field.SINGLES,
    "title": Field.TITLE,
    "phrases": Field.PHRASES,
    "script": Field.SCRIPT,
    "basis": Field.BASIS,
    "initials": Field.INITIALS,
}
"""The fields that Whoosh keeps, by the name it knows them by; sounds follow from pairs."""

_FIELD_BITS = 4


@lru_cache(maxsize=20_000)
def _hash(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def key(field: Field, term: str) -> int:
    """The 64-bit key of a term in a field: 60 bits of its hash and the number of the field."""
    return (_hash(term) >> _FIELD_BITS << _FIELD_BITS) | field


@dataclass(frozen=True, slots=True)
class FieldPostings:
    """One field: its terms in the order of their bytes; the postings of term i stand at starts[i]:starts[i + 1]."""

    terms: list[bytes]
    starts: npt.NDArray[np.int64]
    docs: Ints
    counts: Ints


class Postings:
    """The postings of one segment in the making; documents come in the order of their numbers."""

    def __init__(self) -> None:
        self._terms: dict[str, dict[str, int]] = {name: {} for name in TEXT_FIELDS}
        self._rows: dict[str, tuple[array[int], array[int], array[int]]] = {
            name: (array("I"), array("I"), array("I")) for name in TEXT_FIELDS
        }
        self._lengths: dict[str, array[int]] = {name: array("I") for name in TEXT_FIELDS}
        self._fields: dict[str, FieldPostings] = {}
        self.documents = 0

    def add(self, tokens: Mapping[str, Counter[str]]) -> None:
        """Take the next document's tokens, by the name of the field."""
        for name in TEXT_FIELDS:
            counts = tokens.get(name, Counter())
            known, (terms, docs, times) = self._terms[name], self._rows[name]
            terms.extend([known.setdefault(term, len(known)) for term in counts])
            docs.extend([self.documents] * len(counts))
            times.extend(counts.values())
            self._lengths[name].append(counts.total())
        self.documents += 1

    @property
    def lengths(self) -> Mapping[str, Ints]:
        """The number of tokens of each document, by field."""
        return {name: np.array(values, dtype=np.uint32) for name, values in self._lengths.items()}

    def field(self, name: str) -> FieldPostings:
        """One field's postings, sorted by term and document."""
        if name not in self._fields:
            self._fields[name] = self._sorted(name)
        return self._fields[name]

    def _sorted(self, name: str) -> FieldPostings:
        words = sorted((term.encode("utf-8", "replace"), number) for term, number in self._terms[name].items())
        rank = np.empty(len(words), dtype=np.uint32)
        rank[[number for _, number in words]] = np.arange(len(words), dtype=np.uint32)
        rows, docs, times = (np.array(column, dtype=np.uint32) for column in self._rows[name])
        ranks = rank[rows] if len(rows) else rows
        order = np.argsort(ranks, kind="stable")
        starts = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum(np.bincount(ranks, minlength=len(words)), out=starts[1:])
        return FieldPostings([term for term, _ in words], starts, docs[order], times[order])


@dataclass(frozen=True, slots=True)
class Keyed:
    """Postings under 64-bit keys, sorted by key; the postings of key i stand at starts[i]:starts[i + 1]."""

    keys: npt.NDArray[np.uint64]
    starts: Ints
    docs: Ints
    counts: npt.NDArray[np.uint8]


def keyed(postings: Postings, ids: Iterable[str]) -> tuple[Keyed, npt.NDArray[np.float32]]:
    """All fields under keys, sounds and ids added, and the length of each document in each field (field × document)."""
    groups = [
        _with_keys(name_field, [term.decode() for term in postings.field(name).terms], postings.field(name))
        for name, name_field in TEXT_FIELDS.items()
    ]
    lengths = np.zeros((max(Field) + 1, postings.documents), dtype=np.float32)
    for name, field in TEXT_FIELDS.items():
        lengths[field] = postings.lengths[name]
    groups.append(_sounds(postings.field("pairs"), lengths))
    names = list(ids)
    groups.append(
        (
            np.array([key(Field.ID, name) for name in names], dtype=np.uint64),
            np.ones(len(names), dtype=np.int64),
            np.arange(len(names), dtype=np.uint32),
            np.ones(len(names), dtype=np.uint32),
        )
    )
    return _merged(groups), lengths


Group = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], Ints, Ints]


def _with_keys(field: Field, terms: list[str], rows: FieldPostings) -> Group:
    return np.array([key(field, t) for t in terms], dtype=np.uint64), np.diff(rows.starts), rows.docs, rows.counts


def _sounds(pairs: FieldPostings, lengths: npt.NDArray[np.float32]) -> Group:
    """The field of sounds, made of the pairs: pairs that sound alike share one list of postings."""
    sounds = [sound_pair(term.decode()) for term in pairs.terms]
    known: dict[str, int] = {}
    numbers = np.array([-1 if s is None else known.setdefault(s, len(known)) for s in sounds], dtype=np.int64)
    rows = np.repeat(numbers, np.diff(pairs.starts))
    kept = rows >= 0
    documents = lengths.shape[1]
    places, inverse = np.unique(rows[kept] * documents + pairs.docs[kept], return_inverse=True)
    counts = np.bincount(inverse, weights=pairs.counts[kept], minlength=len(places)).astype(np.uint32)
    docs = (places % documents).astype(np.uint32) if documents else places.astype(np.uint32)
    lengths[Field.SOUNDS] = np.bincount(docs, weights=counts, minlength=documents)
    sizes = np.bincount(places // documents, minlength=len(known)) if documents else np.zeros(0, dtype=np.int64)
    return np.array([key(Field.SOUNDS, s) for s in known], dtype=np.uint64), sizes, docs, counts


def _merged(groups: list[Group]) -> Keyed:
    """All groups in one, sorted by key.

    Raises:
        ValueError: two terms share a key (one chance in ten million for a large index).
    """
    keys, sizes, docs, counts = (np.concatenate(column) for column in zip(*groups, strict=True))
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    if np.any(sorted_keys[1:] == sorted_keys[:-1]):
        raise ValueError("two terms share a key")
    begins = np.cumsum(sizes) - sizes
    taken = gather(begins[order], sizes[order])
    starts = np.zeros(len(keys) + 1, dtype=np.uint32)
    np.cumsum(sizes[order], out=starts[1:])
    return Keyed(sorted_keys, starts, docs[taken], np.minimum(counts[taken], 255).astype(np.uint8))


def gather(begins: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The places of several slices, one after another, as one array of places."""
    total = int(sizes.sum())
    offsets = np.repeat(begins - (np.cumsum(sizes) - sizes), sizes)
    return offsets + np.arange(total, dtype=np.int64)
