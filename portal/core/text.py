"""Small things about text."""

from collections.abc import Sequence


def one_line(text: str, limit: int) -> str:
    """What somebody typed into a box of one line: without control characters, trimmed and not too long."""
    return "".join(sign if sign.isprintable() else " " for sign in text[: 2 * limit]).strip()[:limit]


def like_pattern(words: str) -> str:
    r"""A LIKE pattern that holds the words literally; use it with escape="\\"."""
    for sign in ("\\", "%", "_"):
        words = words.replace(sign, "\\" + sign)
    return f"%{words}%"


def cut(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it lies within one of the spans; spans ascend and do not overlap."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in spans:
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces
