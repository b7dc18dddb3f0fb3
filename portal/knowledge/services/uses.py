"""What readers do with an answer: they tell it to a caller, or they say that it is wrong."""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit.services import Actor, record
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.once import add_or_find
from portal.search.events import clean

from ..models import Article, Flag, Revision, Use
from ..queries.visible import answering
from ..rules.identity import basis_rows, content_of
from ..rules.states import FlagKind, FlagState
from ..rules.ticket import ticket_number
from .flags import tell_keeper
from .ledger import ref
from .publishing import content_hash

CALL = timedelta(hours=1)
"""A text that was in force within this time may still be used: it was read out before it changed."""
SAME_CALL = timedelta(minutes=10)
"""Without a ticket number, a second use by the same person within this time is the same one."""


def use(article: Article, revision_id: int, *, ticket: str, by: Actor, now: datetime) -> tuple[Use, bool]:
    """Pin what is told to a caller: this revision, for this ticket.

    Returns:
        The use, and whether it is new: the same revision stands once for a ticket.

    Raises:
        DomainError: the ticket's number is none, or the revision answers nobody.
    """
    number = _number(ticket)
    revision = _answering(article, revision_id, now)
    row = Use(
        article_id=article.id,
        revision_id=revision.id,
        ticket=number,
        person_id=by.id,
        person_name=by.name,
        at=now,
    )
    same = select(Use).where(Use.revision_id == revision.id, Use.ticket == number)
    if number is None:
        same = same.where(Use.person_id == by.id, Use.at > now - SAME_CALL).order_by(Use.id.desc()).limit(1)
    made, new = add_or_find(row, same)
    if new:
        facts = {"revision": revision.no, "sha256": revision.sha256, "ticket": number or ""}
        record("knowledge:use:add", ref(article), by=by, now=now, changes=facts)
    return made, new


def _number(typed: str) -> str | None:
    try:
        return ticket_number(typed)
    except ValueError as fault:
        raise DomainError(str(fault)) from None


def _answering(article: Article, revision_id: int, now: datetime) -> Revision:
    revision = db.session.get(Revision, revision_id)
    if revision is not None and revision.article_id == article.id:
        for moment in (now, now - CALL):
            if db.session.scalar(answering(moment).where(Revision.id == revision.id)):
                return revision
    raise DomainError("这一版现在不能念给来电人，没有记引用；请看现在怎么说")


def raise_flag(
    article: Article,
    revision: Revision,
    *,
    kind: FlagKind,
    words: str,
    searched: str,
    ticket: str,
    by: Actor,
    now: datetime,
) -> Flag:
    """Say that a revision is wrong.

    Args:
        article: the article.
        revision: the text that was read.
        kind: what is wrong.
        words: what is wrong, in the reader's words.
        searched: the words by which it was found.
        ticket: the number of the ticket, or empty.
        by: who says so.
        now: the moment.
    """
    flag = Flag(
        article_id=article.id,
        revision_id=revision.id,
        kind=kind,
        words=words.strip(),
        searched=clean(searched),
        ticket=_number(ticket),
        person_id=by.id,
        person_name=by.name,
        at=now,
        state=FlagState.NEW,
    )
    db.session.add(flag)
    db.session.flush()
    record("knowledge:flag:raise", ref(article), by=by, now=now, changes={"revision": revision.no, "kind": kind})
    tell_keeper(flag, article, revision, now=now)
    return flag


def see_flag(flag: Flag, *, by: Actor, now: datetime) -> bool:
    """Say that a flag was read; returns whether it was new until then. The first who says so is named."""
    db.session.refresh(flag, ["state"], with_for_update=True)
    if flag.state != FlagState.NEW:
        return False
    flag.state, flag.seen_by_id, flag.seen_by_name, flag.seen_at = FlagState.SEEN, by.id, by.name, now
    record("knowledge:flag:see", ref(flag.article), by=by, now=now, changes={"flag": flag.id})
    return True


def is_as_it_was(revision: Revision) -> bool:
    """Whether a revision's text still gives the hash that was taken when it was written; `basis` must be loaded."""
    return content_hash(content_of(revision), basis_rows(revision)) == revision.sha256
