"""Ask for an export, decide on an unmasked one, build it, hand it over, and let it expire."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.audit.queries import head
from portal.audit.services import SYSTEM, record
from portal.core import files
from portal.core.clock import beijing_day, day_start, utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.masking import mask_text
from portal.core.write import transaction

from ..kinds import Asked, ExportKind, export_kind
from ..models import Export, ExportDownload, Job
from ..queries.exports import find_export
from ..rules import exports as rules
from ..rules.exports import ExportState
from ..rules.jobs import JobState
from ..sheets import Watermark, write
from . import jobs
from .notices import mark_read_at, tell, tell_all
from .work import JobContext, JobKind

AREA = "exports"
JOB = "inbox:export"
YOUNG = timedelta(days=1)
"""A file that no export names may still be in the making while it is this young."""


def ask(
    kind: ExportKind,
    *,
    params: Mapping[str, str],
    format: str,
    masked: bool,
    why: str,
    by: Principal,
    now: datetime,
) -> Export:
    """Ask for an export. A masked one is built at once; an unmasked one waits for the client's approval.

    Raises:
        DomainError: not of this person's rights, without a reason, or too many within the hour.
    """
    _may_ask(kind, masked=masked, format=format, why=why, by=by, now=now)
    export = Export(
        number=_free_number(),
        kind=kind.name,
        title=kind.title,
        format=format,
        params=dict(params),
        conditions=mask_text(kind.conditions(params)) or "全部",
        why=why.strip(),
        masked=masked,
        personal=kind.personal,
        state=ExportState.BUILDING if masked else ExportState.WAITING,
        person_id=by.id,
        person_name=by.name,
        person_login=by.login,
        asked_at=now,
    )
    db.session.add(export)
    db.session.flush()
    record(
        "inbox:export:ask",
        f"export:{export.number}",
        by=by.actor,
        now=now,
        changes={"kind": kind.name, "conditions": export.conditions, "masked": masked},
        reason=export.why,
    )
    if masked:
        _build_later(export, by=by, now=now)
    else:
        text = f"{by.name}申请不脱敏导出「{kind.title}」，等您决定"
        tell_all(Permission.INBOX_EXPORT_APPROVE, text, address=address(export), now=now)
    return export


def _may_ask(kind: ExportKind, *, masked: bool, format: str, why: str, by: Principal, now: datetime) -> None:
    if not by.may(kind.permission) or format not in kind.formats:
        raise DomainError("这一份您导出不了")
    if not why.strip():
        raise DomainError("请写明导出做什么用")
    if not masked and not (kind.personal and by.may(Permission.INBOX_EXPORT_ASK_UNMASKED)):
        raise DomainError("不脱敏的导出只有项目负责人可以申请")
    since = now - timedelta(hours=1)
    recent = select(func.count()).where(Export.person_id == by.id, Export.asked_at > since)
    if (db.session.scalar(recent) or 0) >= rules.PER_HOUR:
        raise DomainError(f"一小时里已经导出 {rules.PER_HOUR} 次，过一会儿再来")


def _free_number() -> str:
    number = rules.new_number()
    while find_export(number):
        number = rules.new_number()
    return number


def address(export: Export) -> str:
    """The path of an export's page."""
    return f"/inbox/exports/{export.number}"


def _build_later(export: Export, *, by: Principal, now: datetime) -> None:
    job = jobs.ask_for(
        JOB,
        {"export": export.number},
        by=by.actor,
        now=now,
        title=f"导出「{export.title}」",
        address=address(export),
    )
    job.owner_id, job.owner_name = export.person_id, export.person_name
    export.job_id = job.id


def decide(number: str, *, approve: bool, remark: str, by: Principal, now: datetime) -> Export:
    """Approve or refuse an unmasked export; never one's own.

    Raises:
        DomainError: no such export, decided already, one's own, or refused without a reason.
    """
    export = db.session.scalar(select(Export).where(Export.number == number).with_for_update())
    if export is None:
        raise DomainError("没有这份导出")
    state = ExportState(export.state)
    if reason := rules.why_not_decide(state=state, person_id=export.person_id, by_id=by.id):
        raise DomainError(reason)
    if not approve and not remark.strip():
        raise DomainError("请写明为什么不批准")
    export.decided_by_id, export.decided_by_name, export.decided_at = by.id, by.name, now
    export.remark = remark.strip()
    export.state = ExportState.BUILDING if approve else ExportState.REFUSED
    verb = "approve" if approve else "refuse"
    record(f"inbox:export:{verb}", f"export:{number}", by=by.actor, now=now, reason=export.remark)
    if approve:
        _build_later(export, by=by, now=now)
    else:
        tell(
            export.person_id, f"「{export.title}」不脱敏导出没有获批：{export.remark}", address=address(export), now=now
        )
    return export


# -- building, by a runner -----------------------------------------------------------------------------------


def build(context: JobContext) -> None:
    """Write the file beside whatever an earlier attempt left, then name it in the transaction that ends the job."""
    export = find_export(str(context.payload["export"]))
    kind = export_kind(export.kind) if export else None
    if export is None or kind is None:
        raise DomainError("这种导出已经没有了")
    if export.state != ExportState.BUILDING:
        return
    now = utc_now()
    asked = Asked(params=export.params, person_id=export.person_id, now=now)
    mark = _watermark(export, now)
    total = kind.count(asked)
    path = files.draft(AREA)
    try:
        rows = _write(kind, path, export.format, asked, mark, lambda done: context.progress(done, total))
        kept = files.keep(path)
        db.session.rollback()
        with context.transaction():
            _ready(context, export.number, kept, rows)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _write(
    kind: ExportKind, path: Path, format: str, asked: Asked, mark: Watermark, on_row: Callable[[int], None]
) -> int:
    if writer := kind.writers.get(format):
        return writer(path, asked, mark, on_row)
    return write(path, format, kind.sheets(asked), mark, on_row=on_row)


def _watermark(export: Export, now: datetime) -> Watermark:
    seq, last = head()
    return Watermark(
        number=export.number,
        name=export.person_name,
        login=export.person_login,
        at=now,
        title=export.title,
        conditions=export.conditions,
        masked=export.masked,
        anchor=f"第 {seq} 行 {last}",
    )


def _ready(context: JobContext, number: str, kept: files.Kept, rows: int) -> None:
    now = utc_now()
    export = db.session.scalars(select(Export).where(Export.number == number)).one()
    export.state, export.built_at, export.expires_at = ExportState.READY, now, now + rules.KEPT_FOR
    export.file, export.size, export.sha256, export.rows = kept.name, kept.size, kept.sha256, rows
    record(
        "inbox:export:build",
        f"export:{number}",
        by=SYSTEM,
        now=now,
        changes={"rows": rows, "sha256": kept.sha256, "masked": export.masked},
    )
    _watch(export, now)
    context.progress(rows, rows)
    until = f"{beijing_day(export.expires_at):%m-%d}"
    context.finish(
        {"rows": rows, "sha256": kept.sha256},
        notice=f"「{export.title}」导出好了，{rows:,} 行，{until} 前可以下载",
        address=address(export),
    )


def _watch(export: Export, now: datetime) -> None:
    """Tell the auditor once a day of somebody who takes out many rows about people."""
    if not export.personal:
        return
    today = beijing_day(now)
    mine = (Export.person_id == export.person_id, Export.personal, Export.built_at >= day_start(today))
    rows = db.session.scalar(select(func.coalesce(func.sum(Export.rows), 0)).where(*mine)) or 0
    if rows > rules.ROWS_A_DAY:
        text = f"{export.person_name}今天导出了 {rows:,} 行含个人信息的数据，请看导出记录"
        key = f"export-rows:{export.person_id}:{today}"
        tell_all(Permission.INBOX_EXPORT_LOG, text, address="/inbox/exports/log", now=now, key=key)


def _ended(job: Job, state: JobState, now: datetime) -> None:
    """A job that failed or was stopped leaves its export without a file."""
    export = db.session.scalar(select(Export).where(Export.job_id == job.id))
    if export is not None and export.state == ExportState.BUILDING:
        export.state = ExportState.STOPPED if state is JobState.STOPPED else ExportState.FAILED
        export.error = job.error


BUILDING = JobKind(
    name=JOB,
    title="导出",
    run=build,
    unit="行",
    stopping="停下就没有文件，要用再导出一次。",
    ended=_ended,
)


# -- handing over --------------------------------------------------------------------------------------------


def hand_over(number: str, *, by: Principal, now: datetime) -> tuple[Export, Path]:
    """Hand one's own export over: logged and audited, each time.

    Raises:
        DomainError: not there, not one's own, no longer of one's rights, not ready, expired, or changed on the disk.
    """
    export = db.session.scalar(select(Export).where(Export.number == number, Export.person_id == by.id))
    kind = export_kind(export.kind) if export else None
    if export is None or kind is None or not by.may(kind.permission):
        raise DomainError("没有这份导出，或者它不是您的")
    if reason := rules.why_not_download(state=ExportState(export.state), expires_at=export.expires_at, now=now):
        raise DomainError(reason)
    path = files.path_of(export.file)
    if files.look(path).sha256 != export.sha256:
        raise DomainError("存放的文件和生成时不一样，没有给出：请告诉系统管理员")
    mark_read_at(address(export), person_id=by.id, now=now)
    db.session.add(ExportDownload(export_id=export.id, person_id=by.id, person_name=by.name, at=now))
    record("inbox:export:download", f"export:{number}", by=by.actor, now=now, changes={"sha256": export.sha256})
    return export, path


def expire(now: datetime) -> None:
    """Let go of files whose time is over, and of what broken-off attempts left behind; done about once a minute."""
    due = select(Export.id).where(Export.state == ExportState.READY, Export.expires_at <= now)
    if db.session.scalars(due.limit(1)).first() is not None:
        with transaction():
            for export in db.session.scalars(select(Export).where(Export.id.in_(due)).with_for_update()):
                export.state, export.file = ExportState.EXPIRED, ""
                record("inbox:export:expire", f"export:{export.number}", by=SYSTEM, now=now)
    old = files.older_than(YOUNG, area=AREA)
    named = set(db.session.scalars(select(Export.file).where(Export.file.in_(old)))) if old else set()
    db.session.rollback()
    for name in set(old) - named:
        files.remove(name)
