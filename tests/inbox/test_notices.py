"""People are told what concerns them."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.rules.permissions import Permission
from portal.audit.models import AuditRow
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import begin_write, end_write, transaction
from portal.inbox.models import Notice
from portal.inbox.services.notices import tell, tell_all
from tests.support.visitor import Visitor

from .conftest import reading

Arrive = Callable[[str], Visitor]


def _tell(app: Flask, person_id: int, *texts: str, key: str | None = None) -> None:
    with app.app_context(), transaction():
        for text in texts:
            tell(person_id, text, address="/knowledge/", now=utc_now(), key=key)


def _texts(app: Flask, person_id: int) -> list[str]:
    with reading(app):
        return list(db.session.scalars(select(Notice.text).where(Notice.person_id == person_id).order_by(Notice.id)))


def test_the_bell_counts_what_was_not_read(full_app: Flask, visitor: Arrive, person: Callable[[str], int]) -> None:
    li = visitor("demo.li")
    assert li.get("home.start").select(".bell .count-badge") == []
    _tell(full_app, person("demo.li"), "第一件", "第二件")
    page = li.get("home.start")
    assert page.select_one(".bell .count-badge").get_text() == "2"  # type: ignore[union-attr]
    assert "消息，2 条没看" in page.select_one(".bell").get_text()  # type: ignore[union-attr]


def test_opening_a_notice_marks_it_and_leads_where_it_says(
    full_app: Flask, visitor: Arrive, person: Callable[[str], int]
) -> None:
    _tell(full_app, person("demo.li"), "看这里")
    li = visitor("demo.li")
    notice = li.get("inbox.index").select_one("[data-ref]")
    assert notice is not None
    done = li.post("inbox.open_notice", data={}, notice_id=int(str(notice["data-ref"])))
    assert done.headers["Location"] == "/knowledge/"
    assert "is-unread" not in str(li.get("inbox.index").select_one("[data-ref]"))
    assert "都看过了" in li.get("inbox.index").get_text()


def test_reading_is_a_mark_and_leaves_no_audit_row(
    full_app: Flask, visitor: Arrive, person: Callable[[str], int]
) -> None:
    _tell(full_app, person("demo.li"), "一", "二")
    li = visitor("demo.li")
    li.get("inbox.index")
    with reading(full_app):
        before = len(db.session.scalars(select(AuditRow)).all())
    li.post("inbox.read_all", data={"up_to": 10**6})
    with reading(full_app):
        assert len(db.session.scalars(select(AuditRow)).all()) == before


def test_reading_all_spares_what_came_after_the_page_was_made(
    full_app: Flask, visitor: Arrive, person: Callable[[str], int]
) -> None:
    _tell(full_app, person("demo.li"), "旧的")
    li = visitor("demo.li")
    up_to = li.get("inbox.index").select_one('input[name="up_to"]')
    assert up_to is not None
    _tell(full_app, person("demo.li"), "新的")
    li.post("inbox.read_all", data={"up_to": up_to["value"]})
    unread = li.get("/inbox/?unread=1")
    assert [words.get_text(strip=True) for words in unread.select(".notices .words")] == ["没看过：新的"]


def test_nobody_reads_what_another_was_told(full_app: Flask, visitor: Arrive, person: Callable[[str], int]) -> None:
    _tell(full_app, person("demo.li"), "只给李坐席")
    with reading(full_app):
        notice_id = db.session.scalars(select(Notice.id)).one()
    wang = visitor("demo.wang")
    assert "只给李坐席" not in wang.get("inbox.index").get_text()
    wang.post("inbox.open_notice", data={}, status=404, notice_id=notice_id)
    wang.post("inbox.read_all", data={"up_to": notice_id})
    with reading(full_app):
        assert db.session.scalars(select(Notice.read_at)).one() is None


def test_everybody_who_holds_a_permission_is_told_once_an_occasion(
    full_app: Flask, person: Callable[[str], int]
) -> None:
    for _ in range(2):
        with full_app.app_context(), transaction():
            tell_all(Permission.INBOX_EXPORT_APPROVE, "等您决定", address="/inbox/", now=utc_now(), key="occasion")
    assert _texts(full_app, person("demo.jia")) == ["等您决定"]
    assert _texts(full_app, person("demo.li")) == []


@pytest.mark.parametrize("address", ["https://example.org/", "//example.org", "knowledge", ""])
def test_a_notice_leads_nowhere_outside(full_app: Flask, person: Callable[[str], int], address: str) -> None:
    with full_app.app_context(), pytest.raises(ValueError, match="path of the portal"), transaction():
        tell(person("demo.li"), "走错", address=address, now=utc_now())


def test_a_notice_not_committed_was_never_there(full_app: Flask, person: Callable[[str], int]) -> None:
    li = person("demo.li")
    with full_app.app_context():
        begin_write()
        tell(li, "不算", address="/", now=utc_now())
        db.session.flush()
        end_write()
    assert _texts(full_app, person("demo.li")) == []


def test_the_page_asks_as_often_for_one_notice_as_for_thirty(
    full_app: Flask, visitor: Arrive, person: Callable[[str], int]
) -> None:
    li = visitor("demo.li")
    _tell(full_app, person("demo.li"), "一")
    li.get("inbox.index")
    few = len(li.statements)
    _tell(full_app, person("demo.li"), *(f"第 {n} 件" for n in range(29)))
    li.get("inbox.index")
    assert len(li.statements) == few
