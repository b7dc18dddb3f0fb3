"""What the search is measured on: the development set, made-up articles of any number, and queries with slips."""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pypinyin import lazy_pinyin

from portal.search.engine.types import Document

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT.parent / "shared" / "data" / "search-dev"
QUESTIONS = Path(__file__).with_name("search_questions.jsonl")


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the ids that answer it."""

    text: str
    relevant: frozenset[str]


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def dev_documents(folder: Path = DEV) -> list[Document]:
    return [
        Document(str(r["id"]), {"title": str(r["title"]), "body": str(r["body"])}) for r in rows(folder / "docs.jsonl")
    ]


def dev_queries(folder: Path = DEV) -> list[Query]:
    return [Query(str(r["text"]), frozenset(r["relevant"])) for r in rows(folder / "queries.jsonl")]  # type: ignore[call-overload]


def made_up(documents: list[Document], number: int, seed: int = 3) -> Iterator[Document]:
    """As many articles as wanted: the given ones, then new ones of their titles and sentences."""
    chance = random.Random(seed)
    sentences = [s for d in documents for text in d.texts("body") for s in re.findall(r"[^。；\n]+[。；\n]?", text)]
    titles = [d.texts("title")[0] for d in documents]
    for at in range(number):
        filters = {"category": [f"{at % 18:02}", f"{at % 126:04}"]}
        if at < len(documents):
            yield Document(documents[at].id, documents[at].fields, filters)
        else:
            body = "".join(chance.choices(sentences, k=chance.randint(1, 5)))
            phrases = [chance.choice(sentences)[:18] for _ in range(3)]
            yield Document(f"made-{at}", {"title": chance.choice(titles), "phrases": phrases, "body": body}, filters)


class Slips:
    """Two-word queries out of titles, typed in all the ways that hands and input methods know."""

    def __init__(self, documents: list[Document], number: int = 300, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        counts = Counter(c for d in documents for c in d.texts("body")[0] if "\u4e00" <= c <= "\u9fff")
        self._common = [c for c, _ in counts.most_common(1500)]
        self._alike: dict[str, list[str]] = defaultdict(list)
        for char, _ in counts.most_common(2200):
            self._alike[lazy_pinyin(char)[0]].append(char)
        words = {
            d.id: [w for w in d.texts("title")[0].split() if re.fullmatch("[\u4e00-\u9fff]{2,}", w)] for d in documents
        }
        chosen = [name for name in sorted(words) if len(words[name]) > 1]
        self._chance.shuffle(chosen)
        self._base = []
        for name in chosen[:number]:
            one, other = self._chance.sample(words[name], 2)
            relevant = frozenset(n for n, found in words.items() if one in found and other in found)
            self._base.append((one, other, relevant))

    def sets(self) -> dict[str, list[Query]]:
        """The queries by the way they are typed."""
        ways: dict[str, Callable[[str, str], str]] = {
            "as written": lambda a, b: f"{a} {b}",
            "one homophone": lambda a, b: f"{self._homophone(a)} {b}",
            "a homophone in each word": lambda a, b: self._homophone(a) + self._homophone(b),
            "one wrong character": lambda a, b: f"{self._wrong(a)} {b}",
            "one character missing": lambda a, b: f"{self._missing(a)} {b}",
            "one character doubled": lambda a, b: f"{self._doubled(a)} {b}",
            "pinyin": lambda a, b: f"{_pinyin(a)} {_pinyin(b)}",
            "pinyin in one": lambda a, b: _pinyin(a) + _pinyin(b),
            "pinyin, a letter missing": lambda a, b: f"{self._missing(_pinyin(a))} {_pinyin(b)}",
            "initials": lambda a, b: _initials(a) + _initials(b),
            "characters and initials": lambda a, b: a + _initials(b),
            "characters and pinyin": lambda a, b: a + _pinyin(b),
        }
        return {name: [Query(way(a, b), relevant) for a, b, relevant in self._base] for name, way in ways.items()}

    def _homophone(self, word: str) -> str:
        places = list(range(len(word)))
        self._chance.shuffle(places)
        for at in places:
            others = [c for c in self._alike[lazy_pinyin(word)[at]] if c != word[at]]
            if others:
                return word[:at] + self._chance.choice(others) + word[at + 1 :]
        return word

    def _wrong(self, word: str) -> str:
        at = self._chance.randrange(len(word))
        return word[:at] + self._chance.choice(self._common) + word[at + 1 :]

    def _missing(self, word: str) -> str:
        at = self._chance.randrange(len(word))
        return word[:at] + word[at + 1 :] if len(word) > 2 else word

    def _doubled(self, word: str) -> str:
        at = self._chance.randrange(len(word))
        return word[: at + 1] + word[at:]


def _pinyin(word: str) -> str:
    return "".join(lazy_pinyin(word))


def _initials(word: str) -> str:
    return "".join(sound[0] for sound in lazy_pinyin(word))
