"""The measurement behind `flask search eval`: a temporary index, one thread, every query once unmeasured and once
measured.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .engine.engine import Engine
from .engine.plan import Weights
from .engine.types import Document
from .meaning.encoder import load_encoder
from .meaning.sense import Meaning
from .rules.metrics import quality


class BadInputError(ValueError):
    """A file cannot be used; the message names file and line."""


def evaluate(docs: Path, queries: Path, *, meaning: bool = False, weights: Weights | None = None) -> dict[str, Any]:
    """Index the documents, ask the questions, and give the figures that docs/commands.md names.

    With `meaning`, where a model is there, the vectors of all documents are computed first: seconds for ten documents.

    Raises:
        BadInputError: a line is not what it should be.
    """
    documents = [
        Document(row["id"], {"title": row["title"], "body": row["body"]})
        for row in _rows(docs, ("id", "title", "body"))
    ]
    questions = [(row["text"], frozenset(row["relevant"])) for row in _rows(queries, ("id", "text", "relevant"))]
    encoder = load_encoder() if meaning else None
    with tempfile.TemporaryDirectory(prefix="zhiying-eval-") as folder:
        engine = Engine(Path(folder) / "index", weights)
        started = time.perf_counter()
        engine.rebuild(documents, 0)
        build_s = time.perf_counter() - started
        sense = Meaning(Path(folder) / "meaning", encoder) if encoder else None
        while sense and sense.compute(engine.state().snapshot):
            pass
        head = {"docs": len(documents), "queries": len(questions), "meaning": sense is not None}
        return {**head, **_ask(engine, sense, questions), "build_s": build_s}


def _ask(engine: Engine, meaning: Meaning | None, questions: list[tuple[str, frozenset[str]]]) -> dict[str, float]:
    judged, times, zero = [], [], 0
    for text, _ in questions:
        _search(engine, meaning, text)
    for text, relevant in questions:
        started = time.perf_counter()
        ranked = _search(engine, meaning, text)
        times.append(1000 * (time.perf_counter() - started))
        judged.append(quality(ranked, relevant))
        zero += not ranked
    count = max(len(judged), 1)
    p50, p95 = np.percentile(times, [50, 95]) if times else (0.0, 0.0)
    return {
        "hit@1": sum(q.hit_1 for q in judged) / count,
        "hit@3": sum(q.hit_3 for q in judged) / count,
        "mrr@10": sum(q.mrr_10 for q in judged) / count,
        "ndcg@10": sum(q.ndcg_10 for q in judged) / count,
        "recall@10": sum(q.recall_10 for q in judged) / count,
        "zero": zero,
        "p50_ms": float(p50),
        "p95_ms": float(p95),
    }


def _search(engine: Engine, meaning: Meaning | None, text: str) -> list[str]:
    sense = meaning.ask(text, wait=60) if meaning else None
    return [hit.id for hit in engine.search(text, at=0.0, sense=sense).hits]


def _rows(path: Path, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path}：读不了（{error}）") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise BadInputError(f"{path} 第 {number} 行不是 JSON") from None
        if not isinstance(row, dict) or any(name not in row for name in names):
            raise BadInputError(f"{path} 第 {number} 行缺少 {'、'.join(names)} 中的一项")
        yield row
