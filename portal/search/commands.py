"""flask search …"""

from pathlib import Path

import click
from flask.cli import AppGroup

from portal.core.commands import emit, json_option, needs_database, stop

from . import services
from .evaluate import evaluate

group = AppGroup("search", help="搜索索引")


@group.command("eval")
@click.option("--docs", required=True, type=click.Path(path_type=Path))
@click.option("--queries", required=True, type=click.Path(path_type=Path))
@click.option("--meaning", type=click.Choice(["on", "off"]), default="off", help="on：先算全部向量，一千篇约几分钟")
@json_option
def evaluate_files(docs: Path, queries: Path, meaning: str, as_json: bool) -> None:
    """在一套文件上量搜索的好坏与快慢；不用数据库。"""
    for path in (docs, queries):
        if not path.is_file():
            stop(f"文件 {path} 读不了")
    try:
        result = evaluate(docs, queries, meaning=meaning == "on")
    except (ValueError, KeyError) as error:
        stop(f"文件的写法不对：{error}")
    words = "\n".join(
        f"{name:>10} {value:.4f}" if isinstance(value, float) else f"{name:>10} {value}"
        for name, value in result.items()
    )
    emit(result, as_json=as_json, words=words)


@group.command()
@json_option
@needs_database
def check(as_json: bool) -> None:
    """索引与数据库逐篇比对。"""
    found = services.check()
    result = {
        "ok": found.ok,
        "documents": found.documents,
        "expected": found.expected,
        "missing": list(found.missing),
        "stale": list(found.stale),
        "extra": list(found.extra),
        "damaged": list(found.damaged),
    }
    emit(result, as_json=as_json, words="索引与数据库一致" if found.ok else f"索引与数据库不一致：{result}")
    raise SystemExit(0 if found.ok else 1)


@group.command()
@json_option
@needs_database
def rebuild(as_json: bool) -> None:
    """从数据库重建索引；期间照常可查。"""
    result = services.rebuild()
    if result is None:
        stop("另一个进程正在重建", 1)
    emit(result, as_json=as_json, words=f"{result['documents']} 篇，用了 {result['seconds']} 秒")


@group.command()
@json_option
@needs_database
def stats(as_json: bool) -> None:
    """索引的大小与进度。"""
    result = services.engine().stats()
    emit(result, as_json=as_json, words="\n".join(f"{name}: {value}" for name, value in result.items()))
