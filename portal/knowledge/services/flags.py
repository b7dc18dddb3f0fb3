"""A flag is answered: by a revision, or by words that say why nothing changes; whoever raised it gets to read it.

Also what an answer was worth: whether it solved what the caller asked.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.accounts.rules.permissions import Permission
from portal.audit.services import Actor, record
from portal.core.clock import beijing_day
from portal.core.database import db
from portal.core.errors import DomainError
from portal.inbox.services.notices import tell, tell_all

from ..models import Article, Feedback, Flag, Revision
from ..queries.deadlines import due_in
from ..rules.flags import ANSWER_WITHIN, why_not_answer
from ..rules.states import FlagState
from ..rules.ticket import ticket_number
from .ledger import ref

MINE = "/knowledge/flags/mine"
SAME_CALL = timedelta(minutes=10)
"""The same word on the same answer within this time is one."""


def tell_keeper(flag: Flag, article: Article, revision: Revision, *, now: datetime) -> None:
    """Let whoever keeps the article know: its owner, or, where nobody is named, all who answer flags."""
    due = due_in(ANSWER_WITHIN, beijing_day(now))
    until = f"，{due:%m-%d} 前答复" if due else ""
    said = f"{flag.person_name}报「{revision.title}」{flag.kind}{until}"
    address, key = f"/knowledge/flags/{flag.id}/answer", f"flag:{flag.id}"
    if article.owner_id:
        tell(article.owner_id, said, address=address, now=now, key=key)
    else:
        tell_all(Permission.KNOWLEDGE_FLAG_ANSWER, said, address=address, now=now, key=key)


def answer_flag(flag: Flag, *, words: str, revision_id: int | None, by: Actor, now: datetime) -> None:
    """Answer a flag, with the revision in which it ended or with the reason why nothing changes.

    Raises:
        DomainError: it was answered already, the revision is none of this article's later ones, or no reason is given.
    """
    db.session.refresh(flag, ["state"], with_for_update=True)
    revision = db.session.get(Revision, revision_id) if revision_id is not None else None
    newer = revision is not None and revision.article_id == flag.article_id and revision.id > flag.revision_id
    state = FlagState(flag.state)
    if sentence := why_not_answer(state, words=words, changed=revision_id is not None, newer=newer):
        raise DomainError(sentence)
    flag.state, flag.answer, flag.answer_revision_id = FlagState.ANSWERED, words.strip(), revision_id
    flag.answered_by_id, flag.answered_by_name, flag.answered_at = by.id, by.name, now
    flag.due_on = due_in(ANSWER_WITHIN, beijing_day(flag.at))
    article = db.session.get_one(Article, flag.article_id)
    changes = {"flag": flag.id, "revision": revision.no if revision else None, "due_on": flag.due_on}
    record("knowledge:flag:answer", ref(article), by=by, now=now, changes=changes, reason=flag.answer)
    flagged = db.session.get_one(Revision, flag.revision_id)
    said = f"您报的「{flagged.title}」有答复了"
    tell(flag.person_id, said, address=f"{MINE}#flag-{flag.id}", now=now, key=f"flag-answer:{flag.id}")


def mark_told(flag: Flag, *, by: Actor, now: datetime) -> bool:
    """Whoever raised a flag says that they read the answer; returns whether it was unread until now.

    Raises:
        DomainError: there is no answer yet.
    """
    if flag.state != FlagState.ANSWERED:
        raise DomainError("这条纠错还没有答复")
    if flag.told_at is not None:
        return False
    flag.told_at = now
    record("knowledge:flag:told", f"flag:{flag.id}", by=by, now=now)
    return True


def give_feedback(
    article: Article, revision: Revision, *, solved: bool, ticket: str, by: Actor, now: datetime
) -> tuple[Feedback, bool]:
    """Say whether an answer solved what the caller asked; the same word within a call is one.

    Returns:
        The row, and whether it is new.

    Raises:
        DomainError: the ticket's number is none.
    """
    try:
        number = ticket_number(ticket)
    except ValueError as fault:
        raise DomainError(str(fault)) from None
    last = db.session.scalar(
        select(Feedback)
        .where(
            Feedback.article_id == article.id,
            Feedback.revision_id == revision.id,
            Feedback.person_id == by.id,
            Feedback.ticket.is_(None) if number is None else Feedback.ticket == number,
            Feedback.at > now - SAME_CALL,
        )
        .order_by(Feedback.id.desc())
        .limit(1)
    )
    if last is not None and last.solved == solved:
        return last, False
    row = Feedback(
        article_id=article.id, revision_id=revision.id, solved=solved, ticket=number, person_id=by.id, at=now
    )
    db.session.add(row)
    db.session.flush()
    changes = {"revision": revision.no, "solved": solved, "ticket": number or ""}
    record("knowledge:feedback:add", ref(article), by=by, now=now, changes=changes)
    return row, True
