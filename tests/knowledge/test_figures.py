"""Figures in texts: two spellings of one figure are equal, and what states no figure is silent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.knowledge.rules.figures import date_figures, figures, key_spans, number

DIGITS = "零一二三四五六七八九"


def _spelt(value: int) -> str:
    """A whole number below 100,000,000 as people write it in Chinese."""
    if value >= 10_000:
        high, low = divmod(value, 10_000)
        return _spelt(high) + "万" + (("零" if low < 1000 else "") + _spelt(low) if low else "")
    text, gap = "", False
    for step, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, step)
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return text or "零"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", "3"),
        ("三", "3"),
        ("两", "2"),
        ("十", "10"),
        ("十二", "12"),
        ("二十", "20"),
        ("一百零五", "105"),
        ("一百五十", "150"),
        ("三千", "3000"),
        ("五百万", "5000000"),
        ("一万二千", "12000"),
        ("一亿", "100000000"),
        ("一亿两千万", "120000000"),
        ("1,000", "1000"),
        ("2.5万", "25000"),
        ("500万", "5000000"),
        ("三点五", "3.5"),
        ("零点零五", "0.05"),
        ("二点五万", "25000"),
        ("二〇二七", "2027"),
    ],
)
def test_a_numeral_has_one_value_however_it_is_written(text: str, value: str) -> None:
    assert number(text) == Decimal(value)


@given(st.integers(min_value=1, max_value=99_999_999))
def test_every_whole_number_is_read_from_chinese_as_from_digits(value: int) -> None:
    assert number(_spelt(value)) == number(str(value)) == number(f"{value:,}") == value


@pytest.mark.parametrize("text", ["", "条", "3x", "百%", "三点", "三点百", "点五"])
def test_what_is_no_numeral_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        number(text)


@pytest.mark.parametrize(
    ("chinese", "arabic"),
    [
        ("三个月内", "3个月内"),
        ("十二个月", "12个月"),
        ("两个月", "2个月"),
        ("百分之三", "3%"),
        ("百分之三", "３％"),
        ("百分之零点零五", "0.05%"),
        ("千分之五", "5‰"),
        ("万分之五", "5‱"),
        ("五年", "5年"),
        ("十五日", "15日"),
        ("十五日", "15天"),
        ("三十个工作日", "30个工作日"),
        ("三十个工作日", "30 个工作日"),
        ("五百万元", "500万元"),
        ("五百万元", "5,000,000元"),
        ("二点五万元", "2.5万元"),
        ("十六周岁", "16岁"),
        ("三十人", "30名"),
        ("三倍", "3倍"),
        ("二十四小时", "24小时"),
        ("三分之二", "3分之2"),
        ("二〇二七年一月", "2027年一月"),
        ("2027年1月1日", "2027-01-01"),
        ("2027年01月01日", "2027-01-01"),
        ("五十多人", "50余人"),
    ],
)
def test_chinese_and_arabic_forms_are_one_figure(chinese: str, arabic: str) -> None:
    assert figures(chinese) == figures(arabic) != set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("三个月", "三年"),
        ("三日", "三个工作日"),
        ("百分之三", "千分之三"),
        ("3人", "3倍"),
        ("五年", "五十年"),
        ("2026年12月31日", "2027年1月1日"),
        ("三分之一", "三分之二"),
        ("100元", "100美元"),
    ],
)
def test_different_figures_stay_different(one: str, other: str) -> None:
    assert not figures(one) & figures(other)


@pytest.mark.parametrize(
    "text",
    [
        "公司法第四十七条",
        "第十三条第二款第（一）项",
        "第二百三十二条之一",
        "财税〔2020〕53号",
        "国务院令第752号",
        "GB/T 4754-2017",
        "一次性告知",
        "一人有限责任公司",
        "一人独资",
        "五险一金",
        "万一",
        "十分重要",
        "第三人",
        "第三方",
        "多证合一",
        "第二届",
        "1. 先登录\n2. 再填表",
        "没有数字的一句话",
        "",
    ],
)
def test_numbers_of_lists_articles_and_documents_state_no_figure(text: str) -> None:
    assert figures(text) == set()


def test_a_date_states_its_month_and_year_too() -> None:
    assert figures("2027年1月1日") == date_figures(date(2027, 1, 1))
    assert figures("2027年1月") <= figures("2027年1月1日")
    assert figures("2027年") <= figures("2027年1月")
    assert figures("1月1日") <= figures("2027年1月1日")


def test_a_stretch_of_years_is_no_year_of_the_calendar() -> None:
    assert figures("2年内") == {("年", "2")}
    assert ("日期", "2000") not in figures("2000年内")


@given(st.text(alphabet="零一二三四五六七八九十百千万亿点两〇0123456789.,%年月日元人条第-〔〕号分之 ", max_size=40))
def test_no_text_makes_the_reader_of_figures_stumble(text: str) -> None:
    figures(text)
    spans = key_spans(text)
    assert all(start < end for start, end in spans)
    assert all(earlier[1] <= later[0] for earlier, later in zip(spans, spans[1:], strict=False))


def test_key_values_take_the_word_that_bounds_them_and_leave_article_numbers() -> None:
    script = "自公司成立之日起五年内缴足，见第四十七条；罚百分之五以上百分之十五以下。"
    assert [script[start:end] for start, end in key_spans(script)] == ["五年内", "百分之五以上", "百分之十五以下"]
