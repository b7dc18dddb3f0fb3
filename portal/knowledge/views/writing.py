"""Writing: choose a template or an article, type, let it save itself, see what the checks say, send it to review."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import codes
from portal.core.clock import beijing, beijing_day, utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.markup import render
from portal.core.pages import page
from portal.core.write import begin_write, end_write
from portal.directory.queries import choices as unit_choices

from ..forms.writing import CONFIDENCE, ArticleForm, Choices, typed, without_empty_rows
from ..models import Article, Draft
from ..queries import drafts as reading
from ..queries.checking import Checks, checks, findings
from ..queries.keepers import keepers
from ..queries.visible import article_by_number
from ..rules.drafting import BASIS_FIELDS, LABELS, Content, changed_row, phrases_of
from ..rules.lint import Finding, Grade
from ..rules.skeletons import Skeleton, skeleton, skeletons
from ..rules.states import MaterialKind, Sensitivity, Weight
from ..services import attachments
from ..services import drafting as services
from . import bp
from .both import both_texts
from .work import category_choices, tabs

FIELDS = tuple(LABELS)


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def new() -> ResponseReturnValue:
    """Begin a new article, from the template of its material kind."""
    now, person = utc_now(), current_person()
    fault = ""
    if request.method == "POST":
        try:
            chosen = skeleton(MaterialKind(request.form.get("kind", "")))
        except ValueError:
            fault = "请选一种材料性质"
        else:
            content = _begun(chosen, str(person.id))
            draft = services.start(content, article=None, base=None, by=person.actor, now=now)
            return redirect(url_for("knowledge.draft", draft_id=draft.id), 303)
    response = page(
        "knowledge/new.html",
        skeletons=skeletons(),
        fault=fault,
        title=request.values.get("title", "").strip()[:60],
        category=request.values.get("category", "")[:20],
        tabs=tabs(person, now),
    )
    response.status_code = 422 if fault else 200
    return response


def _begun(chosen: Skeleton, owner: str) -> Content:
    """What stands in the form of a new article."""
    category = request.form.get("category", "")
    return {
        **dict.fromkeys(FIELDS, ""),
        "title": request.form.get("title", "").strip()[:60],
        "kind": chosen.kind.value,
        "category": category if category in codes() else "",
        "script": chosen.script,
        "phrases": chosen.phrases,
        "body": chosen.body,
        "district": "全市",
        "confidence": next(iter(CONFIDENCE)),
        "sensitivity": Sensitivity.OPEN.value,
        "owner": owner,
        "weight": Weight.SUBSTANCE.value,
        "why": "新写",
        "basis": [dict.fromkeys(BASIS_FIELDS, "")],
    }


@bp.route("/<string:number>/edit", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def edit(number: str) -> ResponseReturnValue:
    """Begin to change an article, from its newest text or from an earlier one; or go on with one's draft of it."""
    now, person = utc_now(), current_person()
    article = article_by_number(number) or abort(404)
    mine = reading.draft_on(article.id, person.id)
    if mine is not None:
        return redirect(url_for("knowledge.draft", draft_id=mine), 303)
    revisions = reading.revisions_of(article.id) or abort(404)
    newest = revisions[0]
    if request.method == "POST":
        wanted = request.form.get("base", type=int) or newest.id
        chosen = next((revision for revision in revisions if revision.id == wanted), None) or abort(404)
        source = reading.revision_with_basis(chosen.id) or abort(404)
        content = dict(reading.content_of(source, article))
        if chosen is not newest:
            content["why"] = f"恢复第 {chosen.no} 版的写法"
        draft = services.start(content, article=article, base=newest, by=person.actor, now=now)
        return redirect(url_for("knowledge.draft", draft_id=draft.id), 303)
    return page(
        "knowledge/edit.html",
        article={"number": number, "title": newest.title, "url": url_for("knowledge.show", number=number)},
        revisions=revisions,
        others=[{"name": each.author_name, "at": each.changed_at} for each in _others(article, person.id)],
    )


def _others(article: Article, person_id: int) -> Sequence[Draft]:
    return reading.others_writing(article.id, person_id)


@bp.get("/drafts")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def drafts() -> ResponseReturnValue:
    """One's own drafts."""
    now, person = utc_now(), current_person()
    rows = [
        {
            "id": draft.id,
            "title": draft.content.get("title") or "还没有标题",
            "number": draft.article.number if draft.article else "",
            "base_no": draft.base.no if draft.base else None,
            "changed_at": draft.changed_at,
            "url": url_for("knowledge.draft", draft_id=draft.id),
        }
        for draft in reading.my_drafts(person.id)
    ]
    return page("knowledge/drafts.html", rows=rows, tabs=tabs(person, now))


@bp.route("/drafts/<int:draft_id>", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def draft(draft_id: int) -> ResponseReturnValue:
    """Write: the form of an article; every button keeps what was typed."""
    if request.method == "POST":
        return _act(draft_id)
    now = utc_now()
    found = reading.draft_of(draft_id, current_person().id) or abort(404)
    form = ArticleForm(found.content, _choices(now), now=now)
    return _page(found, form, checks(found.content, article_id=found.article_id, now=now), now)


def _act(draft_id: int) -> ResponseReturnValue:
    """What a button of the form asks for. Pictures and the body are worked on before the write begins."""
    now, person = utc_now(), current_person()
    act, content = request.form.get("act", "save")[:20], typed(request.form, FIELDS)
    picture, refused = _picture() if act == "picture" else (None, "")
    html, fault = _rendered(content["body"]) if act == "submit" else ("", "")
    version = request.form.get("opened_version", type=int)
    try:
        found = services.opened(draft_id, by=person.actor, version=version or 0) or abort(404)
    except ConflictError:
        return both_texts(draft_id, content, now)
    if act == "submit":
        return _submit(found, without_empty_rows(content), html, fault, now)
    if refused:
        form = ArticleForm(content, _choices(now), now=now)
        form.body.errors = [refused]
        return _page(found, form, Checks(findings(content), []), now)
    if act.startswith("row-"):
        content["basis"] = changed_row(content["basis"], act)
    if picture is not None:
        row = attachments.keep(picture, by=person.actor, now=now)
        address = url_for("knowledge.attachment", file_id=row.id)
        content["body"] = f"{content['body'].rstrip()}\n\n![{row.filename.rpartition('.')[0]}]({address})\n"
    services.save(found, content, now=now)
    if act == "save":
        flash("草稿已存")
    anchor = "basis" if act.startswith("row-") else "body" if picture else None
    return redirect(url_for("knowledge.draft", draft_id=draft_id, _anchor=anchor), 303)


def _picture() -> tuple[attachments.Picture | None, str]:
    """The picture that was sent, or why it is not taken."""
    sent = request.files.get("picture")
    if sent is None or not sent.filename:
        return None, "没有选图片：先选一张，再按「放进正文」"
    try:
        return attachments.take(sent.stream, sent.filename), ""
    except DomainError as refused:
        return None, str(refused)


def _rendered(body: str) -> tuple[str, str]:
    """The body as HTML, or why it cannot be."""
    try:
        return render(body), ""
    except DomainError as error:
        return "", str(error)


def _submit(found: Draft, content: Content, html: str, fault: str, now: datetime) -> ResponseReturnValue:
    form = ArticleForm(content, _choices(now), now=now)
    right, said = form.is_right(), findings(content)
    if fault:
        form.body.errors = [*form.body.errors, fault]
    for finding in said:
        if finding.grade is Grade.ERROR:
            _lay_at_its_field(form, finding)
    if not right or form.errors:
        return _page(found, form, Checks(said, []), now)
    newest = reading.newest_revision(found.article_id) if found.article_id else None
    if newest is not None and newest.id != found.base_id:
        return both_texts(found.id, content, now)
    if said and request.form.get("seen") != _seen(said):
        services.save(found, content, now=now)
        return _page(found, form, Checks(said, []), now, asks=True)
    written = _written(form, html)
    author = db.session.get_one(Person, current_person().id)
    sent = services.submit(found, written, by=author, now=now)
    flash(f"已送审「{sent.title}」，通过以后才有人看得到")
    return redirect(url_for("knowledge.review", request_id=sent.id), 303)


def _lay_at_its_field(form: ArticleForm, finding: Finding) -> None:
    if finding.field not in form:
        form.form_errors.append(finding.words)
    elif finding.code != "unit" or not form[finding.field].errors:
        form[finding.field].errors = [*form[finding.field].errors, finding.words]


def _may_assign() -> bool:
    """Whether this person says who keeps an article; for all others the form does not ask."""
    return current_person().may(Permission.KNOWLEDGE_ARTICLE_ASSIGN)


def _seen(said: Sequence[Finding]) -> str:
    """One name for a set of warnings, so that seeing these is not seeing others."""
    return hashlib.sha256("\n".join(sorted(finding.key for finding in said)).encode()).hexdigest()[:16]


def _written(form: ArticleForm, html: str) -> services.Written:
    rows = [
        {
            "text": row.text.data.strip(),
            "source": row.source.data,
            "article": row.article.data,
            "in_force_from": row.in_force_from.data,
            "in_force_to": row.in_force_to.data,
            "checked": row.checked.data,
            "note": row.note.data,
        }
        for row in form.rows
    ]
    marks = [str(row["checked"]) for row in rows]
    texts = sorted(mark.removeprefix("text-") for mark in marks if mark.startswith("text-"))
    content = {
        "title": form.title.data,
        "script": " ".join((form.script.data or "").split()),
        "body": (form.body.data or "").strip(),
        "audience": form.audience.data,
        "district": form.district.data,
        "unit": form.unit.data,
        "kind": MaterialKind(form.kind.data),
        "valid_from": form.valid_from.data,
        "valid_to": form.valid_to.data,
        "checked": texts[0] if len(texts) == len(marks) else "web-excerpt",
        "confidence": form.confidence.data,
        "note": (form.note.data or "").strip(),
    }
    return services.Written(
        category=codes()[form.category.data],
        content=content,
        basis=rows,
        phrases=phrases_of(form.phrases.data or ""),
        body_html=html,
        weight=Weight(form.weight.data),
        why=form.why.data,
        wanted_on=form.wanted_on.data,
        sensitivity=Sensitivity(form.sensitivity.data),
        assigned=services.Assigned(int(form.owner.data) if form.owner.data else None, form.interval_days.data)
        if _may_assign()
        else None,
    )


@bp.post("/drafts/<int:draft_id>/save")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def save_draft(draft_id: int) -> ResponseReturnValue:
    """The page saves what is being typed, and is told what the checks say of it; a mark, no act."""
    now, person = utc_now(), current_person()
    content = typed(request.form, FIELDS)
    end_write()  # the checks ask the search engine: no lock is held meanwhile
    known = reading.draft_of(draft_id, person.id) or abort(404)
    looked = checks(content, article_id=known.article_id, now=now)
    begin_write()
    try:
        found = services.opened(draft_id, by=person.actor, version=request.form.get("opened_version", 0, type=int))
    except ConflictError as conflict:
        return {"error": f"{conflict}：这里写的没有存，也没有丢"}, 409
    if found is None:
        abort(404)
    services.save(found, content, now=now)
    saved = beijing(found.changed_at).strftime("%H:%M")
    return {
        "saved": saved,
        "version": found.version,
        "checks": render_template("knowledge/_checks.html", checks=_checks(looked)),
    }


@bp.post("/drafts/<int:draft_id>/drop")
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def drop_draft(draft_id: int) -> ResponseReturnValue:
    """Throw a draft of one's own away."""
    person = current_person()
    found = services.opened(draft_id, by=person.actor) or abort(404)
    services.drop(found, by=person.actor, now=utc_now())
    flash("草稿丢掉了")
    return redirect(url_for("knowledge.drafts"), 303)


def _choices(now: datetime) -> Choices:
    day = beijing_day(now)
    owners = [(str(number), name) for number, name in keepers()]
    return Choices(category_choices(now), [unit.name for unit in unit_choices(day, but=0)], owners)


def _page(found: Draft, form: ArticleForm, looked: Checks, now: datetime, *, asks: bool = False) -> ResponseReturnValue:
    form.opened_version.data, form.opened_version.raw_data = found.version, None
    article = reading.draft_of(found.id, found.author_id)
    held = article.article if article else None
    response = page(
        "knowledge/write.html",
        form=form,
        draft={
            "id": found.id,
            "saved_at": found.changed_at,
            "save_url": url_for("knowledge.save_draft", draft_id=found.id),
            "drop_url": url_for("knowledge.drop_draft", draft_id=found.id),
            "action": url_for("knowledge.draft", draft_id=found.id),
            "picture_url": url_for("knowledge.upload"),
            "base_no": article.base.no if article and article.base else None,
        },
        article={
            "number": held.number,
            "url": url_for("knowledge.show", number=held.number),
            "phrases": [phrase.text for phrase in held.phrases],
        }
        if held
        else None,
        others=[{"name": each.author_name, "at": each.changed_at} for each in _others(held, found.author_id)]
        if held
        else [],
        may_assign=_may_assign(),
        checks=_checks(looked),
        seen=_seen(looked.findings) if asks else "",
        asks=asks,
        back_url=url_for("knowledge.drafts"),
    )
    return make_response(response)


def _checks(looked: Checks) -> dict[str, Any]:
    return {
        "errors": [_said(finding) for finding in looked.findings if finding.grade is Grade.ERROR],
        "warnings": [_said(finding) for finding in looked.findings if finding.grade is Grade.WARNING],
        "doubles": [
            {
                "number": one.number,
                "title": one.title,
                "what": one.what,
                "percent": round(one.share * 100),
                "url": url_for("knowledge.show", number=one.number),
            }
            for one in looked.doubles
        ],
    }


def _said(finding: Finding) -> dict[str, str]:
    return {"field": finding.field, "label": LABELS[finding.field], "words": finding.words}
