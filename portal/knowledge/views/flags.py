"""A flag is answered, whoever raised it reads the answer; and whether an answer helped."""

from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, utc_now
from portal.core.errors import DomainError
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from ..forms.keeping import FlagAnswerForm
from ..models import Article, Flag, Revision
from ..queries import uses as reading
from ..queries.articles import published_revisions
from ..queries.deadlines import due_in
from ..queries.visible import article_of_readers
from ..rules import force
from ..rules.flags import ANSWER_WITHIN
from ..rules.states import FlagState
from ..services import flags as services
from . import bp
from .work import desk_or, done


@bp.route("/flags/<int:flag_id>/answer", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_FLAG_ANSWER)
def answer_flag(flag_id: int) -> ResponseReturnValue:
    """Answer a flag: with a revision, or with the reason why nothing changes."""
    flag = reading.flag_by_id(flag_id) or abort(404)
    later = reading.later_revisions(flag)
    form = FlagAnswerForm([(row.id, f"已改：第 {row.no} 版，{row.why or row.weight}") for row in later])
    if form.validate_on_submit():
        chosen = int(form.revision.data) if form.revision.data else None
        services.answer_flag(
            flag, words=form.words.data or "", revision_id=chosen, by=current_person().actor, now=utc_now()
        )
        flash(f"已答复，{flag.person_name}会收到消息")
        return redirect(url_for("knowledge.flags"), 303)
    return page(
        "knowledge/answer_flag.html",
        form=form,
        flag=_shown(flag, {}),
        revision={"no": flag.revision.no, "script": flag.revision.script},
        answered=flag.state == FlagState.ANSWERED,
        due_on=flag.due_on or due_in(ANSWER_WITHIN, beijing_day(flag.at)),
        later=len(later),
        back_url=url_for("knowledge.flags"),
    )


@bp.get("/flags/mine")
@needs(Permission.KNOWLEDGE_FLAG_RAISE)
def my_flags() -> ResponseReturnValue:
    """What somebody flagged, answers not yet read first."""
    person, at = current_person(), asked_page(request.args.get("page"))
    rows, total = reading.flags_of(person.id, page=at)
    numbers = reading.answer_numbers(rows)
    return page(
        "knowledge/my_flags.html",
        rows=[_shown(row, numbers) for row in rows],
        unread=sum(row.state == FlagState.ANSWERED and row.told_at is None for row in rows),
        pages=pages_of(
            at, total, size=reading.PAGE, link=lambda to: url_for("knowledge.my_flags", page=to if to > 1 else None)
        ),
    )


@bp.post("/flags/<int:flag_id>/told")
@needs(Permission.KNOWLEDGE_FLAG_RAISE)
def told_flag(flag_id: int) -> ResponseReturnValue:
    """Whoever raised a flag says that they read the answer; others' flags are as if they were not there."""
    flag, person = reading.flag_by_id(flag_id), current_person()
    if flag is None or flag.person_id != person.id:
        abort(404)
    services.mark_told(flag, by=person.actor, now=utc_now())
    return redirect(url_for("knowledge.my_flags"), 303)


@bp.post("/<string:number>/feedback")
@needs(Permission.KNOWLEDGE_FLAG_RAISE)
def feedback(number: str) -> ResponseReturnValue:
    """Whether an answer solved what the caller asked, by one key."""
    article, person, now = article_of_readers(number) or abort(404), current_person(), utc_now()
    key, solved = request.form.get("revision", type=int), request.form.get("solved")
    revision = next(
        (row for row in published_revisions(article.id) if row.id == key and _told(article, row, now)), None
    )
    if revision is None or solved not in ("0", "1"):
        raise DomainError("没有说是哪一版、解决了没有，没有记；请刷新这一页再按")
    ticket = request.form.get("ticket", "")
    row, new = services.give_feedback(article, revision, solved=solved == "1", ticket=ticket, by=person.actor, now=now)
    word = "已解决" if row.solved else "未解决"
    said = f"已记下：{word}" if new else f"记过了：{word}"
    return done(said, desk_or(url_for("knowledge.show", number=number)))


def _told(article: Article, revision: Revision, now: datetime) -> bool:
    """Whether callers can have heard this text at all."""
    return force.has_begun(
        article.publications, revision.id, valid_from=revision.valid_from, basis=revision.basis, now=now
    )


def _shown(flag: Flag, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "id": flag.id,
        "title": flag.revision.title,
        "number": flag.article.number,
        "url": url_for("knowledge.show", number=flag.article.number),
        "revision_no": flag.revision.no,
        "kind": flag.kind,
        "words": flag.words,
        "searched": flag.searched,
        "ticket": flag.ticket,
        "person": flag.person_name,
        "at": flag.at,
        "state": flag.state,
        "answered": flag.state == FlagState.ANSWERED,
        "answer": flag.answer,
        "answer_no": numbers.get(flag.answer_revision_id or 0),
        "answered_by": flag.answered_by_name,
        "answered_at": flag.answered_at,
        "told_at": flag.told_at,
        "told_url": url_for("knowledge.told_flag", flag_id=flag.id),
        "due_on": flag.due_on or due_in(ANSWER_WITHIN, beijing_day(flag.at)),
    }
