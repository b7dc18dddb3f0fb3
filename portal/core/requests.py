"""What surrounds every request: its number, its log line, its one commit, its form receipt."""

import hashlib
import json
import re
import secrets
import time
from typing import Any

import structlog
from flask import Flask, Request, Response, current_app, g, redirect, request
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from .clock import utc_now
from .database import db
from .models import FormReceipt
from .write import begin_write, commit, end_write, writing_now

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
log = structlog.get_logger("portal")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Typed(ImmutableMultiDict[str, Any]):
    """What was typed or asked for, without the control characters that no text holds and no page can show."""

    def __init__(self, mapping: Any = None) -> None:
        pairs = iter_multi_items(mapping or ())
        super().__init__([(name, _CONTROLS.sub("", v) if isinstance(v, str) else v) for name, v in pairs])


class PortalRequest(Request):
    """A request whose address and form hold plain text only."""

    parameter_storage_class = Typed


class RowNumber(IntegerConverter):
    """The number of a row in an address; one that no database can hold leads nowhere (404)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **options})


def init_app(app: Flask) -> None:
    """Wire number, log and commit."""
    app.request_class = PortalRequest
    app.url_map.converters["int"] = RowNumber
    app.before_request(_number)
    app.after_request(_log)
    app.after_request(_finish)
    app.teardown_appcontext(_let_go)


def _number() -> None:
    g.request_id = secrets.token_hex(4).upper()
    g.started = time.perf_counter()


def open_write() -> Response | None:
    """Called by the guard once it knows the person: from here the next statement opens the write transaction.

    Returns the first answer again where this very form was taken before.
    """
    if request.method in SAFE:
        return None
    g.receipt_key = _receipt_key()
    if answer := _taken_before():
        return answer
    begin_write()
    return None


def _receipt_key() -> str:
    """One name for this form with this content: the same form with other words in it is another act."""
    if request.mimetype == "application/json" or not request.form.get("form_key"):
        return ""
    said = sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
    total = hashlib.sha256(json.dumps([request.path, said]).encode())
    for name, file in sorted(request.files.items(multi=True), key=lambda pair: (pair[0], pair[1].filename or "")):
        total.update(json.dumps([name, file.filename]).encode())
        total.update(hashlib.file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]
        file.stream.seek(0)
    return total.hexdigest()


def _taken_before() -> Response | None:
    """The answer to the first sending of this form, if it was taken."""
    key = g.get("receipt_key", "")
    receipt = db.session.get(FormReceipt, key) if key else None
    if receipt is None:
        return None
    answer = redirect(receipt.location, 303) if receipt.location else Response(status=204)
    db.session.rollback()
    return answer  # type: ignore[return-value]


def _finish(response: Response) -> Response:
    """Commit a write that went well; keep nothing of one that did not."""
    if not writing_now():
        return response
    if response.status_code >= 400:
        end_write()
        return (_taken_before() if response.status_code < 500 else None) or response
    if key := g.get("receipt_key", ""):
        db.session.add(FormReceipt(key=key, at=utc_now(), location=response.headers.get("Location", "")))
    try:
        commit()
    except Exception as error:  # whatever stops the commit is answered as if the view had raised it
        end_write()
        first = _taken_before() if isinstance(error, IntegrityError) else None
        return first or current_app.make_response(current_app.handle_user_exception(error))
    return response


def _log(response: Response) -> Response:
    started = g.get("started", time.perf_counter())
    response.headers["X-Request-Id"] = g.get("request_id", "")
    log.info(
        "request",
        id=g.get("request_id", ""),
        method=request.method,
        path=_one_line(request.path),
        status=response.status_code,
        ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return response


def _one_line(text: str) -> str:
    return json.dumps(text[:200], ensure_ascii=True)[1:-1]


def _let_go(error: BaseException | None) -> None:
    if writing_now():
        end_write()


def keep_typed() -> dict[str, Any]:
    """What was typed into the form at hand, for the page that says it could not be taken."""
    hidden = {"csrf_token", "form_key", "opened_version"}
    try:
        return {name: value for name, value in request.form.items() if name not in hidden}
    except HTTPException:  # the form itself is what could not be read: too large, or broken
        return {}
