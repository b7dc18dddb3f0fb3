"""Whoosh as the keeper of documents, fields and postings, written a segment at a time from arrays.

Whoosh 2.7.4 takes a posting at a time through several layers of Python and writes with no regard for power cuts. Here
a segment is made in memory with its own classes, a term at a time, and `disk` writes it: the files are Whoosh's,
readable by its own searcher. Its files are pickles, so they are only ever opened from bytes whose checksum the
manifest knows.
"""

import threading
import warnings
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .postings import TEXT_FIELDS, Postings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its sources hold escapes that Python will refuse one day; so far they only warn
    from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter
    from whoosh.fields import ID, KEYWORD, STORED, Schema
    from whoosh.filedb.compound import CompoundStorage
    from whoosh.filedb.filestore import RamStorage
    from whoosh.filedb.structfile import BufferFile
    from whoosh.index import TOC
    from whoosh.writing import SegmentWriter

INDEX = "MAIN"
_BLOCK = 4096
_WORTH_SQUEEZING = 200
"""Postings of a term from which on compressing them saves more than it costs."""


def schema() -> Schema:
    """The fields as Whoosh sees them: the id, the document as JSON, and the tokens of each text field."""
    tokens = {name: KEYWORD(scorable=True) for name in TEXT_FIELDS}
    return Schema(id=ID(unique=True), doc=STORED, **tokens)


class _Staging(RamStorage):
    """Files in the making, in memory; nothing goes through a shared temp folder."""

    def temp_storage(self, name: str | None = None) -> RamStorage:
        """Whoosh's scratch files, in memory too."""
        return RamStorage()

    def lock(self, name: str) -> threading.Lock:
        """A fresh lock: writers exclude each other by `locking.exclusive`."""
        return threading.Lock()


class _Index:
    """As much of an index as Whoosh's segment writer asks for."""

    indexname = INDEX

    def __init__(self, storage: _Staging, toc: TOC) -> None:
        self.storage = storage
        self._toc = toc

    def lock(self, name: str) -> threading.Lock:
        return self.storage.lock(name)

    def _read_toc(self) -> TOC:
        return self._toc


class _FieldWriter(W3FieldWriter):
    """Whoosh's writer of postings, fed with whole terms."""

    def add_term(self, term: bytes, docs: "array[int]", weights: "array[float]", lengths: tuple[int, int]) -> None:
        """Write all postings of the next term of the current field; terms come in the order of their bytes."""
        self.start_term(term)
        writer: Any = self._postwriter
        writer._compression = 1 if len(docs) > _WORTH_SQUEEZING else 0
        for at in range(0, len(docs), _BLOCK):
            if at:
                writer._write_block()
            writer._ids, writer._weights = docs[at : at + _BLOCK], weights[at : at + _BLOCK]
            writer._minlength, writer._maxlength = lengths
            writer._maxweight = max(writer._weights)
        self.finish_term()


class _Writer(SegmentWriter):
    """Whoosh's segment writer with the pool of single postings left out."""

    def write(self, documents: Sequence[tuple[str, bytes]], postings: Postings) -> None:
        """Take the segment's documents and postings."""
        for number, (_, content) in enumerate(documents):
            self.perdocwriter.start_doc(number)
            self.perdocwriter.add_field("doc", self.schema["doc"], content, 0)
            for name in TEXT_FIELDS:
                self.perdocwriter.add_field(name, self.schema[name], None, int(postings.lengths[name][number]))
            self.perdocwriter.finish_doc()
        self.docnum = len(documents)
        self._ids = sorted((key.encode(), number) for number, (key, _) in enumerate(documents))
        self._postings = postings
        self._added = True

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        out: _FieldWriter = self.fieldwriter
        for name in sorted([*TEXT_FIELDS, "id"]):
            out.start_field(name, self.schema[name])
            if name == "id":
                for key, number in self._ids:
                    out.add_term(key, array("I", [number]), array("f", [1.0]), (1, 1))
            else:
                self._flush_field(out, name)
            out.finish_field()
        out.close()

    def _flush_field(self, out: _FieldWriter, name: str) -> None:
        field = self._postings.field(name)
        lengths = self._postings.lengths[name].astype(np.int64)[field.docs]
        if not len(field.docs):
            return
        lows, highs = (f.reduceat(lengths, field.starts[:-1]) for f in (np.minimum, np.maximum))
        docs, weights = array("I", field.docs.tobytes()), array("f", field.counts.astype(np.float32).tobytes())
        ends = field.starts.tolist()
        for at, term in enumerate(field.terms):
            part = slice(ends[at], ends[at + 1])
            out.add_term(term, docs[part], weights[part], (int(lows[at]), int(highs[at])))


class _Codec(W3Codec):
    """Whoosh's own file formats through our writer; segments remember the plain codec, so no class of ours is
    pickled.
    """

    def field_writer(self, storage: RamStorage, segment: object) -> _FieldWriter:
        return _FieldWriter(self, storage, segment)

    def new_segment(self, storage: RamStorage, indexname: str) -> object:
        return _PLAIN.new_segment(storage, indexname)


_PLAIN = W3Codec(blocklimit=_BLOCK, compression=0)
_FAST = _Codec(blocklimit=_BLOCK, compression=0)


class Contents:
    """Whoosh's table of contents at one moment: its segments and what is deleted in them."""

    def __init__(self, toc: TOC | None = None) -> None:
        self._toc = toc or TOC(schema(), [], 0)

    @staticmethod
    def open(name: str, data: memoryview) -> "Contents":
        """Read the table from verified bytes."""
        storage = RamStorage()
        storage.files[name] = bytes(data)
        return Contents(TOC.read(storage, INDEX, gen=int(name.split("_")[-1].removesuffix(".toc"))))

    @property
    def file(self) -> str:
        """The name of the table's file."""
        return f"_{INDEX}_{self._toc.generation}.toc"

    @property
    def segments(self) -> list[str]:
        """The names of the segments, oldest first."""
        return [segment.segment_id() for segment in self._toc.segments]

    def size(self, segment: str) -> tuple[int, int]:
        """How many documents a segment has, and how many of them are deleted."""
        found = self._segment(segment)
        return found.doc_count_all(), found.deleted_count()

    def deleted(self, segment: str) -> list[int]:
        """The numbers of the deleted documents of a segment."""
        return sorted(self._segment(segment).deleted_docs())

    def documents(self, segment: str, compound: memoryview) -> "StoredDocuments":
        """The documents kept in a segment, read from its verified file."""
        return StoredDocuments(self._segment(segment), compound)

    def delete(self, segment: str, number: int) -> None:
        """Mark a document as deleted."""
        self._segment(segment).delete_document(number)

    def write(
        self, documents: Sequence[tuple[str, bytes]], postings: Postings | None, without: Iterable[str] = ()
    ) -> Mapping[str, bytes]:
        """Add a segment, leave out others, and say which files are new (name and bytes); this table is then the new
        one.
        """
        storage = _Staging()
        gone = set(without)
        self._toc.segments = [s for s in self._toc.segments if s.segment_id() not in gone]
        writer = _Writer(_Index(storage, self._toc), codec=_FAST)
        if postings is not None and documents:
            writer.write(documents, postings)
        writer.commit(merge=False)
        self._toc = TOC(self._toc.schema, writer_segments(storage), self._toc.generation + 1)
        return {name: bytes(data) for name, data in storage.files.items() if name.endswith((".toc", ".seg"))}

    def _segment(self, name: str) -> Any:
        return next(s for s in self._toc.segments if s.segment_id() == name)


def writer_segments(storage: RamStorage) -> list[object]:
    """The segments of the table that was just written."""
    segments: list[object] = TOC.read(storage, INDEX).segments
    return segments


class _Compound(CompoundStorage):
    """A segment's file, opened from bytes that were verified instead of by its name."""

    def __init__(self, data: memoryview) -> None:
        head = BufferFile(data[:12])
        start, length = head.read_long(), head.read_int()
        self._dir = BufferFile(data[start : start + length]).read_pickle()
        source: Any = data
        self._source, self._file, self.is_closed = source, None, False


class StoredDocuments:
    """The documents of one segment by number."""

    def __init__(self, segment: object, compound: memoryview) -> None:
        self._reader = _PLAIN.per_document_reader(_Compound(compound), segment)

    def content(self, number: int) -> bytes:
        """The canonical JSON of a document."""
        found: bytes = self._reader.stored_fields(number)["doc"]
        return found
