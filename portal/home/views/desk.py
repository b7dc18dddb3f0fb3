"""The desk."""

from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.marks import public
from portal.core.pages import page
from portal.knowledge.queries.cards import Card

from ..queries import Answers, answer, category_tree, shelf

bp = Blueprint("home", __name__, template_folder="../templates")
EXAMPLES = ("注册资本几年交齐", "公司注销怎么办", "试用期能有多长", "加班费怎么算")


@bp.get("/")
@needs(Permission.ACCOUNTS_SELF_USE)
def start() -> ResponseReturnValue:
    """The first page: the desk, or the console for the three administrators."""
    if current_person().is_office:
        return redirect(url_for("admin.console"))
    return desk()


@bp.get("/desk")
@needs(Permission.HOME_DESK_READ)
def desk() -> ResponseReturnValue:
    """The desk: one search box, answer cards, what is at hand."""
    person, now = current_person(), utc_now()
    query, category = _asked()
    found = answer(query, category=category, now=now, person_id=person.id)
    return page(
        "home/desk.html",
        ticket=request.args.get("ticket", "")[:40],
        category=category,
        categories=_with_urls(category_tree(now), query),
        examples=[{"text": text, "url": url_for("home.start", q=text)} for text in EXAMPLES],
        **_shelf(person.id),
        **_values(query, category, found),
    )


@bp.get("/desk/results")
@needs(Permission.HOME_DESK_READ)
def results() -> ResponseReturnValue:
    """The answer cards alone, as they are typed for."""
    query, category = _asked()
    found = answer(query, category=category, now=utc_now(), person_id=current_person().id)
    values = _values(query, category, found)
    if not query.strip():
        values |= _shelf(current_person().id)
        values["examples"] = [{"text": text, "url": url_for("home.start", q=text)} for text in EXAMPLES]
    response = make_response(render_template("home/_results.html", **values))
    response.headers["HX-Replace-Url"] = url_for("home.start") + _query_string(query, category)
    return response


@bp.get("/health")
@public("a load balancer asks whether the process answers")
def health() -> ResponseReturnValue:
    """That the process answers; says nothing about anybody."""
    return {"ok": True}


def _asked() -> tuple[str, str]:
    return request.args.get("q", ""), request.args.get("category", "")[:20]


def _query_string(query: str, category: str) -> str:
    named = {"q": query[:200], "category": category, "ticket": request.args.get("ticket", "")[:40]}
    given = {name: value for name, value in named.items() if value}
    return "?" + urlencode(given) if given else ""


def _values(query: str, category: str, found: Answers) -> dict[str, object]:
    for card in found.cards:
        _address(card)
    for facet in found.facets:
        chosen = "" if facet["active"] else facet["code"]
        facet["url"] = url_for("home.start") + _query_string(query, chosen)
    return {
        "q": query,
        "cards": found.cards,
        "total": found.total,
        "took_ms": found.took_ms,
        "facets": found.facets,
        "nearest": [{"text": text, "url": url_for("home.start", q=text)} for text in found.nearest],
        "degraded": found.degraded,
        "meant": found.meant,
        "meant_url": url_for("home.start", q=found.meant) if found.meant else None,
    }


def _address(card: Card) -> Card:
    card.url = url_for("knowledge.show", number=card.number)
    card.category_url = url_for("categories.show", code=card.category_code)
    card.favourite_url = url_for("knowledge.favourite", number=card.number)
    return card


def _shelf(person_id: int) -> dict[str, list[Card]]:
    return {name: [_address(card) for card in of_one] for name, of_one in shelf(person_id, utc_now()).items()}


def _with_urls(categories: list[dict[str, object]], query: str) -> list[dict[str, object]]:
    for top in categories:
        top["url"] = url_for("categories.show", code=top["code"])
    return categories
