"""A category's page: its units, its articles, and later its tickets, prompts and sessions."""

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import needs
from portal.accounts.rules.permissions import Permission
from portal.categories import queries
from portal.categories.models import Category
from portal.core.clock import utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.knowledge.queries.articles import PAGE, Filters, articles, counts_by_category
from portal.knowledge.views.listing import rows

from ..queries import category_tree

bp = Blueprint("categories", __name__, url_prefix="/categories", template_folder="../../categories/templates")


@bp.get("/")
@needs(Permission.CATEGORIES_CATEGORY_READ)
def index() -> ResponseReturnValue:
    """The whole tree with how many articles answer below each."""
    found = category_tree(utc_now())
    for top in found:
        for category in (top, *top["children"]):
            category["url"] = url_for("categories.show", code=category["code"])
    return page("categories/index.html", tree=found)


@bp.get("/<string:code>")
@needs(Permission.CATEGORIES_CATEGORY_READ)
def show(code: str) -> ResponseReturnValue:
    """One category."""
    category, now = queries.category_by_code(code) or abort(404), utc_now()
    number = asked_page(request.args.get("page"))
    found, total = articles(Filters(category=category.code, page=number), now)
    counts = counts_by_category(now)
    return page(
        "categories/show.html",
        category=category,
        parent=_link(category.parent, counts) if category.parent else None,
        children=[_link(child, counts) for child in category.children],
        units=[
            {"name": held.unit.name, "level": held.unit.level, "url": url_for("units.show", unit_id=held.unit_id)}
            for held in category.units
        ],
        articles=rows(list(found), now),
        pages=pages_of(number, total, size=PAGE, link=lambda to: url_for("categories.show", code=code, page=to)),
        list_url=url_for("knowledge.index", category=category.code),
    )


def _link(category: Category, counts: dict[str, int]) -> dict[str, object]:
    url = url_for("categories.show", code=category.code)
    return {"code": category.code, "name": category.name, "url": url, "count": counts.get(category.code, 0)}
