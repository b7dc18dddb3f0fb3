"""flask audit …"""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.core.commands import emit, json_option, needs_database, stop

from .queries import check_chain

group = AppGroup("audit", help="操作记录的哈希链")


@group.command()
@click.option("--anchors", type=click.Path(path_type=Path), help="库外保存的锚点：每行一个 {seq, hash}")
@click.option("--from", "start", type=int, default=1, help="从第几行起")
@json_option
@needs_database
def verify(anchors: Path | None, start: int, as_json: bool) -> None:
    """校验整条链；第一处对不上的行号会说出来。"""
    known: dict[int, str] = {}
    if anchors:
        try:
            lines = [json.loads(line) for line in anchors.read_text(encoding="utf-8").splitlines() if line.strip()]
            known = {int(line["seq"]): str(line["hash"]) for line in lines}
        except (OSError, ValueError, KeyError, TypeError):
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
