"""A flag ends in a revision or a reasoned answer, within working days, and whoever raised it gets to read it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.clock import set_clock
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.knowledge.models import Feedback, Flag
from portal.knowledge.queries.uses import flag_by_id
from portal.knowledge.rules.flags import why_not_answer
from portal.knowledge.rules.states import FlagKind, FlagState
from portal.knowledge.services import flags as services
from portal.knowledge.services import uses
from tests.support.visitor import Visitor

from .asking import acts, article_of, signed_in, who
from .keeping import edit, newest, notices, person
from .pack import NOW, take_in, write

Arrive = Callable[[str], Visitor]


@pytest.fixture
def told(any_app: Flask, tmp_path: Path) -> Flask:
    """Two articles on each database."""
    for slug in ("told", "other"):
        write(tmp_path / "pack", slug, f"{slug} 这样念。")
    with any_app.app_context():
        take_in(tmp_path / "pack")
    return any_app


def _raise(login: str = "demo.li", *, slug: str = "told", now: datetime = NOW) -> int:
    with transaction():
        flag = uses.raise_flag(
            article_of(slug),
            newest(slug),
            kind=FlagKind.OUTDATED,
            words="明年改了",
            searched="商标",
            ticket="",
            by=who(login),
            now=now,
        )
        return flag.id


def _answer(flag_id: int, words: str = "", revision_id: int | None = None, *, login: str = "demo.zhou") -> None:
    with transaction():
        flag = flag_by_id(flag_id)
        assert flag is not None
        services.answer_flag(flag, words=words, revision_id=revision_id, by=who(login), now=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("state", "words", "changed", "newer", "says"),
    [
        (FlagState.NEW, "对的", False, False, None),
        (FlagState.SEEN, "", True, True, None),
        (FlagState.NEW, "  ", False, False, "为什么"),
        (FlagState.NEW, "改了", True, False, "不是这一条"),
        (FlagState.ANSWERED, "再答", False, False, "已经答复过"),
    ],
)
def test_a_flag_ends_in_a_later_revision_or_in_a_reason(
    state: FlagState, words: str, changed: bool, newer: bool, says: str | None
) -> None:
    found = why_not_answer(state, words=words, changed=changed, newer=newer)
    assert (found is None) == (says is None)
    assert says is None or says in (found or "")


def test_a_flag_goes_to_the_owner_or_to_all_who_answer_and_names_its_working_day(told: Flask) -> None:
    with told.app_context():
        _raise()
        for login in ("demo.zhou", "demo.wu"):
            assert any("报「标题 told」过期，11-26 前答复" in text for text in notices(login)), login
        with transaction():
            article_of("other").owner_id = person("demo.zhou").id
        _raise(slug="other")
        assert any("标题 other" in text for text in notices("demo.zhou"))
        assert not any("标题 other" in text for text in notices("demo.wu"))


def test_an_answer_is_kept_told_and_audited_and_given_once(told: Flask) -> None:
    with told.app_context():
        number = _raise()
        _answer(number, "条例没有改，今年仍按这个念")
        flag = db.session.get_one(Flag, number)
        assert (flag.state, flag.answered_by_name, flag.answer_revision_id) == (FlagState.ANSWERED, "周编辑", None)
        assert flag.due_on == date(2026, 11, 26)
        assert any("有答复了" in text for text in notices("demo.li"))
        assert len(acts("knowledge:flag:answer")) == 1
        with pytest.raises(DomainError, match="已经答复过"):
            _answer(number, "再来")


def test_only_a_later_revision_of_the_same_article_ends_a_flag(told: Flask) -> None:
    with told.app_context():
        flagged = newest("told").id
        number = _raise()
        stranger, _ = edit("other", script="别的改了。")
        later, _ = edit("told", script="改好了。")
        for wrong in (flagged, stranger, 999_999):
            with pytest.raises(DomainError, match="不是这一条"):
                _answer(number, "改了", wrong)
        _answer(number, "", later)
        assert db.session.get_one(Flag, number).answer_revision_id == later


def test_what_was_answered_is_not_new_again_when_somebody_says_that_he_saw_it(told: Flask) -> None:
    with told.app_context():
        number = _raise()
        _answer(number, "没有错")
        with transaction():
            flag = flag_by_id(number)
            assert flag is not None
            assert not uses.see_flag(flag, by=who("demo.wu"), now=NOW)
        assert db.session.get_one(Flag, number).state == FlagState.ANSWERED


def test_overdue_flags_stand_first_and_say_so(told: Flask) -> None:
    with told.app_context():
        for days in (0, 2, 9):
            _raise(now=NOW - timedelta(days=days))
    editor = signed_in(told, "demo.zhou")
    page = editor.get("knowledge.flags")
    rows = page.select("tbody tr")
    assert [row["data-ref"] for row in rows] == ["3", "1", "2"]
    assert "过期没答" in rows[0].get_text()
    assert "1 条过了答复的日子" in page.get_text()
    assert "11-26" in rows[1].get_text()


def test_the_one_who_flagged_reads_the_answer_and_marks_it_and_nobody_else_does(told: Flask) -> None:
    with told.app_context():
        number = _raise()
    agent, other, editor = (signed_in(told, login) for login in ("demo.li", "demo.zhao", "demo.zhou"))
    assert "等答复" in agent.get("knowledge.my_flags").get_text()
    agent.post(f"/knowledge/flags/{number}/told", data={}, status=422)
    page = editor.get("knowledge.answer_flag", flag_id=number)
    assert "明年改了" in page.get_text()
    editor.post(f"/knowledge/flags/{number}/answer", data={"revision": "", "words": ""}, status=422)
    editor.post(f"/knowledge/flags/{number}/answer", data={"revision": "", "words": "条例没有改"})
    page = agent.get("knowledge.my_flags")
    assert "1 条有了答复，您还没看" in page.get_text()
    assert "条例没有改" in page.get_text()
    with told.app_context():
        assert db.session.get_one(Flag, number).told_at is None, "to look at the page is no mark"
    other.post(f"/knowledge/flags/{number}/told", data={}, status=404)
    agent.post(f"/knowledge/flags/{number}/told", data={})
    agent.post(f"/knowledge/flags/{number}/told", data={})
    assert "答复都看过了" in agent.get("knowledge.my_flags").get_text()
    with told.app_context():
        assert db.session.get_one(Flag, number).told_at is not None
        assert len(acts("knowledge:flag:told")) == 1
    assert "已答复" in editor.get("knowledge.flags").get_text()


def test_the_pages_hold_in_a_year_whose_working_days_are_not_known(told: Flask) -> None:
    later = NOW.replace(year=2031)
    with told.app_context():
        number = _raise(now=later)
        assert any(text.endswith("过期") for text in notices("demo.zhou"))
    set_clock(later + timedelta(hours=1))
    editor = signed_in(told, "demo.zhou")
    editor.get("knowledge.flags")
    editor.get("knowledge.answer_flag", flag_id=number)


# -- feedback -----------------------------------------------------------------------------------------------------


def _keys(agent: Visitor) -> dict[str, dict[str, str]]:
    page = agent.get("home.start", q="商标注册一次管多少年")
    found = {}
    for key in ("y", "n"):
        button = page.select_one(f'article.answer [data-key="{key}"]')
        assert button is not None
        form = button.find_parent("form")
        assert form is not None
        boxes = {str(box["name"]): str(box.get("value", "")) for box in form.select("input")}
        found[key] = {"action": str(form["action"]), **boxes}
    return found


def _press(agent: Visitor, form: dict[str, str], **typed: str) -> tuple[int, dict[str, str]]:
    sent = {**{name: value for name, value in form.items() if name != "action"}, **typed}
    answer = agent.client.post(form["action"], data=sent, headers={"Accept": "application/json"})
    return answer.status_code, answer.json or {}


def test_one_key_says_whether_the_answer_solved_it_and_stays_on_the_desk(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    keys = _keys(agent)
    assert _press(agent, keys["y"], ticket="T-1") == (200, {"said": "已记下：已解决"})
    assert _press(agent, keys["y"], ticket="T-1") == (204, {})
    assert _press(agent, keys["n"], ticket="T-1") == (200, {"said": "已记下：未解决"})
    assert _press(agent, keys["n"], ticket="T-1", form_key="another")[1] == {"said": "记过了：未解决"}
    status, fault = _press(agent, keys["n"], ticket="工单")
    assert status == 422
    assert "工单号只能有" in fault["error"]
    assert _press(agent, keys["n"], revision="999999")[0] == 422
    with agent.app.app_context():
        assert db.session.scalars(select(Feedback.solved).order_by(Feedback.id)).all() == [True, False]
        assert db.session.scalar(select(func.count()).select_from(Flag)) == 0
        assert len(acts("knowledge:feedback:add")) == 2


def test_the_keys_are_shown_to_those_who_answer_callers(visitor: Arrive) -> None:
    for login, may in (("demo.li", True), ("demo.wu", False), ("demo.jia", False)):
        page = visitor(login).get("home.start", q="商标")
        assert bool(page.select('article.answer [data-key="y"]')) == may, login
