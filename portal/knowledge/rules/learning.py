"""Which words are worth learning as a phrase of an article."""

import re

from portal.core.masking import HIDDEN

SHORTEST, LONGEST = 2, 100
SEEN = 3
"""An article among so many first answers was in sight: the words do find it already."""
_HAN = re.compile(r"[㐀-鿿]")


def phrase_of(words: str) -> str | None:
    """The words as a phrase, what was hidden cut out; None where they are none.

    Letters and numbers alone are no way to put a question: the search knows pinyin and first letters by itself.
    """
    text = re.sub(r"\s+", " ", words.replace(HIDDEN, " ")).strip(" ，。！？、；：,.!?;:")
    worth = len(_HAN.findall(text)) >= SHORTEST and len(text) <= LONGEST
    return text if worth else None
