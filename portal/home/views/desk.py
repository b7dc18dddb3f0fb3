"""The desk."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission
from portal.accounts.token_access import counted
from portal.core.clock import utc_now
from portal.core.marks import public
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.text import one_line
from portal.directory.queries import unit_ids
from portal.knowledge.queries.cards import Card
from portal.knowledge.views.work import category_choices
from portal.search.events import last_asked
from portal.search.nearness import Joined

from ..queries import AT_ONCE, MENUS, Answers, AtHand, answer, first_level, shelf
from .changed import bands, mark, unread

bp = Blueprint("home", __name__, template_folder="../templates")
EXAMPLES = ("注册资本几年交齐", "公司注销怎么办", "试用期能有多长", "加班费怎么算")


@bp.get("/")
@needs(Permission.ACCOUNTS_SELF_USE)
@counted
def start() -> ResponseReturnValue:
    """The first page: the desk, or the console for the three administrators."""
    person = current_person()
    if person.is_office:
        return redirect(url_for("admin.console"))
    if not person.may(Permission.HOME_DESK_READ):
        abort(403)
    return desk()


@bp.get("/desk")
@needs(Permission.HOME_DESK_READ)
@counted
def desk() -> ResponseReturnValue:
    """The desk: one search box, answer cards, what is at hand."""
    person, now = current_person(), utc_now()
    asked, number = _asked(), asked_page(request.args.get("page"))
    found = _answer(asked, person, number, settled=True)
    if number > 1 and asked.words and not found.cards:
        return redirect(_page_url(asked, 1))
    unseen = unread(person, now)
    mark(found.cards, unseen, person, now)
    return page(
        "home/desk.html",
        category=asked.category,
        narrowed=asked.narrowed,
        categories=_with_urls(first_level(now)),
        **bands(unseen, person, now),
        **_shelf(person.id),
        **_values(asked, found, person, number),
    )


@bp.get("/desk/results")
@needs(Permission.HOME_DESK_READ)
@counted
def results() -> ResponseReturnValue:
    """The answer cards alone, as they are typed for."""
    asked, person = _asked(), current_person()
    shown = request.args.get("shown")
    found = _answer(asked, person, settled=shown is not None)
    order = _order(found)
    if shown == order and found.joined is not Joined.BUSY:
        return "", 204
    mark(found.cards, None, person, utc_now())
    values = _values(asked, found, person)
    if shown is None and asked.words and not found.degraded:
        values["join_url"] = url_for("home.results") + asked.query_string(shown=order)
    response = make_response(render_template("home/_results.html", **values))
    response.headers["HX-Replace-Url"] = url_for("home.start") + asked.query_string()
    return response


@bp.get("/health")
@public("a load balancer asks whether the process answers")
def health() -> ResponseReturnValue:
    """That the process answers; says nothing about anybody."""
    return {"ok": True}


def _order(found: Answers) -> str:
    """The answers in the order shown; the same order again is not drawn again."""
    return " ".join(card.number for card in found.cards)


JOINED = {
    Joined.ADDED: "意近检索已加入",
    Joined.BUSY: "意近检索正忙，先给字面结果",
    Joined.COMPUTING: "意近检索还在算，先给字面结果",
    Joined.NO_MODEL: "没有意近模型，按字面找",
}


@dataclass(frozen=True)
class _Asked:
    """What the address asks for."""

    words: str
    category: str = ""
    ticket: str = ""
    narrowed: dict[str, str] = field(default_factory=dict)

    def query_string(self, **also: str) -> str:
        """The same question as an address; `also` changes or adds to it."""
        named = {"q": self.words, "category": self.category, "ticket": self.ticket, **self.narrowed, **also}
        given = {name: value for name, value in named.items() if value or name == "shown"}
        return "?" + urlencode(given) if given else ""


def _asked() -> _Asked:
    return _Asked(
        words=one_line(request.args.get("q", ""), 200),
        category=one_line(request.args.get("category", ""), 20),
        ticket=_ticket(),
        narrowed={name: value for name in MENUS if (value := one_line(request.args.get(name, ""), 100))},
    )


def _answer(asked: _Asked, person: Principal, number: int = 1, *, settled: bool) -> Answers:
    return answer(
        asked.words,
        category=asked.category,
        now=utc_now(),
        person_id=person.id,
        page=number,
        settled=settled,
        more=asked.narrowed,
    )


def _ticket() -> str:
    return one_line(request.args.get("ticket", ""), 40)


def _page_url(asked: _Asked, number: int) -> str:
    return url_for("home.start") + asked.query_string(page=str(number) if number > 1 else "")


def _values(asked: _Asked, found: Answers, person: Principal, number: int = 1) -> dict[str, Any]:
    for card in found.cards:
        _address(card)
    for facet in found.facets:
        chosen = "" if facet["active"] else facet["code"]
        facet["url"] = url_for("home.start") + asked.query_string(category=chosen)
    for menu in found.menus:
        menu["clear_url"] = url_for("home.start") + asked.query_string(**{menu["field"]: ""})
        for option in menu["options"]:
            option["url"] = url_for("home.start") + asked.query_string(**{menu["field"]: option["name"]})
    return {
        "q": asked.words,
        "cards": found.cards,
        "total": found.total,
        "pages": pages_of(number, found.total, size=AT_ONCE, link=partial(_page_url, asked)),
        "took_ms": found.took_ms,
        "facets": found.facets,
        "menus": [menu for menu in found.menus if menu["value"] or len(menu["options"]) > 1],
        "nearest": [{"text": text, "url": url_for("home.start", q=text)} for text in found.nearest],
        "ask": [{"name": name, "url": _unit_url(name)} for name in found.ask],
        "all_url": url_for("home.start", q=asked.words) if asked.category or asked.narrowed else None,
        "degraded": found.degraded,
        "joined": JOINED.get(found.joined, ""),
        "meant": found.meant,
        "meant_url": url_for("home.start", q=found.meant) if found.meant else None,
        "ticket": asked.ticket,
        **(_asked_for(asked.words, asked.category, found, person) if asked.words else _before(person)),
    }


def _unit_url(name: str) -> str | None:
    found = unit_ids().get(name)
    return url_for("units.show", unit_id=found) if found else None


def _before(person: Principal) -> dict[str, Any]:
    """What stands there before anything is typed: what this person asked last, and examples."""

    def links(texts: Iterable[str]) -> list[dict[str, str]]:
        return [{"text": text, "url": url_for("home.start", q=text)} for text in texts]

    return {"history": links(last_asked(person.id)), "examples": links(EXAMPLES)}


def _asked_for(query: str, category: str, found: Answers, person: Principal) -> dict[str, Any]:
    """What the page tells of this query, and the keys that act on its answer, for those who may."""
    values: dict[str, Any] = {}
    if not found.degraded:
        values["asked"] = {
            "mark": secrets.token_urlsafe(12),
            "hits": found.total,
            "took": found.took_ms,
            "category": category,
            "first": " ".join(card.document for card in found.cards),
        }
    if not person.may(Permission.KNOWLEDGE_FLAG_RAISE):
        return values
    for card in found.cards:
        card.use_url = url_for("knowledge.use", number=card.number)
        card.flag_url = url_for("knowledge.flag", number=card.number, revision=card.revision_id, q=query)
        card.feedback_url = url_for("knowledge.feedback", number=card.number)
    gap: dict[str, Any] = {"url": url_for("knowledge.report_gap"), "category": category}
    if not found.cards:
        gap["categories"] = category_choices(utc_now())
    link = url_for("knowledge.report_gap", q=query, category=category or None)
    return {**values, "form_key": secrets.token_urlsafe(12), "gap": gap, "gap_link": link}


def _address(card: Card) -> Card:
    card.url = url_for("knowledge.show", number=card.number)
    card.category_url = url_for("categories.show", code=card.category_code)
    card.favourite_url = url_for("knowledge.favourite", number=card.number)
    return card


def _shelf(person_id: int) -> dict[str, list[AtHand]]:
    found = shelf(person_id, utc_now())
    for article in (article for of_one in found.values() for article in of_one):
        article.url = url_for("knowledge.show", number=article.number)
    return found


def _with_urls(categories: list[dict[str, object]]) -> list[dict[str, object]]:
    for top in categories:
        top["url"] = url_for("categories.show", code=top["code"])
    return categories
