"""Words as a dictionary knows them, for the list of terms; ranking and highlighting do without (they lose letters and
edges).
"""

import logging
import threading
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .highlight import says_nothing
from .normalise import normalise
from .tokens import is_han

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its sources hold escapes that Python will refuse one day; so far they only warn
    import jieba

jieba.setLogLevel(logging.WARNING)


class Segmenter:
    """Cuts texts into words. The dictionary's cache lies in a folder of ours; loading it takes about a second, once."""

    def __init__(self, folder: Path, known: Iterable[str] = ()) -> None:
        self._folder = folder
        self._known = tuple(known)
        self._tokenizer: jieba.Tokenizer | None = None
        self._loading = threading.Lock()

    def _ready(self) -> jieba.Tokenizer:
        with self._loading:
            if self._tokenizer is None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                tokenizer = jieba.Tokenizer()
                tokenizer.tmp_dir = str(self._folder)
                tokenizer.initialize()
                for word in self._known:
                    tokenizer.add_word(normalise(word))
                self._tokenizer = tokenizer
            return self._tokenizer

    def words(self, text: str) -> list[str]:
        """The words of a text, normalised."""
        return [word for word in self._ready().cut(normalise(text)) if word.strip()]

    def terms(self, texts: Iterable[str], *, at_least: int = 1) -> list[str]:
        """The Chinese words of two or more characters in titles and names, the most frequent first."""
        counts = Counter(word for text in texts for word in set(self.words(text)))
        kept = [word for word, count in counts.items() if count >= at_least and _is_term(word)]
        return sorted(kept, key=lambda word: (-counts[word], word))


def _is_term(word: str) -> bool:
    return len(word) > 1 and all(map(is_han, word)) and not says_nothing(word)
