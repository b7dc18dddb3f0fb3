"""Groups of words that mean the same, as people write them; and names cut into words worth knowing."""

import re
from collections.abc import Iterable, Sequence

from .normalise import normalise

SHORTEST, LONGEST, MOST = 2, 16, 20
"""Characters of a word, and words of a group."""

_BETWEEN = re.compile(r"[、，,；;\n]+")
_APART = re.compile(r"[、，,/()（）“”「」]+")
_JOINED = re.compile(r"[与和及]")
_OFFICE = re.compile(r"(?:局|委|部门|中心|集团|公司)$")


def words_of(text: str) -> list[str]:
    """The words of a group as somebody typed them; one said twice (whatever its spelling) counts once."""
    found: dict[str, str] = {}
    for word in _BETWEEN.split(text):
        clean = " ".join(word.split())
        if clean:
            found.setdefault(normalise(clean), clean)
    return list(found.values())


def why_not_group(words: Sequence[str]) -> str | None:
    """Why these words are no group; None if they are."""
    if len(words) < 2:
        return "至少写两个不同的词，中间用顿号隔开"
    if len(words) > MOST:
        return f"一组最多 {MOST} 个词，现在有 {len(words)} 个；分成两组"
    return next((sentence for word in words if (sentence := why_not_word(word))), None)


def why_not_word(word: str) -> str | None:
    """Why a word cannot be looked for; None if it can."""
    plain = normalise(word).strip()
    if not any(map(str.isalnum, plain)):
        return f"「{word[:LONGEST]}」里没有字"
    if not SHORTEST <= len(plain) <= LONGEST:
        return f"「{word[:LONGEST]}」要 {SHORTEST} 到 {LONGEST} 个字，现在是 {len(plain)} 个"
    return None


def names_apart(names: Iterable[str]) -> list[str]:
    """The parts of names of categories and units that stand for themselves: 设立登记与企业开办 → 设立登记, 企业开办.

    An office keeps its name whole (市政务服务和数据管理局); 各区… names nobody in particular.
    """
    found: dict[str, None] = {}
    for name in names:
        if name.startswith("各"):
            continue
        for part in _APART.split(name):
            pieces = [part] if _OFFICE.search(part) else _JOINED.split(part)
            found.update(dict.fromkeys(p.strip() for p in pieces if why_not_word(p) is None))
    return list(found)
