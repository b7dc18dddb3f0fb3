"""One search over a snapshot: score, choose what is a result, count, and take a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .explain import explain
from .fuse import Near, Sense, fuse
from .plan import Plan
from .select import Scores, all_of, best, good_enough
from .snapshot import Mask, Snapshot
from .types import Explained, Hit, Results

LEADING = 100
"""So many documents that the words put first are shown to another sense."""


MOST_LIKED = 0.05
"""What people use most decides only between documents that are almost equal."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked besides the words: the moment, the filters, the page, and which values to count."""

    at: float
    filters: Mapping[str, Sequence[str]]
    limit: int
    offset: int
    facets: Sequence[str]
    liked: Mapping[str, float]


def run(snapshot: Snapshot, plan: Plan, request: Request, sense: Sense | None) -> Results:
    """The results for a query that was read."""
    visible = snapshot.visible(request.at)
    scores = snapshot.score(plan.terms)
    matching = visible & (scores > 0)
    found, near = good_enough(scores, matching), Near({})
    worth = scores
    if sense and not plan.rows:
        near = sense(snapshot, visible, best(scores, np.flatnonzero(found), LEADING))
        worth, found = fuse(scores, found, near)
    masks = {name: snapshot.having(name, values) for name, values in request.filters.items() if values}
    chosen = all_of(found, masks.values())
    if masks and not chosen.any():
        # The best of a category nobody would look in first is still the best there.
        worth, chosen = scores, good_enough(scores, all_of(matching, masks.values()))
    counts = {
        name: snapshot.counts(name, all_of(found, [mask for other, mask in masks.items() if other != name]))
        for name in request.facets
    }
    return Results(_page(snapshot, plan, request, worth, chosen, near), int(chosen.sum()), counts, plan.meant)


def _page(snapshot: Snapshot, plan: Plan, request: Request, worth: Scores, chosen: Mask, near: Near) -> list[Hit]:
    wanted = request.offset + request.limit
    near_enough = 1 + MOST_LIKED if request.liked else 1.0
    leading = best(worth, np.flatnonzero(chosen), wanted, near_enough).tolist()
    named = ((snapshot.id_of(place), place) for place in leading)
    ranked = sorted((-float(worth[place]) * (1 + request.liked.get(name, 0)), name, place) for name, place in named)
    return [
        Hit(name, -score, partial(_explain, snapshot, place, plan, near.pieces.get(place)))
        for score, name, place in ranked[request.offset : wanted]
    ]


def _explain(snapshot: Snapshot, place: int, plan: Plan, piece: int | None) -> Explained:
    return explain(snapshot.document(place), plan, piece)
