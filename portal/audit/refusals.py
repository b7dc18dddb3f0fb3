"""An act that was refused leaves a line too: who wanted what, and the sentence that was said."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from portal.core.errors import DomainError
from portal.core.write import end_write, transaction

from .services import Actor, record


@contextmanager
def refusals_recorded(action: str, object_ref: str, *, by: Actor, now: datetime) -> Iterator[None]:
    """Record a DomainError raised inside, in a transaction of its own, and let it go on; nothing else is kept."""
    try:
        yield
    except DomainError as error:
        end_write()
        with transaction():
            record(action, object_ref, by=by, now=now, result="denied", reason=str(error))
        raise
