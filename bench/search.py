"""Measure the search: `python -m bench.search [--quick] [--json FILE] [--dev FOLDER]`.

Quality on the development set with what each kind of guess adds or costs, slips of hands and input methods, other
engines in the same run as ratios, questions of callers over kb_content, speed at 10,000 and 50,000 articles.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from portal.search.engine.engine import Engine
from portal.search.engine.plan import Weights
from portal.search.engine.types import Document
from portal.search.meaning.encoder import load_encoder
from portal.search.meaning.sense import Meaning
from portal.search.rules.metrics import quality
from portal.search.rules.words import Segmenter

from .search_anchors import ANCHORS
from .search_corpus import DEV, QUESTIONS, ROOT, Query, Slips, dev_documents, dev_queries, made_up, rows

PLAIN = Weights(slips=0, typos=0, synonyms=0)
ABLATION = {
    "words alone": PLAIN,
    "+ slips of the input method": Weights(typos=0, synonyms=0),
    "+ wrong, missing, doubled characters": Weights(synonyms=0),
    "+ synonyms (all)": Weights(),
}
Search = Callable[[str], list[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out 50,000 articles and the slow engines")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--dev", type=Path, default=DEV, help="folder with docs.jsonl and queries.jsonl")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="zhiying-bench-") as place:
        figures = measure(Path(place), chosen.dev, quick=chosen.quick)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(folder: Path, dev: Path, *, quick: bool) -> dict[str, Any]:
    """All tables, printed as they come."""
    figures: dict[str, Any] = {}
    if (dev / "docs.jsonl").is_file():
        documents, queries = dev_documents(dev), dev_queries(dev)
        engine = Engine(folder / "dev")
        engine.rebuild(documents, 0)
        figures["ablation"] = ablation(engine, queries)
        figures["slips"] = slips(engine, documents)
        figures["anchors"] = anchors(engine, documents, queries[:150], folder, quick=quick)
        for number in (10_000,) if quick else (10_000, 50_000):
            figures[f"speed {number}"] = speed(documents, queries, number, folder)
    else:
        print(f"{dev} is not there: only the questions over kb_content are asked", file=sys.stderr)
    figures["callers"] = callers(folder)
    return figures


def ablation(engine: Engine, queries: Sequence[Query]) -> dict[str, Any]:
    table = {}
    for name, weights in ABLATION.items():
        engine.weights = weights
        table[name] = judge(lambda text: [h.id for h in engine.search(text, at=0).hits], queries)
    show("development set, what each kind of guess adds or costs", table)
    return table


def slips(engine: Engine, documents: list[Document]) -> dict[str, Any]:
    table = {}
    for name, queries in Slips(documents).sets().items():
        row = {}
        for label, weights in (("words alone ", PLAIN), ("", Weights())):
            engine.weights = weights
            judged = judge(lambda text: [h.id for h in engine.search(text, at=0).hits], queries)
            row |= {f"{label}{figure}": judged[figure] for figure in ("hit@1", "hit@3", "mrr@10")}
        table[name] = row
    show("two words of a title, typed in many ways", table)
    return table


def anchors(
    engine: Engine, documents: list[Document], queries: Sequence[Query], folder: Path, *, quick: bool
) -> dict[str, Any]:
    words = Segmenter(folder / "jieba")
    table = {"知应": judge(lambda text: [h.id for h in engine.search(text, at=0).hits], queries)}
    for name, build in ANCHORS.items():
        if quick and "itself" in name:
            continue
        started = time.perf_counter()
        search = build(documents, words, folder)
        built = time.perf_counter() - started
        table[name] = {**judge(search, queries), "build_s": built}
    for name in list(table)[1:]:
        table[name]["mrr ours ÷ theirs"] = table["知应"]["mrr@10"] / table[name]["mrr@10"]
        table[name]["p95 theirs ÷ ours"] = table[name]["p95_ms"] / table["知应"]["p95_ms"]
    show(f"beside other engines, the first {len(queries)} questions", table)
    return table


def speed(documents: list[Document], queries: Sequence[Query], number: int, folder: Path) -> dict[str, Any]:
    engine = Engine(folder / f"n{number}")
    started = time.perf_counter()
    engine.rebuild(made_up(documents, number), 0)
    figures = {"build_s": time.perf_counter() - started, "first_ms": first_query(engine.root)}
    figures |= percentiles("search", lambda q: engine.search(q.text, at=0), queries)
    figures |= percentiles("explained", lambda q: [h.why for h in engine.search(q.text, at=0).hits], queries)
    figures |= percentiles("filtered", lambda q: engine.search(q.text, at=0, filters={"category": ["05"]}), queries)
    for size in (1, 2, 4):
        typed = [Query(q.text[:size], q.relevant) for q in queries[:300]]
        figures |= percentiles(f"suggest {size}", lambda q: engine.suggest(q.text, at=0), typed)
    times = []
    for at in range(20):
        started = time.perf_counter()
        engine.apply([Document(f"changed-{at}", {"title": "刚刚改过的一篇", "body": queries[at].text})], at + 1)
        engine.search("刚刚改过的一篇", at=0)
        times.append(1000 * (time.perf_counter() - started))
    figures["change_to_found_p50_ms"], figures["change_to_found_max_ms"] = float(np.median(times)), max(times)
    figures["megabytes on disk"] = float(str(engine.stats()["bytes"])) / 2**20
    figures["peak memory MB (with build)"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    show(f"speed at {number} articles", {name: {"": value} for name, value in figures.items()})
    return figures


def first_query(root: Path) -> float:
    """Milliseconds from opening an index in a new process to the first answer; imports are not counted."""
    program = (
        "import sys,time;from pathlib import Path;from portal.search.engine.engine import Engine;"
        "t=time.perf_counter();Engine(Path(sys.argv[1])).search('公司怎么注销',at=0);print(time.perf_counter()-t)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return 1000 * float(done.stdout)


def callers(folder: Path) -> dict[str, Any]:
    """Questions in callers' words over kb_content: those looked at while tuning, and those never looked at."""
    engine = Engine(folder / "kb")
    engine.rebuild(kb_documents(), 0)
    encoder = load_encoder()
    meaning = Meaning(folder / "meaning", encoder) if encoder else None
    while meaning and meaning.compute(engine.state().snapshot):
        pass
    groups: dict[str, list[Query]] = defaultdict(list)
    for row in rows(QUESTIONS):
        for kind in (row["kind"], "all"):
            groups[f"{row['set']}, {kind}"].append(Query(str(row["text"]), frozenset([str(row["slug"])])))

    def lexical(text: str) -> list[str]:
        return [h.id for h in engine.search(text, at=0).hits]

    def fused(text: str) -> list[str]:
        sense = meaning.ask(text, wait=60) if meaning else None
        return [h.id for h in engine.search(text, at=0, sense=sense).hits]

    table = {}
    for name in sorted(groups):
        table[name] = {"n": len(groups[name])} | named("", judge(lexical, groups[name]))
        if meaning:
            table[name] |= named("meaning ", judge(fused, groups[name]))
    show("callers' questions over kb_content", table)
    return table


def named(label: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{label}{name}": figures[name] for name in ("hit@1", "hit@3", "mrr@10")}


def kb_documents() -> list[Document]:
    """The articles of kb_content that are in force now."""
    found = []
    for path in sorted((ROOT / "kb_content").glob("*/*.md")):
        _, front, body = path.read_text(encoding="utf-8").split("---", 2)
        article = yaml.safe_load(front)
        if ".from-" not in path.name:
            basis = [f"{row['source']} {row['article']} {row['text']}" for row in article["basis"]]
            fields = {name: article[name] for name in ("title", "phrases", "script")}
            found.append(Document(path.stem, {**fields, "body": body.strip(), "basis": basis}))
    return found


def judge(search: Search, queries: Sequence[Query]) -> dict[str, float]:
    """Quality and time of one way to search, every query once before it is measured."""
    judged, times, zero = [], [], 0
    for query in queries:
        search(query.text)
        started = time.perf_counter()
        ranked = search(query.text)
        times.append(1000 * (time.perf_counter() - started))
        judged.append(quality(ranked, query.relevant))
        zero += not ranked
    return {
        "hit@1": float(np.mean([q.hit_1 for q in judged])),
        "hit@3": float(np.mean([q.hit_3 for q in judged])),
        "mrr@10": float(np.mean([q.mrr_10 for q in judged])),
        "ndcg@10": float(np.mean([q.ndcg_10 for q in judged])),
        "zero": zero,
        "p50_ms": float(np.percentile(times, 50)),
        "p95_ms": float(np.percentile(times, 95)),
    }


def percentiles(name: str, ask: Callable[[Query], object], queries: Sequence[Query]) -> dict[str, float]:
    times = []
    for query in queries:
        started = time.perf_counter()
        ask(query)
        times.append(1000 * (time.perf_counter() - started))
    p50, p95 = np.percentile(times, [50, 95])
    return {f"{name} p50_ms": float(p50), f"{name} p95_ms": float(p95)}


def show(title: str, table: dict[str, dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(column for row in table.values() for column in row))
    print(f"\n## {title}\n\n| | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name, row in table.items():
        cells = [f"{row[c]:.3f}" if isinstance(row.get(c), float) else str(row.get(c, "")) for c in columns]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
