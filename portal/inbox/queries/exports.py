"""Read exports, their downloads and their log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal.core.database import db

from ..models import Export, ExportDownload
from ..rules.exports import ExportState

PAGE = 20
AT_ONCE = 50


def find_export(number: str) -> Export | None:
    """The export of this trace number, with its job."""
    return db.session.scalar(select(Export).where(Export.number == number).options(joinedload(Export.job)))


def mine(person_id: int, *, page: int) -> tuple[Sequence[Export], int]:
    """A page of a person's exports, the newest first, and how many there are."""
    return _page(select(Export).where(Export.person_id == person_id), size=PAGE, page=page)


def waiting() -> Sequence[Export]:
    """Unmasked exports that wait for a decision, the oldest first."""
    return db.session.scalars(select(Export).where(Export.state == ExportState.WAITING).order_by(Export.id)).all()


@dataclass(frozen=True)
class LogFilters:
    """What the log is narrowed to; empty is no filter."""

    number: str = ""
    person_id: int = 0
    kind: str = ""
    unmasked: bool = False
    page: int = 1


def log(filters: LogFilters) -> tuple[Sequence[Export], int]:
    """A page of everybody's exports, the newest first, and how many there are."""
    statement = select(Export)
    if filters.number:
        statement = statement.where(Export.number == filters.number)
    if filters.person_id:
        statement = statement.where(Export.person_id == filters.person_id)
    if filters.kind:
        statement = statement.where(Export.kind == filters.kind)
    if filters.unmasked:
        statement = statement.where(~Export.masked)
    return _page(statement, size=AT_ONCE, page=filters.page)


def _page(statement: Select[Export], *, size: int, page: int) -> tuple[Sequence[Export], int]:
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    rows = statement.options(joinedload(Export.job)).order_by(Export.id.desc()).limit(size).offset((page - 1) * size)
    return db.session.scalars(rows).all(), total


def makers() -> dict[int, str]:
    """Everybody who ever exported: id → name."""
    found = db.session.execute(select(Export.person_id, func.max(Export.person_name)).group_by(Export.person_id))
    return dict(found.all())


def kinds_used() -> dict[str, str]:
    """What was ever exported: kind → title."""
    found = db.session.execute(select(Export.kind, func.max(Export.title)).group_by(Export.kind))
    return dict(found.all())


def downloads(export_id: int) -> Sequence[ExportDownload]:
    """Each time an export's file was handed over, the newest first."""
    statement = select(ExportDownload).where(ExportDownload.export_id == export_id)
    return db.session.scalars(statement.order_by(ExportDownload.id.desc())).all()


def download_counts(export_ids: Collection[int]) -> dict[int, int]:
    """Export id → how often its file was handed over."""
    statement = select(ExportDownload.export_id, func.count()).where(ExportDownload.export_id.in_(export_ids))
    return dict(db.session.execute(statement.group_by(ExportDownload.export_id)).all())
