"""Two ways to rank made one: what the words say, and what another sense (meaning) says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .select import Places, Scores
from .snapshot import Mask, Snapshot


@dataclass(frozen=True, slots=True)
class Near:
    """What another sense says: how much each document near to the question gains, where 1 is worth as much as being
    the best by words, and each document's nearest piece.
    """

    gains: Mapping[int, float]
    pieces: Mapping[int, int] = field(default_factory=dict)


Sense = Callable[[Snapshot, Mask, Places], Near]
"""Asked with the documents that may answer, and those that the words put first."""


def fuse(scores: Scores, found: Mask, near: Near) -> tuple[Scores, Mask]:
    """The fused score of every document, and which documents are results: those of either sense."""
    fused = np.zeros(len(scores))
    if found.any():
        fused[found] = scores[found] / max(float(scores[found].max()), np.finfo(np.float64).tiny)
    mask = found.copy()
    for place, gain in near.gains.items():
        fused[place] += gain
        mask[place] = True
    return fused, mask
