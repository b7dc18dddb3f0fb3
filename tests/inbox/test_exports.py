"""An export is asked for with a reason, built by a runner, handed over to its maker alone, and can be traced to him."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission
from portal.audit.models import AuditRow
from portal.core import files
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.masking import Personal, Secret
from portal.core.write import transaction
from portal.inbox import kinds as registry
from portal.inbox.kinds import ExportKind, register_export
from portal.inbox.models import Export, ExportDownload, Notice
from portal.inbox.rules.exports import PER_HOUR, ExportState
from portal.inbox.runner import Runner
from portal.inbox.services.exports import expire
from portal.inbox.sheets import Column, Sheet
from tests.support.visitor import Visitor

from .conftest import reading

Arrive = Callable[[str], Visitor]
Ask = Callable[..., str]
PEOPLE = 3


@pytest.fixture
def people_kind() -> Iterator[None]:
    """Something with personal data that can be exported, as the domains above will bring it."""

    def rows() -> Iterator[list[Any]]:
        for n in range(PEOPLE):
            yield [Secret("王小明", Personal.NAME), Secret(f"1381234567{n}", Personal.PHONE)]

    register_export(
        ExportKind(
            name="people",
            title="联系人",
            permission=Permission.DIRECTORY_UNIT_READ,
            sheets=lambda asked: [Sheet("联系人", [Column("姓名"), Column("电话")], rows())],
            count=lambda asked: PEOPLE,
            conditions=lambda params: "",
            back="/units/",
            personal=True,
        )
    )
    yield
    registry._kinds.pop("people")


def _export(app: Flask, number: str) -> Export:
    with reading(app):
        found = db.session.scalars(select(Export).where(Export.number == number)).one()
        db.session.expunge(found)
        return found


def _acts(app: Flask, number: str) -> list[str]:
    with reading(app):
        rows = select(AuditRow.action).where(AuditRow.object_ref == f"export:{number}").order_by(AuditRow.seq)
        return list(db.session.scalars(rows))


def _told(app: Flask, login: str) -> list[str]:
    with reading(app):
        mine = select(Person.id).where(Person.login == login).scalar_subquery()
        return list(db.session.scalars(select(Notice.text).where(Notice.person_id == mine).order_by(Notice.id)))


def _file(guest: Visitor, number: str) -> tuple[dict[str, str], bytes]:
    with guest.post("inbox.download", data={}, status=200, number=number) as response:
        return dict(response.headers), response.data


def _ask_people(guest: Visitor, *, masked: str, why: str = "专项核查", status: int = 303) -> str:
    data = {"why": why, "format": "xlsx", "masked": masked}
    done = guest.post("inbox.ask_export", data=data, status=status, kind="people")
    return done.headers.get("Location", "").rsplit("/", 1)[-1]


# -- the list of articles, from the button to the file -------------------------------------------------------


def test_the_list_as_it_was_narrowed_becomes_a_file(visitor: Arrive, full_app: Flask, runner: Runner) -> None:
    sun = visitor("demo.sun")
    listed = sun.get("/knowledge/?category=01")
    button = next(link for link in listed.select(".actions a") if link.get_text(strip=True) == "导出")
    form = sun.get(str(button["href"]))
    assert "分类「" in form.get_text()
    action = str(form.select_one("form.form")["action"])  # type: ignore[index]
    done = sun.post(action, data={"why": "交接用", "format": "xlsx"})
    number = done.headers["Location"].rsplit("/", 1)[1]
    assert "正在生成" in sun.get(done.headers["Location"]).get_text()
    runner.work_off()
    assert "文件做好了" in sun.get(done.headers["Location"]).get_text()
    headers, content = _file(sun, number)
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    page = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    rows = list(page.iter_rows(min_row=3, max_row=page.max_row - 2, values_only=True))
    assert len(rows) == _export(full_app, number).rows
    assert {str(row[6])[:2] for row in rows} == {"01"}
    assert number in str(page["A1"].value)
    assert "孙负责（demo.sun）" in str(page["A1"].value)
    assert _told(full_app, "demo.sun")[0].startswith("「现行知识」导出好了，")
    assert "都看过了" in sun.get("inbox.index").get_text()


def test_only_what_answers_now_is_exported(full_app: Flask, runner: Runner, ask_articles: Ask, visitor: Arrive) -> None:
    from_list = visitor("demo.sun").get("/knowledge/").select_one(".answer-line")
    assert from_list is not None
    number = ask_articles(full_app)
    runner.work_off()
    assert f"{_export(full_app, number).rows} 条" in from_list.get_text()


@pytest.mark.parametrize(("login", "may"), [("demo.li", False), ("demo.qian", False), ("demo.sun", True)])
def test_agents_have_no_bulk_export(visitor: Arrive, full_app: Flask, login: str, may: bool) -> None:
    guest = visitor(login)
    links = [link.get_text(strip=True) for link in guest.get("/knowledge/").select(".actions a")]
    assert ("导出" in links) is may
    guest.get("inbox.ask_export", kind="articles", status=200 if may else 403)
    guest.post("/inbox/exports/new/articles", data={"why": "自己用", "format": "csv"}, status=303 if may else 403)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"why": "", "format": "xlsx"}, "请写明导出做什么用"),
        ({"why": "　", "format": "xlsx"}, "请写"),
        ({"why": "核对名单", "format": "pdf"}, ""),
        ({"why": "字" * 501, "format": "xlsx"}, "请写 2 到 500 字"),
    ],
)
def test_wrong_input_is_one_clear_sentence_and_asks_for_nothing(
    visitor: Arrive, full_app: Flask, data: dict[str, str], fault: str
) -> None:
    sun = visitor("demo.sun")
    response = sun.post("/inbox/exports/new/articles", data=data, status=422)
    assert fault in response.text
    with reading(full_app):
        assert db.session.scalar(select(func.count()).select_from(Export)) == 0


def test_a_kind_that_does_not_exist_is_not_found(visitor: Arrive) -> None:
    visitor("demo.sun").get("/inbox/exports/new/people", status=404)


def test_the_same_form_sent_twice_is_one_export(visitor: Arrive, full_app: Flask) -> None:
    sun = visitor("demo.sun")
    data = {"why": "交接用", "format": "xlsx", "form_key": "one and the same"}
    first, second = (sun.post("/inbox/exports/new/articles", data=data).headers["Location"] for _ in range(2))
    assert first == second


def test_ten_an_hour_are_enough(visitor: Arrive, full_app: Flask) -> None:
    sun = visitor("demo.sun")
    for _ in range(PER_HOUR):
        sun.post("/inbox/exports/new/articles", data={"why": "反复导出", "format": "csv"})
    refused = sun.post("/inbox/exports/new/articles", data={"why": "反复导出", "format": "csv"}, status=422)
    assert "一小时里已经导出 10 次" in refused.text


# -- handing over --------------------------------------------------------------------------------------------


def test_each_download_is_logged_and_audited(
    visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    sun = visitor("demo.sun")
    for _ in range(2):
        _file(sun, number)
    assert _acts(full_app, number) == [
        "inbox:export:ask",
        "inbox:export:build",
        "inbox:export:download",
        "inbox:export:download",
    ]
    assert len(sun.get("inbox.export", number=number).select("dd ul li")) == 2


def test_looking_at_the_page_writes_nothing_and_hands_over_nothing(
    visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    visitor("demo.sun").get(f"/inbox/exports/{number}/download", status=405)
    assert "inbox:export:download" not in _acts(full_app, number)


def test_nobody_else_has_the_file_and_nobody_without_business_sees_the_page(
    visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    for login, page in (("demo.wang", 404), ("demo.jia", 404), ("demo.zheng", 200)):
        guest = visitor(login)
        guest.get("inbox.export", number=number, status=page)
        guest.post("inbox.download", data={}, status=422, number=number)
    with reading(full_app):
        assert db.session.scalar(select(func.count()).select_from(ExportDownload)) == 0


def test_it_expires_after_seven_days_and_its_file_is_gone(
    visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    name = _export(full_app, number).file
    set_clock(utc_now() + timedelta(days=7, seconds=1))
    late = visitor("demo.sun").post("inbox.download", data={}, status=422, number=number)
    assert "这份导出过期了" in late.text
    monkeypatch.setattr("portal.inbox.services.exports.YOUNG", timedelta(seconds=-5))
    for _ in range(2):
        with full_app.app_context():
            expire(utc_now())
    assert _export(full_app, number).state == ExportState.EXPIRED
    assert _acts(full_app, number).count("inbox:export:expire") == 1
    assert not files._place(name).exists()
    assert "已过期" in visitor("demo.sun").get("inbox.exports").get_text()


def test_what_a_broken_off_attempt_left_is_removed_and_what_is_named_stays(
    full_app: Flask, runner: Runner, ask_articles: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    left = files.draft("exports")
    monkeypatch.setattr("portal.inbox.services.exports.YOUNG", timedelta(seconds=-5))
    with full_app.app_context():
        expire(utc_now())
    assert not left.exists()
    assert files.path_of(_export(full_app, number).file).exists()


def test_a_file_changed_on_the_disk_is_not_handed_over(
    visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    with files.path_of(_export(full_app, number).file).open("ab") as file:
        file.write(b"!")
    refused = visitor("demo.sun").post("inbox.download", data={}, status=422, number=number)
    assert "和生成时不一样" in refused.text


def test_whoever_lost_the_right_does_not_get_the_file(
    visitor: Arrive, full_app: Flask, runner: Runner, people_kind: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sun = visitor("demo.sun")
    number = _ask_people(sun, masked="yes")
    runner.work_off()
    kind = registry._kinds["people"]
    monkeypatch.setitem(registry._kinds, "people", _with_permission(kind, Permission.TICKETS_TICKET_IMPORT))
    _file(sun, number)
    monkeypatch.setitem(registry._kinds, "people", _with_permission(kind, Permission.ADMIN_BACKUP_MANAGE))
    sun.post("inbox.download", data={}, status=422, number=number)


def _with_permission(kind: ExportKind, permission: Permission) -> ExportKind:
    return ExportKind(**{**kind.__dict__, "permission": permission})


def test_the_record_of_downloads_refuses_changes(any_full_app: Flask, ask_articles: Ask) -> None:
    number = ask_articles(any_full_app)
    Runner(any_full_app).work_off()
    _file(Visitor(any_full_app, any_full_app.test_client()).sign_in("demo.sun"), number)
    with any_full_app.app_context(), pytest.raises(DatabaseError), transaction():
        db.session.execute(update(ExportDownload).values(person_name="别人"))


# -- stopping and failing ------------------------------------------------------------------------------------


def test_a_stopped_export_leaves_no_file(visitor: Arrive, full_app: Flask, ask_articles: Ask) -> None:
    number = ask_articles(full_app)
    sun = visitor("demo.sun")
    sun.post("inbox.stop_job", data={}, job_id=_export(full_app, number).job_id)
    assert _export(full_app, number).state == ExportState.STOPPED
    assert "已停" in sun.get("inbox.export", number=number).get_text()


def test_an_export_that_cannot_be_made_says_why(
    visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.inbox.sheets.MOST_ROWS", 3)
    number = ask_articles(full_app)
    runner.work_off()
    assert _export(full_app, number).state == ExportState.FAILED
    page = visitor("demo.sun").get("inbox.export", number=number)
    assert "超过 3 行：请缩小条件，分几次导出" in page.get_text()
    assert not list((full_app.config["PORTAL"].data_dir / "files" / "exports").glob("??/*"))


# -- unmasked ------------------------------------------------------------------------------------------------


def test_personal_data_leaves_masked_unless_approved(
    visitor: Arrive, full_app: Flask, runner: Runner, people_kind: None
) -> None:
    sun = visitor("demo.sun")
    number = _ask_people(sun, masked="yes")
    runner.work_off()
    page = openpyxl.load_workbook(io.BytesIO(_file(sun, number)[1])).worksheets[0]
    assert [cell.value for cell in page[3]] == ["王*", "138****5670"]


def test_an_unmasked_one_waits_for_the_client_and_is_then_whole(
    visitor: Arrive, full_app: Flask, runner: Runner, people_kind: None
) -> None:
    sun, jia = visitor("demo.sun"), visitor("demo.jia")
    number = _ask_people(sun, masked="no")
    assert runner.work_off() == 0
    sun.post("inbox.download", data={}, status=422, number=number)
    assert _told(full_app, "demo.jia") == ["孙负责申请不脱敏导出「联系人」，等您决定"]
    assert number in str(jia.get("inbox.exports"))
    jia.post("inbox.approve_export", data={"remark": "同意，限本次核查"}, number=number)
    assert runner.work_off() == 1
    page = openpyxl.load_workbook(io.BytesIO(_file(sun, number)[1])).worksheets[0]
    assert [cell.value for cell in page[3]] == ["王小明", "13812345670"]
    assert _acts(full_app, number)[:2] == ["inbox:export:ask", "inbox:export:approve"]
    jia.post("inbox.download", data={}, status=422, number=number)


def test_a_refused_one_is_never_built_and_its_asker_learns_why(
    visitor: Arrive, full_app: Flask, runner: Runner, people_kind: None
) -> None:
    sun, jia = visitor("demo.sun"), visitor("demo.jia")
    number = _ask_people(sun, masked="no")
    without_reason = jia.post("inbox.refuse_export", data={"remark": " "}, status=422, number=number)
    assert "请写明为什么不批准" in without_reason.text
    jia.post("inbox.refuse_export", data={"remark": "用脱敏的就够"}, number=number)
    again = jia.post("inbox.approve_export", data={"remark": ""}, status=422, number=number)
    assert "已经有人决定过了" in again.text
    assert runner.work_off() == 0
    assert _told(full_app, "demo.sun") == ["「联系人」不脱敏导出没有获批：用脱敏的就够"]


def test_only_the_project_head_asks_and_only_the_client_decides(
    visitor: Arrive, full_app: Flask, people_kind: None
) -> None:
    zhao = visitor("demo.zhao")
    assert zhao.get("inbox.ask_export", kind="people").select('input[name="masked"]') == []
    number = _ask_people(zhao, masked="no")
    assert _export(full_app, number).masked, "the choice is not offered, so it is not taken"
    sun = visitor("demo.sun")
    waiting = _ask_people(sun, masked="no")
    for login in ("demo.sun", "demo.zhao", "demo.zheng"):
        visitor(login).post("inbox.approve_export", data={"remark": ""}, status=403, number=waiting)


def test_the_database_itself_keeps_one_from_approving_ones_own(any_full_app: Flask, ask_articles: Ask) -> None:
    number = ask_articles(any_full_app)
    with any_full_app.app_context(), pytest.raises(IntegrityError), transaction():
        db.session.execute(update(Export).where(Export.number == number).values(decided_by_id=Export.person_id))


def test_many_rows_about_people_in_a_day_are_told_to_the_auditor_once(
    visitor: Arrive, full_app: Flask, runner: Runner, people_kind: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.inbox.rules.exports.ROWS_A_DAY", 2 * PEOPLE - 1)
    sun = visitor("demo.sun")
    _ask_people(sun, masked="yes")
    runner.work_off()
    assert _told(full_app, "demo.zheng") == []
    for _ in range(2):
        _ask_people(sun, masked="yes")
    runner.work_off()
    assert _told(full_app, "demo.zheng") == ["孙负责今天导出了 6 行含个人信息的数据，请看导出记录"]


# -- the auditor ---------------------------------------------------------------------------------------------


def test_the_auditor_finds_who_made_a_file(visitor: Arrive, full_app: Flask, runner: Runner, ask_articles: Ask) -> None:
    number = ask_articles(full_app)
    ask_articles(full_app, login="demo.wang")
    runner.work_off()
    _file(visitor("demo.sun"), number)
    zheng = visitor("demo.zheng")
    assert len(zheng.get("inbox.export_log").select("tbody tr")) == 2
    typed = number.lower().replace("-", "")
    found = zheng.get(f"/inbox/exports/log?number={typed}").select("tbody tr")
    assert [row["data-ref"] for row in found] == [number]
    assert "孙负责" in found[0].get_text()
    for login in ("demo.sun", "demo.jia", "demo.feng"):
        visitor(login).get("inbox.export_log", status=403)


def test_the_log_asks_as_often_for_one_export_as_for_many(visitor: Arrive, full_app: Flask, ask_articles: Ask) -> None:
    zheng = visitor("demo.zheng")
    ask_articles(full_app)
    zheng.get("inbox.export_log")
    few = len(zheng.statements)
    for _ in range(6):
        ask_articles(full_app, login="demo.wang")
    zheng.get("inbox.export_log")
    assert len(zheng.statements) == few


def test_the_command_names_the_maker_by_the_number(
    full_app: Flask, runner: Runner, ask_articles: Ask, visitor: Arrive
) -> None:
    number = ask_articles(full_app)
    runner.work_off()
    _file(visitor("demo.sun"), number)
    shell = full_app.test_cli_runner()
    done = shell.invoke(args=["export", "trace", number.lower(), "--json"])
    assert done.exit_code == 0
    facts = json.loads(done.stdout)
    assert (facts["person"], facts["login"], facts["masked"], facts["why"]) == (
        "孙负责",
        "demo.sun",
        True,
        "核对名单用",
    )
    assert [each["person"] for each in facts["downloads"]] == ["孙负责"]
    assert facts["sha256"] == _export(full_app, number).sha256
    assert "孙负责（demo.sun）" in shell.invoke(args=["export", "trace", number]).stdout
    assert shell.invoke(args=["export", "trace", "AAAA-AAAA"]).exit_code == 1
    assert _acts(full_app, number)[-1] == "inbox:export:trace"
