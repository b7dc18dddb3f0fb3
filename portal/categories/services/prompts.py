"""Prompts (工作提示): what calls for work in a category, raised once, ended by proof or by two people's no."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.audit.services import SYSTEM, Actor, record
from portal.core.database import db
from portal.core.errors import DomainError

from ..models import Category, Prompt
from ..rules import Asks, PromptState

STILL_OPEN = (PromptState.OPEN, PromptState.TAKEN, PromptState.REFUSING)


def raise_prompt(
    category_id: int,
    *,
    asks: Asks,
    rule: str,
    key: str,
    title: str,
    evidence: Mapping[str, Any],
    object_ref: str = "",
    due_on: date | None = None,
    harm: float = 0.0,
    by: Actor = SYSTEM,
    now: datetime,
) -> tuple[Prompt, bool]:
    """Say that something in a category calls for work; the same thing (rule and key) is raised once while it is open.

    Returns:
        The prompt, and whether it is new.
    """
    db.session.execute(select(Category.id).where(Category.id == category_id).with_for_update())
    same = select(Prompt).where(Prompt.rule == rule, Prompt.key == key, Prompt.state.in_(STILL_OPEN)).limit(1)
    if (found := db.session.scalar(same)) is not None:
        return found, False
    prompt = Prompt(
        category_id=category_id,
        asks=asks,
        rule=rule,
        key=key,
        title=title[:200],
        evidence=dict(evidence),
        object_ref=object_ref,
        harm=harm,
        due_on=due_on,
        raised_at=now,
    )
    db.session.add(prompt)
    db.session.flush()
    changes = {"rule": rule, "key": key, "asks": asks, "due_on": due_on}
    record("categories:prompt:raise", prompt_ref(prompt), by=by, now=now, changes=changes)
    return prompt, True


def raised_before(rule: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys for which this rule has ever raised a prompt, whatever became of it."""
    statement = select(Prompt.key).where(Prompt.rule == rule, Prompt.key.in_(keys))
    return set(db.session.scalars(statement)) if keys else set()


def end_prompt(prompt: Prompt, *, proof: str, words: str = "", by: Actor, now: datetime) -> None:
    """A prompt ends in what was asked for: a revision, a session, a visit.

    Raises:
        DomainError: no proof, or it has ended already.
    """
    if not proof:
        raise DomainError("工作提示要有凭据才能办结")
    _still_open(prompt)
    _move(prompt, PromptState.DONE, words, by=by, now=now)
    prompt.proof = proof


def refuse_prompt(prompt: Prompt, *, words: str, by: Actor, now: datetime) -> None:
    """Say that nothing should be done; a second person must agree.

    Raises:
        DomainError: no reason, or it has ended already.
    """
    if not words.strip():
        raise DomainError("不采纳要写明理由")
    _still_open(prompt)
    _move(prompt, PromptState.REFUSING, words, by=by, now=now)


def confirm_refusal(prompt: Prompt, *, by: Actor, now: datetime) -> None:
    """The second person agrees that nothing is done.

    Raises:
        DomainError: nobody refused it, or it is the same person.
    """
    _still_open(prompt)
    if prompt.state != PromptState.REFUSING:
        raise DomainError("这条提示没有等着确认不采纳")
    if prompt.ended_by_id == by.id:
        raise DomainError("不采纳须由另一个人确认")
    _move(prompt, PromptState.REFUSED, prompt.words, by=by, now=now)


def prompt_ref(prompt: Prompt) -> str:
    """The prompt as the audit names it."""
    return f"prompt:{prompt.id}"


def _still_open(prompt: Prompt) -> None:
    db.session.refresh(prompt, ["state", "ended_by_id"], with_for_update=True)
    if prompt.state not in STILL_OPEN:
        raise DomainError(f"这条提示{prompt.state}，不用再办")


def _move(prompt: Prompt, state: PromptState, words: str, *, by: Actor, now: datetime) -> None:
    old, prompt.state = prompt.state, state
    prompt.words, prompt.version = words.strip(), prompt.version + 1
    prompt.ended_by_id, prompt.ended_by_name, prompt.ended_at = by.id, by.name, now
    verb = {PromptState.DONE: "end", PromptState.REFUSING: "refuse"}.get(state, "confirm-refusal")
    changes = {"state": (old, state)}
    record(f"categories:prompt:{verb}", prompt_ref(prompt), by=by, now=now, changes=changes, reason=prompt.words)
