"""The read-aloud script: how long it takes, and which of its words carry the answer."""

import re

from portal.core.text import cut

from .figures import key_spans

PER_MINUTE = 240
"""Characters read aloud in a minute, calmly (120 characters in 30 seconds)."""


def seconds(script: str) -> int:
    """How long reading it aloud takes, in seconds."""
    return max(1, round(len(re.sub(r"\s", "", script)) * 60 / PER_MINUTE))


def parts(script: str) -> list[tuple[str, bool]]:
    """The script cut into pieces, each with whether it is a key value (an amount, a term, a date)."""
    return cut(script, key_spans(script))


def first_sentence(script: str) -> str:
    """The first sentence, for a card that is closed."""
    return re.split(r"(?<=[。；])", script, maxsplit=1)[0]
