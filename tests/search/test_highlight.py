"""What is marked in a text."""

import pytest

from portal.search.rules.highlight import Needles, cut, found
from portal.search.rules.normalise import normalise, normalise_with_origin


def _marked(query: str, text: str) -> list[str]:
    spans = found(normalise_with_origin(text), Needles(normalise(query)))
    return [part for part, marked in cut(text, spans) if marked]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("增值税发票怎么开", "缴纳增值税，开具增值税专用发票怎么办理", ["增值税", "增值税", "发票"]),
        ("A类纳税人", "信用Ａ类的納稅人", ["Ａ类", "納稅人"]),
        ("e窗通", "登录e窗通平台", ["e窗通"]),
        ("百分之三", "税率为3%", ["3%"]),
        ("pos机", "租一台POS机，pose", ["POS机"]),
        ("怎么办", "怎么办理", []),
        ("税", "个税", ["税"]),
        ("", "个税", []),
    ],
)
def test_the_longest_stretch_of_the_query_is_marked(query: str, text: str, marked: list[str]) -> None:
    assert _marked(query, text) == marked


def test_overlapping_spans_are_marked_once() -> None:
    assert cut("公积金提取", [(0, 3), (1, 2)]) == [("公积金", True), ("提取", False)]


def test_an_unmarked_text_is_one_piece() -> None:
    assert cut("公积金", []) == [("公积金", False)]
