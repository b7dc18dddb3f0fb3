"""One segment: documents indexed together, never changed afterwards; its arrays are mapped from a file beside
Whoosh's.
"""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..rules.normalise import normalise
from ..rules.pinyin import grams, initials_of
from ..rules.suggest import Book, Column
from ..rules.tokens import Tokens, analyse
from . import arrays
from .postings import Keyed, Postings, keyed
from .types import FIELDS, Document

_PAIRS_BY_FIELD = ("title", "phrases", "script", "basis")


def tokens_by_field(document: Document) -> dict[str, Counter[str]]:
    """What is indexed of a document, by the name of the index field."""
    texts = {name: [normalise(text) for text in document.texts(name)] for name in FIELDS}
    parts: dict[str, Tokens] = {name: analyse(texts[name]) for name in FIELDS}
    every = Tokens()
    for part in parts.values():
        every.pairs.update(part.pairs)
        every.singles.update(part.singles)
    letters = itertools.chain.from_iterable(initials_of(t) for t in (*texts["title"], *texts["phrases"]))
    return {
        "pairs": every.pairs,
        "singles": every.singles,
        "initials": Counter(itertools.chain.from_iterable(map(grams, letters))),
        **{name: parts[name].pairs for name in _PAIRS_BY_FIELD},
    }


def build(documents: Sequence[Document]) -> tuple[Postings, bytes]:
    """The postings of a new segment, and the file that the scorer will map."""
    postings = Postings()
    for document in documents:
        postings.add(tokens_by_field(document))
    index, lengths = keyed(postings, [d.id for d in documents])
    facets, facet_arrays = _facets(documents)
    return postings, arrays.dump(
        {
            "keys": index.keys,
            "starts": index.starts,
            "docs": index.docs,
            "counts": index.counts,
            "lengths": lengths,
            "from": np.array([-np.inf if d.valid_from is None else d.valid_from for d in documents]),
            "to": np.array([np.inf if d.valid_to is None else d.valid_to for d in documents]),
            **facet_arrays,
            **_book(documents),
        },
        {"ids": [d.id for d in documents], "digests": [d.digest for d in documents], "facets": facets},
    )


def _facets(documents: Sequence[Document]) -> tuple[dict[str, list[str]], dict[str, arrays.Array]]:
    """For each filter its values, and for each document which of them it has (as pairs of document and value)."""
    values: dict[str, dict[str, int]] = {}
    rows: dict[str, list[tuple[int, int]]] = {}
    for number, document in enumerate(documents):
        for name, wanted in document.filters.items():
            known = values.setdefault(name, {})
            rows.setdefault(name, []).extend((number, known.setdefault(v, len(known))) for v in sorted(set(wanted)))
    found = {f"facet:{name}": np.array(pairs, dtype=np.uint32).reshape(-1, 2) for name, pairs in rows.items()}
    return {name: list(known) for name, known in values.items()}, found


_COLUMNS = ("texts", "looks", "initials")
SUGGESTED = ("title", "phrases")


def _book(documents: Sequence[Document]) -> dict[str, arrays.Array]:
    """What may be suggested: titles and phrases, short ones first, each with its document's number."""
    entries = sorted(
        (len(text), text, number)
        for number, document in enumerate(documents)
        for name in SUGGESTED
        for text in {t.strip() for t in document.texts(name)} - {""}
    )
    book = Book.of([text for _, text, _ in entries])
    columns = {name: getattr(book, name) for name in _COLUMNS}
    return {
        "book:docs": np.array([number for _, _, number in entries], dtype=np.uint32),
        **{f"book:{name}": np.frombuffer(column.data, dtype=np.uint8) for name, column in columns.items()},
        **{f"book:{name}:starts": column.starts for name, column in columns.items()},
    }


class Segment:
    """A segment as the scorer sees it."""

    def __init__(self, name: str, data: memoryview) -> None:
        found = arrays.load(data)
        get = found.arrays.__getitem__
        self.name = name
        self.ids: Sequence[str] = found.meta["ids"]
        self.digests: Sequence[str] = found.meta["digests"]
        self.index = Keyed(get("keys"), get("starts"), get("docs"), get("counts"))
        self.lengths: npt.NDArray[np.float32] = get("lengths")
        self.valid_from: npt.NDArray[np.float64] = get("from")
        self.valid_to: npt.NDArray[np.float64] = get("to")
        self.facet_values: Mapping[str, Sequence[str]] = found.meta["facets"]
        self.book = Book(*(Column(get(f"book:{name}").tobytes(), get(f"book:{name}:starts")) for name in _COLUMNS))
        self.book_docs: npt.NDArray[np.uint32] = get("book:docs")
        self._facets = {name: get(f"facet:{name}") for name in self.facet_values}

    def __len__(self) -> int:
        return len(self.ids)

    def facet(self, name: str) -> npt.NDArray[np.uint32]:
        """Pairs of document and value number for one filter; none where no document has it."""
        return self._facets.get(name, np.zeros((0, 2), dtype=np.uint32))

    def find(self, keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where the postings of each key begin, and how many there are (0 for a key that is not here)."""
        known = self.index.keys
        if not len(known):
            return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
        places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        begins = self.index.starts[places].astype(np.int64)
        sizes = self.index.starts[places + 1].astype(np.int64) - begins
        sizes[known[places] != keys] = 0
        return begins, sizes
