"""Read the chain."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import RowMapping, func, or_, select
from sqlalchemy.exc import OperationalError

from portal.core.database import db, read_connection
from portal.core.text import like_pattern

from .models import AuditRow
from .rules import START, UnreadableRowError, Verdict, verify


def walk(start: int = 1) -> Iterator[RowMapping]:
    """The rows from `start` on, as plain mappings.

    Raises:
        UnreadableRowError: the row after the last one given cannot even be read.
    """
    at = start
    for at_once in (1000, 1):  # the second time one by one, so that it is known which row it is
        try:
            for row in _read(at, at_once):
                yield row
                at = row["seq"] + 1
            return
        except (ValueError, TypeError, OperationalError) as error:
            if isinstance(error, OperationalError) and "decode" not in str(error.orig):
                raise
    raise UnreadableRowError


def _read(start: int, at_once: int) -> Iterator[RowMapping]:
    statement = select(AuditRow.__table__).order_by(AuditRow.seq)
    if start > 1:  # from the first on, a row smuggled in below number 1 is seen too
        statement = statement.where(AuditRow.seq >= start)
    with (
        read_connection() as connection,
        connection.execution_options(yield_per=at_once).execute(statement) as result,
    ):
        yield from result.mappings()


def check_chain(*, anchors: Mapping[int, str] | None = None, start: int = 1) -> Verdict:
    """Verify the chain from `start` on (see rules.verify); the row before `start` must be there."""
    if start == 1:
        return verify(walk(), anchors=anchors)
    before = db.session.scalar(select(AuditRow.hash).where(AuditRow.seq == start - 1))
    if before is None:
        last = head()[0]
        return Verdict(head_seq=last).fail(min(last + 1, start - 1), "cut" if last < start - 1 else "gap")
    if before != (anchors or {}).get(start - 1, before):
        return Verdict(head_seq=start - 2).fail(start - 1, "anchor")
    return verify(walk(start), anchors=anchors, start=start, prev=before)


def head() -> tuple[int, str]:
    """Sequence number and hash of the last row; (0, zeros) while there is none."""
    row = db.session.execute(select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    return (row.seq, row.hash) if row else (0, START)


def latest(
    *, words: str = "", actor: str = "", object_ref: str = "", limit: int = 50, offset: int = 0
) -> tuple[Sequence[AuditRow], int]:
    """The newest rows whose action, object or reason holds the words, of a person, of an object; and how many."""
    statement = select(AuditRow)
    if object_ref:
        statement = statement.where(AuditRow.object_ref == object_ref)
    if words:
        like = like_pattern(words)
        columns = (AuditRow.action, AuditRow.object_ref, AuditRow.reason, AuditRow.detail)
        statement = statement.where(or_(*(column.like(like, escape="\\") for column in columns)))
    if actor:
        statement = statement.where(AuditRow.actor_name == actor)
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    rows = db.session.scalars(statement.order_by(AuditRow.seq.desc()).limit(limit).offset(offset)).all()
    return rows, total


def actors() -> Sequence[str]:
    """Everybody who ever acted, by name."""
    return db.session.scalars(select(AuditRow.actor_name).distinct().order_by(AuditRow.actor_name)).all()
