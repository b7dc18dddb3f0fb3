"""The search engine of one host: a folder that follows the database, and the search over it."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..rules.lexicon import Lexicon, shipped
from ..rules.suggest import Book, Typed
from . import folder as files
from . import writing
from .folder import State
from .fuse import Sense
from .locking import exclusive
from .plan import Weights, plan
from .searching import Request, run
from .suggestions import suggest
from .types import Change, Check, Document, IndexBusy, IndexDamaged, Results, Suggestion

LONGEST_PREFIX = 40
Fetch = Callable[[int], tuple[Sequence[Change], int]]


class Engine:
    """An index in a folder. Threads and processes may search while one of them writes."""

    def __init__(self, root: Path, weights: Weights | None = None, lexicon: Lexicon | None = None) -> None:
        self.root = root
        self.weights = weights or Weights()
        self.lexicon = lexicon or shipped()
        self._state: State | None = None
        self._loading = threading.Lock()

    # -- reading -----------------------------------------------------------------------------------------------------

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
                self._state = _guarded(partial(files.load, self.root, self._state))
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
        sense: Sense | None = None,
        liked: Mapping[str, float] | None = None,
    ) -> Results:
        """The documents in force at a moment (epoch seconds) that answer a query, best first.

        Filters join by "and", the values of one filter by "or". The count by value of a filter is what one would get
        by choosing it: it obeys the other filters, not its own. Another lexicon may be tried without being kept.
        Another sense (meaning) is fused in, unless the query is typed in letters, of which it knows nothing. The score
        of a document that is `liked` grows by that share, at most by MOST_LIKED.
        """
        snapshot = self.state().snapshot
        wanted = plan(query, self.weights, lexicon or self.lexicon, snapshot.known)
        if not wanted.terms or not snapshot.size:
            return Results((), 0, {name: {} for name in facets})
        return run(snapshot, wanted, Request(at, filters or {}, limit, offset, facets, liked or {}), sense)

    def suggest(self, prefix: str, *, at: float, limit: int = 8, asked: Book | None = None) -> list[Suggestion]:
        """Titles and phrases of documents in force, domain words, and what was asked before, that go on from what was
        typed.

        Letters are taken for syllables and first letters too.
        """
        snapshot = self.state().snapshot
        books = [self.lexicon.book, *([asked] if asked else ())]
        return suggest(snapshot, Typed(prefix[:LONGEST_PREFIX]), at, books, limit)

    # -- writing -----------------------------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change], position: int, *, wait: bool = True) -> bool:
        """Take changes into the index, found by the next search; False if the index had come so far already.

        Raises:
            IndexBusy: `wait` is False and another writer is at work.
            IndexDamaged: the index must be rebuilt.
        """
        with self._locked(wait=wait):
            if position <= self.position():
                return False
            self._take(changes, position)
            return True

    def try_apply(self, changes: Sequence[Change], position: int) -> bool:
        """As `apply`, but False at once where another writer is at work."""
        try:
            return self.apply(changes, position, wait=False)
        except IndexBusy:
            return False

    def follow(self, fetch: Fetch, *, wait: bool = True) -> int:
        """Take in what the outbox has after our position until it has no more; returns how many changes that were.

        `fetch(position)` gives the changes after a position and the new position (the same one when there is no
        more). It is called under the lock, so that nobody lays an older text over a newer one.

        Raises:
            IndexBusy: `wait` is False and another writer is at work.
            IndexDamaged: the index must be rebuilt.
        """
        taken = 0
        with self._locked(wait=wait):
            while True:
                position = self.position()
                changes, reached = fetch(position)
                if reached <= position:
                    return taken
                self._take(changes, reached)
                taken += len(changes)

    @contextmanager
    def _locked(self, *, wait: bool = True) -> Iterator[None]:
        self.state()
        with exclusive(self.root / "lock", wait=wait):
            yield

    def _take(self, changes: Sequence[Change], position: int) -> None:
        writing.take(self.state(), changes, position)
        writing.merge_small(self.state())

    def tidy(self) -> None:
        """Make the index small and quick again; for a background job, it may take seconds while searches go on.

        Raises:
            IndexDamaged: the index must be rebuilt.
        """
        while True:
            with self._locked():
                if not writing.tidy(self.state()):
                    return

    def rebuild(self, documents: Iterable[Document], position: int) -> int:
        """Build the index anew beside the old one and put it in its place; returns the number of documents.

        Changes taken in meanwhile by the old index are not in the new one: its position tells the next `follow` where
        to go on.

        Raises:
            IndexBusy: somebody else is rebuilding.
        """
        files.prepare(self.root)
        with exclusive(self.root / "rebuild.lock", wait=False):
            folder, total = writing.write_all(self.root, documents, position)
            with exclusive(self.root / "lock"):
                files.switch(self.root, folder)
        return total

    # -- looking after it --------------------------------------------------------------------------------------------

    def verify(self) -> Sequence[str]:
        """Read every file again, as must be done now and then; returns the names of those that are damaged."""
        try:
            return files.damaged_files(self.state())
        except IndexDamaged as damage:
            return damage.files or (damage.reason,)

    def check(self, expected: Mapping[str, str] | None = None) -> Check:
        """Read every file again, and compare what is indexed with the digests by id that it should have."""
        try:
            state = _guarded(partial(files.load, self.root))
        except IndexDamaged as damage:
            wanted = sorted(expected or {})
            return Check(0, len(wanted), wanted, (), (), damage.files or (damage.reason,))
        have = state.snapshot.digests
        want = have if expected is None else expected
        return Check(
            documents=len(have),
            expected=len(want),
            missing=sorted(want.keys() - have.keys()),
            stale=sorted(name for name in want.keys() & have.keys() if want[name] != have[name]),
            extra=sorted(have.keys() - want.keys()),
            damaged=files.damaged_files(state),
        )

    def stats(self) -> dict[str, object]:
        """Figures for the console: documents, segments, bytes, position.

        Raises:
            IndexDamaged: the index must be rebuilt.
        """
        state = self.state()
        return {
            "documents": state.snapshot.documents,
            "deleted": state.snapshot.size - state.snapshot.documents,
            "segments": [len(segment) for segment in state.segments.values()],
            "bytes": files.size_on_disk(state.folder),
            "position": state.manifest.position,
            "build": state.manifest.build,
        }


def open_or_none(root: Path, weights: Weights | None = None, lexicon: Lexicon | None = None) -> Engine | None:
    """The engine over a folder if its index is whole, None if it must be rebuilt first."""
    engine = Engine(root, weights, lexicon)
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
