"""Personal data cannot be shown by accident."""

import json
import pickle

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from portal.core import masking
from portal.core.masking import Personal, Secret, SecretShownError, mask, mask_text

PHONE = Secret("13812345678", Personal.PHONE)


@pytest.mark.parametrize(
    ("raw", "kind", "shown"),
    [
        ("13812345678", Personal.PHONE, "138****5678"),
        ("138 1234 5678", Personal.PHONE, "138 **** 5678"),
        ("+86 13812345678", Personal.PHONE, "+86 138****5678"),
        ("010-65123456", Personal.PHONE, "010-****3456"),
        ("12345", Personal.PHONE, "*****"),
        ("王小明", Personal.NAME, "王*"),
        ("欧阳娜娜", Personal.NAME, "欧*"),
        ("11010519491231002X", Personal.ID, "110***********002X"),
        ("12", Personal.ID, "**"),
        ("wang.xm@example.cn", Personal.EMAIL, "w***@example.cn"),
        ("wang", Personal.EMAIL, "***"),
        ("  ", Personal.PHONE, ""),
    ],
)
def test_each_kind_is_masked_its_own_way(raw: str, kind: Personal, shown: str) -> None:
    assert mask(raw, kind) == shown


def test_printing_logging_joining_and_formatting_give_the_masked_text() -> None:
    for text in (str(PHONE), repr(PHONE), f"{PHONE}", "%s" % PHONE, "{:>12}".format(PHONE)):  # noqa: UP031, UP032
        assert "138****5678" in text
        assert "12345678" not in text
    assert PHONE.reveal() == "13812345678"


def test_a_secret_is_neither_pickled_nor_written_as_json() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(PHONE)
    with pytest.raises(TypeError):
        json.dumps({"phone": PHONE})


@pytest.fixture
def app() -> Flask:
    app = Flask("masking")
    masking.init_app(app)
    return app


@pytest.mark.parametrize(
    "template", ["{{ phone }}", "{{ phone if true }}", "{% for p in [phone] %}{{ p }}{% endfor %}"]
)
def test_a_template_refuses_a_raw_secret(app: Flask, template: str) -> None:
    with app.test_request_context(), pytest.raises(SecretShownError):
        render_template_string(template, phone=PHONE)


def test_a_template_shows_it_masked(app: Flask) -> None:
    with app.test_request_context():
        shown = render_template_string(
            "{{ phone | masked }} {{ phone ~ '' }} {{ name | masked }} {{ 3 }}", phone=PHONE, name="甲"
        )
    assert shown == "138****5678 138****5678 甲 3"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请打 13812345678，找小王", "请打 138****5678，找小王"),
        ("138-1234-5678或 139 8765 4321", "138****5678或 139****4321"),
        ("身份证11010519491231002X。", "身份证110***********002X。"),
        ("统一社会信用代码 91110000600037341L", "统一社会信用代码 91110000600037341L"),
        ("电话 010-12345 转 3，订单 20260101123456789", "电话 010-12345 转 3，订单 20260101123456789"),
        ("公司法第二百二十四条，45 日", "公司法第二百二十四条，45 日"),
    ],
)
def test_numbers_of_people_in_free_text_are_found(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@given(
    st.from_regex(r"\A1[3-9][0-9]{9}\Z"),
    st.text(alphabet="甲乙 ，。:：abc（）", max_size=8),
    st.text(alphabet="甲乙 ，。:：abc（）", max_size=8),
)
def test_no_mobile_number_survives(number: str, before: str, after: str) -> None:
    assert number not in mask_text(before + number + after)
