"""What surrounds every request: its number, its log line, its one commit, its form receipt."""

import json
import secrets
import time
from typing import Any

import structlog
from flask import Flask, Response, g, redirect, request
from sqlalchemy.exc import IntegrityError

from .clock import utc_now
from .database import db
from .models import FormReceipt
from .write import begin_write, commit, end_write, writing_now

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
log = structlog.get_logger("portal")


def init_app(app: Flask) -> None:
    """Wire number, log and commit."""
    app.before_request(_number)
    app.after_request(_log)
    app.after_request(_finish)
    app.teardown_appcontext(_let_go)


def _number() -> None:
    g.request_id = secrets.token_hex(4).upper()
    g.started = time.perf_counter()


def open_write() -> Response | None:
    """Called by the guard once it knows the person: from here the next statement opens the write transaction.

    Returns a redirect where this very form was taken before.
    """
    if request.method in SAFE:
        return None
    key = _form_key()
    if key and (receipt := db.session.get(FormReceipt, key)):
        return _again(receipt)
    begin_write()
    return None


def _form_key() -> str:
    return request.form.get("form_key", "")[:64] if request.mimetype != "application/json" else ""


def _again(receipt: FormReceipt) -> Response:
    response = redirect(receipt.location or "/", 303)
    db.session.rollback()
    return response  # type: ignore[return-value]


def _finish(response: Response) -> Response:
    """Commit a write that went well; keep nothing of one that did not."""
    if not writing_now():
        return response
    if response.status_code >= 400:
        end_write()
        return response
    key = _form_key()
    if key:
        db.session.add(FormReceipt(key=key, at=utc_now(), location=response.headers.get("Location", "")))
    try:
        commit()
    except IntegrityError:
        end_write()
        receipt = db.session.get(FormReceipt, key) if key else None
        if receipt is None:
            raise
        return _again(receipt)
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
    return {name: value for name, value in request.form.items() if name not in hidden}
