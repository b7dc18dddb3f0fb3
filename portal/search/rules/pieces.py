"""A document in pieces for the search by meaning: what can be asked and answered alone, and the whole."""

from collections.abc import Mapping, Sequence

LONGEST_PIECE = 240
LONGEST_WHOLE = 480
MOST_PIECES = 40


def pieces(texts: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The pieces of a document's texts by field, as (field, text): the whole first, then title, phrases, script,
    basis.

    The whole is the title with the beginning of script and body; every document has one, even where it is empty.
    """
    parts = [*texts.get("title", ()), *texts.get("script", ()), *texts.get("body", ())]
    whole = "\n".join(part.strip() for part in parts if part.strip())[:LONGEST_WHOLE]
    single = [
        (name, text.strip()[:LONGEST_PIECE])
        for name in ("title", "phrases", "script", "basis")
        for text in texts.get(name, ())
        if text.strip()
    ]
    return [("body", whole), *dict.fromkeys(single)][:MOST_PIECES]
