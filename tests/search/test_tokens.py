"""What is indexed of a text."""

import pytest

from portal.search.rules.figures import figures, value
from portal.search.rules.normalise import normalise, normalise_with_origin
from portal.search.rules.tokens import tokens_of


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("增值税", {"增值", "值税"}),
        ("A类", {"a类"}),
        ("A 类", {"a类"}),
        ("e窗通", {"e窗", "窗通"}),
        ("2024年", {"2024年", "2024", "#2024年"}),
        ("12345热线", {"12345", "12345热", "热线"}),
        ("N+1", {"n+1"}),
        ("发票，税务", {"发票", "税务"}),
        ("发票 税务", {"发票", "税务"}),
        ("3%", {"3%", "#3%"}),
        ("！？…", set()),
        ("税", set()),
    ],
)
def test_pairs_of_neighbours_are_indexed_and_runs_stay_whole(text: str, pairs: set[str]) -> None:
    assert set(tokens_of(text).pairs) == pairs


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("百分之三", "3%"),
        ("百分之3", "３％"),
        ("三十日", "30天"),
        ("十五个工作日", "15个工作日"),
        ("两倍", "2倍"),
        ("五百万元", "500万元"),
        ("国办发〔2020〕53号", "国办发[2020]53号"),
        ("國辦發（2020）５３號", "国办发2020年第53号"),
    ],
)
def test_figures_and_document_numbers_have_one_token_in_every_spelling(one: str, other: str) -> None:
    assert set(figures(normalise(one))) & set(figures(normalise(other)))


@pytest.mark.parametrize(
    ("text", "digits"),
    [("三千零二", "3002"), ("一百一十", "110"), ("2.5万", "25000"), ("二〇二四", "2024"), ("零点五", "0.5")],
)
def test_numerals_have_a_value(text: str, digits: str) -> None:
    assert value(text) == digits


def test_a_word_is_no_numeral() -> None:
    assert value("万万没想") is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("稅務登記", "税务登记"),
        ("〔2020〕", "(2020)"),
        ("a\x00b\ud800c", "a b c"),
        ("２㎡", "2m2"),
    ],
)
def test_spelling_is_made_equal(text: str, plain: str) -> None:
    assert normalise(text) == plain


def test_a_normalised_text_knows_where_it_came_from() -> None:
    normal = normalise_with_origin("面积２㎡以上")
    start = normal.text.index("以上")
    assert normal.source(start, start + 2) == (4, 6)
    assert normal.source(2, 5) == (2, 4)
