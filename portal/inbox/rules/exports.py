"""Who may have which export, how it is named, and how long it lasts."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum


class ExportState(StrEnum):
    """What has become of an export."""

    WAITING = "waiting"
    REFUSED = "refused"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"
    EXPIRED = "expired"


WORDS = {
    ExportState.WAITING: ("待批准", "warn"),
    ExportState.REFUSED: ("未批准", "bad"),
    ExportState.BUILDING: ("在生成", "run"),
    ExportState.READY: ("可下载", "ok"),
    ExportState.FAILED: ("没做成", "bad"),
    ExportState.STOPPED: ("已停", "mute"),
    ExportState.EXPIRED: ("已过期", "mute"),
}
"""The word and the shape of each state."""

KEPT_FOR = timedelta(days=7)
PER_HOUR = 10
ROWS_A_DAY = 500
"""Rows about people that one person may take out in a day before the auditor is told."""

PRINT = "print"
"""The format that is opened as a page to be printed, instead of being saved."""

FORMATS = {
    "xlsx": "Excel 表格",
    "csv": "CSV 文本",
    "docx": "Word 文档",
    "zip": "Markdown 文件（zip）",
    PRINT: "打印页",
}

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No sign that reads like another: no 0 O 1 I L U."""


def new_number() -> str:
    """A trace number: K7QF-3M2X, one of 656 thousand million."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


def read_number(text: str) -> str:
    """A trace number as somebody typed it off a page: any case, with or without its dash."""
    signs = "".join(sign for sign in text.upper() if sign.isalnum())
    return f"{signs[:4]}-{signs[4:]}" if len(signs) == 8 else text.strip().upper()


def why_not_decide(*, state: ExportState, person_id: int, by_id: int) -> str | None:
    """Why somebody may not approve or refuse an unmasked export; None if they may."""
    if state is not ExportState.WAITING:
        return "这份导出已经有人决定过了"
    if person_id == by_id:
        return "自己申请的导出，不能自己批准"
    return None


def why_not_download(*, state: ExportState, expires_at: datetime | None, now: datetime) -> str | None:
    """Why the file cannot be had; None if it can."""
    if state == ExportState.EXPIRED or (expires_at is not None and expires_at <= now):
        return "这份导出过期了，文件已经删除：请重新导出"
    return None if state == ExportState.READY else "这份导出还没有做好"


def may_see(*, masked: bool, person_id: int, by_id: int, sees_log: bool, approves: bool) -> bool:
    """Whether somebody may see an export's page (never its file): its maker, the auditor, the client if unmasked."""
    return person_id == by_id or sees_log or (approves and not masked)
