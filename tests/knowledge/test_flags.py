"""A reader says that a text is wrong; editors see it first and say that they read it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Flag, Revision
from portal.knowledge.rules.states import FlagKind, FlagState
from portal.knowledge.services import uses as services
from tests.support.visitor import Visitor

from .asking import acts, article_of, who
from .pack import NOW, take_in, write

Arrive = Callable[[str], Visitor]
TICKET = "2026-1123-0042"
TRADEMARK = "KB-1001-001"


def _revision() -> Revision:
    return db.session.scalars(select(Revision).where(Revision.article_id == article_of("told").id)).one()


def _flag_form(agent: Visitor) -> tuple[str, dict[str, str]]:
    page = agent.get("home.start", q="商标注册一次管多少年", ticket=TICKET)
    link = page.select_one('article.answer [data-key="f"]')
    assert link is not None
    there = agent.get(str(link["href"]) + f"&ticket={TICKET}")
    form = there.select_one("main form.form")
    assert form is not None
    kept = {box["name"]: box.get("value", "") for box in form.select('input:not([type="radio"])')}
    return str(form["action"]), kept  # type: ignore[return-value]


def test_a_flag_keeps_what_is_wrong_the_revision_and_the_words_searched(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    action, form = _flag_form(agent)
    answer = agent.client.post(action, data={**form, "kind": "过期", "words": "明年改了"})
    assert answer.status_code == 303
    assert answer.location.startswith("/?q=")
    with agent.app.app_context():
        flag = db.session.scalars(select(Flag)).one()
        assert (flag.kind, flag.words, flag.searched) == ("过期", "明年改了", "商标注册一次管多少年")
        assert (flag.ticket, flag.state, flag.person_name) == (TICKET, FlagState.NEW, "李坐席")
        assert [act.object_ref for act in acts("knowledge:flag:raise")] == [f"article:{TRADEMARK}"]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"kind": ""}, "请选一种"),
        ({"kind": "乱填"}, "哪里不对"),
        ({"kind": "其他"}, "请写明哪里不对"),
        ({"kind": "有错", "words": "字" * 501}, "最多 500 字"),
        ({"kind": "有错", "ticket": "号 码"}, "工单号只能有"),
    ],
)
def test_a_flag_with_a_fault_says_how_to_mend_it_and_keeps_what_was_typed(
    visitor: Arrive, typed: dict[str, str], fault: str
) -> None:
    agent = visitor("demo.li")
    action, form = _flag_form(agent)
    answer = agent.post(action, data={**form, "words": "", **typed}, status=422)
    assert fault in answer.text
    assert typed.get("words", "") in answer.text
    with agent.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Flag)) == 0


def test_a_flag_of_an_unknown_revision_is_one_of_the_text_in_force(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    page = agent.get(f"/knowledge/{TRADEMARK}/flag?revision=999999")
    assert "第 1 版" in page.get_text()
    agent.get("/knowledge/KB-9999-999/flag", status=404)


def test_editors_see_new_flags_first_and_say_that_they_read_them(any_app: Flask, tmp_path: Path) -> None:
    write(tmp_path / "pack", "told", "这样念。")
    with any_app.app_context():
        take_in(tmp_path / "pack")
        for minute, kind in enumerate(FlagKind):
            with transaction():
                services.raise_flag(
                    article_of("told"),
                    _revision(),
                    kind=kind,
                    words=f"第 {minute} 条",
                    searched="打 13812345678 问的",
                    ticket="",
                    by=who(),
                    now=NOW + timedelta(minutes=minute),
                )
        assert set(db.session.scalars(select(Flag.searched))) == {"打 ＊＊＊ 问的"}
    editor = Visitor(any_app, any_app.test_client()).sign_in("demo.zhou")
    page = editor.get("knowledge.flags")
    assert "5 条还没人看" in page.get_text()
    assert [row["data-ref"] for row in page.select("tbody tr")] == ["5", "4", "3", "2", "1"]
    editor.post("/knowledge/flags/5/seen", data={})
    editor.post("/knowledge/flags/5/seen", data={})
    page = editor.get("knowledge.flags")
    assert [row["data-ref"] for row in page.select("tbody tr")] == ["4", "3", "2", "1", "5"]
    assert "周编辑已看" in page.get_text()
    assert len(editor.get("knowledge.flags", state="new").select("tbody tr")) == 4
    assert "纠错 4" in editor.get("knowledge.index").get_text()
    with any_app.app_context():
        assert len(acts("knowledge:flag:see")) == 1


def test_the_list_of_flags_is_for_editors_and_reviewers(visitor: Arrive) -> None:
    for login in ("demo.li", "demo.wang", "demo.sun", "demo.jia", "demo.feng"):
        assert visitor(login).client.get("/knowledge/flags").status_code == 403, login
        assert "待收问法" not in visitor(login).client.get("/knowledge/").text, login
    for login in ("demo.zhou", "demo.wu"):
        assert "还没有人纠错" in visitor(login).get("knowledge.flags").get_text()
