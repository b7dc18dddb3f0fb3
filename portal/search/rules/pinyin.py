"""Sounds: how Chinese text is read, and what a person means who types letters instead of characters."""

from collections.abc import Sequence
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from .tokens import chunks


@lru_cache(maxsize=30_000)
def _alone(char: str) -> str:
    sound = "".join(lazy_pinyin(char, errors="ignore")).replace("ü", "v")
    return sound if sound.isascii() and sound.isalpha() else ""


@lru_cache(maxsize=50_000)
def _together(pair: str) -> tuple[str, str] | None:
    """The reading of two characters that are a word (银行 yin hang), else None."""
    if pair not in PHRASES_DICT:
        return None
    first, second = lazy_pinyin(pair, style=Style.NORMAL)
    return first.replace("ü", "v"), second.replace("ü", "v")


def readings(han: str) -> list[str]:
    """The syllable of each character, without tone; a character inside a two-character word is read as in that word."""
    sounds = [_alone(c) for c in han]
    for at in range(len(han) - 2, -1, -1):
        word = _together(han[at : at + 2])
        if word:
            sounds[at : at + 2] = word
    return sounds


@lru_cache(maxsize=100_000)
def sound_pair(pair: str) -> str | None:
    """The sounds of a pair of Chinese characters as one token, None for anything else."""
    if len(pair) != 2:
        return None
    first, second = _together(pair) or (_alone(pair[0]), _alone(pair[1]))
    return f"{first} {second}" if first and second else None


def sounds_of(text: str) -> list[list[tuple[str, str]]]:
    """Each unit of a normalised text as (syllable, initial), one list per stretch; letters and digits stand for
    themselves.
    """
    stretches: list[list[tuple[str, str]]] = []
    end = -1
    for chunk, start, han in chunks(text):
        if start != end:
            stretches.append([])
        stretches[-1].extend([(s, s[:1]) for s in readings(chunk)] if han else [(chunk, chunk)])
        end = start + len(chunk)
    return stretches


def initials_of(text: str) -> list[str]:
    """The first letters of each stretch of a normalised text: 住房公积金 → zfgjj."""
    return ["".join(initial for _, initial in stretch) for stretch in sounds_of(text)]


def grams(letters: str, sizes: Sequence[int] = (2, 3, 4)) -> list[str]:
    """All runs of these sizes in a string of letters."""
    return [letters[at : at + n] for n in sizes for at in range(len(letters) - n + 1)]
