"""Verbs about categories."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import selectinload

from portal.audit.services import SYSTEM, Actor, record
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError, SetupError
from portal.core.succession import why_not_end, why_not_rename, why_not_take_over
from portal.directory.queries import unit_ids
from portal.directory.rules import CITY, DISTRICT, split_units
from portal.directory.services import load_units
from portal.search.services import index_later

from ..models import Category, CategoryAlias, CategoryMerge, CategoryName, CategoryUnit
from ..queries import category_by_code, category_merges, forget_tree
from ..rules import ALWAYS, why_not_child
from .prompts import confirm_refusal, end_prompt, raise_prompt, raised_before, refuse_prompt

__all__ = [
    "confirm_refusal",
    "end_prompt",
    "raise_prompt",
    "raised_before",
    "refuse_prompt",
]

DATA = Path(__file__).parents[1] / "data" / "ticket_categories.csv"
Counts = dict[str, int]
TREE = "tree:"
"""The key of the outbox that says: the tree is another one now. No document belongs to it."""


def load_categories(*, now: datetime, path: Path = DATA) -> tuple[Counts, Counts]:
    """Load the tree and its units from the data file; the second time nothing changes.

    A code that was ever there is left alone, whatever people renamed, merged or retired.

    Returns:
        New, changed and unchanged: of categories, then of units.

    Raises:
        SetupError: the file names a parent that is not there.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [(name, CITY) for row in rows for name in split_units(row["city_unit"], city=True)]
    names += [(name, DISTRICT) for row in rows for name in split_units(row["district_or_other_unit"], city=False)]
    unit_counts = load_units(names, now=now)
    known = {category.code: category for category in db.session.scalars(select(Category))}
    new = 0
    for row in sorted(rows, key=lambda row: int(row["level"])):
        if row["code"] in known:
            continue
        parent = known.get(row["parent_code"])
        if row["parent_code"] and parent is None:
            raise SetupError(f"诉求分类 {row['code']} 的上级 {row['parent_code']} 不在文件里")
        category = Category(
            code=row["code"], first_name=row["name"], level=int(row["level"]), parent_id=parent.id if parent else None
        )
        db.session.add(category)
        db.session.flush()
        known[category.code] = category
        _link_units(category, row)
        new += 1
    if new:
        _tree_changed()
        record("categories:category:load", "categories", by=SYSTEM, now=now, changes={"new": new})
    return {"new": new, "changed": 0, "unchanged": len(rows) - new}, unit_counts


def _link_units(category: Category, row: dict[str, str]) -> None:
    ids = unit_ids()
    names = split_units(row["city_unit"], city=True) + split_units(row["district_or_other_unit"], city=False)
    for unit_id in dict.fromkeys(ids[name] for name in names):
        db.session.add(CategoryUnit(category_id=category.id, unit_id=unit_id))
    db.session.flush()


def rename_category(
    code: str, *, name: str, from_on: date, why: str, opened_version: int, by: Actor, now: datetime
) -> None:
    """Give a category another name from a day on; before it, it was called as it was.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: the name is taken or the same, or the day does not fit its history.
    """
    category = _opened(code, opened_version)
    if sentence := why_not_rename(category, category.spans(), name, from_on):
        raise DomainError(sentence)
    _refuse_taken(name, from_on, but=category.id)
    old = category.spans()[-1].name
    db.session.add(CategoryName(category_id=category.id, name=name, from_on=from_on, why=why, at=now, by_name=by.name))
    _saved(category, "rename", by=by, now=now, why=why, changes={"name": (old, name), "from_on": (None, from_on)})


def add_child(
    parent_code: str,
    *,
    code: str,
    name: str,
    from_on: date,
    units: Sequence[int],
    why: str,
    by: Actor,
    now: datetime,
) -> None:
    """Add a category below another one, used from a day on.

    Raises:
        DomainError: the code or the name is taken, the code is not one of the parent's, or the parent ends.
    """
    parent = _opened(parent_code, None)
    taken = set(db.session.scalars(select(Category.code)))
    if sentence := why_not_child(parent_code, parent.level, code, taken):
        raise DomainError(sentence)
    if not parent.in_use(from_on) or parent.retired_on:
        raise DomainError(f"「{parent.name}」已定停用，下面不能再加")
    _refuse_taken(name, from_on)
    child = Category(
        code=code,
        first_name=name,
        level=parent.level + 1,
        parent_id=parent.id,
        started_on=from_on,
        changed_at=now,
        changed_by=by.name,
    )
    db.session.add(child)
    db.session.flush()
    _tree_changed()
    db.session.add_all(CategoryUnit(category_id=child.id, unit_id=unit_id) for unit_id in dict.fromkeys(units))
    record(
        "categories:category:add",
        ref(code),
        by=by,
        now=now,
        changes={"name": (None, name), "started_on": (None, from_on), "units": (None, list(units))},
        reason=why,
    )


def retire_category(code: str, *, on: date, why: str, opened_version: int, by: Actor, now: datetime) -> None:
    """Let nothing be filed under a category from a day on.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: it has ended already, has children in use, or the day does not fit its history.
    """
    category = _opened(code, opened_version)
    if sentence := why_not_retire(category, on, verb="停用"):
        raise DomainError(sentence)
    category.retired_on, category.retired_why = on, why
    _saved(category, "retire", by=by, now=now, why=why, changes={"retired_on": (None, on)})


def merge_category(
    code: str, *, into_code: str, on: date, why: str, opened_version: int, by: Actor, now: datetime
) -> None:
    """Let another category stand for this one from a day on; what points to it is read through.

    Raises:
        ConflictError: somebody saved after this form was opened.
        DomainError: it would stand for itself, the other has ended or is of another level, or the day does not fit.
    """
    category = _opened(code, opened_version)
    into = category_by_code(into_code)
    if sentence := why_not_merge(category, into, on):
        raise DomainError(sentence)
    assert into is not None  # noqa: S101 — why_not_merge has a sentence for it
    category.retired_on, category.retired_why = on, why
    db.session.add(CategoryMerge(category_id=category.id, into_id=into.id))
    _saved(category, "merge", by=by, now=now, why=why, changes={"into": (None, ref(into_code)), "on": (None, on)})


def why_not_retire(category: Category, on: date, *, verb: str) -> str | None:
    """Why a category cannot end on a day; None if it can."""
    if sentence := why_not_end(category, category.spans(), category.name, on, verb=verb):
        return sentence
    left = [child for child in category.children if child.retired_on is None or child.retired_on > on]
    return f"下一级还有 {len(left)} 类在用，先把它们停用或并走" if left else None


def why_not_merge(category: Category, into: Category | None, on: date) -> str | None:
    """Why one category cannot be merged into the other on a day; None if it can."""
    if into is None:
        return "要并入的分类不存在"
    if into.id == category.id:
        return f"「{category.name}」不能并入它自己"
    if category_merges().circles(category.id, into.id):
        return f"「{into.name}」已并入「{category.name}」，不能再反过来合并"
    if into.level != category.level:
        return "只能并入同一级的分类"
    return why_not_retire(category, on, verb="合并") or why_not_take_over(into, into.name, on)


def take_back_category(code: str, what: str, *, opened_version: int, by: Actor, now: datetime) -> None:
    """Take back the last change of name ("name") or the end ("end") of a category, as if it had not been entered.

    Raises:
        ConflictError: somebody saved after this page was opened.
        DomainError: there is nothing to take back, its parent has ended, or its name means another one by now.
    """
    category = _opened(code, opened_version)
    if what == "name" and category.names:
        last = category.names[-1]
        db.session.execute(delete(CategoryName).where(CategoryName.id == last.id))
        before = category.spans()[-2].name
        _refuse_taken(before, last.from_on, but=category.id)
        changes = {"name": (last.name, before), "from_on": (last.from_on, None)}
    elif what == "end" and category.retired_on:
        if category.parent and category.parent.retired_on:
            raise DomainError(f"上一级「{category.parent.name}」已定停用，先撤销上一级的")
        _refuse_taken(category.spans()[-1].name, category.retired_on, but=category.id)
        into = ref(category.merge.into.code) if category.merge else None
        db.session.execute(delete(CategoryMerge).where(CategoryMerge.category_id == category.id))
        changes = {"retired_on": (category.retired_on, None), "into": (into, None)}
        category.retired_on, category.retired_why = None, ""
    else:
        raise DomainError("没有可以撤销的改动")
    _saved(category, "take-back", by=by, now=now, why="", changes=changes)


def add_alias(
    code: str, *, system: str, outside: str, from_on: date | None, to_on: date | None, by: Actor, now: datetime
) -> None:
    """Let another system's code mean this category, for a stretch of days or for good.

    Raises:
        DomainError: the days are the wrong way round, or the code means another category on some of them.
    """
    category, starts = _opened(code, None), from_on or ALWAYS
    if to_on and to_on < starts:
        raise DomainError("「到哪天」早于「从哪天起」")
    other = db.session.scalar(
        select(CategoryAlias).where(
            CategoryAlias.system == system,
            CategoryAlias.code == outside,
            CategoryAlias.from_on <= (to_on or date.max),
            or_(CategoryAlias.to_on.is_(None), CategoryAlias.to_on >= starts),
        )
    )
    if other:
        owner = db.session.get_one(Category, other.category_id)
        raise DomainError(f"{system} 的 {outside} 在这段日子里已经指「{owner.code} {owner.name}」，先把那一条截止")
    db.session.add(
        CategoryAlias(
            category_id=category.id, system=system, code=outside, from_on=starts, to_on=to_on, at=now, by_name=by.name
        )
    )
    db.session.flush()
    changes = {"alias": (None, f"{system} {outside}"), "from_on": (None, from_on), "to_on": (None, to_on)}
    record("categories:alias:add", ref(code), by=by, now=now, changes=changes)


def end_alias(code: str, alias_id: int, *, to_on: date, by: Actor, now: datetime) -> None:
    """Let another system's code mean this category up to a day, that day included.

    Raises:
        DomainError: it is not there, ended before, or would end before it begins.
    """
    category = _opened(code, None)
    alias = db.session.get(CategoryAlias, alias_id, populate_existing=True)
    if alias is None or alias.category_id != category.id:
        raise DomainError("这一条外部代码不存在")
    if to_on < alias.from_on:
        raise DomainError(f"截止的日子早于起始的 {alias.from_on.isoformat()}")
    if alias.to_on and to_on > alias.to_on:
        raise DomainError(f"这一条已在 {alias.to_on.isoformat()} 截止，只能提前，不能推后")
    old, alias.to_on = alias.to_on, to_on
    db.session.flush()
    changes = {"alias": f"{alias.system} {alias.code}", "to_on": (old, to_on)}
    record("categories:alias:end", ref(code), by=by, now=now, changes=changes)


def ref(code: str) -> str:
    """The category as the audit names it."""
    return f"category:{code}"


def _opened(code: str, opened_version: int | None) -> Category:
    """The category with its history, while nobody else changes the tree."""
    db.session.execute(select(Category.id).order_by(Category.id).limit(1).with_for_update())
    category = category_by_code(code)
    if category is None:
        raise DomainError(f"没有编码为「{code}」的诉求分类")
    if opened_version is not None and category.version != opened_version:
        current = {"名称": category.spans()[-1].name, "停用": str(category.retired_on or "在用")}
        raise ConflictError(
            f"{category.changed_by}先存了，您的字没有丢",
            current=current,
            who=category.changed_by,
            when=category.changed_at,
        )
    return category


def _refuse_taken(name: str, from_on: date, *, but: int | None = None) -> None:
    """A name may mean one category at a time; the name of a category that has ended is free again."""
    for other in db.session.scalars(select(Category).options(selectinload(Category.names))):
        if other.id == but or (other.retired_on and other.retired_on <= from_on):
            continue
        if any(span.name == name and (span.to_on is None or span.to_on > from_on) for span in other.spans()):
            raise DomainError(f"「{name}」已经是 {other.code} 的名称，请换一个，或者合并")


def _tree_changed() -> None:
    forget_tree()
    index_later(TREE)


def _saved(category: Category, verb: str, *, by: Actor, now: datetime, why: str, changes: Mapping[str, object]) -> None:
    category.version += 1
    category.changed_at, category.changed_by = now, by.name
    db.session.flush()
    _tree_changed()
    record(f"categories:category:{verb}", ref(category.code), by=by, now=now, changes=changes, reason=why)
