"""The search engine of one host: a folder that follows the database, and the search over it."""

import itertools
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from . import folder as files
from .explain import explain
from .folder import State
from .locking import exclusive
from ..rules.lexicon import Lexicon, shipped
from .plan import Weights, plan
from .segment import build
from .snapshot import Mask
from .store import Contents
from .types import Change, Check, Document, Hit, IndexBusy, IndexDamaged, Results

SHARE_OF_BEST = 0.25
"""A document is a result if it scores at least this share of the best visible one: totals mean something, and paging shows them all."""

CHUNK = 5000
"""Documents a segment when all are written: enough to be few, little enough to be made in memory."""

MOST_SEGMENTS = 8
MERGE_AT_ONCE = 500
"""A merge that a change may have to wait for rewrites at most this many documents."""

Fetch = Callable[[int], tuple[Sequence[Change], int]]


class Engine:
    """An index in a folder. Threads and processes may search while one of them writes."""

    def __init__(self, root: Path, weights: Weights | None = None, lexicon: Lexicon | None = None) -> None:
        self.root = root
        self.lexicon = lexicon or shipped()
        self.weights = weights or Weights()
        self._state: State | None = None
        self._loading = threading.Lock()

    # -- reading -------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """The newest state; costs two looks at the disk when nothing has changed.

        Raises:
            IndexDamaged: the index must be rebuilt.
        """
        seen = files.stamps(self.root)
        state = self._state
        if state and state.stamps == seen:
            return state
        with self._loading:
            if self._state is None or self._state.stamps != seen:
                self._state = _guarded(lambda: files.load(self.root, self._state))
            return self._state

    def position(self) -> int:
        """The place in the outbox up to which the index follows the database."""
        return self.state().manifest.position

    def ensure(self, *, at_least: int, at_most: int) -> None:
        """Refuse an index that lags behind what the outbox still has, or is ahead of the database it should follow.

        Raises:
            IndexDamaged: it is a stale or foreign copy.
        """
        position = self.position()
        if not at_least <= position <= at_most:
            raise IndexDamaged(f"索引停在第 {position} 号变更，数据库有 {at_least}–{at_most}")

    def search(
        self,
        query: str,
        *,
        at: float,
        filters: Mapping[str, Sequence[str]] | None = None,
        limit: int = 10,
        offset: int = 0,
        facets: Sequence[str] = ("category",),
        lexicon: Lexicon | None = None,
    ) -> Results:
        """The documents in force at a moment that answer a query, best first.

        Filters join by "and", the values of one filter by "or". The count by value of a filter is what one would get by choosing it: it
        obeys the other filters, not its own.
        """
        snapshot = self.state().snapshot
        wanted = plan(query, self.weights, lexicon or self.lexicon, snapshot.known)
        if not wanted.terms or not snapshot.size:
            return Results((), 0, {name: {} for name in facets})
        scores = snapshot.score(wanted.terms)
        visible = snapshot.visible(at) & (scores > 0)
        masks = {name: snapshot.having(name, values) for name, values in (filters or {}).items() if values}
        found = _good_enough(scores, visible)
        chosen = _all(found, masks.values())
        if masks and not chosen.any():
            found = visible
            chosen = _good_enough(scores, _all(found, masks.values()))
        counts = {
            name: snapshot.counts(name, _all(found, (m for other, m in masks.items() if other != name)))
            for name in facets
        }
        places = np.flatnonzero(chosen)
        top = _best(scores, places, offset + limit)
        ranked = sorted((-float(scores[p]), snapshot.id_of(int(p)), int(p)) for p in top)[offset : offset + limit]
        hits = [Hit(name, -score, *explain(snapshot.document(place), wanted)) for score, name, place in ranked]
        return Results(hits, len(places), counts, wanted.meant)

    # -- writing -------------------------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change], position: int, *, wait: bool = True) -> bool:
        """Take changes into the index, found by the next search; False if the index was there already.

        Raises:
            IndexBusy: `wait` is False and another writer is at work.
            IndexDamaged: the index must be rebuilt.
        """
        with exclusive(self.root / "lock", wait=wait):
            if position <= self.position():
                return False
            self._write(changes, position)
            return True

    def try_apply(self, changes: Sequence[Change], position: int) -> bool:
        """As `apply`, but False at once where another writer is at work."""
        try:
            return self.apply(changes, position, wait=False)
        except IndexBusy:
            return False

    def follow(self, fetch: Fetch, *, wait: bool = True) -> int:
        """Take in what the outbox has after our position until it has no more; returns how many changes that were.

        `fetch(position)` gives the changes after a position and the new position. It is called under the lock, so that nobody can lay an
        older text over a newer one.
        """
        taken = 0
        with exclusive(self.root / "lock", wait=wait):
            while True:
                position = self.position()
                changes, reached = fetch(position)
                if reached <= position:
                    return taken
                self._write(changes, reached)
                taken += len(changes)

    def _write(self, changes: Sequence[Change], position: int) -> None:
        state = self.state()
        last = {change.id: change for change in changes}
        documents = [change for change in last.values() if isinstance(change, Document)]
        contents = _contents(state)
        for segment in state.segments.values():
            for number, name in enumerate(segment.ids):
                if name in last:
                    contents.delete(segment.name, number)
        self._commit(state, contents, documents, position)
        self._merge(position)

    def _commit(
        self,
        state: State,
        contents: Contents,
        documents: Sequence[Document],
        position: int,
        without: Iterable[str] = (),
    ) -> None:
        new = _new_files(contents, documents, without)
        files.commit(state.folder, contents, new, state.manifest, build=state.manifest.build, position=position)

    def _merge(self, position: int) -> None:
        """Keep the segments few: the small ones become one, as long as that is quick."""
        state = self.state()
        contents = _contents(state)
        live = sorted((size - gone, name) for name in contents.segments for size, gone in [contents.size(name)])
        if len(live) <= MOST_SEGMENTS:
            return
        total, small = 0, []
        for size, name in live:
            if len(small) > 1 and (size > 2 * total or total + size > MERGE_AT_ONCE):
                break
            total += size
            small.append(name)
        self._commit(state, contents, _documents(state, small), position, without=small)

    def rebuild(self, documents: Iterable[Document], position: int) -> int:
        """Build the index anew beside the old one and put it in its place; returns the number of documents.

        Raises:
            IndexBusy: somebody else is rebuilding.
        """
        files.prepare(self.root)
        with exclusive(self.root / "rebuild.lock", wait=False):
            folder = files.create(self.root)
            contents, manifest, build_id, total = Contents(), None, secrets.token_hex(8), 0
            for chunk in _chunks(documents):
                new = _new_files(contents, chunk, ())
                manifest = files.commit(folder, contents, new, manifest, build=build_id, position=position)
                total += len(chunk)
            if manifest is None:
                new = _new_files(contents, (), ())
                files.commit(folder, contents, new, None, build=build_id, position=position)
            with exclusive(self.root / "lock"):
                files.switch(self.root, folder)
        return total

    # -- looking after it ------------------------------------------------------------------------------------------

    def check(self, expected: Mapping[str, str] | None = None) -> Check:
        """Read every file again and compare what is indexed with the digests by id that it should have."""
        try:
            state = files.load(self.root)
        except IndexDamaged as damage:
            wanted = sorted(expected or {})
            return Check(0, len(wanted), wanted, (), (), damage.files or (damage.reason,))
        have = state.snapshot.digests
        want = have if expected is None else expected
        return Check(
            len(have),
            len(want),
            sorted(want.keys() - have.keys()),
            sorted(name for name in want.keys() & have.keys() if want[name] != have[name]),
            sorted(have.keys() - want.keys()),
            files.damaged_files(state),
        )

    def stats(self) -> dict[str, object]:
        """Figures for the console: documents, segments, bytes, position."""
        state = self.state()
        return {
            "documents": state.snapshot.documents,
            "deleted": state.snapshot.size - state.snapshot.documents,
            "segments": [len(segment) for segment in state.segments.values()],
            "bytes": files.size_on_disk(state.folder),
            "position": state.manifest.position,
            "build": state.manifest.build,
        }


def open_or_none(root: Path) -> Engine | None:
    """The engine over a folder if its index is whole, None if it must be rebuilt first."""
    engine = Engine(root)
    try:
        engine.state()
    except IndexDamaged:
        return None
    return engine


def _guarded(read: Callable[[], State]) -> State:
    """Whatever goes wrong while reading an index is damage: Whoosh and pickle raise all kinds of errors."""
    try:
        return read()
    except (IndexDamaged, MemoryError):
        raise
    except Exception as error:
        raise IndexDamaged(f"索引读不出来（{type(error).__name__}）") from error


def _contents(state: State) -> Contents:
    toc = state.manifest.toc
    return Contents.open(toc, files.disk.verified(state.folder / toc, state.manifest.files[toc]))


def _new_files(contents: Contents, documents: Sequence[Document], without: Iterable[str]) -> dict[str, bytes]:
    """The files of a new segment with these documents, and of the table that names it."""
    if not documents:
        return dict(contents.write((), None, without))
    before = set(contents.segments)
    postings, arrays = build(documents)
    new = dict(contents.write([(d.id, d.canonical()) for d in documents], postings, without))
    (segment,) = set(contents.segments) - before
    return {**new, files.files_of(segment)[0]: arrays}


def _documents(state: State, names: Sequence[str]) -> list[Document]:
    snapshot = state.snapshot
    wanted = [at for at, segment in enumerate(snapshot.segments) if segment.name in names]
    numbers = (n for at in wanted for n in range(int(snapshot.offsets[at]), int(snapshot.offsets[at + 1])))
    return [snapshot.document(number) for number in numbers if snapshot.alive[number]]


def _chunks(documents: Iterable[Document]) -> Iterable[list[Document]]:
    source = iter(documents)
    while chunk := list(itertools.islice(source, CHUNK)):
        yield chunk


def _all(mask: Mask, others: Iterable[Mask]) -> Mask:
    for other in others:
        mask = mask & other
    return mask


def _good_enough(scores: "np.typing.NDArray[np.float64]", among: Mask) -> Mask:
    if not among.any():
        return among
    return among & (scores >= SHARE_OF_BEST * scores[among].max())


def _best(
    scores: "np.typing.NDArray[np.float64]", places: "np.typing.NDArray[np.int64]", wanted: int
) -> "np.typing.NDArray[np.int64]":
    """The places of the best scores, with all that tie with the last of them, so that ties are broken by id alone."""
    if len(places) <= wanted:
        return places
    threshold = np.partition(scores[places], -wanted)[-wanted]
    return places[scores[places] >= threshold]
