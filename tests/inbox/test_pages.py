"""The pages of background work say how far it is and may be left."""

import json
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from portal.audit.services import Actor
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.models import Job
from portal.inbox.rules.jobs import JobState
from portal.inbox.runner import Runner
from portal.inbox.services.jobs import ask_for
from portal.inbox.services.work import JobKind
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
Register = Callable[[JobKind], None]


def _ask(app: Flask, person_id: int, **values: object) -> int:
    with app.app_context(), transaction():
        job = ask_for("tests:work", {}, by=Actor(person_id, "孙负责"), now=utc_now())
        db.session.execute(update(Job).where(Job.id == job.id).values(**values or {"done": 0}))
        return job.id


def test_progress_is_shown_with_unit_time_left_and_faults(
    full_app: Flask, visitor: Arrive, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "导入工单", lambda context: None, unit="行", stopping="已导入的留着。"))
    started = utc_now() - timedelta(seconds=60)
    values = {"state": JobState.RUNNING, "done": 300, "total": 1200, "faults": 7, "started_at": started}
    _ask(full_app, person("demo.sun"), **values)
    page = visitor("demo.sun").get("inbox.jobs")
    row = page.select_one("tbody tr")
    assert row is not None
    words = row.get_text(" ", strip=True)
    for part in ("导入工单", "在做", "300 / 1,200 行", "约剩 3 分", "7 处有错", "停下"):
        assert part in words
    assert row.select_one("rect.meter-done")["width"] == "25"  # type: ignore[index]
    assert "可以离开这一页" in page.get_text()
    assert "已导入的留着。" in str(row.select_one("button[data-confirm]"))


def test_the_list_asks_for_itself_only_while_something_is_unfinished(
    full_app: Flask, visitor: Arrive, runner: Runner, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    sun = visitor("demo.sun")
    assert sun.get("inbox.jobs").select("[hx-get]") == []
    _ask(full_app, person("demo.sun"))
    asks = sun.get("inbox.jobs").select_one("#jobs[hx-get]")
    assert asks is not None
    part = sun.client.get(str(asks["hx-get"]), headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div class="stack" id="jobs" hx-get=')
    runner.work_off()
    part = sun.client.get(str(asks["hx-get"]), headers={"HX-Request": "true"}).text
    assert "hx-get" not in part
    assert "已完成" in part


def test_a_page_that_asks_by_itself_keeps_no_session_alive(
    full_app: Flask, visitor: Arrive, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    _ask(full_app, person("demo.sun"))
    sun = visitor("demo.sun")
    asks = sun.get("inbox.jobs").select_one("#jobs[hx-get]")
    assert asks is not None
    headers = {"HX-Request": "true", **json.loads(str(asks["hx-headers"]))}
    for minutes in (10, 10, 9):
        set_clock(utc_now() + timedelta(minutes=minutes))
        assert sun.client.get(str(asks["hx-get"]), headers=headers).status_code == 200
    set_clock(utc_now() + timedelta(minutes=2))
    assert sun.client.get(str(asks["hx-get"]), headers=headers).status_code == 401


def test_waiting_long_says_that_nobody_seems_to_work(
    full_app: Flask, visitor: Arrive, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    _ask(full_app, person("demo.sun"), asked_at=utc_now() - timedelta(minutes=3))
    assert "后台程序可能没有在运行" in visitor("demo.sun").get("inbox.jobs").get_text()


def test_everybody_sees_only_ones_own_work(
    full_app: Flask, visitor: Arrive, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "孙的活", lambda context: None, stopping="停。"))
    job_id = _ask(full_app, person("demo.sun"))
    wang = visitor("demo.wang")
    assert "孙的活" not in wang.get("inbox.jobs").get_text()
    wang.post("inbox.stop_job", data={}, status=422, job_id=job_id)


def test_every_role_has_the_three_pages(visitor: Arrive) -> None:
    for login in ("demo.li", "demo.wang", "demo.sun", "demo.jia", "demo.zheng", "demo.chen", "demo.feng"):
        guest = visitor(login)
        for endpoint in ("inbox.index", "inbox.jobs", "inbox.exports"):
            guest.get(endpoint)


def test_nobody_signed_in_sees_none_of_it(visitor: Arrive) -> None:
    nobody = visitor("")
    for path in ("/inbox/", "/inbox/jobs", "/inbox/exports", "/inbox/exports/log", "/inbox/exports/new/articles"):
        assert nobody.client.get(path).status_code == 401


def test_the_page_asks_as_often_for_one_job_as_for_many(
    full_app: Flask, visitor: Arrive, kinds: Register, person: Callable[[str], int]
) -> None:
    kinds(JobKind("tests:work", "活", lambda context: None))
    sun = visitor("demo.sun")
    _ask(full_app, person("demo.sun"))
    sun.get("inbox.jobs")
    few = len(sun.statements)
    for _ in range(10):
        _ask(full_app, person("demo.sun"))
    sun.get("inbox.jobs")
    assert len(sun.statements) == few
