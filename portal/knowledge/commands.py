"""flask kb …"""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.accounts.rules.permissions import Permission, permissions_of
from portal.config import ROOT
from portal.core.clock import utc_now
from portal.core.commands import emit, json_option, needs_database, say, stop

from .services.content_pack import Report, import_folder

group = AppGroup("kb", help="知识库")
CONTENT = ROOT / "kb_content"


@group.command("import")
@click.argument("folder", default=str(CONTENT), type=click.Path(path_type=Path))
@click.option("--approved-by", "approved_by", help="谁批准发布；不写且不是演示环境时，只留草稿")
@json_option
@needs_database
def import_command(folder: Path, approved_by: str | None, as_json: bool) -> None:
    """导入内容包；可以重复，不覆盖人写的。"""
    if not folder.is_dir():
        stop(f"没有目录 {folder}")
    report = import_content(folder, approved_by)
    emit(report.as_dict(), as_json=as_json, words=in_words(report))
    raise SystemExit(1 if report.rejected else 0)


def import_content(folder: Path = CONTENT, approved_by: str | None = None) -> Report:
    """Import a folder and say each fault on standard error; published in demo mode or with an approver."""
    approver = find_approver(approved_by)
    report = import_folder(folder, approver=approver, now=utc_now())
    for fault in report.errors:
        say(str(fault))
    return report


def find_approver(name: str | None) -> Person | None:
    """The person who approves: named, or the demo reviewer in demo mode."""
    if name is None:
        return person_by_name("demo.wu") if current_app.config["DEMO"] else None
    person = person_by_name(name)
    if person is None:
        stop(f"没有叫「{name}」的人")
    if Permission.KNOWLEDGE_ARTICLE_APPROVE not in permissions_of(person.role_set):
        stop(f"{person.name}没有审核发布的权限")
    return person


def in_words(report: Report) -> str:
    """The report as a sentence."""
    counts: list[tuple[str, Any]] = [
        ("新", report.new),
        ("改", report.changed),
        ("未变", report.unchanged),
        ("人改过而保留", report.kept),
        ("拒收", report.rejected),
    ]
    return f"{report.files} 个文件，{report.articles} 条知识：" + "，".join(f"{word} {count}" for word, count in counts)
