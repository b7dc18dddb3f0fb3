"""Two texts of one article: what was typed and what was saved meanwhile, side by side, and a merge to go on from."""

from datetime import datetime
from typing import Any

from flask import abort, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.pages import page

from ..forms.writing import typed
from ..models import Draft, Revision
from ..queries import drafts as reading
from ..rules.drafting import LABELS, MERGED, Content, shown
from ..rules.merge import Conflict, merge
from ..services import drafting as services
from . import bp

FIELDS = tuple(LABELS)
LONG = {"script", "body", "note", "basis"}


def both_texts(draft_id: int, content: Content, now: datetime) -> ResponseReturnValue:
    """The page that refuses to overwrite: nothing of either text is lost, and one goes on from their merge."""
    draft = reading.draft_of(draft_id, current_person().id) or abort(404)
    newest = reading.newest_revision(draft.article_id) if draft.article_id else None
    behind = newest is not None and newest.id != draft.base_id
    theirs = {**draft.content, **reading.text_of(newest)} if newest is not None and behind else dict(draft.content)
    base = _base(draft) if behind else None
    names = (*MERGED, "basis") if behind else FIELDS
    kept = {name: content.get(name, "") for name in FIELDS}
    conflicts: list[Conflict] = []
    if base is not None:
        found = merge(_only(base, names), _only(content, names), _only(theirs, names))
        kept |= found.content
        conflicts = found.conflicts
    response = page(
        "knowledge/both.html",
        title=draft.content.get("title") or "还没有标题",
        who=newest.author_name if newest is not None and behind else "您自己",
        when=newest.created_at if newest is not None and behind else draft.changed_at,
        no=newest.no if newest is not None and behind else None,
        fields=[_field(name, content, theirs, kept, conflicts) for name in names if _differs(name, content, theirs)],
        same=[name for name in FIELDS if name != "basis" and not (name in names and _differs(name, content, theirs))],
        kept=kept,
        version=draft.version,
        base=newest.id if newest is not None else 0,
        action=url_for("knowledge.merge_draft", draft_id=draft.id),
        back_url=url_for("knowledge.draft", draft_id=draft.id),
    )
    return make_response(response, 409)


def _base(draft: Draft) -> Content:
    revision: Revision | None = reading.revision_with_basis(draft.base_id)
    return reading.text_of(revision) if revision is not None else {}


def _only(content: Content, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: content.get(name, [] if name == "basis" else "") for name in names}


def _differs(name: str, mine: Content, theirs: Content) -> bool:
    return shown(mine, name) != shown(theirs, name)


def _field(name: str, mine: Content, theirs: Content, kept: Content, conflicts: list[Conflict]) -> dict[str, Any]:
    return {
        "name": name,
        "label": LABELS[name],
        "mine": shown(mine, name),
        "theirs": shown(theirs, name),
        "kept": shown(kept, name),
        "rows": min(16, 2 + shown(kept, name).count("\n") + len(shown(kept, name)) // 60) if name in LONG else 1,
        "conflicts": [{"mine": one.mine, "theirs": one.theirs} for one in conflicts if one.field == name],
    }


@bp.post("/drafts/<int:draft_id>/merge")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def merge_draft(draft_id: int) -> ResponseReturnValue:
    """Go on from both texts: what stands in the form is the draft now, written against the newest revision."""
    now, person = utc_now(), current_person()
    content = typed(request.form, FIELDS)
    found = services.opened(draft_id, by=person.actor) or abort(404)
    newest = reading.newest_revision(found.article_id) if found.article_id else None
    stale = request.form.get("opened_version", type=int) != found.version
    if stale or (newest is not None and newest.id != request.form.get("base", type=int)):
        return both_texts(draft_id, content, now)
    if newest is None:
        services.save(found, content, now=now)
    else:
        services.settle(found, content, newest, now=now)
    flash("合好了；看一遍再送审")
    return redirect(url_for("knowledge.draft", draft_id=draft_id), 303)
