"""Read the groups and terms for their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.core.database import db
from portal.core.masking import HIDDEN
from portal.core.text import like_pattern

from .models import SearchEvent, SynonymGroup, Term

PAGE = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """What a list shows: words looked for, the retired ones or the others, and which page."""

    words: str = ""
    retired: bool = False
    page: int = 1


def groups(wanted: Wanted) -> tuple[Sequence[SynonymGroup], int]:
    """One page of the groups, those changed last first, and how many there are."""
    which: list[ColumnElement[bool]] = [_kept(SynonymGroup.retired_at, wanted.retired)]
    if wanted.words:
        like = like_pattern(wanted.words)
        which.append(SynonymGroup.text.ilike(like, escape="\\") | SynonymGroup.note.ilike(like, escape="\\"))
    statement = select(SynonymGroup).where(*which).order_by(SynonymGroup.changed_at.desc(), SynonymGroup.id)
    total = db.session.scalar(select(func.count()).select_from(SynonymGroup).where(*which)) or 0
    return db.session.scalars(_page(statement, wanted)).all(), total


def terms(wanted: Wanted) -> tuple[Sequence[Term], int]:
    """One page of the terms that names have or people added, and how many there are."""
    which: list[ColumnElement[bool]] = [Term.present.is_(True), _kept(Term.retired_at, wanted.retired)]
    if wanted.words:
        which.append(Term.text.ilike(like_pattern(wanted.words), escape="\\"))
    statement = select(Term).where(*which).order_by(Term.changed_at.desc(), Term.origin, Term.text)
    total = db.session.scalar(select(func.count()).select_from(Term).where(*which)) or 0
    return db.session.scalars(_page(statement, wanted)).all(), total


def group_by_id(group_id: int) -> SynonymGroup | None:
    """One group as the database has it now."""
    return db.session.get(SynonymGroup, group_id, populate_existing=True)


def sharing(words: Sequence[str], *, but: int | None) -> list[tuple[str, SynonymGroup]]:
    """Each of the words that stands in another group too, with that group: its words would be asked for as well."""
    found = db.session.scalars(
        select(SynonymGroup).where(SynonymGroup.retired_at.is_(None), SynonymGroup.id != (but or 0))
    )
    return [(word, group) for group in found for word in words if word in group.words]


def asked_lately(since: datetime, limit: int = 200) -> list[str]:
    """What was asked since a moment, each text once, the newest first; texts with something hidden left out."""
    last = func.max(SearchEvent.id)
    rows = db.session.execute(
        select(func.max(SearchEvent.words), last)
        .where(SearchEvent.at >= since, SearchEvent.words.not_like(f"%{HIDDEN}%"))
        .group_by(SearchEvent.key)
        .order_by(last.desc())
        .limit(limit)
    )
    return [words for words, _ in rows]


def asked_by_several(since: datetime, limit: int = 2000) -> list[str]:
    """What at least two people asked since a moment and found something for, the most people first."""
    people = func.count(SearchEvent.person_id.distinct())
    rows = db.session.execute(
        select(func.max(SearchEvent.words), people)
        .where(SearchEvent.at >= since, SearchEvent.hits > 0, SearchEvent.words.not_like(f"%{HIDDEN}%"))
        .group_by(SearchEvent.key)
        .having(people > 1)
        .order_by(people.desc(), func.max(SearchEvent.words))
        .limit(limit)
    )
    return [words for words, _ in rows]


def _kept(column: InstrumentedAttribute[datetime | None], retired: bool) -> ColumnElement[bool]:
    return column.is_not(None) if retired else column.is_(None)


def _page(statement: Select[T], wanted: Wanted) -> Select[T]:
    return statement.limit(PAGE).offset((wanted.page - 1) * PAGE)
