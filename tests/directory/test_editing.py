"""Units are renamed, merged and retired, and are found by every name they had; on both databases."""

import json
from collections.abc import Callable
from datetime import date, datetime

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.admin.services import set_up
from portal.audit.models import AuditRow
from portal.audit.services import SYSTEM
from portal.categories.queries import categories_of_unit, category_counts_of_units
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.directory import queries, services
from portal.directory.models import Unit
from portal.knowledge.commands import import_content
from portal.knowledge.models import Revision
from portal.knowledge.queries.articles import Filters, articles, counts_by
from tests.support.visitor import Visitor

D = date.fromisoformat
TODAY = D("2026-11-23")
WHY = "京编委〔2026〕8号"
MARKET, TRADE = "市市场监管局", "市商务局"


def _at(day: str) -> None:
    set_clock(datetime.fromisoformat(f"{day}T00:00:05+08:00"))


def _id(app: Flask, name: str) -> int:
    with app.app_context():
        return queries.unit_ids()[name]


def _unit(app: Flask, name: str) -> Unit:
    with app.app_context():
        found = queries.unit_with_history(queries.unit_ids()[name])
        assert found is not None
        return found


def _do(app: Flask, verb: Callable[..., None], name: str, /, **values: object) -> None:
    unit = _unit(app, name)
    values.setdefault("opened_version", unit.version)
    with app.app_context(), transaction():
        verb(unit.id, **values, by=SYSTEM, now=utc_now())


def _rename(app: Flask, name: str, new: str, on: str) -> None:
    _do(app, services.rename_unit, name, name=new, from_on=D(on), why=WHY)


def _merge(app: Flask, name: str, into: str, on: str = "2026-11-23") -> None:
    _do(app, services.merge_unit, name, into_id=_id(app, into), on=D(on), why=WHY)


def _retire(app: Flask, name: str, on: str = "2026-11-23") -> None:
    _do(app, services.retire_unit, name, on=D(on), why=WHY)


def _refused(act: Callable[..., None], *args: object) -> str:
    with pytest.raises(DomainError) as caught:
        act(*args)
    return str(caught.value)


def _audit(app: Flask) -> list[AuditRow]:
    with app.app_context():
        rows = select(AuditRow).where(AuditRow.action.startswith("directory:")).order_by(AuditRow.seq)
        return list(db.session.scalars(rows))[1:]  # the first is the load


def _guest(app: Flask, login: str = "demo.sun") -> Visitor:
    return Visitor(app, app.test_client()).sign_in(login)


def _text(page: BeautifulSoup) -> str:
    main = page.select_one("main")
    assert main is not None
    return main.get_text(" ", strip=True)


def _sent(page: BeautifulSoup, form: str = "main form") -> dict[str, str]:
    return {str(box["name"]): str(box.get("value", "")) for box in page.select(f"{form} input[name]")}


def test_a_unit_is_called_on_each_day_as_it_was_then(any_app: Flask) -> None:
    _rename(any_app, MARKET, "市市场监督管理局", "2026-05-01")
    _rename(any_app, MARKET, "首都市场监管局", "2026-11-24")
    unit = _unit(any_app, MARKET)
    assert [unit.name_on(D(day)) for day in ("2026-04-30", "2026-05-01", "2026-11-23", "2026-11-24")] == [
        MARKET,
        "市市场监督管理局",
        "市市场监督管理局",
        "首都市场监管局",
    ]
    assert unit.name == "市市场监督管理局"
    _at("2026-11-24")
    assert _unit(any_app, MARKET).name == "首都市场监管局"


def test_a_unit_is_found_by_every_name_it_had(any_app: Flask) -> None:
    _rename(any_app, MARKET, "市市场监督管理局", "2026-05-01")
    guest = _guest(any_app, "demo.li")
    for words in (MARKET, "监督管理"):
        page = guest.get("units.index", q=words)
        assert f"/units/{_id(any_app, MARKET)}" in [link["href"] for link in page.select("td.main-cell a")]
    assert f"曾用名：{MARKET}" in _text(guest.get("units.index", q=MARKET))


def test_articles_count_by_every_name_a_unit_had(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        before = counts_by("unit", utc_now())[MARKET]
    _rename(any_full_app, MARKET, "市市场监督管理局", "2026-11-01")
    with any_full_app.app_context():
        now = utc_now()
        after = counts_by("unit", now)
        assert (after["市市场监督管理局"], MARKET in after) == (before, False)
        for name in (MARKET, "市市场监督管理局"):
            assert articles(Filters(unit=name), now)[1] == before
        told = set(db.session.scalars(select(Revision.unit).distinct()))
    assert MARKET in told  # what was written is not rewritten
    assert "市市场监督管理局" not in told
    page = _guest(any_full_app, "demo.li").get("units.show", unit_id=_id(any_full_app, MARKET))
    assert f"{before} 条知识以它为准" in _text(page)


def test_what_a_merged_unit_handled_is_handled_by_the_other(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        ids = queries.unit_ids()
        market, trade = ids[MARKET], ids[TRADE]
        now = utc_now()
        named = counts_by("unit", now)
        handled = {c.code for key in (market, trade) for c in categories_of_unit(key, TODAY)}
    _merge(any_full_app, TRADE, MARKET, "2026-12-01")
    _at("2026-12-01")
    with any_full_app.app_context():
        now, day = utc_now(), D("2026-12-01")
        assert {c.code for c in categories_of_unit(market, day)} == handled
        assert categories_of_unit(trade, day) == []
        assert category_counts_of_units(day)[market] == len(handled)
        assert counts_by("unit", now)[MARKET] == named[MARKET] + named[TRADE]
        assert categories_of_unit(trade, D("2026-11-30")) != []  # on the day before it was its own
    guest = _guest(any_full_app, "demo.li")
    page = guest.get("units.show", unit_id=trade)
    assert f"2026-12-01 起并入「{MARKET}」" in _text(page)
    assert page.select_one(f'main a[href="/units/{market}"]') is not None
    category = guest.get("categories.show", code="1105")
    assert TRADE not in [link.get_text() for link in category.select(".rows a")]


def test_a_merged_unit_is_found_and_says_where_it_went(any_app: Flask) -> None:
    _merge(any_app, TRADE, MARKET)
    guest = _guest(any_app, "demo.li")
    assert f"已并入{MARKET}" in _text(guest.get("units.index", q=TRADE))
    listed = [link.get_text() for link in guest.get("units.index").select("td.main-cell a")]
    assert TRADE not in listed
    gone = guest.get("units.index", level="停用")
    assert [link.get_text() for link in gone.select("td.main-cell a")] == [TRADE]


def test_a_name_belongs_to_one_unit_for_ever(any_app: Flask) -> None:
    _rename(any_app, MARKET, "市市场监督管理局", "2026-05-01")
    _retire(any_app, MARKET)
    for name in (MARKET, "市市场监督管理局"):
        assert _refused(_rename, any_app, TRADE, name, "2026-12-01") == (
            f"「{name}」是另一个单位的名称或曾用名，请换一个，或者合并"
        )


def test_a_unit_may_go_back_to_its_own_old_name(any_app: Flask) -> None:
    _rename(any_app, MARKET, "市市场监督管理局", "2026-05-01")
    _rename(any_app, MARKET, MARKET, "2026-06-01")
    assert _unit(any_app, MARKET).name == MARKET


@pytest.mark.parametrize(
    ("name", "into", "on", "sentence"),
    [
        (MARKET, MARKET, "2026-11-23", f"「{MARKET}」不能并入它自己"),
        (MARKET, "市药监局", "2026-11-23", "「市药监局」2026-11-01 停用或并走，不能并入它"),
        ("市药监局", MARKET, "2026-11-23", "「市药监局」已定于 2026-11-01 停用或并走，不能再合并；要改日期请先撤销"),
        (MARKET, TRADE, "2026-11-23", f"「{TRADE}」已并入「{MARKET}」，不能再反过来合并"),
    ],
)
def test_a_merge_that_cannot_be_is_refused_with_a_sentence(
    any_app: Flask, name: str, into: str, on: str, sentence: str
) -> None:
    _retire(any_app, "市药监局", "2026-11-01")
    _merge(any_app, TRADE, MARKET, "2026-11-02")
    before = len(_audit(any_app))
    assert _refused(_merge, any_app, name, into, on) == sentence
    assert len(_audit(any_app)) == before


def test_an_end_before_the_last_name_is_refused(any_app: Flask) -> None:
    _rename(any_app, MARKET, "市市场监督管理局", "2026-11-10")
    assert "日期不能早于上一次更名" in _refused(_retire, any_app, MARKET, "2026-11-09")


def test_setting_up_again_brings_nothing_back_and_takes_old_names(any_full_app: Flask) -> None:
    _rename(any_full_app, MARKET, "市市场监督管理局", "2026-05-01")
    _merge(any_full_app, TRADE, MARKET)
    _retire(any_full_app, "市药监局")
    with any_full_app.app_context():
        units = len(db.session.scalars(select(Unit.id)).all())
        counts = set_up(demo=True, now=utc_now())
        report = import_content()
        assert (counts["units"]["new"], counts["categories"]["new"]) == (0, 0)
        assert (report.new, report.changed, report.rejected) == (0, 0, 0)
        assert len(db.session.scalars(select(Unit.id)).all()) == units
    assert _unit(any_full_app, MARKET).name == "市市场监督管理局"


def test_a_change_taken_back_is_as_if_it_had_not_been(any_app: Flask) -> None:
    _rename(any_app, MARKET, "市市场监督管理局", "2026-05-01")
    _merge(any_app, MARKET, TRADE)
    _do(any_app, services.take_back_unit, MARKET, what="end")
    _do(any_app, services.take_back_unit, MARKET, what="name")
    unit = _unit(any_app, MARKET)
    assert (unit.name, unit.retired_on, unit.merge) == (MARKET, None, None)
    assert [row.action for row in _audit(any_app)] == [
        "directory:unit:rename",
        "directory:unit:merge",
        "directory:unit:take-back",
        "directory:unit:take-back",
    ]


def test_a_merge_says_first_what_follows_and_then_does_it(any_full_app: Flask) -> None:
    head, trade, market = _guest(any_full_app), _id(any_full_app, TRADE), _id(any_full_app, MARKET)
    page = head.get("units.merge", unit_id=trade, into=market, on="2026-12-01", why=WHY)
    told = _text(page)
    assert f"2026-12-01 起由「{MARKET}」代替「{TRADE}」" in told
    assert "它承办的 4 类诉求（外资外贸与涉外服务" in told
    assert "1 条知识写的是它：文字不动" in told
    assert _audit(any_full_app) == []
    head.post("units.merge", unit_id=trade, data=_sent(page, "main form[method=post]"))
    (row,) = _audit(any_full_app)
    assert (row.action, row.object_ref, row.reason) == ("directory:unit:merge", f"unit:{trade}", WHY)
    assert json.loads(row.detail) == {"into": [None, f"unit:{market}"], "on": [None, "2026-12-01"]}


def test_a_retirement_says_first_what_follows(any_full_app: Flask) -> None:
    told = _text(_guest(any_full_app).get("units.retire", unit_id=_id(any_full_app, TRADE), on="2026-11-23", why=WHY))
    assert "4 类诉求（外资外贸与涉外服务" in told
    assert "1 条知识写的是它，文字不动，要请编辑改" in told


def test_a_retired_unit_is_marked_where_it_still_handles(any_app: Flask) -> None:
    _retire(any_app, MARKET)
    rows = _guest(any_app, "demo.li").get("categories.show", code="0104").select(".rows li")
    assert [row.get_text(" ", strip=True) for row in rows if MARKET in row.get_text()][0] == f"{MARKET} 已停用"


@pytest.mark.parametrize("into", ["", "x", "0", "999999999", "-1", "1e3"])
def test_a_unit_to_merge_into_that_does_not_exist_is_refused(any_app: Flask, into: str) -> None:
    page = _guest(any_app).get("units.merge", unit_id=1, into=into, on="2026-11-23", why=WHY)
    assert "请选并入哪个单位" in _text(page) or "要并入的单位不存在" in _text(page)
    assert not page.select("main form[method=post]")


def test_a_name_is_changed_on_its_page(any_app: Flask) -> None:
    head, unit_id = _guest(any_app), _id(any_app, MARKET)
    kept = _sent(head.get("units.rename", unit_id=unit_id))
    data = {**kept, "name": "市市场监督管理局", "why": WHY}
    head.post("units.rename", unit_id=unit_id, data={**data, "name": TRADE}, status=422)
    head.post("units.rename", unit_id=unit_id, data=data)
    told = _text(head.get("units.show", unit_id=unit_id))
    assert "改名为「市市场监督管理局」" in told
    assert f"叫「{MARKET}」" in told
    refused, done = _audit(any_app)
    assert (refused.result, done.result) == ("denied", "ok")
    assert json.loads(done.detail) == {"from_on": [None, "2026-11-23"], "name": [MARKET, "市市场监督管理局"]}


def test_who_saves_second_is_told_and_changes_nothing(any_app: Flask) -> None:
    head, reviewer = _guest(any_app), _guest(any_app, "demo.wu")
    opened, first = (_sent(guest.get("units.rename", unit_id=1)) for guest in (head, reviewer))
    reviewer.post("units.rename", unit_id=1, data={**first, "name": "先存的", "why": WHY})
    answered = head.post("units.rename", unit_id=1, data={**opened, "name": "后存的", "why": WHY}, status=409).text
    assert "吴审核先存了" in answered
    with any_app.app_context():
        assert queries.unit_with_history(1).name == "先存的"  # type: ignore[union-attr]


def test_changing_the_contact_goes_on_beside_the_history(any_app: Flask) -> None:
    head = _guest(any_app)
    kept = _sent(head.get("directory.edit", unit_id=1))
    _rename(any_app, MARKET, "市市场监督管理局", "2026-05-01")
    head.post("directory.edit", unit_id=1, data={**kept, "contact": "010-1", "note": ""}, status=409)


def test_whoever_may_only_keep_contacts_sees_no_way_to_the_names(any_app: Flask) -> None:
    zhao = _guest(any_app, "demo.zhao")
    told = _text(zhao.get("units.show", unit_id=1))
    assert "改联系方式" in told
    assert "维护这个单位" not in told
    for endpoint in ("rename", "merge", "retire"):
        zhao.get(f"units.{endpoint}", unit_id=1, status=403)


def test_a_unit_that_does_not_exist_has_no_page(any_app: Flask) -> None:
    head = _guest(any_app)
    for endpoint in ("show", "rename", "merge", "retire"):
        head.get(f"units.{endpoint}", unit_id=9999, status=404)
