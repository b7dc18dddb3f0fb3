"""Batches: a file is handed in, looked at row by row, taken in or let go."""

import io
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core import files
from portal.core.clock import beijing, utc_now
from portal.core.errors import DomainError
from portal.core.file_checks import TYPES
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.write import begin_write, end_write
from portal.inbox.sheets import write
from portal.inbox.views.jobs import job_row

from ..forms.batches import ENDINGS, BatchForm
from ..models import ArticleBatch, ArticleRow
from ..queries import batches as reading
from ..rules.states import BatchState, RowFate
from ..services import staging
from ..services import taking_in as services
from ..services.batch_sheets import rejected_sheet, template_sheet, watermark_of
from . import bp
from .work import category_choices, tabs

FATES = {RowFate.NEW: "ok", RowFate.CHANGED: "plan", RowFate.UNCHANGED: "mute", RowFate.REJECTED: "bad"}
STATES = {
    BatchState.STAGED: "warn",
    BatchState.APPLYING: "run",
    BatchState.APPLIED: "ok",
    BatchState.DROPPED: "mute",
}
KINDS = {"xlsx": "Excel", "docx": "Word", "zip": "Markdown"}


@bp.get("/import")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def batches() -> ResponseReturnValue:
    """All files that were handed in."""
    number = asked_page(request.args.get("page"))
    found, total = reading.batches(page=number)
    counts = reading.fates([batch.id for batch in found])
    return page(
        "knowledge/batches.html",
        rows=[{**_batch(batch), "counts": counts[batch.id]} for batch in found],
        waiting=reading.waiting(),
        tabs=tabs(current_person(), utc_now()),
        pages=pages_of(number, total, size=reading.PAGE, link=lambda to: url_for("knowledge.batches", page=to)),
    )


def _batch(batch: ArticleBatch) -> dict[str, Any]:
    state = BatchState(batch.state)
    return {
        "id": batch.id,
        "url": url_for("knowledge.batch", batch_id=batch.id),
        "filename": batch.filename,
        "kind": KINDS.get(batch.kind, batch.kind),
        "state": state.value,
        "shape": STATES[state],
        "by": batch.by_name,
        "at": batch.at,
        "applied_at": batch.applied_at,
        "version": batch.version,
        "sha256": batch.sha256,
    }


@bp.route("/import/new", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def new_batch() -> ResponseReturnValue:
    """Hand in a file: it is read and compared, and nothing is taken in yet."""
    now = utc_now()
    end_write()  # reading the file and what is there already takes long: no lock is held meanwhile
    form = BatchForm(category_choices(now))
    if form.validate_on_submit():
        upload = form.file.data
        filename = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
        kept = files.take(upload.stream, filename, area=staging.AREA, allowed=ENDINGS)
        try:
            before = None if form.again.data else reading.same_file(kept.sha256)
            if before is None:
                options = {
                    "split": form.split.data == "many",
                    "category": form.category.data or "",
                    "unit": form.unit.data or "",
                    "kind": form.kind.data or "",
                }
                found = staging.read(kept, filename, options=options, now=now)
        finally:
            files.remove(kept.name)
            upload.close()
        if before is None:
            begin_write()
            batch = staging.stage(found, by=current_person().actor, now=now)
            return redirect(url_for("knowledge.batch", batch_id=batch.id), 303)
        when = f"{beijing(before.at):%Y-%m-%d %H:%M}"
        words = f"这个文件 {when} {before.by_name}导过（{before.state}）；还要再导，勾上「{form.again.label.text}」再传"
        form.file.errors = [*form.file.errors, words]
    return page("knowledge/batch_new.html", form=form)


@bp.get("/import/template.xlsx")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def batch_template() -> ResponseReturnValue:
    """An empty sheet with the six headings, and what may stand below them."""
    return _attached(template_sheet(category_choices(utc_now())), "知识导入模板.xlsx")


def _attached(data: bytes, filename: str) -> Response:
    return files.attachment(io.BytesIO(data), filename=filename, mimetype=TYPES["xlsx"].mimetype)


@bp.get("/import/<int:batch_id>")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def batch(batch_id: int) -> ResponseReturnValue:
    """What became or will become of each row; asks for itself while it is being taken in."""
    found, now = _found(batch_id), utc_now()
    counts = reading.fates([batch_id])[batch_id]
    job = reading.job_of(batch_id, services.JOB)
    fate = request.args.get("fate", "")
    fate = fate if fate in list(RowFate) else ""
    number = asked_page(request.args.get("page"))
    running = found.state == BatchState.APPLYING
    rows, total = reading.batch_rows(batch_id, fate=fate, page=number)

    def link(to: int = 1, of: str = fate) -> str:
        return url_for("knowledge.batch", batch_id=batch_id, fate=of or None, page=to if to > 1 else None)

    values = {
        "batch": _batch(found),
        "counts": counts,
        "total": sum(counts.values()),
        "to_do": sum(counts[each] for each in services.WORKED_ON),
        "staged": found.state == BatchState.STAGED,
        "job": job_row(job, now) if job and running else None,
        "broken": job.error if job and found.state == BatchState.STAGED else "",
        "segments": [("全部", link(of=""), not fate, sum(counts.values()))]
        + [(each.value, link(of=each.value), fate == each, counts[each]) for each in RowFate],
        "rows": _rows(rows),
        "request_id": reading.request_of(batch_id) if found.state == BatchState.APPLIED else None,
        "pages": pages_of(number, total, size=reading.ROWS, link=link),
        "here": link(number),
    }
    if request.headers.get("HX-Request"):
        return render_template("knowledge/_batch.html", **values)
    return page("knowledge/batch.html", **values)


def _found(batch_id: int) -> ArticleBatch:
    return reading.batch_by_id(batch_id) or abort(404)


def _rows(rows: Any) -> list[dict[str, Any]]:
    numbers = reading.numbers_of([row.article_id for row in rows if row.article_id])
    return [_shown(row, numbers) for row in rows]


def _shown(row: ArticleRow, numbers: dict[int, str]) -> dict[str, Any]:
    number = numbers.get(row.article_id or 0)
    return {
        "line": row.line,
        "name": row.name or "（没有标题）",
        "title": row.content.get("title", row.name) or "（没有标题）",
        "script": row.content.get("script", ""),
        "fate": str(row.fate),
        "shape": FATES[RowFate(row.fate)],
        "column": row.column,
        "value": row.value,
        "reason": row.reason,
        "number": number,
        "url": url_for("knowledge.show", number=number) if number else None,
    }


@bp.get("/import/<int:batch_id>/rejected.xlsx")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def rejected_rows(batch_id: int) -> ResponseReturnValue:
    """The rows that were not taken, as they came, each with its reason: mended, the sheet can be handed in again."""
    found, person = _found(batch_id), current_person()
    rows = reading.rejected(batch_id)
    path = files.draft(staging.AREA)
    try:
        mark = watermark_of(found, name=person.name, login=person.login, now=utc_now())
        write(path, "xlsx", [rejected_sheet(rows)], mark, on_row=lambda done: None)
        data = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
    stem = found.filename.rsplit(".", 1)[0][:60]
    return _attached(data, f"{stem}-退回 {len(rows)} 行.xlsx")


@bp.post("/import/<int:batch_id>/apply")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def apply_batch(batch_id: int) -> ResponseReturnValue:
    """Take the batch in, in the background."""
    found = services.opened(batch_id, _version())
    if services.apply(found, by=current_person().actor, now=utc_now()):
        flash("在后台入库，可以离开；做完会告诉您")
    return redirect(url_for("knowledge.batch", batch_id=batch_id), 303)


@bp.post("/import/<int:batch_id>/drop")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def drop_batch(batch_id: int) -> ResponseReturnValue:
    """Let the batch go; nothing of it was taken in."""
    services.drop(services.opened(batch_id, _version()), by=current_person().actor, now=utc_now())
    flash("放弃了这一批，知识库没有变")
    return redirect(url_for("knowledge.batches"), 303)


def _version() -> int:
    version = request.form.get("opened_version", type=int)
    if version is None:
        raise DomainError("没有说是哪一批的哪一版；请刷新这一页再点")
    return version
