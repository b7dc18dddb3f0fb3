"""flask setup."""

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.core.clock import utc_now
from portal.core.commands import emit, json_option, sentences
from portal.core.write import transaction
from portal.knowledge.commands import import_content, in_words
from portal.search.services import drain
from portal.search.words import collect_terms, refresh_terms

from .services import set_up


@click.command("setup")
@json_option
@with_appcontext
@sentences
def setup(as_json: bool) -> None:
    """库结构、分类、单位、日历、内容；重复运行不改动任何东西。"""
    result = set_up(demo=current_app.config["DEMO"], now=utc_now())
    report = import_content()
    drain(wait=True)
    collected = collect_terms()
    with transaction():
        result["terms"] = refresh_terms(collected, now=utc_now())
    counts = report.as_dict()
    result["articles"] = {key: counts[key] for key in ("new", "changed", "unchanged", "kept", "rejected")}
    words = f"诉求分类 {sum(result['categories'].values())}，单位 {sum(result['units'].values())}；{in_words(report)}"
    emit(result, as_json=as_json, words=words)
    raise SystemExit(1 if report.rejected else 0)
