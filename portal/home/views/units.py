"""The units: who handles what, and which articles name them."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import categories_of_unit, category_counts_of_units
from portal.core.clock import beijing_day, utc_now
from portal.core.database import db
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.directory import queries
from portal.directory.models import Unit
from portal.directory.rules import CITY, DISTRICT
from portal.knowledge.queries.articles import PAGE, Filters, articles, counts_by, counts_by_category
from portal.knowledge.views.listing import rows

bp = Blueprint("units", __name__, url_prefix="/units")


@bp.get("/")
@needs(Permission.DIRECTORY_UNIT_READ)
def index() -> ResponseReturnValue:
    """All units, narrowed by words and level."""
    words, level = request.args.get("q", "").strip()[:100], request.args.get("level", "")[:20]
    categories, articles_of = category_counts_of_units(beijing_day(utc_now())), counts_by("unit", utc_now())
    found = queries.units(words=words)
    return page(
        "directory/index.html",
        q=words,
        levels=[_level(value, level, words, sum(unit.level == value for unit in found)) for value in (CITY, DISTRICT)],
        units=[
            {
                "id": unit.id,
                "name": unit.name,
                "level": unit.level,
                "contact": unit.contact,
                "categories": categories.get(unit.id, 0),
                "articles": articles_of.get(unit.name, 0),
                "url": url_for("units.show", unit_id=unit.id),
            }
            for unit in found
            if not level or unit.level == level
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


@bp.get("/<int:unit_id>")
@needs(Permission.DIRECTORY_UNIT_READ)
def show(unit_id: int) -> ResponseReturnValue:
    """One unit: how to reach it, its categories, its articles."""
    unit, now = db.get_or_404(Unit, unit_id), utc_now()
    number = asked_page(request.args.get("page"))
    found, total = articles(Filters(unit=unit.name, page=number), now)
    counts = counts_by_category(now)
    return page(
        "directory/show.html",
        unit=unit,
        categories=[
            {
                "code": c.code,
                "name": c.name,
                "url": url_for("categories.show", code=c.code),
                "count": counts.get(c.code, 0),
            }
            for c in categories_of_unit(unit_id, beijing_day(now))
        ],
        articles=rows(list(found), now),
        pages=pages_of(number, total, size=PAGE, link=lambda to: url_for("units.show", unit_id=unit_id, page=to)),
        edit_url=url_for("directory.edit", unit_id=unit_id)
        if current_person().may(Permission.DIRECTORY_UNIT_EDIT)
        else None,
    )
