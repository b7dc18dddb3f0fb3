"""What the searches teach: gaps are reported, sorted and answered; words that failed become phrases of an article."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit.services import Actor, record
from portal.categories.models import Category
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.masking import without_numbers
from portal.core.once import add_or_find
from portal.core.text import one_line
from portal.search.events import clean, failed_before, key_of
from portal.search.models import SearchEvent

from ..models import Article, Gap, GapReport, Phrase, PhraseEvidence, ProposedPhrase, Revision
from ..queries.documents import PREFIX
from ..queries.learning import Missing, missing
from ..queries.visible import answering
from ..rules.learning import SEEN, phrase_of
from ..rules.states import PhraseState
from .ledger import ref
from .publishing import add_phrases

ORIGIN = "坐席"
"""Where a learned phrase comes from, as the phrase says."""
AGAIN = timedelta(days=1)
"""Within this time the same person reports the same gap once."""
NO_PHRASE = "只有字母、数字或一个字，加不成问法；可以写成同义词"


def report_gap(words: str, *, category: Category | None, note: str, by: Actor, now: datetime) -> tuple[GapReport, bool]:
    """Somebody at the desk found nothing.

    Returns:
        The report, and whether it is new: a person reports the same words once a day.

    Raises:
        DomainError: there are no words.
    """
    gap = _gap(clean(words), now)
    if gap.category_id is None and category is not None:
        gap.category_id = category.id
    before = select(GapReport).where(
        GapReport.gap_id == gap.id, GapReport.person_id == by.id, GapReport.at > now - AGAIN
    )
    report = GapReport(
        gap_id=gap.id,
        category_id=category.id if category else None,
        note=without_numbers(one_line(note, 300))[:300],
        person_id=by.id,
        person_name=by.name,
        at=now,
    )
    made, new = add_or_find(report, before.order_by(GapReport.id.desc()).limit(1))
    if new:
        facts = {"words": gap.words, "category": category.code if category else ""}
        record("knowledge:gap:report", f"gap:{gap.id}", by=by, now=now, changes=facts)
    return made, new


def _gap(words: str, now: datetime) -> Gap:
    key = key_of(words)
    if not key:
        raise DomainError("写上来电人问的话，才能报缺口")
    return add_or_find(Gap(key=key, words=words, at=now), select(Gap).where(Gap.key == key))[0]


def _missing(key: str, now: datetime) -> Missing:
    found = missing(now, key=key)
    if not found:
        raise DomainError("近 8 周没有人查过这句话，或都查到了")
    return found[0]


def sort_gap(key: str, category: Category, *, by: Actor, now: datetime) -> Gap:
    """Put words that were not found into a category.

    Raises:
        DomainError: nobody asked these words lately, or the category is used no more.
    """
    row = _missing(key, now)
    gap = row.gap or _gap(row.words, now)
    if gap.category_id == category.id and gap.sorted_at:
        return gap
    before = db.session.get(Category, gap.category_id) if gap.category_id else None
    gap.category_id, gap.sorted_by_name, gap.sorted_at = category.id, by.name, now
    facts = {"words": gap.words, "category": (before.code if before else "", category.code)}
    record("knowledge:gap:sort", f"gap:{gap.id}", by=by, now=now, changes=facts)
    return gap


def answer_gap(key: str, article: Article, *, by: Actor, now: datetime) -> ProposedPhrase:
    """Say which article answers words that were not found: they become a proposed phrase of it.

    Raises:
        DomainError: the words make no phrase, the article has it already, or it was refused before.
    """
    row = _missing(key, now)
    text = phrase_of(row.words)
    if text is None:
        raise DomainError(NO_PHRASE)
    if key in _known(article, now):
        raise DomainError("这一条已经有这句问法，应当查得到了")
    phrase = _proposed(article, key, text, now)
    if phrase.state == PhraseState.REFUSED:
        raise DomainError(f"{phrase.decided_by_name}以前定过：这一条不收这句问法")
    gap = row.gap or _gap(row.words, now)
    gap.article_id, gap.answered_by_name, gap.answered_at = article.id, by.name, now
    _add_askers(phrase, row, now)
    facts = {"words": gap.words, "article": article.number}
    record("knowledge:gap:answer", f"gap:{gap.id}", by=by, now=now, changes=facts)
    return phrase


def _add_askers(phrase: ProposedPhrase, row: Missing, now: datetime) -> None:
    """Everybody who asked and found nothing speaks for the phrase; whoever only reported it, too."""
    told = set(db.session.scalars(select(PhraseEvidence.person_id).where(PhraseEvidence.proposal_id == phrase.id)))
    for event in row.events:
        _add_evidence(phrase, event.person_id, event.id, hits=0, used_words="", asked_at=event.at, now=now)
        told.add(event.person_id)
    for report in row.reports:
        if report.person_id not in told:
            told.add(report.person_id)
            _add_evidence(phrase, report.person_id, None, hits=0, used_words="", asked_at=report.at, now=now)


def learn_from_use(event: SearchEvent, article: Article, *, person_id: int, now: datetime) -> Sequence[ProposedPhrase]:
    """An article was used that `event` had found: the words that failed just before are proposed as phrases of it."""
    known = _known(article, now)
    learned = []
    for failed in failed_before(event):
        text = phrase_of(failed.words)
        if text is None or failed.key in known or _in_sight(failed, article):
            continue
        phrase = _proposed(article, failed.key, text, now)
        if phrase.state == PhraseState.WAITING:
            _add_evidence(
                phrase, person_id, failed.id, hits=failed.hits, used_words=event.words, asked_at=failed.at, now=now
            )
            learned.append(phrase)
    return learned


def _in_sight(failed: SearchEvent, article: Article) -> bool:
    """Whether the article stood among the first answers: the words find it already."""
    return any(document.startswith(f"{PREFIX}{article.id}:") for document in failed.first[:SEEN])


def _known(article: Article, now: datetime) -> set[str]:
    """What the article answers to already, as it is compared: its phrases, and its title in force."""
    phrases = db.session.scalars(select(Phrase.text).where(Phrase.article_id == article.id))
    titles = db.session.scalars(
        select(Revision.title).where(Revision.article_id == article.id, Revision.id.in_(answering(now)))
    )
    return {key_of(text) for text in (*phrases, *titles)}


def _proposed(article: Article, key: str, text: str, now: datetime) -> ProposedPhrase:
    row = ProposedPhrase(article_id=article.id, key=key, text=text, state=PhraseState.WAITING, at=now)
    find = select(ProposedPhrase).where(ProposedPhrase.article_id == article.id, ProposedPhrase.key == key)
    return add_or_find(row, find)[0]


def _add_evidence(
    phrase: ProposedPhrase,
    person_id: int,
    event_id: int | None,
    *,
    hits: int,
    used_words: str,
    asked_at: datetime,
    now: datetime,
) -> None:
    row = PhraseEvidence(
        proposal_id=phrase.id,
        person_id=person_id,
        event_id=event_id,
        hits=hits,
        used_words=used_words,
        asked_at=asked_at,
        at=now,
    )
    same = select(PhraseEvidence).where(PhraseEvidence.proposal_id == phrase.id)
    if event_id is None:
        same = same.where(PhraseEvidence.person_id == person_id, PhraseEvidence.event_id.is_(None))
    else:
        same = same.where(PhraseEvidence.event_id == event_id)
    add_or_find(row, same.limit(1))


def take_phrase(phrase: ProposedPhrase, *, by: Actor, now: datetime) -> bool:
    """Take a proposed phrase into its article, where it is found at once; returns whether it waited until now.

    Raises:
        DomainError: it was refused.
    """
    if not _decide(phrase, PhraseState.TAKEN, by=by, now=now):
        return False
    add_phrases(phrase.article, [phrase.text], origin=ORIGIN, by=by, now=now)
    return True


def refuse_phrase(phrase: ProposedPhrase, *, by: Actor, now: datetime) -> bool:
    """Refuse a proposed phrase; it does not come back. Returns whether it waited until now.

    Raises:
        DomainError: it was taken.
    """
    if not _decide(phrase, PhraseState.REFUSED, by=by, now=now):
        return False
    gap = db.session.scalar(select(Gap).where(Gap.key == phrase.key, Gap.article_id == phrase.article_id))
    if gap is not None:
        gap.article_id, gap.answered_at, gap.answered_by_name = None, None, ""
    record("knowledge:phrase:refuse", ref(phrase.article), by=by, now=now, changes={"phrase": phrase.text})
    return True


def _decide(phrase: ProposedPhrase, state: PhraseState, *, by: Actor, now: datetime) -> bool:
    db.session.refresh(phrase, ["state", "decided_by_name"], with_for_update=True)
    if phrase.state == state:
        return False
    if phrase.state != PhraseState.WAITING:
        raise DomainError(f"{phrase.decided_by_name}先定了：{phrase.state}")
    phrase.state, phrase.decided_by_id, phrase.decided_by_name, phrase.decided_at = state, by.id, by.name, now
    return True
