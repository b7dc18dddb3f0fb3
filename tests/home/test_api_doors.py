"""Who may ask as a system, and how often anybody may ask."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import token_access
from portal.accounts.models import RateWindow
from portal.accounts.services import DEMO_PEOPLE, rates
from portal.accounts.services.rates import PEOPLE, TOKENS, Rate, let_through
from portal.accounts.token_access import is_by_token
from portal.audit.models import AuditRow
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from tests.support.api import Ask, as_described, asking, secret
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]


@pytest.fixture
def ask(full_app: Flask) -> Ask:
    return asking(full_app)


# -- doors -----------------------------------------------------------------------------------------------------------


def test_only_what_the_interface_describes_is_open_to_tokens(full_app: Flask) -> None:
    marked = {
        rule.rule for rule in full_app.url_map.iter_rules() if is_by_token(full_app.view_functions[rule.endpoint])
    }
    assert marked == {"/api/v1/search", "/api/v1/suggest", "/api/v1/articles/<string:number>"}


@pytest.mark.parametrize("login", ["", *(f"demo.{entry[0]}" for entry in DEMO_PEOPLE)])
def test_a_session_of_whatever_role_opens_nothing_here(app: Flask, login: str) -> None:
    guest = Visitor(app, app.test_client())
    if login:
        guest.sign_in(login)
    for name in ("search", "suggest"):
        answer = guest.client.get(f"/api/v1/{name}?q=x")
        assert answer.status_code == 401
        as_described(f"/{name}", answer)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer zhiying_wrong",
        "Basic dXNlcjpwYXNz",
        "bearer \x7f",
        "Token x",
        "Bearer " + "x" * 4000,
    ],
)
def test_without_a_good_token_nothing_is_told(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/v1/search?q=x", headers={"Authorization": header})
    assert answer.status_code == 401
    as_described("/search", answer)
    assert answer.json is not None
    assert answer.json["error"] == "令牌不对，或已到期、已作废"


def test_a_token_in_the_address_is_no_token(full_app: Flask) -> None:
    token = secret(full_app)
    assert full_app.test_client().get(f"/api/v1/search?q=x&token={token}&access_token={token}").status_code == 401


def test_tokens_only_read(full_app: Flask) -> None:
    headers = {"Authorization": f"Bearer {secret(full_app)}"}
    for verb in ("post", "put", "delete"):
        answer = getattr(full_app.test_client(), verb)("/api/v1/search?q=x", headers=headers)
        assert answer.status_code in (400, 405)
        assert answer.mimetype == "application/json"


def test_an_unknown_address_is_answered_in_json_too(full_app: Flask) -> None:
    answer = full_app.test_client().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"] == "没有这一页"


def test_a_refused_token_leaves_one_line_a_minute(full_app: Flask) -> None:
    token_access._denied.clear()
    for _ in range(3):
        full_app.test_client().get("/api/v1/search?q=x", headers={"Authorization": "Bearer zhiying_wrong"})
    with full_app.app_context():
        lines = select(AuditRow.result).where(AuditRow.action == "accounts:api-token:use")
        assert db.session.scalars(lines).all() == ["denied"]


# -- how often -------------------------------------------------------------------------------------------------------


def test_the_one_hundred_and_twenty_first_request_of_a_minute_is_refused(ask: Ask) -> None:
    set_clock(datetime.fromisoformat("2026-11-23T09:00:00+08:00"))
    assert [ask("suggest", q="税").status_code for _ in range(100)] == [200] * 100
    assert [ask("search", q="税", limit=1).status_code for _ in range(20)] == [200] * 20
    refused = ask("suggest", q="税")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json is not None
    assert refused.json["error"] == "太快了"
    set_clock(datetime.fromisoformat("2026-11-23T09:01:00+08:00"))
    assert ask("suggest", q="税").status_code == 200


def test_wrong_tokens_are_counted_by_address(app: Flask) -> None:
    set_clock(datetime.fromisoformat("2026-11-23T09:00:00+08:00"))
    client = app.test_client()
    statuses = [
        client.get("/api/v1/search?q=x", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(31)
    ]
    assert statuses == [401] * 30 + [429]
    assert client.get("/api/v1/search?q=x", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 401


def test_a_person_who_asks_too_often_is_told_to_wait(full_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(datetime.fromisoformat("2026-11-23T09:00:00+08:00"))
    monkeypatch.setattr(token_access, "PEOPLE", Rate(4, at_once=2))
    agent = Visitor(full_app, full_app.test_client()).sign_in("demo.li")
    asked = ["/desk/results?q=税", "/desk/suggest?q=税", "/desk/results?q=费", "/desk/suggest?q=费"]
    assert [agent.client.get(path).status_code for path in asked] == [200] * 4
    refused = agent.client.get("/desk/suggest?q=税")
    assert refused.status_code == 429
    assert "太快了" in refused.text
    assert refused.headers["Retry-After"]
    assert agent.client.get("/knowledge/").status_code == 200
    other = Visitor(full_app, full_app.test_client()).sign_in("demo.qian")
    assert other.client.get("/desk/suggest?q=税").status_code == 200


class _Process:
    """A process of its own, as far as counting goes: it remembers what it claimed and nothing else."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.monkeypatch, self.held = app, monkeypatch, dict[Any, Any]()

    def ask(self, rate: Rate, now: datetime) -> bool:
        with self.monkeypatch.context() as patch, self.app.app_context():
            patch.setattr(rates, "_held", self.held)
            return let_through("person:1", rate, now=now)


def test_the_limit_of_tokens_holds_exactly_whichever_process_answers(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = [_Process(any_app, monkeypatch) for _ in range(3)]
    now = utc_now()
    passed = [processes[n % 3].ask(TOKENS, now) for n in range(130)]
    assert passed == [True] * 120 + [False] * 10


def test_several_processes_never_let_a_person_have_more_than_the_limit(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = [_Process(any_app, monkeypatch) for _ in range(2)]
    now = utc_now()
    passed = sum(processes[n % 2].ask(PEOPLE, now) for n in range(700))
    assert passed == 600
    lonely = _Process(any_app, monkeypatch)
    later = now + timedelta(minutes=1)
    one, other = _Process(any_app, monkeypatch), _Process(any_app, monkeypatch)
    assert one.ask(PEOPLE, later)
    assert sum(other.ask(PEOPLE, later) for _ in range(700)) == 600 - PEOPLE.at_once
    assert not lonely.ask(PEOPLE, later)


def test_threads_at_the_same_moment_are_counted_one_by_one(any_app: Flask) -> None:
    now = utc_now()

    def ask(_: int) -> bool:
        with any_app.app_context():
            try:
                return let_through("token:1", Rate(20), now=now)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(60))) == 20


def test_a_subject_has_one_row_however_long_it_asks(any_app: Flask) -> None:
    with any_app.app_context():
        for minute in range(5):
            assert let_through("token:1", Rate(3), now=utc_now() + timedelta(minutes=minute))
        assert len(db.session.scalars(select(RateWindow)).all()) == 1
        assert let_through("token:1", Rate(3), now=utc_now())
