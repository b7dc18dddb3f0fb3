"""What the pages of a category and of a unit share: their history, what may be taken back, how it is changed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from wtforms import Field

from portal.audit.refusals import refusals_recorded
from portal.audit.services import Actor
from portal.categories.models import Category
from portal.core.errors import ConflictError, DomainError
from portal.directory.models import Unit

Thing = Category | Unit
Entry = dict[str, Any]


def history(thing: Thing, merged_here: Iterable[Thing], today: date, link: Callable[[Any], str]) -> list[Entry]:
    """The names, merges and end of a thing, the newest first; what is ahead says so."""
    entries = [_entry(thing.started_on, f"叫「{thing.first_name}」", today)]
    for later in thing.names:
        entries.append(_entry(later.from_on, f"改名为「{later.name}」", today, why=later.why, who=later.by_name))
    for other in merged_here:
        words = f"「{other.name}」并入这里"
        entries.append(_entry(other.retired_on, words, today, why=other.retired_why, url=link(other)))
    if thing.merge:
        into = thing.merge.into
        words = f"并入「{into.name}」"
        entries.append(_entry(thing.retired_on, words, today, why=thing.retired_why, url=link(into)))
    elif thing.retired_on:
        entries.append(_entry(thing.retired_on, "停用", today, why=thing.retired_why))
    return sorted(entries, key=lambda entry: entry["from"] or date.min, reverse=True)


def take_backs(thing: Thing, url: str) -> list[Entry]:
    """The last change of name and the end, each with the words of its button."""
    found = []
    if thing.retired_on:
        found.append(("end", "撤销合并" if thing.merge else "撤销停用"))
    if thing.names:
        found.append(("name", f"撤销改名「{thing.names[-1].name}」"))
    return [{"what": what, "label": label, "url": url, "version": thing.version} for what, label in found]


def ending(thing: Thing, today: date, link: Callable[[Any], str]) -> Entry | None:
    """The band of a thing that has ended or will: its words, whether it is over, and what stands for it."""
    if thing.retired_on is None:
        return None
    into = thing.merge.into if thing.merge else None
    words = f"{thing.retired_on.isoformat()} 起" + (f"并入「{into.name}」" if into else "停用")
    words += f"（{thing.retired_why}）" if not into else ""
    return {"words": words, "over": thing.retired_on <= today, "url": link(into) if into else None}


def when(on: date, today: date) -> str:
    """Whether a day has come, for the last line before something is done."""
    return "日期已到，存下就生效。" if on <= today else f"到 {on.isoformat()} 自动生效，之前、之后都可以撤销。"


@contextmanager
def fault_on(field: Field, action: str, object_ref: str, *, by: Actor, now: datetime) -> Iterator[None]:
    """Do an act; where it is refused, the sentence stands under the field, is recorded, and nothing else is kept."""
    try:
        with refusals_recorded(action, object_ref, by=by, now=now):
            yield
    except ConflictError:
        raise
    except DomainError as error:
        field.errors = [str(error)]


def _entry(on: date | None, words: str, today: date, *, why: str = "", who: str = "", url: str | None = None) -> Entry:
    return {"from": on, "words": words, "why": why, "who": who, "url": url, "ahead": bool(on and on > today)}
