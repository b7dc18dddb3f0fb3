"""Engines that install with pip, over the same documents: what the search is held against."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import tantivy
from whoosh import fields, index, qparser, scoring

from portal.search.engine.types import Document
from portal.search.rules.words import Segmenter

Search = Callable[[str], list[str]]


def sqlite_fts5(documents: Sequence[Document], words: Segmenter, folder: Path) -> Search:
    """SQLite's FTS5 over jieba's words, joined by OR."""
    base = sqlite3.connect(folder / "fts.db")
    base.execute("CREATE VIRTUAL TABLE d USING fts5(id UNINDEXED, title, body, tokenize='unicode61')")
    base.executemany("INSERT INTO d VALUES (?, ?, ?)", [(d.id, *_cut(d, words)) for d in documents])

    def search(query: str) -> list[str]:
        asked = " OR ".join(f'"{word}"' for word in _asked(query, words))
        if not asked:
            return []
        found = base.execute("SELECT id FROM d WHERE d MATCH ? ORDER BY rank LIMIT 10", (asked,))
        return [name for (name,) in found]

    return search


def tantivy_words(documents: Sequence[Document], words: Segmenter, folder: Path) -> Search:
    """tantivy over jieba's words, joined by OR."""
    shape = tantivy.SchemaBuilder()
    shape.add_text_field("id", stored=True, tokenizer_name="raw")
    for name in ("title", "body"):
        shape.add_text_field(name, tokenizer_name="whitespace")
    built = tantivy.Index(shape.build())
    writer = built.writer(100_000_000, 1)
    for document in documents:
        title, body = _cut(document, words)
        writer.add_document(tantivy.Document(id=document.id, title=title, body=body))
    writer.commit()
    built.reload()
    searcher = built.searcher()

    def search(query: str) -> list[str]:
        asked = _asked(query, words)
        if not asked:
            return []
        terms = [tantivy.Query.term_query(built.schema, n, w) for w in asked for n in ("title", "body")]
        found = searcher.search(tantivy.Query.boolean_query([(tantivy.Occur.Should, t) for t in terms]), 10)
        return [searcher.doc(place)["id"][0] for _, place in found.hits]

    return search


def native_whoosh(documents: Sequence[Document], words: Segmenter, folder: Path) -> Search:
    """Whoosh with its own BM25F and OR over jieba's words."""
    (folder / "whoosh").mkdir()
    keyword = fields.KEYWORD(scorable=True)
    built = index.create_in(str(folder / "whoosh"), fields.Schema(id=fields.STORED, title=keyword, body=keyword))
    writer = built.writer(limitmb=256)
    for document in documents:
        title, body = _cut(document, words)
        writer.add_document(id=document.id, title=title, body=body)
    writer.commit()
    searcher = built.searcher(weighting=scoring.BM25F())
    parser = qparser.MultifieldParser(["title", "body"], built.schema, group=qparser.OrGroup, plugins=[])

    def search(query: str) -> list[str]:
        return [hit["id"] for hit in searcher.search(parser.parse(" ".join(_asked(query, words))), limit=10)]

    return search


ANCHORS = {"SQLite FTS5, jieba": sqlite_fts5, "tantivy, jieba": tantivy_words, "Whoosh itself, jieba": native_whoosh}


def _cut(document: Document, words: Segmenter) -> tuple[str, str]:
    title, body = (" ".join(words.words(" ".join(document.texts(name)))) for name in ("title", "body"))
    return title, body


def _asked(query: str, words: Segmenter) -> list[str]:
    return list(dict.fromkeys(word for word in words.words(query) if word.isalnum()))
