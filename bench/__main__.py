"""Every benchmark there is, or those that are named: `python -m bench [search] [http] [browser] [articles]`.

search: quality and speed of the engine, beside other engines.
http: forty agents and twenty editors over HTTP, on both databases.
browser: from the key to the script on the screen, and keys to the right card.
articles: pages, differences and the import of a sheet over 40,000 articles of 5 revisions, on both databases.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import articles, browser, http_load, search
from .search_corpus import DEV

Chosen = argparse.Namespace
PARTS: dict[str, Callable[[Path, Chosen], dict[str, Any]]] = {
    "search": lambda folder, chosen: search.measure(folder, chosen.dev, quick=chosen.quick),
    "http": lambda folder, chosen: http_load.measure(
        folder, chosen.callers, seconds=chosen.seconds, agents=chosen.agents, editors=chosen.editors
    ),
    "browser": lambda folder, chosen: browser.measure(folder, chosen.callers),
    "articles": lambda folder, chosen: articles.measure(
        folder,
        articles=chosen.articles or (articles.QUICK if chosen.quick else articles.FULL),
        revisions=chosen.revisions,
    ),
}


def main() -> int:
    """Measure the parts named, all where none is; their figures go into one file, by part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="search, articles: a smaller corpus")
    parser.add_argument("--dev", type=Path, default=DEV, help="search: folder with docs.jsonl and queries.jsonl")
    callers = os.environ.get("BENCH_CALLERS")
    parser.add_argument(
        "--callers",
        type=Path,
        default=Path(callers) if callers else None,
        help="http, browser: JSON lines with text and slug (or BENCH_CALLERS); without it all articles are asked for",
    )
    parser.add_argument("--articles", type=int, help=f"articles: how many ({articles.FULL}; --quick {articles.QUICK})")
    parser.add_argument("--revisions", type=int, default=articles.REVISIONS, help="articles: revisions of each")
    parser.add_argument("--seconds", type=float, default=60, help="http: how long")
    parser.add_argument("--agents", type=int, default=http_load.AGENTS, help="http: how many agents")
    parser.add_argument("--editors", type=int, default=http_load.EDITORS, help="http: how many editors")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if chosen.callers and not chosen.callers.is_file():
        parser.error(f"{chosen.callers} is not there")
    figures = {}
    for part in chosen.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="zhiying-bench-") as place:
            figures[part] = PARTS[part](Path(place), chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
