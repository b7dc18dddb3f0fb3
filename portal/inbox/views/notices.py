"""What a person was told."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from ..queries import notices as queries
from ..services import notices as services
from . import bp


@bp.get("/")
@needs(Permission.INBOX_SELF_USE)
def index() -> ResponseReturnValue:
    """One's notices, the newest first; ?unread=1 shows those not read yet."""
    person, unread_only = current_person(), request.args.get("unread") == "1"
    number = asked_page(request.args.get("page"))
    rows, total = queries.notices(person.id, unread_only=unread_only, page=number)

    def link(to: int) -> str:
        return url_for("inbox.index", unread=1 if unread_only else None, page=to)

    return page(
        "inbox/notices.html",
        rows=rows,
        unread_only=unread_only,
        unread=queries.unread(person.id),
        pages=pages_of(number, total, size=queries.PAGE, link=link),
    )


@bp.post("/notices/<int:notice_id>/open")
@needs(Permission.INBOX_SELF_USE)
def open_notice(notice_id: int) -> ResponseReturnValue:
    """Mark a notice as read and go where it leads."""
    address = services.mark_read(notice_id, person_id=current_person().id, now=utc_now())
    if address is None:
        abort(404)
    return redirect(address, 303)


@bp.post("/read-all")
@needs(Permission.INBOX_SELF_USE)
def read_all() -> ResponseReturnValue:
    """Mark every notice as read that was there when the page was made."""
    up_to = request.form.get("up_to", type=int) or 0
    services.mark_all_read(person_id=current_person().id, up_to=min(up_to, 2**31 - 1), now=utc_now())
    return redirect(url_for("inbox.index"), 303)
