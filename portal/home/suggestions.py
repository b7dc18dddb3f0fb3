"""Suggestions for the box of the desk and for other systems: never a text of an article that answers nobody now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Date, Select, bindparam, select

from portal.categories.queries import category_by_code
from portal.core.clock import beijing_day
from portal.core.database import UtcDateTime, db
from portal.directory.queries import standing_names
from portal.knowledge.models import Article, Revision
from portal.knowledge.queries.documents import revision_id
from portal.knowledge.queries.visible import answering, answering_on
from portal.search.completion import complete, complete_any
from portal.search.engine.types import Suggestion
from portal.search.rules.normalise import normalise
from portal.search.rules.pinyin import readings

MOST_NEAREST = 5
MOST_UNITS = 3
MOST_PARTS = 12
LONGEST_LOOKED_AT = 40


@dataclass(frozen=True)
class Offered:
    """A text to take over, and the number of the article it belongs to, if any."""

    text: str
    number: str | None


@cache
def _numbers_in_force() -> Select[int, str]:
    """Revision id → number of its article, of those that may be read out; built once, since it is asked at each key."""
    now, today = bindparam("now", type_=UtcDateTime), bindparam("today", type_=Date)
    return (
        select(Revision.id, Article.number)
        .join(Article, Article.id == Revision.article_id)
        .where(Revision.id.in_(bindparam("ids", expanding=True)), Revision.id.in_(answering_on(now, today)))
    )


def suggestions(typed: str, *, now: datetime, limit: int) -> list[Offered]:
    """What goes on from what was typed; validity is checked again in the database."""
    words = typed.strip()
    found = [each for each in complete(words, at=now, limit=limit + 2) if each.text != words] if words else []
    return _answering(found, now)[:limit]


def nearest(typed: str, *, now: datetime) -> list[Offered]:
    """Where nothing was found: what goes on from the longest parts of it that anything goes on from."""
    return _answering(complete_any(_parts(typed), at=now, limit=MOST_NEAREST + 2), now)[:MOST_NEAREST]


def _answering(found: Sequence[Suggestion], now: datetime) -> list[Offered]:
    """Those that belong to no article, or to one that may be read out."""
    wanted = {revision_id(each.id) for each in found if each.id}
    numbers: dict[int, str] = {}
    if wanted:
        asked = {"ids": list(wanted), "now": now, "today": beijing_day(now)}
        numbers = dict(db.session.execute(_numbers_in_force(), asked).all())
    return [
        Offered(each.text, numbers.get(revision_id(each.id)) if each.id else None)
        for each in found
        if each.id is None or revision_id(each.id) in numbers
    ]


def _parts(typed: str) -> list[str]:
    """Parts of what was typed, the longest first: of letters the beginnings, of Chinese any stretch of up to four, then
    the beginnings of how it sounds.
    """
    found: dict[str, None] = {}
    sounds: dict[str, None] = {}
    for run in re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]+", normalise(typed)[:LONGEST_LOOKED_AT]):
        if run.isascii():
            found |= dict.fromkeys(run[:size] for size in range(len(run) - 1, 1, -1))
        else:
            found |= dict.fromkeys(run[at : at + size] for size in (4, 3, 2) for at in range(len(run) - size + 1))
            sound = "".join(readings(run))
            sounds |= dict.fromkeys(sound[:size] for size in range(len(sound), 1, -1))
    return [*sorted(found, key=len, reverse=True)[:MOST_PARTS], *list(sounds)[:MOST_PARTS]]


def units_to_ask(offered: Sequence[Offered], *, category: str, now: datetime) -> list[str]:
    """Whom a caller can be sent to: the units of the category asked in, else those behind what is nearest."""
    if category and (found := category_by_code(category)):
        called = standing_names(beijing_day(now))
        return list(dict.fromkeys(called[held.unit.first_name] for held in found.units))[:MOST_UNITS]
    numbers = [each.number for each in offered if each.number]
    named = (
        select(Article.number, Revision.unit)
        .join(Article, Article.id == Revision.article_id)
        .where(Article.number.in_(numbers), Revision.id.in_(answering(now)))
    )
    by_number = dict(db.session.execute(named).all()) if numbers else {}
    return list(dict.fromkeys(by_number[number] for number in numbers if number in by_number))[:MOST_UNITS]
