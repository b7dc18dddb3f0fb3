"""One writer at a time on this host: a file lock that dies with its process."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .types import IndexBusy

_threads: dict[str, threading.Lock] = {}
_guard = threading.Lock()


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock at `path`; the lock of the file excludes processes, the one in memory excludes our own threads.

    Raises:
        IndexBusy: `wait` is False and someone else holds it.
    """
    with _guard:
        own = _threads.setdefault(str(path.absolute()), threading.Lock())
    if not own.acquire(blocking=wait):
        raise IndexBusy(str(path))
    try:
        handle = _locked(path, wait)
        try:
            yield
        finally:
            os.close(handle)
    finally:
        own.release()


def _locked(path: Path, wait: bool) -> int:
    """Open and lock the file; again if somebody replaced it meanwhile, for then the lock would be nobody else's."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise IndexBusy(str(path)) from None
        os.close(handle)
