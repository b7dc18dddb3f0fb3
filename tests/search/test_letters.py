"""Queries typed in letters."""

import pytest

from portal.search.rules.letters import meant, rows
from portal.search.rules.lexicon import Lexicon, parse_groups
from portal.search.rules.pinyin import initials_of, readings, sound_pair
from portal.search.rules.syllables import cuts

LEXICON = Lexicon([["住房公积金", "公积金"], ["高新技术企业", "高新"], ["社保补缴", "补社保"], ["营业执照", "执照"]])


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("银行", "yin hang"),
        ("行政", "xing zheng"),
        ("重庆", "chong qing"),
        ("绿色", "lv se"),
        ("长期", "chang qi"),
        ("增长", "zeng zhang"),
    ],
)
def test_a_word_is_read_as_it_is_said(word: str, sounds: str) -> None:
    assert " ".join(readings(word)) == sounds == sound_pair(word)


def test_letters_and_digits_are_their_own_initials() -> None:
    assert initials_of("e窗通，12345热线") == ["ect", "12345rx"]


@pytest.mark.parametrize(
    ("letters", "units"),
    [
        ("gongjijin", ("gong", "ji", "jin")),
        ("gonjijin", ("gong", "ji", "jin")),
        ("zhuxaio", ("zhu", "xiao")),
        ("gongjj", ("gong", "j", "j")),
        ("zhuxiaogongsi", ("zhu", "xiao", "gong", "si")),
    ],
)
def test_letters_are_cut_into_syllables(letters: str, units: tuple[str, ...]) -> None:
    assert cuts(letters)[0].units == units


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("gjj", "公积金"),
        ("gongjijin", "公积金"),
        ("gong ji jin", "公积金"),
        ("gongjj", "公积金"),
        ("gxjsqy", "高新技术企业"),
        ("社保bj", "社保补缴"),
        ("shebaobujiao", "社保补缴"),
        ("yyzhizhao", "营业执照"),
    ],
)
def test_letters_stand_for_words(typed: str, word: str) -> None:
    words = {w for ways in rows(typed) for row in ways for part in meant(row, LEXICON.begun_by) for w in part.words}
    assert word in words


def test_characters_in_a_mixed_query_must_be_the_same() -> None:
    assert not [
        m for ways in rows("设备bj") for row in ways for m in meant(row, LEXICON.begun_by) if "社保补缴" in m.words
    ]


def test_a_run_that_stands_in_the_texts_is_not_taken_for_letters() -> None:
    assert rows("pos机", frozenset({"pos"})) == []


def test_very_long_runs_are_no_words() -> None:
    assert cuts("a" * 1000) == ()


@pytest.mark.parametrize(
    ("typed", "word"),
    [("营业执罩", "营业执照"), ("营执照", "营业执照"), ("营业业执照", "营业执照"), ("公积今", "公积金")],
)
def test_one_wrong_missing_or_doubled_character_is_put_right(typed: str, word: str) -> None:
    assert word in LEXICON.nearly(typed)


def test_known_words_are_found_longest_first() -> None:
    assert LEXICON.within("我要办营业执照和公积金") == [("营业执照", 3), ("公积金", 8)]


def test_groups_are_read_from_lines() -> None:
    assert parse_groups("# remark\n专票，专用发票\n\n社保, 五险\n") == [["专票", "专用发票"], ["社保", "五险"]]
