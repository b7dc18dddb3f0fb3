"""The tree is renamed, merged, retired and added to, and the past keeps its meaning; on both databases."""

import json
import threading
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from portal.admin.services import set_up
from portal.categories import queries, services
from portal.categories.models import Category
from portal.core.clock import beijing_day, set_clock, utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.home.queries import answer
from portal.knowledge.models import Article
from portal.knowledge.queries.articles import Filters, articles, counts_by_category

from .acts import (
    TODAY,
    WHY,
    D,
    add,
    alias,
    at,
    audit,
    do,
    guest,
    means,
    merge,
    name,
    refused,
    rename,
    retire,
    take_back,
    text,
)

# Names


def test_a_category_is_called_on_each_day_as_it_was_then(any_app: Flask) -> None:
    old = name(any_app, "0104")
    rename(any_app, "0104", "注册资本与股东出资", "2026-05-01")
    rename(any_app, "0104", "公司资本", "2026-11-01")
    with any_app.app_context():
        told = [queries.names_on(D(day))["0104"] for day in ("2025-01-01", "2026-04-30", "2026-05-01", "2026-11-23")]
    assert told == [old, old, "注册资本与股东出资", "公司资本"]
    assert name(any_app, "0104") == "公司资本"


def test_a_name_of_tomorrow_takes_over_by_itself(any_app: Flask) -> None:
    old = name(any_app, "0104")
    rename(any_app, "0104", "公司资本", "2026-11-24")
    assert old in text(guest(any_app, "demo.li").get("categories.index"))
    at("2026-11-24")
    assert name(any_app, "0104") == "公司资本"
    page = guest(any_app, "demo.li").get("categories.index")
    assert old not in text(page)
    assert "公司资本" in text(page)


def test_a_renamed_category_shows_what_it_was_called(any_app: Flask) -> None:
    old = name(any_app, "0104")
    rename(any_app, "0104", "公司资本", "2026-11-01")
    told = text(guest(any_app, "demo.li").get("categories.show", code="0104"))
    assert "改名为「公司资本」" in told
    assert f"叫「{old}」" in told
    assert WHY in told


def test_a_name_that_cannot_be_is_refused_with_a_sentence(any_app: Flask) -> None:
    old, other = name(any_app, "0104"), name(any_app, "0105")
    assert refused(rename, any_app, "0104", old, "2026-11-23") == f"已经叫「{old}」了"
    assert refused(rename, any_app, "0104", other, "2026-11-23") == f"「{other}」已经是 0105 的名称，请换一个，或者合并"
    rename(any_app, "0104", "公司资本", "2026-11-01")
    assert "日期要晚于上一次更名" in refused(rename, any_app, "0104", "公司资本金", "2026-11-01")
    assert refused(rename, any_app, "9999", "没有", "2026-11-23") == "没有编码为「9999」的诉求分类"


def test_a_name_is_free_again_once_its_category_has_ended(any_app: Flask) -> None:
    other = name(any_app, "0107")
    retire(any_app, "0107", "2026-11-01")
    rename(any_app, "0104", other, "2026-11-02")
    assert "已经是 0104 的名称" in refused(take_back, any_app, "0107", "end")


def test_a_change_taken_back_is_as_if_it_had_not_been(any_app: Flask) -> None:
    old = name(any_app, "0104")
    rename(any_app, "0104", "公司资本", "2026-11-01")
    merge(any_app, "0104", "0105")
    take_back(any_app, "0104", "end")
    take_back(any_app, "0104", "name")
    with any_app.app_context():
        category = queries.category_by_code("0104")
        assert category is not None
        assert (category.name, category.retired_on, category.merge) == (old, None, None)
    assert refused(take_back, any_app, "0104", "end") == "没有可以撤销的改动"
    changes = [json.loads(row.detail) for row in audit(any_app)]
    assert changes[-2:] == [
        {"into": ["category:0105", None], "retired_on": ["2026-11-23", None]},
        {"from_on": ["2026-11-01", None], "name": ["公司资本", old]},
    ]


# Merges and ends


def test_articles_of_a_merged_category_are_read_through_it(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        before = counts_by_category(utc_now())
    merge(any_full_app, "0104", "0105", "2026-12-01")
    with any_full_app.app_context():
        assert counts_by_category(utc_now()) == before
    at("2026-12-01")
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
    merge(any_full_app, "0104", "0203")
    into = name(any_full_app, "0203")
    with any_full_app.app_context():
        found = answer("注册资本几年内缴足", category="", now=utc_now(), person_id=None)
        assert {card.category_code for card in found.cards if card.number.startswith("KB-0104")} == {"0203"}
        assert "0104" not in {facet["code"] for facet in found.facets}
        assert next(facet for facet in found.facets if facet["code"] == "0203")["name"] == into
        numbers = {c: _numbers(c) for c in ("0203", "02", "01", "0104")}
    assert "KB-0104-003" in numbers["0203"] & numbers["02"] & numbers["0104"]
    assert "KB-0104-003" not in numbers["01"]
    page = guest(any_full_app, "demo.li").get("knowledge.show", number="KB-0104-003")
    crumbs = page.select_one(".crumbs")
    assert crumbs is not None
    assert into in crumbs.get_text()


def _numbers(category: str) -> set[str]:
    found = answer("注册资本几年内缴足", category=category, now=utc_now(), person_id=None, limit=30)
    return {card.number for card in found.cards}


def test_merges_of_merges_lead_to_the_last(any_full_app: Flask) -> None:
    merge(any_full_app, "0104", "0105", "2026-12-01")
    merge(any_full_app, "0105", "0106", "2026-12-05")
    told = {}
    for day in ("2026-11-30", "2026-12-01", "2026-12-05"):
        at(day)
        with any_full_app.app_context():
            told[day] = queries.standing_codes(D(day))["0104"]
    assert list(told.values()) == ["0104", "0105", "0106"]


def test_a_merged_category_has_a_page_that_leads_on(any_app: Flask) -> None:
    merge(any_app, "0104", "0105")
    agent = guest(any_app, "demo.li")
    page = agent.get("categories.show", code="0104")
    assert "2026-11-23 起并入「注销登记与清算」" in text(page)
    assert page.select_one('main a[href="/categories/0105"]') is not None
    assert "「注册资本与出资」并入这里" in text(agent.get("categories.show", code="0105"))
    tree = text(agent.get("categories.index"))
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
    retire(any_app, "0107", "2026-11-01")
    merge(any_app, "0106", "0105", "2026-11-02")
    add(any_app, "0112", "新业态登记", "2026-11-10")
    before = len(audit(any_app))
    assert refused(merge, any_app, code, into, on) == sentence
    assert len(audit(any_app)) == before


def test_two_merges_against_each_other_at_once_end_with_one(any_app: Flask) -> None:
    start, refused = threading.Barrier(2), []

    def act(code: str, into: str) -> None:
        start.wait()
        try:
            merge(any_app, code, into)
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
    retire(any_full_app, "0104")
    agent = guest(any_full_app, "demo.li")
    assert not agent.get("categories.index").select('.tree a[href="/categories/0104"]')
    told = text(agent.get("categories.show", code="0104"))
    assert f"2026-11-23 起停用（{WHY}）" in told
    assert "KB-0104-001" in told


def test_setting_up_again_brings_nothing_back(any_app: Flask) -> None:
    rename(any_app, "0104", "公司资本", "2026-11-01")
    merge(any_app, "0105", "0106")
    retire(any_app, "0107")
    with any_app.app_context():
        counts = set_up(demo=True, now=utc_now())["categories"]
        assert (counts["new"], counts["changed"]) == (0, 0)
        assert queries.standing_codes(TODAY)["0105"] == "0106"
        assert not queries.codes()["0107"].in_use(TODAY)
    assert name(any_app, "0104") == "公司资本"


# A new category


def test_a_new_category_is_used_from_its_day(any_app: Flask) -> None:
    add(any_app, "0112", "新业态登记", "2026-11-24")
    page = guest(any_app, "demo.li").get("categories.index")
    assert not page.select('.tree a[href="/categories/0112"]')
    assert "2026-11-24 启用" in text(page)
    at("2026-11-24")
    assert guest(any_app, "demo.li").get("categories.index").select('.tree a[href="/categories/0112"]')


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
    assert refused(lambda: do(any_app, services.add_child, "01", **values)) == sentence


def test_nothing_is_added_below_the_second_level_or_below_what_ends(any_app: Flask) -> None:
    values = {"name": "新业态登记", "from_on": TODAY, "units": [], "why": WHY}
    below = refused(lambda: do(any_app, services.add_child, "0104", code="010401", **values))
    assert below == "诉求分类只有两级，这一类下面不能再加"


# Outside codes


def test_an_outside_code_means_a_category_on_its_days(any_app: Flask) -> None:
    alias(any_app, "0104", "A-17", None, "2026-06-30")
    alias(any_app, "0105", "A-17", "2026-07-01")
    told = [means(any_app, "A-17", day) for day in ("1999-01-01", "2026-06-30", "2026-07-01", "2030-01-01")]
    assert told == ["0104", "0104", "0105", "0105"]
    assert means(any_app, "A-18", "2026-07-01") is None


@pytest.mark.parametrize(
    ("start", "end"), [(None, None), ("2026-03-01", "2026-03-01"), ("2026-06-30", None), (None, "2026-01-01")]
)
def test_an_outside_code_means_one_category_at_a_time(any_app: Flask, start: str | None, end: str | None) -> None:
    alias(any_app, "0104", "A-17", "2026-01-01", "2026-06-30")
    assert refused(alias, any_app, "0105", "A-17", start, end) == (
        "市级派单系统 的 A-17 在这段日子里已经指「0104 注册资本与出资」，先把那一条截止"
    )


def test_an_outside_code_follows_a_merge_from_its_day(any_app: Flask) -> None:
    alias(any_app, "0104", "A-17")
    merge(any_app, "0104", "0105", "2026-12-01")
    assert [means(any_app, "A-17", day) for day in ("2026-11-30", "2026-12-01")] == ["0104", "0105"]


def test_an_outside_code_is_ended_on_a_day_and_not_lengthened(any_app: Flask) -> None:
    alias(any_app, "0104", "A-17", "2026-01-01")
    with any_app.app_context():
        (stored,) = queries.category_by_code("0104").aliases  # type: ignore[union-attr]
        key = stored.id

    def end(day: str) -> None:
        do(any_app, services.end_alias, "0104", alias_id=key, to_on=D(day))

    assert refused(end, "2025-12-31") == "截止的日子早于起始的 2026-01-01"
    end("2026-06-30")
    assert means(any_app, "A-17", "2026-07-01") is None
    assert refused(end, "2026-07-31") == "这一条已在 2026-06-30 截止，只能提前，不能推后"


def test_today_is_the_day_in_beijing(any_app: Flask) -> None:
    rename(any_app, "0104", "公司资本", "2026-11-24")
    set_clock(datetime.fromisoformat("2026-11-23T16:00:01+00:00"))
    assert beijing_day(utc_now()) == D("2026-11-24")
    assert name(any_app, "0104") == "公司资本"


def test_a_stale_version_is_a_conflict(any_app: Flask) -> None:
    rename(any_app, "0104", "公司资本", "2026-11-01")
    with pytest.raises(ConflictError):
        do(any_app, services.retire_category, "0104", on=TODAY, why=WHY, opened_version=1)
