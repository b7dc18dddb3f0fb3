"""Two ways to rank made one: what the words say, and what another sense (meaning) says, by their ranks alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .select import Places, Scores
from .snapshot import Mask, Snapshot

K = 10
"""How slowly a rank loses worth; small, so that the first few places decide."""


@dataclass(frozen=True, slots=True)
class Near:
    """What another sense says: rankings of document numbers with their weights, and each document's nearest piece."""

    rankings: Sequence[tuple[float, Sequence[int]]]
    pieces: Mapping[int, int] = field(default_factory=dict)


Sense = Callable[[Snapshot, Mask, Places], Near]
"""Asked with the documents that may answer, and those that the words put first."""


def fuse(scores: Scores, found: Mask, near: Near) -> tuple[Scores, Mask]:
    """The fused score of every document, and which documents are results: those of either sense."""
    places = np.flatnonzero(found)
    falling = np.sort(-scores[places])
    fused = np.zeros(len(scores))
    fused[places] = 1 / (K + 1 + np.searchsorted(falling, -scores[places]))
    mask = found.copy()
    for weight, ranking in near.rankings:
        for rank, place in enumerate(ranking):
            fused[place] += weight / (K + 1 + rank)
            mask[place] = True
    return fused, mask
