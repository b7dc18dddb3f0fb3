"""What a flag (纠错) may end in, and when it is due."""

from .states import FlagState

ANSWER_WITHIN = 3
"""Working days within which whoever raised a flag gets an answer."""


def why_not_answer(state: FlagState, *, words: str, changed: bool, newer: bool) -> str | None:
    """Why a flag cannot be answered so; None if it can.

    Args:
        state: how far the flag has come.
        words: what is said to whoever raised it.
        changed: whether it ends in a revision.
        newer: whether that revision is one of the article's, written after the text that was flagged.
    """
    if state == FlagState.ANSWERED:
        return "这条纠错已经答复过"
    if changed and not newer:
        return "选的版本不是这一条在纠错以后写的"
    if not changed and not words.strip():
        return "不改要写明为什么，报的人会看到"
    return None
