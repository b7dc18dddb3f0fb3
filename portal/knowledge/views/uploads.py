"""Pictures of articles: sent by the editor of the page, handed out to whoever may read a text that shows them."""

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.errors import DomainError

from ..queries import drafts as reading
from ..services import attachments
from . import bp

MOST = 10
"""Pictures that are taken with one request."""


@bp.post("/files")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def upload() -> ResponseReturnValue:
    """Take pictures in, as the editor sends them: each one taken or refused with a sentence."""
    sent = request.files.getlist("file[]")[:MOST] + request.files.getlist("file")[:1]
    if not any(each.filename for each in sent):
        raise DomainError("没有收到图片")
    taken, refused = [], []
    for each in sent:
        try:
            taken.append((each.filename or "", attachments.take(each.stream, each.filename or "")))
        except DomainError as fault:
            refused.append((each.filename or "", str(fault)))
    now, by = utc_now(), current_person().actor
    kept = {
        name: url_for("knowledge.attachment", file_id=attachments.keep(picture, by=by, now=now).id)
        for name, picture in taken
    }
    said = "；".join(fault for _, fault in refused)
    answer = {"msg": said, "code": 0, "data": {"errFiles": [name for name, _ in refused], "succMap": kept}}
    return answer, 200 if taken else 422


@bp.get("/files/<int:file_id>")
@needs(Permission.KNOWLEDGE_ARTICLE_READ)
def attachment(file_id: int) -> ResponseReturnValue:
    """A picture: for writers and reviewers always, for readers once a published text shows it."""
    row = reading.attachment(file_id) or abort(404)
    if not current_person().may(Permission.KNOWLEDGE_DRAFT_READ) and not reading.is_shown(file_id, utc_now()):
        abort(404)
    data = attachments.content_of(row) or abort(404)
    response = Response(data, mimetype=attachments.MIMETYPES[row.kind])
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
