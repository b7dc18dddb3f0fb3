"""Page parts in Python: filters, assets, error pages. The templates are beside it."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup, escape
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from .clock import beijing, long_now, near_time, utc_now
from .errors import ConflictError, DomainError
from .requests import SAFE, keep_typed

log = structlog.get_logger("portal")

WORDS = {
    400: ("这个请求读不懂", "地址或表单缺了东西，没有做任何改动。", "回到上一页再试一次。"),
    403: ("这一页不对您开放", "您的角色不含这项权限，没有做任何改动。", "需要的话，请项目负责人为您申请。"),
    404: ("没有这一页", "地址可能抄错了，或者这条内容您看不到。", "从左边的栏目进，或按 / 搜索。"),
    405: ("这个地址不能这样用", "没有做任何改动。", "回到上一页，用页面上的按钮。"),
    409: ("没存上，您填的都还在", "事情在您填写的时候变了。", "看一下现在的样子，再决定要不要改。"),
    413: ("文件太大", "没有收下，也没有做任何改动。", "请压缩或分成几份再传。"),
    422: ("没存上，您填的都还在", "有一处要改。", "改好再提交一次。"),
    429: ("太快了", "为了大家都能用，先等一下。", "过一分钟再试。"),
    500: ("没办成，已经记下了", "没有做任何改动。", "过几秒再试；还不行就把编号告诉系统管理员。"),
    503: ("服务器正忙", "没有做任何改动。", "过几秒再试一次。"),
}

INTERFACE = "/api/"
"""Addresses that programs ask: they are always answered in JSON."""

BARE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title} · 知应</title></head>
<body><h1>{title}</h1><p>{safe}</p><p>{todo}</p><p>编号 {id}</p><p><a href="/">回首页</a></p></body></html>
"""


def init_app(app: Flask) -> None:
    """Filters, globals and error pages."""
    app.jinja_env.filters.update(
        local_time=lambda value: beijing(value).strftime("%Y-%m-%d %H:%M") if value else "",
        local_date=_local_date,
        near_time=lambda value: near_time(value, utc_now()) if value else "",
        near_date=near_date,
        time_tag=_time_tag,
        thousands=lambda value: f"{value:,}",
    )
    app.jinja_env.globals.update(
        asset=asset, icons_url=lambda: asset("icons.svg"), now_text=lambda: long_now(utc_now())
    )
    app.jinja_env.globals["request_id"] = lambda: g.get("request_id", "")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(ConflictError, _conflict)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(IntegrityError, _crossed)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(OverflowError, _unstorable)
    app.register_error_handler(Exception, _unexpected)


def _local_date(value: date | datetime | None) -> str:
    if value is None:
        return ""
    return (beijing(value) if isinstance(value, datetime) else value).strftime("%Y-%m-%d")


def near_date(value: date | None) -> str:
    """A date as people say it: 11-23 this year, 2027-01-06 otherwise."""
    if value is None:
        return ""
    return f"{value:%m-%d}" if value.year == beijing(utc_now()).year else value.isoformat()


def _time_tag(value: datetime | None) -> Markup:
    if value is None:
        return Markup("")
    local = beijing(value)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), local.strftime("%Y-%m-%d %H:%M:%S"), near_time(value, utc_now())
    )


@lru_cache(maxsize=4)
def _manifest(folder: str, changed: float) -> dict[str, str]:
    return dict(json.loads((Path(folder) / "manifest.json").read_text()))


def asset(name: str) -> str:
    """The address of a bundled file, by the name it has before hashing; looked up once a request."""
    known: dict[str, str] = g.setdefault("assets", {})
    if name not in known:
        known[name] = _asset(name)
    return known[name]


def _asset(name: str) -> str:
    folder = Path(current_app.static_folder or "") / "dist"
    try:
        manifest = _manifest(str(folder), (folder / "manifest.json").stat().st_mtime)
    except OSError:
        manifest = {}
    return url_for("static", filename=f"dist/{manifest.get(name, name)}")


def place(endpoints: Iterable[str]) -> str | None:
    """Which place of the rail the page at hand belongs to: itself, else the first of its blueprint."""
    here = request.endpoint or ""
    known = list(endpoints)
    if here in known:
        return here
    return next((endpoint for endpoint in known if endpoint.split(".")[0] == here.split(".")[0]), None)


def error_page(code: int, *, what: str = "", safe: str = "", todo: str = "") -> ResponseReturnValue:
    """One page for everything that can go wrong: what happened, what is safe, what to do."""
    title, default_safe, default_todo = WORDS.get(code, WORDS[500] if code >= 500 else WORDS[400])
    text = {"title": what or title, "safe": safe or default_safe, "todo": todo or default_todo}
    if request.accept_mimetypes.best == "application/json" or request.path.startswith(INTERFACE):
        return {"error": text["title"], "todo": text["todo"], "request_id": g.get("request_id", "")}, code
    typed = keep_typed() if request.method not in SAFE else {}
    try:
        body = render_template("errors/error.html", code=code, typed=typed, **text)
    except Exception:  # the frame asks who is signed in; where that cannot be told, the bare words still can
        log.exception("error page", id=g.get("request_id", ""))
        body = BARE.format(id=escape(g.get("request_id", "")), **{name: escape(words) for name, words in text.items()})
    return make_response(body, code)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    answer = make_response(error_page(error.code or 500))
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    return error_page(
        400, what="这张表放得太久了", safe="没有做任何改动，您填的都还在下面。", todo="刷新页面后再提交一次。"
    )


def _domain_error(error: DomainError) -> ResponseReturnValue:
    return error_page(422, what=str(error))


def _conflict(error: ConflictError) -> ResponseReturnValue:
    page = render_template("conflict.html", error=error, typed=keep_typed(), opened_url=request.path)
    return make_response(page, HTTPStatus.CONFLICT)


def _database_busy(error: OperationalError) -> ResponseReturnValue:
    log.error(
        "database",
        id=g.get("request_id", ""),
        error=str(escape(type(error.orig).__name__)),
        text=str(error.orig)[:200],
    )
    return error_page(503)


def _crossed(error: IntegrityError) -> ResponseReturnValue:
    """Two people did the same at the same moment, and the database let one of them through."""
    log.warning("crossed", id=g.get("request_id", ""), text=str(error.orig).splitlines()[0][:200])
    return error_page(409)


def _unstorable(error: Exception) -> ResponseReturnValue:
    """A value that no column can hold: a number out of range, a NUL character."""
    log.warning("unstorable", id=g.get("request_id", ""), error=type(error).__name__)
    return error_page(400)


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("unexpected", id=g.get("request_id", ""), error=type(error).__name__)
    return error_page(500)


def page(template: str, **values: Any) -> Response:
    """A page; 422 where its form was sent and has faults."""
    form = values.get("form")
    faulty = request.method not in SAFE and form is not None and form.errors
    return make_response(render_template(template, **values), 422 if faulty else 200)
