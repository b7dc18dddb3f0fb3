"""API tokens: asked for by one, granted by another, taken once, ended at once; on both databases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import ApiToken
from portal.accounts.queries import person_by_name
from portal.accounts.rules.tokens import TokenState, state_of, why_not_until
from portal.accounts.services import tokens
from portal.accounts.services.tokens import principal_by_token
from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from tests.support.databases import START
from tests.support.visitor import Visitor, check_page, csrf

Arrive = Callable[[str], Visitor]
LAST = date(2027, 6, 30)
FORM = {"name": "来电弹屏", "why": "来电时查话术", "until": "2027-06-30"}


@pytest.fixture
def arrive(any_app: Flask) -> Arrive:
    return lambda login: Visitor(any_app, any_app.test_client()).sign_in(login)


def _post(visitor: Visitor, path: str, *, status: int = 303, **data: Any) -> str:
    token = csrf(visitor.client.get("/account/mine"))
    answer = visitor.client.post(path, data={"csrf_token": token, **data})
    assert answer.status_code == status, answer.text[:2000]
    if status != 303:
        check_page(answer)
    return answer.text


def _secret(text: str) -> str:
    box = BeautifulSoup(text, "html.parser").select_one("dd.mono")
    assert box is not None
    return box.get_text(strip=True)


def _taken(arrive: Arrive) -> tuple[str, str]:
    """A token on its whole way; its page and its secret."""
    system, security = arrive("demo.feng"), arrive("demo.chen")
    _post(system, "/admin/tokens/new", **FORM)
    link = system.get("admin.list_tokens").select_one("tbody a")
    assert link is not None
    path = str(link["href"])
    _post(security, path + "/grant")
    return path, _secret(_post(system, path + "/take", status=200))


def _opens(app: Flask, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return app.test_client().get("/api/v1/suggest?q=x", headers=headers).status_code


def _actor(login: str) -> Actor:
    person = person_by_name(login)
    assert person is not None
    return Actor(person.id, person.name)


def _asked() -> int:
    with transaction():
        return tokens.ask_for_token("来电弹屏", "查话术", until=LAST, by=_actor("demo.feng"), now=utc_now()).id


def _states(app: Flask) -> list[str]:
    with app.app_context():
        return [tokens.state(token, utc_now()).value for token in tokens.tokens()]


# -- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("granted", "taken", "ended", "day", "state"),
    [
        (False, False, False, 0, TokenState.ASKED),
        (True, False, False, 0, TokenState.GRANTED),
        (True, True, False, 0, TokenState.ACTIVE),
        (True, True, False, 1, TokenState.EXPIRED),
        (False, False, False, 1, TokenState.EXPIRED),
        (True, True, True, 0, TokenState.ENDED),
        (True, True, True, 1, TokenState.ENDED),
    ],
)
def test_where_a_token_stands(granted: bool, taken: bool, ended: bool, day: int, state: TokenState) -> None:
    def at(done: bool) -> Any:
        return START if done else None

    until = START.date()
    now = START + timedelta(days=day)
    found = state_of(granted_at=at(granted), taken_at=at(taken), ended_at=at(ended), until=until, now=now)
    assert found is state


def test_its_last_day_is_a_whole_day_in_beijing() -> None:
    def state(text: str) -> TokenState:
        now = START.fromisoformat(text)
        return state_of(granted_at=START, taken_at=START, ended_at=None, until=date(2026, 12, 31), now=now)

    assert state("2026-12-31T23:59:59+08:00") is TokenState.ACTIVE
    assert state("2027-01-01T00:00:00+08:00") is TokenState.EXPIRED


def test_no_token_runs_for_more_than_a_year() -> None:
    assert why_not_until(START.date() + timedelta(days=366), START) is None
    assert "最长一年" in (why_not_until(START.date() + timedelta(days=367), START) or "")
    assert "已经过了" in (why_not_until(START.date() - timedelta(days=1), START) or "")


# -- two people ------------------------------------------------------------------------------------------------------


def test_a_token_is_asked_for_granted_and_taken_once(any_app: Flask, arrive: Arrive) -> None:
    path, secret = _taken(arrive)
    assert secret.startswith("zhiying_")
    assert _opens(any_app, secret) == 200
    assert "领不了" in _post(arrive("demo.feng"), path + "/take", status=422)
    with any_app.app_context():
        row = db.session.scalars(select(ApiToken)).one()
        assert secret not in str(vars(row))
        assert row.secret_hash
        lines = db.session.execute(select(AuditRow.action, AuditRow.detail, AuditRow.result)).all()
    assert secret not in str(lines)
    acts = [action for action, _, result in lines if action.startswith("accounts:api-token:") and result == "ok"]
    assert acts == [f"accounts:api-token:{verb}" for verb in ("make", "grant", "take")]
    assert ("accounts:api-token:take", "{}", "denied") in [tuple(line) for line in lines]


def test_nothing_opens_before_a_second_person_has_granted_it(any_app: Flask, arrive: Arrive) -> None:
    system = arrive("demo.feng")
    _post(system, "/admin/tokens/new", **FORM)
    assert "领不了" in _post(system, "/admin/tokens/1/take", status=422)
    assert _states(any_app) == ["待同意"]


def test_each_of_the_two_can_do_only_their_own_part(any_app: Flask, arrive: Arrive) -> None:
    system, security = arrive("demo.feng"), arrive("demo.chen")
    assert security.client.get("/admin/tokens/new").status_code == 403
    _post(system, "/admin/tokens/new", **FORM)
    assert (
        system.client.post(
            "/admin/tokens/1/grant", data={"csrf_token": csrf(system.client.get("/account/mine"))}
        ).status_code
        == 403
    )
    _post(security, "/admin/tokens/1/grant")
    assert (
        security.client.post(
            "/admin/tokens/1/take", data={"csrf_token": csrf(security.client.get("/account/mine"))}
        ).status_code
        == 403
    )
    assert _states(any_app) == ["待领取"]


def test_nobody_grants_their_own_token_whatever_their_roles(any_app: Flask) -> None:
    with any_app.app_context():
        token_id = _asked()
        with pytest.raises(DomainError, match="须由另一位同意"), transaction():
            tokens.grant_token(token_id, by=_actor("demo.feng"), now=utc_now())
        own = update(ApiToken).values(granted_by_id=ApiToken.made_by_id)
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(own)


def test_only_the_one_who_asked_takes_it(any_app: Flask) -> None:
    with any_app.app_context():
        token_id = _asked()
        with transaction():
            tokens.grant_token(token_id, by=_actor("demo.chen"), now=utc_now())
        with pytest.raises(DomainError, match="令牌由要它的人领取"), transaction():
            tokens.take_token(token_id, by=_actor("demo.chen"), now=utc_now())


@pytest.mark.parametrize("login", ["demo.feng", "demo.chen"])
def test_either_of_the_two_ends_it_at_once(any_app: Flask, arrive: Arrive, login: str) -> None:
    path, secret = _taken(arrive)
    assert "请写理由" in _post(arrive(login), path + "/end", status=422, reason="")
    assert _opens(any_app, secret) == 200
    _post(arrive(login), path + "/end", reason="换系统了")
    assert _opens(any_app, secret) == 401
    _post(arrive(login), path + "/end", reason="再按一次")
    with any_app.app_context():
        ends = select(AuditRow.reason).where(AuditRow.action == "accounts:api-token:end")
        assert db.session.scalars(ends).all() == ["换系统了"]


def test_what_was_refused_can_be_granted_no_more(any_app: Flask, arrive: Arrive) -> None:
    _post(arrive("demo.feng"), "/admin/tokens/new", **FORM)
    security = arrive("demo.chen")
    _post(security, "/admin/tokens/1/end", reason="不需要")
    assert "不能再同意" in _post(security, "/admin/tokens/1/grant", status=422)


def test_a_token_opens_nothing_after_its_last_day(any_app: Flask, arrive: Arrive) -> None:
    _, secret = _taken(arrive)
    set_clock(START.fromisoformat("2027-06-30T23:59:00+08:00"))
    assert _opens(any_app, secret) == 200
    set_clock(START.fromisoformat("2027-07-01T00:00:01+08:00"))
    assert _opens(any_app, secret) == 401
    assert _states(any_app) == ["已到期"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "请填系统的名称"),
        ("name", "长" * 61, "名称最多 60 字"),
        ("why", " ", "请写用途"),
        ("until", "", "请填到期日"),
        ("until", "明年", "日期应写作"),
        ("until", "2026-11-22", "到期日已经过了"),
        ("until", "2028-01-01", "最长一年"),
    ],
)
def test_a_wrong_wish_is_told_why_and_keeps_what_was_typed(
    full_app: Flask, field: str, value: str, sentence: str
) -> None:
    system = Visitor(full_app, full_app.test_client()).sign_in("demo.feng")
    text = _post(system, "/admin/tokens/new", status=422, **{**FORM, field: value})
    assert sentence in text
    assert all(kept in text for name, kept in FORM.items() if name != field)


def test_two_tokens_of_one_name_do_not_run_together(arrive: Arrive) -> None:
    system = arrive("demo.feng")
    _post(system, "/admin/tokens/new", **FORM)
    assert "已经有一个叫「来电弹屏」的令牌" in _post(system, "/admin/tokens/new", status=422, **FORM)
    _post(system, "/admin/tokens/1/end", reason="换一个")
    _post(system, "/admin/tokens/new", **FORM)


@pytest.mark.parametrize("login", ["demo.li", "demo.sun", "demo.jia", "demo.zheng"])
def test_the_pages_are_closed_to_everybody_else(arrive: Arrive, login: str) -> None:
    outsider = arrive(login)
    for path in ("/admin/tokens", "/admin/tokens/new", "/admin/tokens/1"):
        assert outsider.client.get(path).status_code == 403


# -- used ------------------------------------------------------------------------------------------------------------


def test_last_used_is_written_at_most_once_a_minute(any_app: Flask, arrive: Arrive) -> None:
    path, secret = _taken(arrive)

    def used() -> Any:
        with any_app.app_context():
            return db.session.scalars(select(ApiToken.used_at)).one()

    assert used() is None
    _opens(any_app, secret)
    first = used()
    set_clock(utc_now() + timedelta(seconds=50))
    _opens(any_app, secret)
    assert used() == first
    set_clock(utc_now() + timedelta(seconds=11))
    _opens(any_app, secret)
    assert used() > first
    assert "还没用过" not in arrive("demo.feng").get(path).get_text()


def test_a_token_may_read_what_is_or_was_in_force_and_nothing_else(any_app: Flask, arrive: Arrive) -> None:
    _, secret = _taken(arrive)
    with any_app.app_context():
        principal = principal_by_token(secret, utc_now())
        assert principal is not None
        assert all(principal.may(permission) for permission in tokens.MAY)
        assert {str(permission) for permission in tokens.MAY} == {"knowledge:article:read", "knowledge:history:read"}
    browser = any_app.test_client()
    for path in ("/", "/knowledge/", "/admin/tokens", "/account/mine"):
        assert browser.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 401
