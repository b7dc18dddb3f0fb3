"""flask jobs …, flask export …"""

import tempfile
from datetime import timedelta
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from portal.audit.services import SYSTEM, record
from portal.core import files
from portal.core.clock import beijing, utc_now
from portal.core.commands import emit, json_option, needs_database, stop
from portal.core.write import transaction

from .models import Export
from .queries.exports import downloads, find_export
from .rules.exports import read_number
from .rules.jobs import LEASE
from .runner import Runner

jobs_group = AppGroup("jobs", help="后台任务")
export_group = AppGroup("export", help="导出记录")


@jobs_group.command("run")
@click.option("--once", is_flag=True, help="做完现在能做的就结束")
@click.option("--lease", type=float, default=LEASE.total_seconds(), help="多少秒没有动静算中断")
@needs_database
def run(once: bool, lease: float) -> None:
    """做后台任务，直到被叫停；可以同时开几个。"""
    runner = Runner(current_app._get_current_object(), lease=timedelta(seconds=lease))  # type: ignore[attr-defined]
    runner.obey_signals()
    tempfile.tempdir = str(files.scratch())
    if once:
        runner.do_chores()
        runner.work_off()
    else:
        runner.run()


@export_group.command("trace")
@click.argument("number")
@json_option
@needs_database
def trace(number: str, as_json: bool) -> None:
    """一份文件上的编号是谁导出的。"""
    export = find_export(read_number(number))
    if export is None:
        stop(f"没有编号 {read_number(number)} 的导出", 1)
    result = _facts(export)
    with transaction():
        record("inbox:export:trace", f"export:{export.number}", by=SYSTEM, now=utc_now())
    words = (
        f"{result['person']}（{result['login']}）{beijing(export.asked_at):%Y-%m-%d %H:%M} 导出「{result['title']}」，"
        f"{'脱敏' if result['masked'] else '不脱敏'}；用途：{result['why']}；下载 {len(result['downloads'])} 次"
    )
    emit(result, as_json=as_json, words=words)


def _facts(export: Export) -> dict[str, Any]:
    return {
        "number": export.number,
        "kind": export.kind,
        "title": export.title,
        "person": export.person_name,
        "login": export.person_login,
        "asked_at": beijing(export.asked_at).isoformat(),
        "why": export.why,
        "conditions": export.conditions,
        "masked": export.masked,
        "approved_by": export.decided_by_name or None,
        "state": str(export.state),
        "rows": export.rows,
        "sha256": export.sha256 or None,
        "downloads": [
            {"person": each.person_name, "at": beijing(each.at).isoformat()} for each in downloads(export.id)
        ],
    }
