"""Which of the scored documents are results, and in which order."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from .snapshot import Mask

SHARE_OF_BEST = 0.25
"""A document is a result if it scores at least this share of the best one: totals mean something, and paging shows
them all.
"""

Scores = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def good_enough(scores: Scores, among: Mask) -> Mask:
    """The results among these documents."""
    if not among.any():
        return among
    good: Mask = among & (scores >= SHARE_OF_BEST * scores[among].max())
    return good


def all_of(mask: Mask, others: Iterable[Mask]) -> Mask:
    """Where all masks hold."""
    for other in others:
        mask = mask & other
    return mask


def best(scores: Scores, places: Places, wanted: int, near_enough: float = 1.0) -> Places:
    """The places of the best scores, with all that tie with the last of them, so that ties are broken by id alone; and
    those that would reach it if they were worth `near_enough` times as much.
    """
    if len(places) <= wanted:
        return places
    threshold = np.partition(scores[places], -wanted)[-wanted] / near_enough
    leading: Places = places[scores[places] >= threshold]
    return leading
