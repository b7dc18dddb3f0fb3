"""The tree is renamed, merged, retired and added to, and the past keeps its meaning; on both databases."""

import json
import threading
from collections.abc import Callable
from datetime import date, datetime

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.admin.services import set_up
from portal.audit.models import AuditRow
from portal.audit.services import SYSTEM
from portal.categories import queries, services
from portal.categories.models import Category
from portal.core.clock import beijing_day, set_clock, utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.write import transaction
from portal.home.queries import answer
from portal.knowledge.models import Article
from portal.knowledge.queries.articles import Filters, articles, counts_by_category
from tests.support.visitor import Visitor

D = date.fromisoformat
TODAY = D("2026-11-23")
WHY = "市12345〔2026〕31号"

Act = Callable[..., None]


def _at(day: str) -> None:
    set_clock(datetime.fromisoformat(f"{day}T00:00:05+08:00"))


def _opened(code: str) -> int:
    return db.session.scalar(select(Category.version).where(Category.code == code)) or 0


def _do(app: Flask, verb: Callable[..., None], code: str, /, **values: object) -> None:
    with app.app_context():
        if verb not in (services.add_child, services.add_alias, services.end_alias):
            values.setdefault("opened_version", _opened(code))
            db.session.rollback()
        with transaction():
            verb(code, **values, by=SYSTEM, now=utc_now())


def _rename(app: Flask, code: str, name: str, on: str) -> None:
    _do(app, services.rename_category, code, name=name, from_on=D(on), why=WHY)


def _merge(app: Flask, code: str, into: str, on: str = "2026-11-23") -> None:
    _do(app, services.merge_category, code, into_code=into, on=D(on), why=WHY)


def _retire(app: Flask, code: str, on: str = "2026-11-23") -> None:
    _do(app, services.retire_category, code, on=D(on), why=WHY)


def _add(app: Flask, code: str, name: str, on: str = "2026-11-23") -> None:
    values = {"code": code, "name": name, "from_on": D(on), "units": [1], "why": WHY}
    _do(app, services.add_child, code[:2], **values)


def _alias(app: Flask, code: str, outside: str, start: str | None = None, end: str | None = None) -> None:
    days = {"from_on": D(start) if start else None, "to_on": D(end) if end else None}
    _do(app, services.add_alias, code, system="市级派单系统", outside=outside, **days)


def _refused(act: Act, *args: object) -> str:
    with pytest.raises(DomainError) as caught:
        act(*args)
    return str(caught.value)


def _name(app: Flask, code: str) -> str:
    with app.app_context():
        return queries.codes()[code].name


def _means(app: Flask, outside: str, day: str) -> str | None:
    with app.app_context():
        found = queries.category_by_alias("市级派单系统", outside, D(day))
        return found.code if found else None


def _audit(app: Flask) -> list[AuditRow]:
    with app.app_context():
        rows = select(AuditRow).where(AuditRow.action.startswith("categories:")).order_by(AuditRow.seq)
        return list(db.session.scalars(rows))[1:]  # the first is the load


def _guest(app: Flask, login: str = "demo.sun") -> Visitor:
    return Visitor(app, app.test_client()).sign_in(login)


def _text(page: BeautifulSoup) -> str:
    main = page.select_one("main")
    assert main is not None
    return main.get_text(" ", strip=True)


def _sent(page: BeautifulSoup) -> dict[str, str]:
    return {str(box["name"]): str(box.get("value", "")) for box in page.select("main form input[name]")}


# Names


def test_a_category_is_called_on_each_day_as_it_was_then(any_app: Flask) -> None:
    old = _name(any_app, "0104")
    _rename(any_app, "0104", "注册资本与股东出资", "2026-05-01")
    _rename(any_app, "0104", "公司资本", "2026-11-01")
    with any_app.app_context():
        told = [queries.names_on(D(day))["0104"] for day in ("2025-01-01", "2026-04-30", "2026-05-01", "2026-11-23")]
    assert told == [old, old, "注册资本与股东出资", "公司资本"]
    assert _name(any_app, "0104") == "公司资本"


def test_a_name_of_tomorrow_takes_over_by_itself(any_app: Flask) -> None:
    old = _name(any_app, "0104")
    _rename(any_app, "0104", "公司资本", "2026-11-24")
    assert old in _text(_guest(any_app, "demo.li").get("categories.index"))
    _at("2026-11-24")
    assert _name(any_app, "0104") == "公司资本"
    page = _guest(any_app, "demo.li").get("categories.index")
    assert old not in _text(page)
    assert "公司资本" in _text(page)


def test_a_renamed_category_shows_what_it_was_called(any_app: Flask) -> None:
    old = _name(any_app, "0104")
    _rename(any_app, "0104", "公司资本", "2026-11-01")
    told = _text(_guest(any_app, "demo.li").get("categories.show", code="0104"))
    assert "改名为「公司资本」" in told
    assert f"叫「{old}」" in told
    assert WHY in told


def test_a_name_that_cannot_be_is_refused_with_a_sentence(any_app: Flask) -> None:
    old, other = _name(any_app, "0104"), _name(any_app, "0105")
    assert _refused(_rename, any_app, "0104", old, "2026-11-23") == f"已经叫「{old}」了"
    assert (
        _refused(_rename, any_app, "0104", other, "2026-11-23") == f"「{other}」已经是 0105 的名称，请换一个，或者合并"
    )
    _rename(any_app, "0104", "公司资本", "2026-11-01")
    assert "日期要晚于上一次更名" in _refused(_rename, any_app, "0104", "公司资本金", "2026-11-01")
    assert _refused(_rename, any_app, "9999", "没有", "2026-11-23") == "没有编码为「9999」的诉求分类"


def test_a_name_is_free_again_once_its_category_has_ended(any_app: Flask) -> None:
    other = _name(any_app, "0107")
    _retire(any_app, "0107", "2026-11-01")
    _rename(any_app, "0104", other, "2026-11-02")
    assert "已经是 0104 的名称" in _refused(_take_back, any_app, "0107", "end")


def _take_back(app: Flask, code: str, what: str) -> None:
    _do(app, services.take_back_category, code, what=what)


def test_a_change_taken_back_is_as_if_it_had_not_been(any_app: Flask) -> None:
    old = _name(any_app, "0104")
    _rename(any_app, "0104", "公司资本", "2026-11-01")
    _merge(any_app, "0104", "0105")
    _take_back(any_app, "0104", "end")
    _take_back(any_app, "0104", "name")
    with any_app.app_context():
        category = queries.category_by_code("0104")
        assert category is not None
        assert (category.name, category.retired_on, category.merge) == (old, None, None)
    assert _refused(_take_back, any_app, "0104", "end") == "没有可以撤销的改动"
    changes = [json.loads(row.detail) for row in _audit(any_app)]
    assert changes[-2:] == [
        {"into": ["category:0105", None], "retired_on": ["2026-11-23", None]},
        {"from_on": ["2026-11-01", None], "name": ["公司资本", old]},
    ]


# Merges and ends


def test_articles_of_a_merged_category_are_read_through_it(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        before = counts_by_category(utc_now())
    _merge(any_full_app, "0104", "0105", "2026-12-01")
    with any_full_app.app_context():
        assert counts_by_category(utc_now()) == before
    _at("2026-12-01")
    with any_full_app.app_context():
        now = utc_now()
        after = counts_by_category(now)
        assert "0104" not in after
        assert after["0105"] == before["0104"] + before["0105"]
        assert articles(Filters(category="0105"), now)[1] == after["0105"]
        assert articles(Filters(category="0104"), now)[1] == after["0105"]  # an old bookmark
        pointers = select(Article.number).join(Category).where(Category.code == "0104")
        assert len(db.session.scalars(pointers).all()) == before["0104"]  # nothing was rewritten


def test_search_and_cards_show_what_stands_for_a_merged_category(any_full_app: Flask) -> None:
    _merge(any_full_app, "0104", "0203")
    into = _name(any_full_app, "0203")
    with any_full_app.app_context():
        found = answer("注册资本几年内缴足", category="", now=utc_now(), person_id=None)
        assert {card.category_code for card in found.cards if card.number.startswith("KB-0104")} == {"0203"}
        assert "0104" not in {facet["code"] for facet in found.facets}
        assert next(facet for facet in found.facets if facet["code"] == "0203")["name"] == into
        numbers = {c: _numbers(c) for c in ("0203", "02", "01", "0104")}
    assert "KB-0104-003" in numbers["0203"] & numbers["02"] & numbers["0104"]
    assert "KB-0104-003" not in numbers["01"]
    page = _guest(any_full_app, "demo.li").get("knowledge.show", number="KB-0104-003")
    crumbs = page.select_one(".crumbs")
    assert crumbs is not None
    assert into in crumbs.get_text()


def _numbers(category: str) -> set[str]:
    found = answer("注册资本几年内缴足", category=category, now=utc_now(), person_id=None, limit=30)
    return {card.number for card in found.cards}


def test_merges_of_merges_lead_to_the_last(any_full_app: Flask) -> None:
    _merge(any_full_app, "0104", "0105", "2026-12-01")
    _merge(any_full_app, "0105", "0106", "2026-12-05")
    told = {}
    for day in ("2026-11-30", "2026-12-01", "2026-12-05"):
        _at(day)
        with any_full_app.app_context():
            told[day] = queries.standing_codes(D(day))["0104"]
    assert list(told.values()) == ["0104", "0105", "0106"]


def test_a_merged_category_has_a_page_that_leads_on(any_app: Flask) -> None:
    _merge(any_app, "0104", "0105")
    guest = _guest(any_app, "demo.li")
    page = guest.get("categories.show", code="0104")
    assert "2026-11-23 起并入「注销登记与清算」" in _text(page)
    assert page.select_one('main a[href="/categories/0105"]') is not None
    assert "「注册资本与出资」并入这里" in _text(guest.get("categories.show", code="0105"))
    tree = _text(guest.get("categories.index"))
    assert "现在不用的" in tree
    assert "2026-11-23 并入 0105" in tree


@pytest.mark.parametrize(
    ("code", "into", "on", "sentence"),
    [
        ("0104", "0104", "2026-11-23", "「注册资本与出资」不能并入它自己"),
        ("0104", "9999", "2026-11-23", "要并入的分类不存在"),
        ("0104", "01", "2026-11-23", "只能并入同一级的分类"),
        ("01", "02", "2026-11-23", "下一级还有 10 类在用，先把它们停用或并走"),
        ("0104", "0107", "2026-11-23", "「印章刻制与电子营业执照」2026-11-01 停用或并走，不能并入它"),
        (
            "0107",
            "0104",
            "2026-11-23",
            "「印章刻制与电子营业执照」已定于 2026-11-01 停用或并走，不能再合并；要改日期请先撤销",
        ),
        ("0105", "0106", "2026-11-23", "「年报公示与经营异常名录」已并入「注销登记与清算」，不能再反过来合并"),
        ("0112", "0104", "2026-11-09", "日期要晚于「新业态登记」启用的 2026-11-10"),
        ("0104", "0112", "2026-11-09", "「新业态登记」2026-11-10 才启用，合并的日期不能早于这一天"),
    ],
)
def test_a_merge_that_cannot_be_is_refused_with_a_sentence(
    any_app: Flask, code: str, into: str, on: str, sentence: str
) -> None:
    _retire(any_app, "0107", "2026-11-01")
    _merge(any_app, "0106", "0105", "2026-11-02")
    _add(any_app, "0112", "新业态登记", "2026-11-10")
    before = len(_audit(any_app))
    assert _refused(_merge, any_app, code, into, on) == sentence
    assert len(_audit(any_app)) == before


def test_two_merges_against_each_other_at_once_end_with_one(any_app: Flask) -> None:
    start, refused = threading.Barrier(2), []

    def act(code: str, into: str) -> None:
        start.wait()
        try:
            _merge(any_app, code, into)
        except DomainError as error:
            refused.append(str(error))

    hands = [threading.Thread(target=act, args=pair) for pair in (("0104", "0105"), ("0105", "0104"))]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(30)
    assert len(refused) == 1
    with any_app.app_context():
        assert len(queries.category_merges().taken_over) == 1


def test_a_retired_category_leaves_the_tree_but_not_its_articles(any_full_app: Flask) -> None:
    _retire(any_full_app, "0104")
    guest = _guest(any_full_app, "demo.li")
    assert not guest.get("categories.index").select('.tree a[href="/categories/0104"]')
    told = _text(guest.get("categories.show", code="0104"))
    assert f"2026-11-23 起停用（{WHY}）" in told
    assert "KB-0104-001" in told


def test_setting_up_again_brings_nothing_back(any_app: Flask) -> None:
    _rename(any_app, "0104", "公司资本", "2026-11-01")
    _merge(any_app, "0105", "0106")
    _retire(any_app, "0107")
    with any_app.app_context():
        counts = set_up(demo=True, now=utc_now())["categories"]
        assert (counts["new"], counts["changed"]) == (0, 0)
        assert queries.standing_codes(TODAY)["0105"] == "0106"
        assert not queries.codes()["0107"].in_use(TODAY)
    assert _name(any_app, "0104") == "公司资本"


# A new category


def test_a_new_category_is_used_from_its_day(any_app: Flask) -> None:
    _add(any_app, "0112", "新业态登记", "2026-11-24")
    page = _guest(any_app, "demo.li").get("categories.index")
    assert not page.select('.tree a[href="/categories/0112"]')
    assert "2026-11-24 启用" in _text(page)
    _at("2026-11-24")
    assert _guest(any_app, "demo.li").get("categories.index").select('.tree a[href="/categories/0112"]')


@pytest.mark.parametrize(
    ("code", "name", "sentence"),
    [
        ("0104", "新业态登记", "编码 0104 已经用过，停用的编码也不再用"),
        ("0212", "新业态登记", "编码应是 01 后面加两位数字"),
        ("01１２", "新业态登记", "编码应是 01 后面加两位数字"),
        ("011", "新业态登记", "编码应是 01 后面加两位数字"),
        ("0112", "注册资本与出资", "「注册资本与出资」已经是 0104 的名称，请换一个，或者合并"),
    ],
)
def test_a_new_category_that_cannot_be_is_refused(any_app: Flask, code: str, name: str, sentence: str) -> None:
    values = {"code": code, "name": name, "from_on": TODAY, "units": [], "why": WHY}
    assert _refused(lambda: _do(any_app, services.add_child, "01", **values)) == sentence


def test_nothing_is_added_below_the_second_level_or_below_what_ends(any_app: Flask) -> None:
    values = {"name": "新业态登记", "from_on": TODAY, "units": [], "why": WHY}
    below = _refused(lambda: _do(any_app, services.add_child, "0104", code="010401", **values))
    assert below == "诉求分类只有两级，这一类下面不能再加"


# Outside codes


def test_an_outside_code_means_a_category_on_its_days(any_app: Flask) -> None:
    _alias(any_app, "0104", "A-17", None, "2026-06-30")
    _alias(any_app, "0105", "A-17", "2026-07-01")
    told = [_means(any_app, "A-17", day) for day in ("1999-01-01", "2026-06-30", "2026-07-01", "2030-01-01")]
    assert told == ["0104", "0104", "0105", "0105"]
    assert _means(any_app, "A-18", "2026-07-01") is None


@pytest.mark.parametrize(
    ("start", "end"), [(None, None), ("2026-03-01", "2026-03-01"), ("2026-06-30", None), (None, "2026-01-01")]
)
def test_an_outside_code_means_one_category_at_a_time(any_app: Flask, start: str | None, end: str | None) -> None:
    _alias(any_app, "0104", "A-17", "2026-01-01", "2026-06-30")
    assert _refused(_alias, any_app, "0105", "A-17", start, end) == (
        "市级派单系统 的 A-17 在这段日子里已经指「0104 注册资本与出资」，先把那一条截止"
    )


def test_an_outside_code_follows_a_merge_from_its_day(any_app: Flask) -> None:
    _alias(any_app, "0104", "A-17")
    _merge(any_app, "0104", "0105", "2026-12-01")
    assert [_means(any_app, "A-17", day) for day in ("2026-11-30", "2026-12-01")] == ["0104", "0105"]


def test_an_outside_code_is_ended_on_a_day_and_not_lengthened(any_app: Flask) -> None:
    _alias(any_app, "0104", "A-17", "2026-01-01")
    with any_app.app_context():
        (alias,) = queries.category_by_code("0104").aliases  # type: ignore[union-attr]
        key = alias.id

    def end(day: str) -> None:
        _do(any_app, services.end_alias, "0104", alias_id=key, to_on=D(day))

    assert _refused(end, "2025-12-31") == "截止的日子早于起始的 2026-01-01"
    end("2026-06-30")
    assert _means(any_app, "A-17", "2026-07-01") is None
    assert _refused(end, "2026-07-31") == "这一条已在 2026-06-30 截止，只能提前，不能推后"


# On the pages


def test_a_merge_says_first_what_follows_and_then_does_it(any_full_app: Flask) -> None:
    head = _guest(any_full_app)
    page = head.get("categories.merge", code="0104", into="0105", on="2026-12-01", why=WHY)
    told = _text(page)
    assert "2026-12-01 起不再用 0104「注册资本与出资」，由 0105「注销登记与清算」代替" in told
    assert "4 条知识（4 条现在可以念）从那天起算在「注销登记与清算」下" in told
    assert "承办单位按「注销登记与清算」的" in told
    assert "到 2026-12-01 自动生效" in told
    assert _audit(any_full_app) == []
    form = page.select_one("main form[method=post]")
    assert form is not None
    data = {str(box["name"]): str(box["value"]) for box in form.select("input[name]")}
    head.post("categories.merge", code="0104", data=data)
    assert "2026-12-01 起并入「注销登记与清算」" in _text(head.get("categories.show", code="0104"))
    (row,) = _audit(any_full_app)
    assert (row.action, row.object_ref, row.reason) == ("categories:category:merge", "category:0104", WHY)
    assert json.loads(row.detail) == {"into": [None, "category:0105"], "on": [None, "2026-12-01"]}


def test_a_retirement_says_first_what_follows(any_full_app: Flask) -> None:
    told = _text(_guest(any_full_app).get("categories.retire", code="0104", on="2026-11-23", why=WHY))
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
    page = _guest(any_app).get("categories.merge", code="0104", **asked)
    assert sentence in _text(page)
    assert not page.select("main form[method=post]")


def test_a_refused_act_leaves_a_line_and_changes_nothing(any_app: Flask) -> None:
    head = _guest(any_app)
    data = {"into": "0104", "on": "2026-11-23", "why": WHY, "opened_version": "1"}
    answered = head.post("categories.merge", code="0104", data=data, status=422).text
    assert "不能并入它自己" in answered
    (row,) = _audit(any_app)
    assert (row.action, row.result, row.actor_name) == ("categories:category:merge", "denied", "孙负责")
    with any_app.app_context():
        assert queries.codes()["0104"].retired_on is None


def test_a_name_is_changed_on_its_page(any_app: Flask) -> None:
    reviewer = _guest(any_app, "demo.wu")
    kept = _sent(reviewer.get("categories.rename", code="0104"))
    data = {**kept, "name": "  公司资本  ", "from_on": "2026-11-23", "why": WHY}
    reviewer.post("categories.rename", code="0104", data=data)
    assert _name(any_app, "0104") == "公司资本"
    (row,) = _audit(any_app)
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
    head = _guest(any_app)
    kept = _sent(head.get("categories.rename", code="0104"))
    data = {**kept, "name": "公司资本", "from_on": "2026-11-23", "why": WHY, **typed}
    assert sentence in head.post("categories.rename", code="0104", data=data, status=422).text
    assert _name(any_app, "0104") == "注册资本与出资"


def test_who_saves_second_is_told_and_changes_nothing(any_app: Flask) -> None:
    head, reviewer = _guest(any_app), _guest(any_app, "demo.wu")
    opened = _sent(head.get("categories.rename", code="0104"))
    first = _sent(reviewer.get("categories.rename", code="0104"))
    data = {"from_on": "2026-11-23", "why": WHY}
    reviewer.post("categories.rename", code="0104", data={**first, **data, "name": "先存的"})
    answered = head.post("categories.rename", code="0104", data={**opened, **data, "name": "后存的"}, status=409).text
    assert "吴审核先存了" in answered
    assert _name(any_app, "0104") == "先存的"


def test_a_category_is_added_on_the_page_with_its_units(any_app: Flask) -> None:
    head = _guest(any_app)
    kept = _sent(head.get("categories.add", code="01"))
    assert kept["code"] == "0112"
    data = {**kept, "name": "新业态登记", "units": "市市场监管局；不存在的局", "why": WHY}
    assert "没有名为「不存在的局」的承办单位" in head.post("categories.add", code="01", data=data, status=422).text
    data["units"] = "市市场监管局； 各区市场监管局"
    head.post("categories.add", code="01", data=data)
    assert "诉求由 市市场监管局、各区市场监管局 承办" in _text(head.get("categories.show", code="0112"))


def test_an_outside_code_is_added_and_ended_on_the_page(any_app: Flask) -> None:
    head = _guest(any_app)
    data = {"system": "市级派单系统", "outside": "A-17", "from_on": "2026-01-01", "to_on": ""}
    head.post("categories.aliases", code="0104", data={**_sent(head.get("categories.aliases", code="0104")), **data})
    page = head.get("categories.aliases", code="0104")
    form = page.select_one("main td form")
    assert form is not None
    head.post(str(form["action"]), data={"to_on": "x"}, status=422)
    head.post(str(form["action"]), data={"to_on": "2026-06-30"})
    assert "到 2026-06-30" in _text(head.get("categories.show", code="0104"))
    assert [row.result for row in _audit(any_app)] == ["ok", "denied", "ok"]


def test_what_was_done_is_taken_back_on_the_page(any_app: Flask) -> None:
    _merge(any_app, "0104", "0105")
    head = _guest(any_app)
    page = head.get("categories.show", code="0104")
    head.post("categories.take_back", code="0104", data={"what": "end", "opened_version": "1"}, status=409)
    head.post("categories.take_back", code="0104", data={"what": "tree", "opened_version": "2"}, status=422)
    data = {str(box["name"]): str(box["value"]) for box in page.select('form[action$="take-back"] input[name]')}
    head.post("categories.take_back", code="0104", data=data)
    assert head.get("categories.index").select('.tree a[href="/categories/0104"]')


def test_whoever_may_not_change_the_tree_sees_no_way_to(any_app: Flask) -> None:
    editor = _guest(any_app, "demo.zhou")
    assert "维护这一类" not in _text(editor.get("categories.show", code="0104"))
    for endpoint in ("rename", "add", "aliases", "merge", "retire"):
        editor.get(f"categories.{endpoint}", code="0104", status=403)
    editor.post("categories.take_back", code="0104", data={"what": "end"}, status=403)


def test_today_is_the_day_in_beijing(any_app: Flask) -> None:
    _rename(any_app, "0104", "公司资本", "2026-11-24")
    set_clock(datetime.fromisoformat("2026-11-23T16:00:01+00:00"))
    assert beijing_day(utc_now()) == D("2026-11-24")
    assert _name(any_app, "0104") == "公司资本"


def test_a_stale_version_is_a_conflict(any_app: Flask) -> None:
    _rename(any_app, "0104", "公司资本", "2026-11-01")
    with pytest.raises(ConflictError):
        _do(any_app, services.retire_category, "0104", on=TODAY, why=WHY, opened_version=1)
