"""Domain words as data: groups that mean the same, and terms. People own them; the data file only begins.

Whoever searches has the words of the database: a change leaves a row in the outbox, so a process looks for new words
when its index has moved on, and not otherwise. Words are thought of when a query is read, so the index stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from portal.audit.services import SYSTEM, Actor, record
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.write import transaction, writing_now

from .engine.engine import Engine
from .models import SynonymGroup, Term
from .rules.groups import names_apart, why_not_group, why_not_word, words_of
from .rules.lexicon import Lexicon, parse_groups, shipped
from .rules.words import Segmenter
from .services import engine, index_later, last_change

Counts = dict[str, int]
CHANGED = "words:"
"""The key of the outbox that says: there are other words now. No document belongs to it."""

TYPED = "人工"
MOST_TERMS = 5_000
_names: dict[str, tuple[Callable[[], Iterable[str]], bool]] = {}


def register_names(origin: str, make: Callable[[], Iterable[str]], *, whole: bool) -> None:
    """Let a domain hand in names that terms are taken from: names that are words, or (not whole) titles to be cut."""
    _names[origin] = (make, whole)


# -- what a search knows ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    position: int
    stamp: tuple[int, ...]


_seen: WeakKeyDictionary[Engine, _Seen] = WeakKeyDictionary()


def follow_words() -> None:
    """Let this process search with the words the database has now.

    Raises:
        IndexDamaged: the index must be rebuilt.
    """
    host = engine()
    position, seen = host.position(), _seen.get(host)
    if seen and seen.position == position:
        return
    if not writing_now():
        db.session.rollback()  # a view of the database from before that position would miss the change
    stamp = _stamp()
    if seen is None or seen.stamp != stamp:
        host.lexicon = lexicon()
    _seen[host] = _Seen(position, stamp)


def lexicon(*, without: int | None = None, and_also: Sequence[str] = ()) -> Lexicon:
    """The words of the database, or what they would be without one group and with another.

    Before the first set-up the words that come with the portal are taken.
    """
    found = list(
        db.session.execute(select(SynonymGroup.id, SynonymGroup.text).where(SynonymGroup.retired_at.is_(None)))
    )
    groups = [text.split("、") for id_, text in found if id_ != without]
    if and_also:
        groups.append(list(and_also))
    if not groups and not _stamp()[0]:
        return shipped()
    terms = db.session.scalars(select(Term.text).where(Term.present, Term.retired_at.is_(None)))
    return Lexicon(groups, terms)


def _stamp() -> tuple[int, ...]:
    """Changes with every change: nothing is ever deleted, and each row counts its versions."""
    groups, terms = (
        select(func.coalesce(func.sum(table.version), 0)).scalar_subquery() for table in (SynonymGroup, Term)
    )
    return tuple(db.session.execute(select(groups, terms)).one())


# -- groups ----------------------------------------------------------------------------------------------------------


def load_groups(*, now: datetime, text: str | None = None) -> Counts:
    """Load the groups that come with the portal; the second time nothing changes.

    A group that people have changed or retired is theirs and is left alone.
    """
    if text is None:
        text = files("portal.search").joinpath("data/synonyms.txt").read_text(encoding="utf-8")
    known = {
        group.head: group for group in db.session.scalars(select(SynonymGroup).where(SynonymGroup.head.is_not(None)))
    }
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    for words in parse_groups(text):
        head, joined = words[0], "、".join(words)
        group = known.get(head)
        if group is None:
            db.session.add(SynonymGroup(head=head, text=joined, added_by=SYSTEM.name, changed_at=now))
            counts["new"] += 1
        elif group.changed_by or group.text == joined:
            counts["unchanged"] += 1
        else:
            group.text, group.changed_at = joined, now
            group.version += 1
            counts["changed"] += 1
    if counts["new"] or counts["changed"]:
        db.session.flush()
        record("search:synonym:load", "synonyms", by=SYSTEM, now=now, changes=counts)
        index_later(CHANGED)
    return counts


def add_group(typed: str, *, note: str, by: Actor, now: datetime) -> SynonymGroup:
    """Add a group.

    Raises:
        DomainError: it is none, or there is the same one already.
    """
    words = _checked(typed, but=None)
    group = SynonymGroup(
        head=None, text="、".join(words), note=note, added_by=by.name, changed_at=now, changed_by=by.name
    )
    db.session.add(group)
    db.session.flush()
    _record("add", group, by=by, now=now, changes={"words": (None, group.text)}, why=note)
    return group


def edit_group(group_id: int, typed: str, *, note: str, opened_version: int, by: Actor, now: datetime) -> SynonymGroup:
    """Change a group; saving it as it is changes nothing.

    Raises:
        ConflictError: somebody saved after it was opened.
        DomainError: it is none, or there is the same one already.
    """
    group = _opened(group_id, opened_version)
    words = _checked(typed, but=group.id)
    if words == group.words and note == group.note:
        return group
    changes = {"words": (group.text, "、".join(words)), "note": (group.note, note)}
    group.text, group.note = "、".join(words), note
    _saved(group, "edit", by=by, now=now, changes=changes)
    return group


def retire_group(group_id: int, *, retired: bool, opened_version: int, by: Actor, now: datetime) -> SynonymGroup:
    """Let a group count no longer, or again; doing it twice changes nothing.

    Raises:
        ConflictError: somebody saved after it was opened.
    """
    group = _opened(group_id, opened_version)
    if bool(group.retired_at) is retired:
        return group
    group.retired_at = now if retired else None
    _saved(group, "retire" if retired else "restore", by=by, now=now, changes={"words": group.text})
    return group


def _checked(typed: str, *, but: int | None) -> list[str]:
    words = words_of(typed)
    if sentence := why_not_group(words):
        raise DomainError(sentence)
    others = select(SynonymGroup).where(SynonymGroup.retired_at.is_(None), SynonymGroup.id != (but or 0))
    if any(set(group.words) == set(words) for group in db.session.scalars(others)):
        raise DomainError("已经有一组一样的词")
    return words


def _opened(group_id: int, opened_version: int) -> SynonymGroup:
    group = db.session.scalar(
        select(SynonymGroup)
        .where(SynonymGroup.id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if group is None:
        raise DomainError("没有这一组词")
    if group.version != opened_version:
        who = group.changed_by or SYSTEM.name
        raise ConflictError(
            f"{who}先存了，您的字没有丢",
            current={"词": group.text, "备注": group.note, "停用": "是" if group.retired_at else "否"},
            version=group.version,
            who=who,
            when=group.changed_at,
        )
    return group


def _saved(group: SynonymGroup, verb: str, *, by: Actor, now: datetime, changes: Mapping[str, object]) -> None:
    group.version += 1
    group.changed_at, group.changed_by = now, by.name
    db.session.flush()
    _record(verb, group, by=by, now=now, changes=changes, why=group.note)


def _record(
    verb: str, group: SynonymGroup, *, by: Actor, now: datetime, changes: Mapping[str, object], why: str
) -> None:
    record(f"search:synonym:{verb}", f"synonym:{group.id}", by=by, now=now, changes=changes, reason=why)
    index_later(CHANGED)


@dataclass(frozen=True)
class _Kept:
    change: int
    at: datetime


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
KEEP_EVERY = timedelta(minutes=10)


# -- terms -----------------------------------------------------------------------------------------------------------


def collect_terms() -> dict[str, str]:
    """Term → where it is from, out of all names and titles there are now. Slow: reads and cuts, and writes nothing."""
    found: dict[str, str] = {}
    whole = {origin: names_apart(make()) for origin, (make, is_whole) in _names.items() if is_whole}
    for origin, terms in whole.items():
        found.update({term: origin for term in terms if term not in found})
    groups = db.session.scalars(select(SynonymGroup.text).where(SynonymGroup.retired_at.is_(None)))
    known = [*found, *(word for text in groups for word in text.split("、"))]
    segmenter = Segmenter(engine().root.parent / "jieba", known)
    for origin, (make, is_whole) in _names.items():
        if not is_whole:
            terms = segmenter.terms(make())[:MOST_TERMS]
            found.update({term: origin for term in terms if term not in found and why_not_word(term) is None})
    return found


def refresh_terms(collected: dict[str, str], *, by: Actor = SYSTEM, now: datetime) -> Counts:
    """Let the terms be those collected, and those people added; one that people retired stays retired."""
    known = {term.text: term for term in db.session.scalars(select(Term))}
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    for text, origin in collected.items():
        term = known.get(text)
        if term is None:
            db.session.add(Term(text=text, origin=origin, changed_at=now))
            counts["new"] += 1
        elif term.present:
            counts["unchanged"] += 1
        else:
            _turn(term, present=True, now=now)
            counts["changed"] += 1
    for term in known.values():
        if term.present and term.text not in collected and term.origin != TYPED:
            _turn(term, present=False, now=now)
            counts["changed"] += 1
    if counts["new"] or counts["changed"]:
        db.session.flush()
        record("search:term:refresh", "terms", by=by, now=now, changes=counts)
        index_later(CHANGED)
    return counts


def keep_terms(now: datetime) -> None:
    """Collect the terms anew where the index has had to follow something since; a chore, done about once a minute."""
    host = engine()
    last, kept = last_change(), _kept.get(host)
    db.session.rollback()
    if kept and (kept.change == last or now - kept.at < KEEP_EVERY):
        return
    collected = collect_terms()
    db.session.rollback()
    with transaction():
        refresh_terms(collected, now=now)
    _kept[host] = _Kept(last_change(), now)
    db.session.rollback()


def add_term(typed: str, *, by: Actor, now: datetime) -> Term:
    """Add a term, or bring back one that was retired.

    Raises:
        DomainError: it cannot be looked for.
    """
    text = " ".join(typed.split())
    if sentence := why_not_word(text):
        raise DomainError(sentence)
    term = db.session.scalar(select(Term).where(Term.text == text).with_for_update())
    if term is None:
        term = Term(text=text, origin=TYPED, changed_at=now, changed_by=by.name)
        db.session.add(term)
    elif term.present and term.retired_at is None:
        raise DomainError(f"「{text}」已经在词表里")
    else:
        term.retired_at, term.changed_by = None, by.name
        _turn(term, present=True, now=now)
    db.session.flush()
    record("search:term:add", f"term:{term.id}", by=by, now=now, changes={"text": text})
    index_later(CHANGED)
    return term


def retire_term(term_id: int, *, retired: bool, by: Actor, now: datetime) -> Term:
    """Let a term count no longer, or again; doing it twice changes nothing.

    Raises:
        DomainError: there is no such term.
    """
    term = db.session.scalar(
        select(Term).where(Term.id == term_id).with_for_update().execution_options(populate_existing=True)
    )
    if term is None:
        raise DomainError("没有这个词")
    if bool(term.retired_at) is retired:
        return term
    term.retired_at, term.changed_by = (now if retired else None), by.name
    _turn(term, present=term.present, now=now)
    verb = "retire" if retired else "restore"
    record(f"search:term:{verb}", f"term:{term.id}", by=by, now=now, changes={"text": term.text})
    index_later(CHANGED)
    return term


def _turn(term: Term, *, present: bool, now: datetime) -> None:
    term.present, term.changed_at = present, now
    term.version += 1
