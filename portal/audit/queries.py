"""Read the chain."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import RowMapping, func, or_, select

from portal.core.database import db
from portal.core.text import like_pattern

from .models import AuditRow
from .rules import START, Verdict, verify


def walk(start: int = 1) -> Iterator[RowMapping]:
    """The rows from `start` on, as plain mappings, a thousand at a time."""
    statement = select(AuditRow.__table__).where(AuditRow.seq >= start).order_by(AuditRow.seq)
    with db.engine.connect() as connection:
        yield from connection.execution_options(yield_per=1000).execute(statement).mappings()


def check_chain(*, anchors: Mapping[int, str] | None = None, start: int = 1) -> Verdict:
    """Verify the chain from `start` on (see rules.verify)."""
    prev = START
    if start > 1:
        prev = db.session.scalar(select(AuditRow.hash).where(AuditRow.seq == start - 1)) or START
    return verify(walk(start), anchors=anchors, start=start, prev=prev)


def head() -> tuple[int, str]:
    """Sequence number and hash of the last row; (0, zeros) while there is none."""
    row = db.session.execute(select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    return (row.seq, row.hash) if row else (0, START)


def latest(*, words: str = "", actor: str = "", limit: int = 50, offset: int = 0) -> tuple[Sequence[AuditRow], int]:
    """The newest rows whose action, object or reason holds the words, and how many there are."""
    statement = select(AuditRow)
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
