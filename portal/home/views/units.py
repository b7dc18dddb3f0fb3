"""The units: who handles what, which articles name them, and what became of them."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import categories_of_unit, category_counts_of_units
from portal.core.clock import beijing_day, utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.text import one_line
from portal.directory import queries
from portal.directory.models import Unit
from portal.directory.rules import CITY, DISTRICT
from portal.knowledge.queries.articles import PAGE, Filters, articles, counts_by, counts_by_category
from portal.knowledge.views.listing import rows

from . import succession

bp = Blueprint("units", __name__, url_prefix="/units")

GONE = "停用"


@bp.get("/")
@needs(Permission.DIRECTORY_UNIT_READ)
def index() -> ResponseReturnValue:
    """All units in use, narrowed by words (any name they ever had counts) and level; retired ones when asked for."""
    words, level = one_line(request.args.get("q", ""), 100), request.args.get("level", "")[:20]
    today = beijing_day(utc_now())
    categories, articles_of = category_counts_of_units(today), counts_by("unit", utc_now())
    found = queries.units(words=words)
    gone = [unit for unit in found if not unit.in_use(today)]
    listed = [unit for unit in found if words or unit not in gone]
    chosen = gone if level == GONE else listed
    return page(
        "directory/index.html",
        q=words,
        levels=[
            *(_level(each, level, words, sum(unit.level == each for unit in listed)) for each in (CITY, DISTRICT)),
            *([_level(GONE, level, words, len(gone))] if gone else []),
        ],
        units=[
            {
                "id": unit.id,
                "name": unit.name,
                "level": unit.level,
                "contact": unit.contact,
                "categories": categories.get(unit.id, 0),
                "articles": articles_of.get(unit.name, 0),
                "url": link(unit),
                "formerly": [span.name for span in unit.spans() if span.name != unit.name and _past(span.to_on, today)],
                "state": _state(unit) if unit in gone else "",
            }
            for unit in chosen
            if level in ("", GONE, unit.level)
        ],
    )


def _level(value: str, chosen: str, words: str, count: int) -> dict[str, object]:
    return {
        "label": value,
        "count": count,
        "active": value == chosen,
        "url": url_for("units.index", q=words or None, level=value),
        "clear_url": url_for("units.index", q=words or None),
    }


def _past(until: date | None, today: date) -> bool:
    return until is not None and until <= today


def _state(unit: Unit) -> str:
    return f"已并入{unit.merge.into.name}" if unit.merge else "已停用"


@bp.get("/<int:unit_id>")
@needs(Permission.DIRECTORY_UNIT_READ)
def show(unit_id: int) -> ResponseReturnValue:
    """One unit: how to reach it, its categories, its articles under any of its names, and what became of it."""
    unit, now = queries.unit_with_history(unit_id) or abort(404), utc_now()
    today, may = beijing_day(now), current_person().may
    number = asked_page(request.args.get("page"))
    found, total = articles(Filters(unit=unit.name, page=number), now)
    counts, ending = counts_by_category(now), succession.ending(unit, today, link)
    names_may_change = may(Permission.CATEGORIES_CATEGORY_EDIT)
    return page(
        "directory/show.html",
        unit=unit,
        categories=[
            {
                "code": c.code,
                "name": c.name,
                "url": url_for("categories.show", code=c.code),
                "count": sum(count for code, count in counts.items() if code.startswith(c.code)),
            }
            for c in categories_of_unit(unit_id, today)
        ],
        articles=rows(list(found), now),
        pages=pages_of(number, total, size=PAGE, link=lambda to: url_for("units.show", unit_id=unit_id, page=to)),
        edit_url=url_for("directory.edit", unit_id=unit_id) if may(Permission.DIRECTORY_UNIT_EDIT) else None,
        ending=ending,
        away=bool(ending and ending["over"] and ending["url"]),
        history=succession.history(unit, queries.merged_here(unit_id), today, link),
        take_backs=succession.take_backs(unit, url_for("units.take_back", unit_id=unit_id)) if names_may_change else [],
        upkeep=_upkeep(unit) if names_may_change else [],
    )


def link(unit: Unit) -> str:
    """The address of a unit's page."""
    return url_for("units.show", unit_id=unit.id)


def _upkeep(unit: Unit) -> list[dict[str, Any]]:
    """What may be changed about a unit while its end is not set."""
    if unit.retired_on:
        return []
    found = (
        ("units.rename", "改名", "从某一天起"),
        ("units.merge", "并入别的单位", "先看会怎样"),
        ("units.retire", "停用", "先看会怎样"),
    )
    return [
        {"label": label, "hint": hint, "url": url_for(endpoint, unit_id=unit.id)} for endpoint, label, hint in found
    ]
