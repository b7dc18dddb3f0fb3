"""A category's page: its units, its articles, what became of it, and later its tickets, prompts and sessions."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.categories import queries
from portal.categories.models import Category, CategoryAlias
from portal.categories.rules import ALWAYS, LEVELS
from portal.core.clock import beijing_day, utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.directory.queries import standing_units
from portal.knowledge.queries.articles import PAGE, Filters, articles, counts_by_category
from portal.knowledge.queries.subscriptions import subscribed
from portal.knowledge.views.listing import rows

from ..queries import categories_apart, category_tree
from . import succession

bp = Blueprint("categories", __name__, url_prefix="/categories", template_folder="../../categories/templates")


@bp.get("/")
@needs(Permission.CATEGORIES_CATEGORY_READ)
def index() -> ResponseReturnValue:
    """The whole tree with how many articles answer below each."""
    found, apart = category_tree(utc_now()), categories_apart(utc_now())
    for top in found:
        for category in (top, *top["children"]):
            category["url"] = url_for("categories.show", code=category["code"])
    for category in apart:
        category["url"] = url_for("categories.show", code=category["code"])
    return page("categories/index.html", tree=found, apart=apart)


@bp.get("/<string:code>")
@needs(Permission.CATEGORIES_CATEGORY_READ)
def show(code: str) -> ResponseReturnValue:
    """One category; one that was merged shows its history and the way to what stands for it."""
    category, now = queries.category_by_code(code) or abort(404), utc_now()
    today, may_edit = beijing_day(now), current_person().may(Permission.CATEGORIES_CATEGORY_EDIT)
    ending = succession.ending(category, today, link)
    number = asked_page(request.args.get("page"))
    found, total = articles(Filters(category=category.code, page=number), now)
    counts, person = counts_by_category(now), current_person()
    return page(
        "categories/show.html",
        category=category,
        parent=_counted(category.parent, counts) if category.parent else None,
        children=[_counted(child, counts) for child in category.children if child.in_use(today)],
        units=[
            {
                "name": unit.name,
                "level": unit.level if unit.in_use(today) else "已停用",
                "url": url_for("units.show", unit_id=unit.id),
            }
            for unit in standing_units([held.unit for held in category.units], today)
        ],
        ending=ending,
        away=bool(ending and ending["over"] and ending["url"]),
        history=succession.history(category, queries.merged_here(category.id), today, link),
        take_backs=succession.take_backs(category, url_for("categories.take_back", code=code)) if may_edit else [],
        upkeep=_upkeep(category) if may_edit else [],
        aliases=[alias_row(alias, today) for alias in category.aliases],
        articles=rows(list(found), now),
        pages=pages_of(number, total, size=PAGE, link=lambda to: url_for("categories.show", code=code, page=to)),
        list_url=url_for("knowledge.index", category=category.code),
        subscribed=subscribed(person.id, category_id=category.id),
        subscribe_url=url_for("knowledge.subscribe_category", code=code)
        if person.may(Permission.KNOWLEDGE_ARTICLE_FAVOURITE)
        else None,
    )


def link(category: Category) -> str:
    """The address of a category's page."""
    return url_for("categories.show", code=category.code)


def alias_row(alias: CategoryAlias, today: date) -> dict[str, Any]:
    """An outside code as lists show it."""
    return {
        "id": alias.id,
        "system": alias.system,
        "code": alias.code,
        "from_on": None if alias.from_on == ALWAYS else alias.from_on,
        "to_on": alias.to_on,
        "open": alias.to_on is None or alias.to_on > today,
    }


def _counted(category: Category, counts: dict[str, int]) -> dict[str, object]:
    return {
        "code": category.code,
        "name": category.name,
        "url": link(category),
        "count": counts.get(category.code, 0),
    }


def _upkeep(category: Category) -> list[dict[str, str]]:
    """What may be changed about a category; nothing but its codes once its end is set."""
    found = [("categories.aliases", "外部代码", "别的系统怎么叫它")]
    if category.retired_on is None:
        found = [("categories.rename", "改名", "从某一天起"), *found]
        if category.level < LEVELS:
            found.append(("categories.add", "加下一级", "从某一天起"))
        found += [("categories.merge", "并入别的类", "先看会怎样"), ("categories.retire", "停用", "先看会怎样")]
    return [
        {"label": label, "hint": hint, "url": url_for(endpoint, code=category.code)} for endpoint, label, hint in found
    ]
