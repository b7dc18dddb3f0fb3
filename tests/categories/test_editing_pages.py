"""Changing the tree on its pages: what follows is said first, what cannot be is refused with a sentence."""

import json

import pytest
from flask import Flask

from portal.categories import queries

from .acts import WHY, audit, guest, merge, name, sent, text


def test_a_merge_says_first_what_follows_and_then_does_it(any_full_app: Flask) -> None:
    head = guest(any_full_app)
    page = head.get("categories.merge", code="0104", into="0105", on="2026-12-01", why=WHY)
    told = text(page)
    assert "2026-12-01 起不再用 0104「注册资本与出资」，由 0105「注销登记与清算」代替" in told
    assert "4 条知识（4 条现在可以念）从那天起算在「注销登记与清算」下" in told
    assert "承办单位按「注销登记与清算」的" in told
    assert "到 2026-12-01 自动生效" in told
    assert audit(any_full_app) == []
    form = page.select_one("main form[method=post]")
    assert form is not None
    data = {str(box["name"]): str(box["value"]) for box in form.select("input[name]")}
    head.post("categories.merge", code="0104", data=data)
    assert "2026-12-01 起并入「注销登记与清算」" in text(head.get("categories.show", code="0104"))
    (row,) = audit(any_full_app)
    assert (row.action, row.object_ref, row.reason) == ("categories:category:merge", "category:0104", WHY)
    assert json.loads(row.detail) == {"into": [None, "category:0105"], "on": [None, "2026-12-01"]}


def test_a_retirement_says_first_what_follows(any_full_app: Flask) -> None:
    told = text(guest(any_full_app).get("categories.retire", code="0104", on="2026-11-23", why=WHY))
    assert "4 条知识（4 条现在可以念）还挂在这一类" in told
    assert "日期已到，存下就生效" in told


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"into": "0104", "on": "2026-11-23", "why": WHY}, "不能并入它自己"),
        ({"into": "0105", "on": "23.11.2026", "why": WHY}, "日期应写作 2026-07-01"),
        ({"into": "0105", "on": "0026-11-23", "why": WHY}, "不像"),
        ({"into": "", "on": "2026-11-23", "why": WHY}, "请选并入哪一类"),
        ({"into": "0105", "on": "2026-11-23", "why": " "}, "请写依据"),
        ({"into": "0105", "on": "2026-11-23", "why": "字" * 201}, "依据最多 200 字"),
    ],
)
def test_a_merge_that_cannot_be_says_why_and_offers_no_button(
    any_app: Flask, asked: dict[str, str], sentence: str
) -> None:
    page = guest(any_app).get("categories.merge", code="0104", **asked)
    assert sentence in text(page)
    assert not page.select("main form[method=post]")


def test_a_refused_act_leaves_a_line_and_changes_nothing(any_app: Flask) -> None:
    head = guest(any_app)
    data = {"into": "0104", "on": "2026-11-23", "why": WHY, "opened_version": "1"}
    answered = head.post("categories.merge", code="0104", data=data, status=422).text
    assert "不能并入它自己" in answered
    (row,) = audit(any_app)
    assert (row.action, row.result, row.actor_name) == ("categories:category:merge", "denied", "孙负责")
    with any_app.app_context():
        assert queries.codes()["0104"].retired_on is None


def test_a_name_is_changed_on_its_page(any_app: Flask) -> None:
    reviewer = guest(any_app, "demo.wu")
    kept = sent(reviewer.get("categories.rename", code="0104"))
    data = {**kept, "name": "  公司资本  ", "from_on": "2026-11-23", "why": WHY}
    reviewer.post("categories.rename", code="0104", data=data)
    assert name(any_app, "0104") == "公司资本"
    (row,) = audit(any_app)
    assert json.loads(row.detail) == {"from_on": [None, "2026-11-23"], "name": ["注册资本与出资", "公司资本"]}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "   "}, "请填新名称"),
        ({"name": "注册资本与出资"}, "已经叫「注册资本与出资」了"),
        ({"name": "字" * 101}, "名称最多 100 字"),
        ({"name": "公司\u200b资本\x0b"}, "含有看不见的字符"),
        ({"from_on": ""}, "请填从哪天起"),
        ({"from_on": "2026-02-30"}, "日期应写作 2026-07-01"),
    ],
)
def test_a_name_that_cannot_be_stands_on_the_page_with_its_fault(
    any_app: Flask, typed: dict[str, str], sentence: str
) -> None:
    head = guest(any_app)
    kept = sent(head.get("categories.rename", code="0104"))
    data = {**kept, "name": "公司资本", "from_on": "2026-11-23", "why": WHY, **typed}
    assert sentence in head.post("categories.rename", code="0104", data=data, status=422).text
    assert name(any_app, "0104") == "注册资本与出资"


def test_who_saves_second_is_told_and_changes_nothing(any_app: Flask) -> None:
    head, reviewer = guest(any_app), guest(any_app, "demo.wu")
    opened = sent(head.get("categories.rename", code="0104"))
    first = sent(reviewer.get("categories.rename", code="0104"))
    data = {"from_on": "2026-11-23", "why": WHY}
    reviewer.post("categories.rename", code="0104", data={**first, **data, "name": "先存的"})
    answered = head.post("categories.rename", code="0104", data={**opened, **data, "name": "后存的"}, status=409).text
    assert "吴审核先存了" in answered
    assert name(any_app, "0104") == "先存的"


def test_a_category_is_added_on_the_page_with_its_units(any_app: Flask) -> None:
    head = guest(any_app)
    kept = sent(head.get("categories.add", code="01"))
    assert kept["code"] == "0112"
    data = {**kept, "name": "新业态登记", "units": "市市场监管局；不存在的局", "why": WHY}
    assert "没有名为「不存在的局」的承办单位" in head.post("categories.add", code="01", data=data, status=422).text
    data["units"] = "市市场监管局； 各区市场监管局"
    head.post("categories.add", code="01", data=data)
    assert "诉求由 市市场监管局、各区市场监管局 承办" in text(head.get("categories.show", code="0112"))


def test_an_outside_code_is_added_and_ended_on_the_page(any_app: Flask) -> None:
    head = guest(any_app)
    data = {"system": "市级派单系统", "outside": "A-17", "from_on": "2026-01-01", "to_on": ""}
    head.post("categories.aliases", code="0104", data={**sent(head.get("categories.aliases", code="0104")), **data})
    page = head.get("categories.aliases", code="0104")
    form = page.select_one("main td form")
    assert form is not None
    head.post(str(form["action"]), data={"to_on": "x"}, status=422)
    head.post(str(form["action"]), data={"to_on": "2026-06-30"})
    assert "到 2026-06-30" in text(head.get("categories.show", code="0104"))
    assert [row.result for row in audit(any_app)] == ["ok", "denied", "ok"]


def test_what_was_done_is_taken_back_on_the_page(any_app: Flask) -> None:
    merge(any_app, "0104", "0105")
    head = guest(any_app)
    page = head.get("categories.show", code="0104")
    head.post("categories.take_back", code="0104", data={"what": "end", "opened_version": "1"}, status=409)
    head.post("categories.take_back", code="0104", data={"what": "tree", "opened_version": "2"}, status=422)
    data = {str(box["name"]): str(box["value"]) for box in page.select('form[action$="take-back"] input[name]')}
    head.post("categories.take_back", code="0104", data=data)
    assert head.get("categories.index").select('.tree a[href="/categories/0104"]')


def test_whoever_may_not_change_the_tree_sees_no_way_to(any_app: Flask) -> None:
    editor = guest(any_app, "demo.zhou")
    assert "维护这一类" not in text(editor.get("categories.show", code="0104"))
    for endpoint in ("rename", "add", "aliases", "merge", "retire"):
        editor.get(f"categories.{endpoint}", code="0104", status=403)
    editor.post("categories.take_back", code="0104", data={"what": "end"}, status=403)
