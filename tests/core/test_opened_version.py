"""Whoever saves second is shown both texts; nobody's words are lost."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.core.database import db
from portal.directory.models import Unit
from tests.support.visitor import Visitor, check_page

UNIT = 3
EDITORS = ("demo.zhao", "demo.sun", "demo.qian")
SHORT = settings(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class _Editor:
    """One person with the form open, or not."""

    visitor: Visitor
    form: dict[str, str] = field(default_factory=dict)

    def opens(self) -> None:
        page = self.visitor.get("directory.edit", unit_id=UNIT)
        self.form = {str(box["name"]): str(box.get("value", "")) for box in page.select("main form input[name]")}

    def saves(self, contact: str, note: str) -> Any:
        return self.visitor.client.post(f"/units/{UNIT}/edit", data={**self.form, "contact": contact, "note": note})


def _stands(app: Flask) -> tuple[str, str, int]:
    with app.app_context():
        unit = db.session.get_one(Unit, UNIT)
        return unit.contact, unit.note, unit.version


def _editors(app: Flask) -> list[_Editor]:
    return [_Editor(Visitor(app, app.test_client()).sign_in(login)) for login in EDITORS]


def test_the_second_saver_is_shown_both_texts_and_overwrites_nothing(any_app: Flask) -> None:
    first, second, _ = _editors(any_app)
    first.opens()
    second.opens()
    assert first.saves("010-甲", "甲的备注").status_code == 303
    answer = second.saves("010-乙", "乙的备注\n第二行")
    assert answer.status_code == 409
    page = check_page(answer)
    assert "赵走访" in page.get_text()
    for theirs in ("010-甲", "甲的备注"):
        assert theirs in page.get_text()
    mine = [box.get_text() for box in page.select("textarea")]
    assert any("010-乙" in text for text in mine)
    assert any("乙的备注" in text and "第二行" in text for text in mine)
    assert page.select_one(f'a[href="/units/{UNIT}/edit"]')
    assert _stands(any_app) == ("010-甲", "甲的备注", 2)


def test_after_a_conflict_the_form_opened_anew_is_taken(app: Flask) -> None:
    first, second, _ = _editors(app)
    first.opens()
    second.opens()
    first.saves("010-甲", "")
    assert second.saves("010-乙", "").status_code == 409
    second.opens()
    assert second.saves("010-甲、010-乙", "").status_code == 303
    assert _stands(app) == ("010-甲、010-乙", "", 3)


@pytest.mark.parametrize("version", ["0", "2", "-1", "999999999999999999999", "x", "", "1.0"])
def test_a_version_that_was_never_opened_overwrites_nothing(any_app: Flask, version: str) -> None:
    editor = _editors(any_app)[0]
    editor.opens()
    editor.form["opened_version"] = version
    assert editor.saves("010-伪", "伪").status_code in {409, 422}
    assert _stands(any_app) == ("", "", 1)


def test_a_form_without_a_version_overwrites_nothing(app: Flask) -> None:
    editor = _editors(app)[0]
    editor.opens()
    del editor.form["opened_version"]
    assert editor.saves("010-伪", "伪").status_code in {409, 422}
    assert _stands(app) == ("", "", 1)


def test_what_was_typed_into_an_invalid_form_stands_in_it_still(app: Flask) -> None:
    editor = _editors(app)[0]
    editor.opens()
    answer = editor.saves("话" * 201, "备注还在")
    assert answer.status_code == 422
    page = check_page(answer)
    assert "联系方式最多 200 字" in page.get_text()
    assert "备注还在" in page.get_text()
    assert "话" * 201 in str(page)


def test_hostile_words_in_a_conflict_stay_words(app: Flask) -> None:
    first, second, _ = _editors(app)
    first.opens()
    second.opens()
    first.saves("<script>alert(1)</script>", "")
    answer = second.saves("</textarea><img src=x onerror=alert(2)>", "")
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    assert not page.select("img, script:not([src])")
    assert "</textarea><img src=x onerror=alert(2)>" in [box.get_text() for box in page.select("textarea")]


def _acts(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(AuditRow.seq).where(AuditRow.action == "directory:unit:edit")).all())


@SHORT
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["open", "save"])), min_size=2, max_size=12))
def test_in_any_interleaving_an_edit_is_taken_whole_or_refused_whole(app: Flask, steps: list[tuple[int, str]]) -> None:
    editors = _editors(app)
    contact, note, version = _stands(app)
    taken = _acts(app)
    opened: dict[int, int] = {}
    for number, (who, what) in enumerate(steps):
        editor = editors[who]
        if what == "open":
            editor.opens()
            opened[who] = version
        elif who in opened:
            mine = (f"{EDITORS[who]} {version}.{number}", f"备注 {number}")
            answer = editor.saves(*mine)
            if opened[who] == version:
                assert answer.status_code == 303
                (contact, note), version, taken = mine, version + 1, taken + 1
            else:
                assert answer.status_code == 409
                assert all(text in answer.text for text in (*mine, contact))
        assert _stands(app) == (contact, note, version)
        assert _acts(app) == taken
