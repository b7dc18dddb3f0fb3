"""What a query asks of the index: weighted terms, field by field, with its slips, its letters and its synonyms
thought of.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..rules import letters
from ..rules.highlight import Needles
from ..rules.lexicon import Lexicon
from ..rules.normalise import normalise
from ..rules.pinyin import sound_pair
from ..rules.tokens import analyse, chunks
from .postings import Field, key
from .snapshot import Term

LONGEST_QUERY = 300
"""Characters of a query that are read; nobody says more before taking breath, and ten thousand must not take a
second.
"""

LONGEST_SLIP = 8
RARER = 30
"""A pair this many times rarer than what sounds like it may be a slip."""
SHORT = 4
"""Up to so many pairs a query rests on each of them; the longer it is, the less one slip matters and the less is
guessed.
"""
LEAST_DOUBT = 1 / 3
"""In longer queries nothing is put right: the rest of the words finds what was meant."""

WORDS = (Field.PAIRS, Field.TITLE, Field.PHRASES, Field.SCRIPT, Field.BASIS)

Frequencies = Callable[[Sequence[tuple[Field, str]]], Sequence[int]]
"""In how many documents a token stands in a field."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each field and each kind of guess counts; found on the development questions. A guess of weight 0 is
    not made.
    """

    pairs: float = 1.0
    singles: float = 0.5
    title: float = 0.25
    phrases: float = 0.6
    script: float = 0.2
    basis: float = 0.1
    sounds: float = 0.0
    slips: float = 1.0
    synonyms: float = 0.3
    typos: float = 0.8
    spelt: float = 0.8
    initials: float = 0.6

    def of(self, field: Field) -> float:
        """The weight of a word found in a field."""
        by_field = {
            Field.PAIRS: self.pairs,
            Field.SINGLES: self.singles,
            Field.TITLE: self.title,
            Field.PHRASES: self.phrases,
            Field.SCRIPT: self.script,
            Field.BASIS: self.basis,
        }
        return by_field[field]


@dataclass(frozen=True, slots=True)
class Plan:
    """A query read: what to look for, what to mark in a text, how letters may be read, and what may have been meant."""

    terms: tuple[Term, ...]
    needles: Needles
    rows: tuple[letters.Row, ...]
    meant: str | None


class _Wanted:
    """Terms in the making: of two guesses at one token the stronger counts."""

    def __init__(self, weights: Weights, doubt: float) -> None:
        self.weights = weights
        self.doubt = doubt
        self.terms: dict[tuple[Field, str], float] = {}

    def add(self, field: Field, tokens: Iterable[str], weight: float) -> None:
        for token in tokens:
            if weight > self.terms.get((field, token), 0.0):
                self.terms[field, token] = weight

    def add_words(self, pairs: Iterable[str], share: float) -> None:
        tokens = list(pairs)
        for field in WORDS:
            self.add(field, tokens, share * self.weights.of(field))


def plan(query: str, weights: Weights, lexicon: Lexicon, frequencies: Frequencies) -> Plan:
    """Read a query."""
    text = normalise(query[:LONGEST_QUERY])
    tokens = analyse([text])
    pairs = list(tokens.pairs)
    common = dict(zip(pairs, frequencies([(Field.PAIRS, pair) for pair in pairs]), strict=True))
    wanted = _Wanted(weights, min(1.0, SHORT / max(len(pairs), 1)))
    wanted.add_words(pairs, 1.0)
    wanted.add(Field.SINGLES, tokens.singles, weights.singles)
    sounds = _add_sounds(wanted, common, frequencies)
    fixed, spelt, same = set[str](), set[str](), set[str]()
    right = _add_fixed(wanted, fixed, text, common, lexicon) if weights.typos and wanted.doubt > LEAST_DOUBT else None
    rows, read = _add_letters(wanted, spelt, text, common, lexicon) if letters.has_letters(text) else ((), None)
    if weights.synonyms:
        _add_synonyms(wanted, same, [w for w, _ in lexicon.within(text)] + sorted(fixed | spelt), lexicon)
    terms = tuple(Term(key(field, token), field, weight) for (field, token), weight in wanted.terms.items())
    needles = Needles(text, frozenset(same), frozenset(fixed), frozenset(spelt), sounds)
    return Plan(terms, needles, rows, read or right)


def _add_sounds(wanted: _Wanted, common: dict[str, int], frequencies: Frequencies) -> frozenset[str]:
    """Sounds of the pairs. A pair much rarer than its sound may be a slip of the input method: then the sound speaks
    for it.
    """
    weights = wanted.weights
    heard = {pair: sound for pair in common if (sound := sound_pair(pair))}
    counts = dict(zip(heard, frequencies([(Field.SOUNDS, sound) for sound in heard.values()]), strict=True))
    wanted.add(Field.SOUNDS, heard.values(), weights.sounds)
    slips = {sound for pair, sound in heard.items() if counts[pair] > RARER * common[pair]}
    wanted.add(Field.SOUNDS, slips, wanted.doubt * weights.slips)
    return frozenset(slips) if weights.slips else frozenset()


def _add_fixed(wanted: _Wanted, words: set[str], text: str, common: dict[str, int], lexicon: Lexicon) -> str | None:
    """Words that one wrong, missing or doubled character made unknown; returns the query with the first of them put
    right.
    """
    meant = None
    for chunk, start, han in chunks(text):
        if not han or all(common.get(chunk[at : at + 2]) for at in range(len(chunk) - 1)):
            continue
        for piece, at, candidates in _unknown(chunk, common, lexicon):
            for word in candidates:
                wanted.add_words(analyse([word]).pairs, wanted.doubt * wanted.weights.typos / len(candidates))
                words.add(word)
            meant = meant or text[: start + at] + candidates[0] + text[start + at + len(piece) :]
    return meant


def _unknown(chunk: str, common: dict[str, int], lexicon: Lexicon) -> Iterable[tuple[str, int, list[str]]]:
    """The longest pieces with a pair that stands nowhere, and the words they nearly are."""
    done = 0
    for at in range(len(chunk)):
        for size in range(min(LONGEST_SLIP, len(chunk) - at), 2, -1):
            piece = chunk[at : at + size]
            if at < done or all(common.get(piece[i : i + 2]) for i in range(size - 1)):
                continue
            if candidates := lexicon.nearly(piece):
                yield piece, at, candidates
                done = at + size


def _add_letters(
    wanted: _Wanted, words: set[str], text: str, common: dict[str, int], lexicon: Lexicon
) -> tuple[tuple[letters.Row, ...], str | None]:
    """Syllables and first letters, and the words they may stand for; returns the ways to read them, and the likeliest
    words.
    """
    literal = frozenset(
        chunk for chunk, at, han in chunks(text) if not han and any(common.get(p) and chunk in p for p in common)
    )
    weights, taken, said = wanted.weights, [], []
    for ways in letters.rows(text, literal):
        for rank, row in enumerate(ways):
            share = 1 / (1 + rank)
            wanted.add(Field.SOUNDS, letters.sound_terms(row), share * weights.spelt)
            wanted.add(Field.INITIALS, letters.initial_terms(row), share * weights.initials)
            found = letters.meant(row, lexicon.begun_by)
            for part in found:
                for word in part.words:
                    wanted.add_words(analyse([word]).pairs, share * weights.spelt / len(part.words))
                    words.add(word)
            taken.append(row)
            if rank == 0 and found:
                said.append(_said(row, found))
    return tuple(taken), " ".join(said) or None


def _said(row: letters.Row, found: Sequence[letters.Meant]) -> str:
    """A row in characters, as far as words explain it."""
    starts = {part.start: part for part in found}
    out, at = "", 0
    while at < len(row):
        part = starts.get(at)
        out += part.words[0] if part else row[at].char
        at = part.end if part else at + 1
    return out


def _add_synonyms(wanted: _Wanted, words: set[str], asked: Iterable[str], lexicon: Lexicon) -> None:
    for word in asked:
        for other in lexicon.same_as(word):
            wanted.add_words(analyse([other]).pairs, wanted.doubt * wanted.weights.synonyms)
            words.add(other)
