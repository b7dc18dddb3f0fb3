"""What goes into the index and what comes out; the ids are opaque strings of the caller."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from ..rules.pieces import pieces

FIELDS = ("title", "phrases", "script", "body", "basis")
"""The fields a document may have, in the order in which they explain a hit."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text that can answer, from `valid_from` until just before `valid_to` (epoch seconds; None is without end)."""

    id: str
    fields: Mapping[str, str | Sequence[str]]
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    valid_from: float | None = None
    valid_to: float | None = None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of one field; a single text is a sequence of one."""
        value = self.fields.get(name, ())
        return (value,) if isinstance(value, str) else tuple(value)

    def pieces(self) -> list[tuple[str, str]]:
        """The whole and the parts that can be asked and answered alone, each with its field."""
        return pieces({name: self.texts(name) for name in FIELDS})

    def canonical(self) -> bytes:
        """The document as bytes that are equal for equal documents."""
        content = {
            "id": self.id,
            "fields": {name: list(self.texts(name)) for name in FIELDS if any(self.texts(name))},
            "filters": {name: sorted(set(values)) for name, values in self.filters.items() if values},
            "valid": [self.valid_from, self.valid_to],
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")

    @property
    def digest(self) -> str:
        """The SHA-256 of the document, by which index and database are compared."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @staticmethod
    def from_canonical(data: bytes) -> "Document":
        """The document that `canonical` wrote."""
        content = json.loads(data)
        start, end = content["valid"]
        return Document(content["id"], content["fields"], content["filters"], start, end)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A document that must be found no more."""

    id: str


Change = Document | Deleted


class How(StrEnum):
    """By what a hit was found, for the line that says why."""

    WORDS = "words"
    LETTERS = "letters"
    SOUND = "sound"
    SLIP = "slip"
    SYNONYM = "synonym"
    MEANING = "meaning"


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Why:
    """What speaks for a hit: a title or phrase as a whole, or a sentence; `spans` are the places to mark in `text`."""

    field: str
    text: str
    how: How
    spans: Sequence[Span] = ()


Spans = Mapping[str, Sequence[Sequence[Span]]]
"""The places to mark, by field, for each text of the field."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The places to mark, the reason, and the share (0…1) of the query's words that the document has in some form."""

    spans: Spans
    why: Why | None
    covered: float


class Hit:
    """A document found, and its score; where its words stand and why it was found is worked out when asked."""

    def __init__(self, id: str, score: float, explain: Callable[[], Explained]) -> None:
        self.id = id
        self.score = score
        self._explain = explain

    @cached_property
    def _explained(self) -> Explained:
        return self._explain()

    @property
    def spans(self) -> Spans:
        """The places to mark."""
        return self._explained.spans

    @property
    def why(self) -> Why | None:
        """What speaks for this hit."""
        return self._explained.why

    @property
    def covered(self) -> float:
        """The share of the query's words that the document has; little of it means that something else was asked."""
        return self._explained.covered

    def __repr__(self) -> str:
        return f"Hit({self.id!r}, {self.score:.3f})"


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits, the exact number that paging shows in all, counts by filter value, and what may have been
    meant.
    """

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to complete what is being typed, and the document that it belongs to, if any."""

    text: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """How the index compares with what it should hold; `damaged` names files."""

    documents: int
    expected: int
    missing: Sequence[str]
    stale: Sequence[str]
    extra: Sequence[str]
    damaged: Sequence[str]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.stale or self.extra or self.damaged)


class IndexDamaged(Exception):  # noqa: N818 — named as it is said
    """The index is missing, damaged, foreign or of another version: rebuild it, and answer from elsewhere meanwhile."""

    def __init__(self, reason: str, files: Sequence[str] = ()) -> None:
        super().__init__(reason if not files else f"{reason}: {', '.join(files)}")
        self.reason = reason
        self.files = tuple(files)


class IndexBusy(Exception):  # noqa: N818 — likewise
    """Another writer holds the lock."""
