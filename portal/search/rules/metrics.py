"""How good a ranking is, as docs/commands.md defines it."""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one query; their means are the figures of a set."""

    hit_1: float
    hit_3: float
    mrr_10: float
    ndcg_10: float
    recall_10: float


def quality(ranked: Sequence[str], relevant: Set[str]) -> Quality:
    """Judge one ranking against the relevant ids."""
    found = [name in relevant for name in ranked[:10]]
    first = found.index(True) + 1 if any(found) else None
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant))))
    gain = sum(1 / math.log2(rank + 2) for rank, good in enumerate(found) if good)
    return Quality(
        hit_1=float(any(found[:1])),
        hit_3=float(any(found[:3])),
        mrr_10=1 / first if first else 0.0,
        ndcg_10=gain / ideal if ideal else 0.0,
        recall_10=sum(found) / min(10, len(relevant)) if relevant else 0.0,
    )
