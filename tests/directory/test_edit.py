"""Changing how a unit is reached: it works, nothing typed is lost, nobody else's words are overwritten."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.core.database import db
from portal.directory.models import Unit
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
UNIT = "市市场监管局"


def _unit(app: Flask) -> Unit:
    with app.app_context():
        return db.session.scalars(select(Unit).where(Unit.name == UNIT)).one()


def _path(app: Flask) -> str:
    return f"/units/{_unit(app).id}/edit"


def _fields(page: BeautifulSoup) -> dict[str, str]:
    """What a browser would send of the page's form."""
    form = page.select_one("main form[method=post]")
    assert form is not None
    fields = {str(box["name"]): str(box.get("value", "")) for box in form.select("input[name]")}
    areas = {str(area["name"]): area.get_text() for area in form.select("textarea[name]")}
    return fields | {
        name: text.removeprefix("\r\n") for name, text in areas.items()
    }  # a browser drops the first line end


def _acts(app: Flask) -> list[AuditRow]:
    with app.app_context():
        return list(db.session.scalars(select(AuditRow).where(AuditRow.action == "directory:unit:edit")))


def _type(guest: Visitor, contact: str, note: str = "") -> dict[str, str]:
    """Open the form and fill it in."""
    return {**_fields(guest.get(_path(guest.app))), "contact": contact, "note": note}


@pytest.mark.parametrize("login", ["demo.qian", "demo.zhao", "demo.sun"])
def test_who_may_change_a_unit_changes_it_and_the_log_says_what(visitor: Arrive, login: str) -> None:
    guest = visitor(login)
    link = guest.get(_path(guest.app).removesuffix("/edit")).select_one('a[href$="/edit"]')
    assert link is not None
    fields = _type(guest, "010-12345 转 2", "上午九点后有人接。")
    assert guest.client.post(str(link["href"]), data=fields).location == _path(guest.app).removesuffix("/edit")
    page = guest.get(_path(guest.app).removesuffix("/edit")).get_text()
    assert "010-12345 转 2" in page
    assert "上午九点后有人接。" in page
    [act] = _acts(guest.app)
    assert act.object_ref == f"unit:{_unit(guest.app).id}"
    assert '"contact": ["", "010-12345 转 2"]' in act.detail


@pytest.mark.parametrize("login", ["demo.li", "demo.zhou", "demo.wu", "demo.wang", "demo.jia", "demo.feng"])
def test_the_form_is_closed_to_all_others_and_no_button_leads_to_it(visitor: Arrive, login: str) -> None:
    guest = visitor(login)
    guest.get(_path(guest.app), status=403)
    insider = visitor("demo.zhao")
    token = guest.client.get("/account/mine").text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {**_type(insider, "不该存的"), "csrf_token": token}
    assert guest.client.post(_path(guest.app), data=data).status_code == 403
    assert _unit(guest.app).contact == ""
    if login != "demo.feng":
        assert guest.get(_path(guest.app).removesuffix("/edit")).select('a[href$="/edit"]') == []


def test_sending_the_same_form_twice_has_one_effect(visitor: Arrive) -> None:
    guest = visitor("demo.zhao")
    fields = _type(guest, "010-1")
    answers = [guest.client.post(_path(guest.app), data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(_acts(guest.app)) == 1
    assert _unit(guest.app).version == 2


def test_saving_what_stands_there_already_is_no_act(visitor: Arrive) -> None:
    guest = visitor("demo.zhao")
    fields = _fields(guest.get(_path(guest.app)))
    assert guest.client.post(_path(guest.app), data=fields).status_code == 303
    assert _acts(guest.app) == []
    assert _unit(guest.app).version == 1


def test_the_second_saver_sees_both_texts_and_overwrites_nothing(visitor: Arrive) -> None:
    first, second = visitor("demo.zhao"), visitor("demo.sun")
    mine, theirs = _type(first, "赵走访写的", "赵的备注"), _type(second, "孙负责写的", "孙的备注")
    assert first.client.post(_path(first.app), data=mine).status_code == 303
    page = BeautifulSoup(second.post(_path(first.app), data=theirs, status=409).text, "html.parser")
    text = page.get_text() + " ".join(str(box.get("value", "")) for box in page.select("input"))
    for words in ("赵走访", "赵走访写的", "赵的备注", "孙负责写的", "孙的备注", "联系方式", "备注"):
        assert words in text, words
    assert _unit(first.app).contact == "赵走访写的"
    assert len(_acts(first.app)) == 1


TOO_LONG = {"contact": ("字" * 201, "联系方式最多 200 字"), "note": ("字" * 2001, "备注最多 2,000 字")}


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_fault_is_named_at_its_field_and_what_was_typed_stays(visitor: Arrive, name: str) -> None:
    guest = visitor("demo.zhao")
    words, fault = TOO_LONG[name]
    fields = {**_type(guest, "打好的联系方式", "打好的备注"), name: words}
    page = BeautifulSoup(guest.post(_path(guest.app), data=fields, status=422).text, "html.parser")
    kept = _fields(page)
    assert {key: kept[key] for key in ("contact", "note")} == {key: fields[key] for key in ("contact", "note")}
    box = page.select_one(f'[name="{name}"]')
    assert box is not None
    assert box["aria-invalid"] == "true"
    assert fault in page.select_one(f"#{name}-fault").get_text()  # type: ignore[union-attr]
    assert f"#{name}" in {str(link["href"]) for link in page.select(".error-summary a")}
    assert _unit(guest.app).version == 1


def test_the_exact_limits_are_allowed(visitor: Arrive) -> None:
    guest = visitor("demo.zhao")
    assert guest.client.post(_path(guest.app), data=_type(guest, "字" * 200, "字" * 2000)).status_code == 303


def test_what_is_typed_is_shown_as_text_and_never_as_a_page(visitor: Arrive) -> None:
    guest = visitor("demo.zhao")
    words = "<script>alert(1)</script>\"'&"
    assert guest.client.post(_path(guest.app), data=_type(guest, words, words)).status_code == 303
    assert words in guest.get(_path(guest.app).removesuffix("/edit")).get_text()
    assert words in guest.get("units.index", q="alert").get_text()


@pytest.mark.parametrize("version", ["", "x", "-1", "99", "1e3", "9" * 40])
def test_a_forged_version_is_a_conflict_or_a_fault_never_a_save(visitor: Arrive, version: str) -> None:
    guest = visitor("demo.zhao")
    fields = {**_type(guest, "伪造的"), "opened_version": version}
    assert guest.client.post(_path(guest.app), data=fields).status_code in (400, 409, 422)
    assert _unit(guest.app).contact == ""


def test_a_unit_that_is_not_there_cannot_be_changed(visitor: Arrive) -> None:
    visitor("demo.zhao").get("/units/999999/edit", status=404)
