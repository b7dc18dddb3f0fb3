"""How alike two texts are, by the pairs of characters they share."""

import re
import unicodedata

ALIKE_TITLE = 0.6
ALIKE_SCRIPT = 0.5
SHORTEST = 4
"""Characters below which nothing is called alike: two words of two characters say little."""


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a text, punctuation and width left out."""
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1))


def share(one: frozenset[str], other: frozenset[str]) -> float:
    """The part that two texts have in common (Dice): 1.0 for the same, 0.0 for nothing."""
    if len(one) + 1 < SHORTEST or len(other) + 1 < SHORTEST:
        return 0.0
    return 2 * len(one & other) / (len(one) + len(other))
