"""Domain words: groups that mean the same and terms, looked at, tried and changed by editors and reviewers."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.errors import ConflictError, DomainError
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.text import one_line

from . import words as services
from .engine.types import IndexDamaged
from .forms import GroupForm, TermForm
from .models import SynonymGroup
from .rules.groups import why_not_group, words_of
from .trial import effect
from .wordlists import PAGE, Wanted, asked_lately, group_by_id, groups, sharing, terms

bp = Blueprint("search", __name__, url_prefix="/search", template_folder="templates")
LATELY = timedelta(days=30)
LONGEST = 600


@bp.get("/words")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def list_words() -> ResponseReturnValue:
    """The groups, those changed last first."""
    wanted = _wanted()
    found, total = groups(wanted)
    return page("search/words.html", rows=found, **_listed("search.list_words", wanted, total))


@bp.get("/terms")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def list_terms() -> ResponseReturnValue:
    """The words of the trade, for suggestions, first letters and slips."""
    return _terms_page(TermForm())


def _terms_page(form: TermForm) -> Response:
    wanted = _wanted()
    found, total = terms(wanted)
    return page("search/terms.html", rows=found, form=form, **_listed("search.list_terms", wanted, total))


@bp.post("/terms")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def add_term() -> ResponseReturnValue:
    """Add a term."""
    form = TermForm()
    if form.validate_on_submit():
        try:
            term = services.add_term(form.text.data or "", by=current_person().actor, now=utc_now())
        except DomainError as error:
            form.text.errors = [str(error)]
            return _terms_page(form)
        flash(f"「{term.text}」加进词表了，马上有用")
        return redirect(url_for("search.list_terms"), 303)
    return _terms_page(form)


@bp.post("/terms/<int:term_id>/retire")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def retire_term(term_id: int) -> ResponseReturnValue:
    """Let a term count no longer, or again."""
    retired = request.form.get("retired") != "0"
    term = services.retire_term(term_id, retired=retired, by=current_person().actor, now=utc_now())
    flash(f"「{term.text}」{'不再用' if retired else '又用起来'}了")
    return redirect(url_for("search.list_terms", q=term.text), 303)


@bp.route("/words/new", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def new_group() -> ResponseReturnValue:
    """Add a group, tried before it is saved."""
    form = GroupForm(words=one_line(request.args.get("words", ""), LONGEST))
    if form.validate_on_submit():
        try:
            group = services.add_group(
                form.words.data or "", note=(form.note.data or "").strip(), by=current_person().actor, now=utc_now()
            )
        except DomainError as error:
            form.words.errors = [str(error)]
        else:
            return _saved(group, "加好了")
    return page("search/group.html", form=form, group=None, **_trial(None))


@bp.route("/words/<int:group_id>", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def group(group_id: int) -> ResponseReturnValue:
    """One group: its words, tried before they are saved."""
    form = GroupForm()
    valid = form.validate_on_submit()
    row = group_by_id(group_id) or abort(404)
    if valid:
        try:
            services.edit_group(
                group_id,
                form.words.data or "",
                note=(form.note.data or "").strip(),
                opened_version=form.opened_version.data or 0,
                by=current_person().actor,
                now=utc_now(),
            )
        except ConflictError:
            raise
        except DomainError as error:
            form.words.errors = [str(error)]
        else:
            return _saved(row, "存好了")
    elif request.method == "GET":
        typed = one_line(request.args.get("words", ""), LONGEST)
        form = GroupForm(words=typed or row.text, note=row.note, opened_version=row.version)
    return page("search/group.html", form=form, group=row, **_trial(row))


def _saved(row: SynonymGroup, words: str) -> ResponseReturnValue:
    flash(f"{words}，马上有用：{row.text}")
    return redirect(url_for("search.list_words"), 303)


@bp.post("/words/<int:group_id>/retire")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def retire_group(group_id: int) -> ResponseReturnValue:
    """Let a group count no longer, or again."""
    retired = request.form.get("retired") != "0"
    opened = request.form.get("opened_version", "")
    row = services.retire_group(
        group_id,
        retired=retired,
        opened_version=int(opened) if opened.isdecimal() and len(opened) < 10 else 0,
        by=current_person().actor,
        now=utc_now(),
    )
    flash(f"这一组{'停用' if retired else '又用起来'}了：{row.text}")
    return redirect(url_for("search.list_words"), 303)


@bp.get("/words/try")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def try_words() -> ResponseReturnValue:
    """What a group would change; alone where a script asks, else as a page of its own."""
    number = request.args.get("group", "")
    row = group_by_id(int(number)) if number.isdecimal() and len(number) < 10 else None
    values = _trial(row)
    if request.headers.get("HX-Request"):
        return render_template("search/_effect.html", **values)
    return page("search/try.html", group=row, **values)


def _trial(row: SynonymGroup | None) -> dict[str, Any]:
    """The words on trial, from the address or from the group itself, and what they would change."""
    typed = request.args.get("words", "")[:LONGEST] if request.method == "GET" else request.form.get("words", "")
    words = words_of(typed) if typed.strip() else row.words if row else []
    query = one_line(request.args.get("try", ""), 100)
    values: dict[str, Any] = {"typed": "、".join(words), "query": query, "fault": None, "found": None, "shared": []}
    if request.method != "GET" or not words:
        return values
    if sentence := why_not_group(words):
        return {**values, "fault": sentence}
    values["shared"] = sharing(words, but=row.id if row else None)
    return {**values, **_effect(words, row, query or words[0])}


def _effect(words: list[str], row: SynonymGroup | None, query: str) -> dict[str, Any]:
    now = utc_now()
    counts = row is not None and row.retired_at is None
    values: dict[str, Any] = {"query": query, "unchanged": counts and row is not None and words == row.words}
    try:
        values["found"] = effect(
            words,
            instead_of=(row.id, row.words) if row and counts else None,
            query=query,
            asked=asked_lately(now - LATELY),
            at=now.timestamp(),
        )
    except IndexDamaged:
        values["fault"] = "搜索索引正在修复，过一分钟再试"
    return values


def _wanted() -> Wanted:
    return Wanted(
        words=one_line(request.args.get("q", ""), 60),
        retired=request.args.get("state") == "retired",
        page=asked_page(request.args.get("page")),
    )


def _listed(endpoint: str, wanted: Wanted, total: int) -> dict[str, Any]:
    def link(**changed: object) -> str:
        state = "retired" if wanted.retired else ""
        kept = {name: value for name, value in {"q": wanted.words, "state": state, **changed}.items() if value}
        return url_for(endpoint) + ("?" + urlencode(kept) if kept else "")

    return {
        "q": wanted.words,
        "total": total,
        "retired": wanted.retired,
        "in_use_url": link(state=""),
        "retired_url": link(state="retired"),
        "pages": pages_of(wanted.page, total, size=PAGE, link=lambda to: link(page=to)),
    }
