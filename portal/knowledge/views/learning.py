"""What was not found, and what could be learned: gaps reported, sorted and answered; phrases taken or refused."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import codes
from portal.core.clock import beijing_day, utc_now
from portal.core.errors import DomainError
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.text import one_line
from portal.search.events import LONGEST, key_of
from portal.search.queries import find

from ..forms.acts import UNSORTED, GapForm
from ..models import PhraseEvidence
from ..queries import learning as reading
from ..queries.cards import Card, cards, current_revisions
from ..queries.documents import revision_id
from ..queries.learning import Missing
from ..queries.visible import article_by_number
from ..rules.states import PhraseState
from ..services import learning as services
from . import bp
from .work import category_choices, desk_or, done, tabs

PAGE = 50
NONE = "none"
"""Stands in the address for 未归类."""
OFFERED = 5


@bp.route("/gaps/report", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_FLAG_RAISE)
def report_gap() -> ResponseReturnValue:
    """Say that nothing was found."""
    now = utc_now()
    form = GapForm(category_choices(now))
    if form.validate_on_submit():
        _, new = services.report_gap(
            form.words.data or "",
            category=codes().get(form.category.data or ""),
            note=form.note.data or "",
            by=current_person().actor,
            now=now,
        )
        return done("已报缺口，编辑看得到" if new else "今天已经报过这一句", desk_or(url_for("home.start")))
    if form.errors and request.accept_mimetypes.best == "application/json":
        raise DomainError("；".join(str(fault) for faults in form.errors.values() for fault in faults))
    if request.method == "GET":
        form.words.data = one_line(request.args.get("q", ""), LONGEST)
        form.category.data = request.args.get("category", "")[:20]
    return page("knowledge/gap_report.html", form=form, back_url=desk_or(url_for("home.start")))


@bp.get("/gaps")
@needs(Permission.KNOWLEDGE_GAP_READ)
def gaps() -> ResponseReturnValue:
    """What was not found: by week, by category, by how many different people."""
    now, person = utc_now(), current_person()
    week, category = _week(now), request.args.get("category", "")[:20]
    only_open, at = request.args.get("state") == "open", asked_page(request.args.get("page"))
    everything = reading.missing(now)
    of_state = [row for row in everything if not (only_open and row.state)]
    of_week = reading.within(of_state, week, now)
    shown = [row for row in of_week if _is_of(row, category)]
    here = {"week": week.isoformat() if week else None, "category": category, "state": "open" if only_open else None}

    def link(**changed: Any) -> str:
        kept = {name: value for name, value in {**here, **changed}.items() if value}
        return url_for("knowledge.gaps", **kept)

    pages = pages_of(at, len(shown), size=PAGE, link=lambda to: link(page=to))
    first = max(0, pages["first"] - 1)
    return page(
        "knowledge/gaps.html",
        rows=[_gap_row(row, week) for row in shown[first : first + PAGE]],
        pages=pages,
        filters=[_week_filter(of_state, week, category, link, now), _category_filter(of_week, category, link)],
        open_count=sum(1 for row in reading.within(everything, week, now) if _is_of(row, category) and not row.state),
        only_open=only_open,
        open_url=link(state="open"),
        all_url=link(state=None),
        total=len(shown),
        weeks=reading.WEEKS,
        tabs=tabs(person, now),
    )


def _week(now: datetime) -> date | None:
    """The week in the address, by its Monday; None for all of them."""
    asked = request.args.get("week", "")
    return next((week for week in reading.weeks(now) if week.isoformat() == asked), None)


def _is_of(row: Missing, category: str) -> bool:
    if not category:
        return True
    if category == NONE:
        return row.category is None
    return row.category is not None and row.category.code.startswith(category)


def _gap_row(row: Missing, week: date | None) -> dict[str, Any]:
    def link(anchor: str) -> str:
        return url_for("knowledge.gap", key=row.key, week=week.isoformat() if week else None, _anchor=anchor or None)

    return {
        "key": row.key,
        "words": row.words,
        "url": link(""),
        "events": len(row.events),
        "events_url": link("events"),
        "reports": len(row.reports),
        "reports_url": link("reports"),
        "people": row.people,
        "category": f"{row.category.code} {row.category.name}" if row.category else UNSORTED,
        "is_unsorted": row.category is None,
        "last_at": row.last_at,
        **_what_became(row),
    }


def _what_became(row: Missing) -> dict[str, str]:
    """The state of missing words, with the shape of its chip."""
    if row.state == PhraseState.TAKEN:
        return {"state": "已收问法", "shape": "ok"}
    if row.state == PhraseState.WAITING:
        return {"state": "问法待收", "shape": "run"}
    return {"state": "还没处理", "shape": "warn"}


def _week_filter(rows: Sequence[Missing], week: date | None, category: str, link: Any, now: datetime) -> dict[str, Any]:
    options = []
    for monday in reading.weeks(now):
        count = sum(1 for row in reading.within(rows, monday, now) if _is_of(row, category))
        name = f"{monday:%m-%d} 至 {monday + timedelta(days=6):%m-%d}"
        if monday == reading.week_of(beijing_day(now)):
            name += "，本周"
        options.append({"name": name, "count": count, "active": monday == week, "url": link(week=monday.isoformat())})
    value = f"{week:%m-%d} 起一周" if week else None
    return {"label": "周", "value": value, "options": options, "clear_url": link(week=None)}


def _category_filter(rows: Sequence[Missing], category: str, link: Any) -> dict[str, Any]:
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.category.code, row.category.name) if row.category else (NONE, UNSORTED)
        counts[key] = counts.get(key, 0) + 1
    if category and category not in {code for code, _ in counts}:
        known = codes().get(category)
        counts[(category, known.name if known else category)] = sum(1 for row in rows if _is_of(row, category))
    ordered = sorted(counts.items(), key=lambda pair: (pair[0][0] != NONE, -pair[1], pair[0]))
    named = dict(counts.keys())
    return {
        "label": "分类",
        "value": named.get(category),
        "options": [
            {"name": name, "count": count, "active": code == category, "url": link(category=code)}
            for (code, name), count in ordered
        ],
        "clear_url": link(category=""),
    }


@bp.get("/gaps/words")
@needs(Permission.KNOWLEDGE_GAP_READ)
def gap() -> ResponseReturnValue:
    """One text that was not found: who asked it when, where it belongs, which article answers it."""
    now, person = utc_now(), current_person()
    key, week = key_of(request.args.get("key", "")), _week(now)
    rows = reading.within(reading.missing(now, key=key), week, now) if key else []
    if not rows:
        return redirect(url_for("knowledge.gaps"))
    row = rows[0]
    asked = one_line(request.args.get("find", ""), LONGEST)
    who = reading.names([event.person_id for event in row.events])
    known = {category.id: f"{category.code} {category.name}" for category in codes().values()}
    return page(
        "knowledge/gap.html",
        row=_gap_row(row, week),
        week=week,
        all_url=url_for("knowledge.gap", key=key) if week else None,
        events=[
            {"at": e.at, "words": e.words, "person": who.get(e.person_id, ""), "context": e.context} for e in row.events
        ],
        reports=[
            {"at": r.at, "person": r.person_name, "category": known.get(r.category_id or 0, UNSORTED), "note": r.note}
            for r in row.reports
        ],
        answer=_answer(row),
        may_sort=person.may(Permission.KNOWLEDGE_WORD_EDIT),
        categories=category_choices(now),
        category=row.category.code if row.category else "",
        find=asked,
        found=_found(asked, now, person.id) if asked and not row.state else [],
    )


def _answer(row: Missing) -> dict[str, Any] | None:
    """The article that an editor says answers these words."""
    if row.gap is None or row.gap.article is None:
        return None
    number = row.gap.article.number
    url = url_for("knowledge.show", number=number)
    return {"number": number, "url": url, "by": row.gap.answered_by_name, "at": row.gap.answered_at}


def _found(words: str, now: datetime, person_id: int) -> list[Card]:
    """Articles that may be the answer: by number, else by other words for the same."""
    article = article_by_number(words.upper())
    if article is not None:
        return cards(current_revisions([article.id], now), now=now, person_id=None)
    results, *_ = find(words, at=now, limit=OFFERED)
    ids = [revision_id(hit.id) for hit in results.hits] if results else []
    return cards(ids, now=now, person_id=None)


@bp.post("/gaps/sort")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def sort_gap() -> ResponseReturnValue:
    """Put words that were not found into a category."""
    key, now = request.form.get("key", ""), utc_now()
    category = codes().get(request.form.get("category", ""))
    if category is None or not category.in_use(beijing_day(now)):
        raise DomainError("请选一个在用的分类")
    services.sort_gap(key, category, by=current_person().actor, now=now)
    flash(f"已归到 {category.code} {category.name}")
    return redirect(url_for("knowledge.gap", key=key), 303)


@bp.post("/gaps/answer")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def answer_gap() -> ResponseReturnValue:
    """Say which article answers words that were not found."""
    key = request.form.get("key", "")
    article = article_by_number(request.form.get("number", "")) or abort(404)
    phrase = services.answer_gap(key, article, by=current_person().actor, now=utc_now())
    flash("已提成问法；收下以后就查得到")
    return redirect(url_for("knowledge.phrases", at=phrase.id), 303)


@bp.get("/phrases")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def phrases() -> ResponseReturnValue:
    """The phrases that wait, one of them open with what speaks for it."""
    now = utc_now()
    rows = reading.waiting()
    asked = request.args.get("at", type=int)
    opened = next((row for row in rows if row.phrase.id == asked), rows[0] if rows else None)
    titles = _titles([row.phrase.article_id for row in rows], now)
    return page(
        "knowledge/phrases.html",
        rows=[_phrase_row(row, titles, opened) for row in rows],
        opened=_opened(opened, titles) if opened else None,
        tabs=tabs(current_person(), now),
    )


def _titles(article_ids: Sequence[int], now: datetime) -> dict[int, Card]:
    found = cards(current_revisions(article_ids, now), now=now, person_id=None)
    return {card.article_id: card for card in found}


def _phrase_row(row: reading.Waiting, titles: dict[int, Card], opened: reading.Waiting | None) -> dict[str, Any]:
    card = titles.get(row.phrase.article_id)
    return {
        "id": row.phrase.id,
        "text": row.phrase.text,
        "title": card.title if card else row.phrase.article.number,
        "number": row.phrase.article.number,
        "people": row.people,
        "last_at": row.last_at,
        "url": url_for("knowledge.phrases", at=row.phrase.id),
        "is_open": row is opened,
    }


def _opened(row: reading.Waiting, titles: dict[int, Card]) -> dict[str, Any]:
    phrase = reading.phrase_by_id(row.phrase.id) or abort(404)
    who = reading.names([evidence.person_id for evidence in phrase.evidence])
    card = titles.get(phrase.article_id)
    return {
        **_phrase_row(row, titles, row),
        "article_url": url_for("knowledge.show", number=phrase.article.number),
        "script": card.script if card else "",
        "known": [known.text for known in row.phrase.article.phrases],
        "evidence": [_evidence(each, who) for each in phrase.evidence],
        "take_url": url_for("knowledge.take_phrase", phrase_id=phrase.id),
        "refuse_url": url_for("knowledge.refuse_phrase", phrase_id=phrase.id),
    }


def _evidence(row: PhraseEvidence, who: dict[int, str]) -> dict[str, Any]:
    failed = "没有查到" if row.hits == 0 else f"查到 {row.hits} 条，没有一条用上"
    then = f"改查「{row.used_words}」，引用了这一条" if row.used_words else "编辑说这一条能答"
    return {"person": who.get(row.person_id, ""), "at": row.asked_at, "text": f"{failed}；{then}"}


@bp.post("/phrases/<int:phrase_id>/take")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def take_phrase(phrase_id: int) -> ResponseReturnValue:
    """Take a phrase into its article."""
    phrase = reading.phrase_by_id(phrase_id) or abort(404)
    services.take_phrase(phrase, by=current_person().actor, now=utc_now())
    flash(f"已收下「{phrase.text}」，现在就查得到")
    return redirect(url_for("knowledge.phrases"), 303)


@bp.post("/phrases/<int:phrase_id>/refuse")
@needs(Permission.KNOWLEDGE_WORD_EDIT)
def refuse_phrase(phrase_id: int) -> ResponseReturnValue:
    """Refuse a phrase for good."""
    phrase = reading.phrase_by_id(phrase_id) or abort(404)
    services.refuse_phrase(phrase, by=current_person().actor, now=utc_now())
    flash(f"不收「{phrase.text}」，以后不再提")
    return redirect(url_for("knowledge.phrases"), 303)
