"""flask audit …"""

from pathlib import Path

import click
from flask.cli import AppGroup

from portal.core.commands import emit, json_option, needs_database, stop

from .anchors import drop_anchor, export_key, read_anchors, signed_lines
from .queries import check_chain, walk

group = AppGroup("audit", help="操作记录的哈希链")


@group.command()
@click.option("--anchors", type=click.Path(path_type=Path), help="库外保存的锚点：每行一个 {seq, hash}")
@click.option("--from", "start", type=click.IntRange(min=1), default=1, help="从第几行起")
@json_option
@needs_database
def verify(anchors: Path | None, start: int, as_json: bool) -> None:
    """校验整条链；第一处对不上的行号会说出来。"""
    try:
        known = read_anchors(anchors) if anchors else {}
    except (OSError, ValueError):
        stop(f"锚点文件 {anchors} 读不了")
    verdict = check_chain(anchors=known, start=start)
    result = {
        "ok": verdict.ok,
        "rows": verdict.rows,
        "head": {"seq": verdict.head_seq, "hash": verdict.head_hash},
        "first_bad": verdict.first_bad,
        "reason": verdict.reason,
    }
    words = f"{verdict.rows} 行，全部对得上" if verdict.ok else f"第 {verdict.first_bad} 行对不上（{verdict.reason}）"
    emit(result, as_json=as_json, words=words)
    raise SystemExit(0 if verdict.ok else 1)


@group.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "start", type=int, default=1, help="从第几行起")
@json_option
@needs_database
def export(file: Path, start: int, as_json: bool) -> None:
    """导出为签名的 JSON 行，可用 verify_audit.py 离线核对。"""
    count = -1
    try:
        with file.open("w", encoding="utf-8") as out:
            for line in signed_lines(walk(start), export_key()):
                out.write(line + "\n")
                count += 1
    except OSError:
        stop(f"文件 {file} 写不了")
    emit({"rows": count, "file": str(file)}, as_json=as_json, words=f"{count} 行，写进 {file}")


@group.command()
@json_option
@needs_database
def anchor(as_json: bool) -> None:
    """把链头记到库外的锚点文件。"""
    seq, value = drop_anchor()
    emit({"seq": seq, "hash": value}, as_json=as_json, words=f"第 {seq} 行 {value}")
