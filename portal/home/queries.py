"""What the desk shows: answer cards for a query, with their addresses and why they matched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select

from portal.categories.models import Category
from portal.categories.queries import category_merges, codes, codes_standing_under, standing_codes, tree
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.text import cut, like_pattern
from portal.directory.queries import standing_names
from portal.knowledge.models import Article, Phrase, Revision
from portal.knowledge.queries.articles import counts_by_category, favourites, recently_opened
from portal.knowledge.queries.cards import Card, cards
from portal.knowledge.queries.documents import revision_id
from portal.knowledge.queries.visible import answering
from portal.search.engine.types import Hit
from portal.search.nearness import Joined
from portal.search.queries import find
from portal.search.services import while_unchanged

from .suggestions import nearest, units_to_ask

AT_ONCE = 10
MENUS = {"kind": "材料性质", "unit": "承办单位"}
"""What answers are narrowed to besides the category, and what it is called."""
MOST_OPTIONS = 12
NO_MORE: Mapping[str, str] = MappingProxyType({})
MOST_FACETS = 4
SURE = 0.6
"""The share of a query that the first answer must hold for nothing else to be offered as meant."""
WHERE = {"phrases": "相似问", "title": "标题", "script": "话术", "body": "正文", "basis": "依据"}


@dataclass
class Answers:
    """What the desk found: cards in order, how many in all, and what to say when that is less than usual."""

    cards: list[Card] = field(default_factory=list)
    total: int = 0
    took_ms: int = 0
    facets: list[dict[str, Any]] = field(default_factory=list)
    degraded: str | None = None
    meant: str | None = None
    nearest: list[str] = field(default_factory=list)
    menus: list[dict[str, Any]] = field(default_factory=list)
    ask: list[str] = field(default_factory=list)
    """The units to ask where nothing was found."""
    joined: Joined = Joined.NOT_ASKED


def answer(
    query: str,
    *,
    category: str,
    now: datetime,
    person_id: int | None,
    limit: int = AT_ONCE,
    page: int = 1,
    settled: bool = False,
    more: Mapping[str, str] = NO_MORE,
) -> Answers:
    """The answer cards of one page for a query; `more` filters by MENUS besides the category.

    Validity is checked again in the database, so that nothing expired is shown.

    A query that has settled is also looked for by meaning, where there is a model.
    """
    words = query.strip()
    if not words:
        return Answers()
    day = beijing_day(now)
    offset = (page - 1) * limit
    filters = {"category": codes_standing_under(category, day) or [category]} if category else {}
    filters |= {name: [value] for name, value in more.items() if value}
    results, took, joined = find(
        words, at=now, filters=filters, limit=limit, offset=offset, settled=settled, facets=("category", *MENUS)
    )
    if results is None:
        found = cards(_by_database(words, category, more, now, limit, offset), now=now, person_id=person_id)
        return Answers(found, len(found), round(took), degraded="搜索索引正在修复，先用字面查找，结果可能不全")
    by_revision = {revision_id(hit.id): hit for hit in results.hits}
    found = cards(list(by_revision), now=now, person_id=person_id)
    for card in found:
        _explain(card, by_revision[card.revision_id])
    gone = len(by_revision) - len(found)
    sure = bool(results.hits) and results.hits[0].covered >= SURE
    meant = None if sure else results.meant
    answers = Answers(found, results.total - gone, round(took), meant=meant, joined=joined)
    answers.facets = _facets(results.facets.get("category", {}), category, day)
    answers.menus = [_menu(name, results.facets.get(name, {}), more.get(name, "")) for name in MENUS]
    if not found:
        offered = nearest(words, now=now)
        answers.nearest = [each.text for each in offered]
        answers.ask = units_to_ask(offered, category=category, now=now)
    return answers


def _by_database(
    words: str, category: str, more: Mapping[str, str], now: datetime, limit: int, offset: int
) -> list[int]:
    """Without an index: titles, phrases and scripts that hold the words as they stand."""
    like = like_pattern(words)
    phrased = select(Phrase.article_id).where(Phrase.text.like(like, escape="\\"))
    statement = select(Revision.id).where(
        Revision.id.in_(answering(now)),
        Revision.title.like(like, escape="\\")
        | Revision.script.like(like, escape="\\")
        | Revision.article_id.in_(phrased),
    )
    if category:
        below = select(Article.id).join(Category, Category.id == Article.category_id)
        below = below.where(Category.code.in_(codes_standing_under(category, beijing_day(now))))
        statement = statement.where(Revision.article_id.in_(below))
    for name, value in more.items():
        if value:
            statement = statement.where({"kind": Revision.kind, "unit": Revision.unit}[name] == value)
    return list(db.session.scalars(statement.order_by(Revision.id).limit(limit).offset(offset)))


def _explain(card: Card, hit: Hit) -> None:
    title_spans = hit.spans.get("title") or [[]]
    card.title_parts = cut(card.title, title_spans[0])
    if hit.why is None or hit.why.field == "title":
        return
    card.why = {"kind": WHERE.get(hit.why.field, ""), "parts": cut(hit.why.text, hit.why.spans)}


def _facets(counts: Mapping[str, int], active: str, day: date) -> list[dict[str, Any]]:
    stands = standing_codes(day)
    folded: dict[str, int] = {}
    for code, count in counts.items():
        if code in stands:
            folded[stands[code]] = folded.get(stands[code], 0) + count
    names = while_unchanged(("leaves", day), _leaf_names)
    leaves = [(-count, code, names[code]) for code, count in folded.items() if code in names]
    return [
        {"code": code, "name": name, "count": -count, "active": code == active}
        for count, code, name in sorted(leaves)[:MOST_FACETS]
    ]


def _menu(name: str, counts: Mapping[str, int], active: str) -> dict[str, Any]:
    """What the answers can be narrowed to: each value with how many there are of it."""
    options = [{"name": value, "count": count, "active": value == active} for value, count in counts.items() if value]
    return {"field": name, "label": MENUS[name], "value": active, "options": options[:MOST_OPTIONS]}


def _leaf_names() -> dict[str, str]:
    statement = select(Category.code, Category.name).where(Category.parent_id.is_not(None))
    return dict(db.session.execute(statement).all())


@dataclass
class AtHand:
    """An article that somebody has at hand, as a line that leads to it."""

    number: str
    title: str
    url: str = ""


def shelf(person_id: int, now: datetime) -> dict[str, list[AtHand]]:
    """What a person has at hand: the articles opened last, and the favourites."""
    lists = {"recent": recently_opened(person_id), "favourites": favourites(person_id)[:8]}
    statement = (
        select(Article.id, Article.number, Revision.title)
        .join(Revision, Revision.article_id == Article.id)
        .where(Article.id.in_({key for of_one in lists.values() for key in of_one}), Revision.id.in_(answering(now)))
    )
    found = {key: AtHand(number, title) for key, number, title in db.session.execute(statement)}
    return {name: [found[key] for key in of_one if key in found] for name, of_one in lists.items()}


def first_level(now: datetime) -> list[dict[str, Any]]:
    """The first-level categories in use with how many articles answer below each, without what stands below."""
    counts, day = counts_by_category(now), beijing_day(now)
    known = [category for category in codes().values() if category.in_use(day)]
    return [
        {
            "code": top.code,
            "name": top.name,
            "count": sum(counts.get(each.code, 0) for each in known if top.id in (each.id, each.parent_id)),
        }
        for top in sorted(known, key=lambda category: category.code)
        if top.level == 1
    ]


def category_tree(now: datetime) -> list[dict[str, Any]]:
    """The first-level categories in use with how many articles answer below each."""
    counts, day = counts_by_category(now), beijing_day(now)
    units = standing_names(day)
    found = []
    for top in tree():
        if not top.in_use(day):
            continue
        below = [(child, counts.get(child.code, 0)) for child in top.children if child.in_use(day)]
        found.append(
            {
                "code": top.code,
                "name": top.name,
                "count": counts.get(top.code, 0) + sum(count for _, count in below),
                "children": [
                    {
                        "code": c.code,
                        "name": c.name,
                        "count": n,
                        "units": list(dict.fromkeys(units[held.unit.first_name] for held in c.units)),
                    }
                    for c, n in below
                ],
            }
        )
    return found


def categories_apart(now: datetime) -> list[dict[str, Any]]:
    """The categories that are not in use today: merged, retired, or not begun."""
    day = beijing_day(now)
    return [
        {
            "code": category.code,
            "name": category.name,
            "on": category.retired_on if category.retired_on and category.retired_on <= day else category.started_on,
            "into": category.merge.into.code if category.merge else None,
            "begun": category.started_on is None or category.started_on <= day,
        }
        for top in tree()
        for category in (top, *top.children)
        if not category.in_use(day)
    ]


def articles_pointing(category_id: int, day: date) -> int:
    """How many articles point to a category, by themselves or through what was merged into it; drafts among them."""
    ids = category_merges().standing_as(category_id, day)
    return db.session.scalar(select(func.count()).select_from(Article).where(Article.category_id.in_(ids))) or 0
