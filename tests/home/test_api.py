"""What other systems may ask, and how often; answers are exactly as docs/openapi.json describes them."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts import token_access
from portal.accounts.models import RateWindow
from portal.accounts.queries import person_by_name
from portal.accounts.services import DEMO_PEOPLE, rates, tokens
from portal.accounts.services.rates import PEOPLE, TOKENS, Rate, let_through
from portal.accounts.token_access import is_by_token
from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.config import ROOT
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.search import services
from portal.search.engine.types import IndexDamaged
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
Ask = Callable[..., TestResponse]
DESCRIBED: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))


def _actor(login: str) -> Actor:
    person = person_by_name(login)
    assert person is not None
    return Actor(person.id, person.name)


def _secret(app: Flask) -> str:
    with app.app_context():
        now = utc_now()
        with transaction():
            made = tokens.ask_for_token("来电弹屏", "查话术", until=date(2027, 6, 30), by=_actor("demo.feng"), now=now)
            tokens.grant_token(made.id, by=_actor("demo.chen"), now=now)
            return tokens.take_token(made.id, by=_actor("demo.feng"), now=now)


@pytest.fixture
def ask(full_app: Flask) -> Ask:
    """ask("search", q="…") as a system with a token; every answer is held against the description."""
    headers = {"Authorization": f"Bearer {_secret(full_app)}"}

    def one(name: str, **asked: Any) -> TestResponse:
        response = full_app.test_client().get(f"/api/v1/{name}", query_string=asked, headers=headers)
        _as_described(f"/{name}", response)
        return response

    return one


# -- the description -------------------------------------------------------------------------------------------------


def _as_described(path: str, response: TestResponse) -> None:
    answers = DESCRIBED["paths"][path]["get"]["responses"]
    assert str(response.status_code) in answers, f"{path}: {response.status_code} is not described"
    described = _resolved(answers[str(response.status_code)])
    assert response.mimetype == "application/json"
    for name in described.get("headers", {}):
        assert response.headers.get(name), f"{path}: no {name}"
    faults = list(_faults(response.json, described["content"]["application/json"]["schema"], "$"))
    assert not faults, faults


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = DESCRIBED
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
KNOWN = {
    "type", "description", "properties", "required", "additionalProperties", "items", "format", "minimum", "pattern",
}  # fmt: skip


def _faults(value: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
    """Where a value is not as its schema says; a schema that says more than we look at is a fault too."""
    schema = _resolved(schema)
    if unknown := set(schema) - KNOWN:
        yield f"{at}: the test does not know {unknown}"
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(TYPES[name](value) for name in types):
        yield f"{at}: {value!r} is no {types}"
        return
    if isinstance(value, dict):
        yield from _faults_of_object(value, schema, at)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _faults(each, schema["items"], f"{at}[{number}]")
    elif isinstance(value, str):
        READ.get(schema.get("format", ""), str)(value)
        if not re.search(schema.get("pattern", ""), value):
            yield f"{at}: {value!r} is not like {schema['pattern']}"
    elif isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: {value} is too small"


READ: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "date-time": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z"),
}


def _faults_of_object(value: dict[str, Any], schema: dict[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    if schema.get("additionalProperties") is False:
        yield from (f"{at}: {name} is not described" for name in value if name not in properties)
    for name, of_one in properties.items():
        if name in value:
            yield from _faults(value[name], of_one, f"{at}.{name}")


def test_the_description_is_served_to_everybody_and_names_every_address(full_app: Flask) -> None:
    answer = full_app.test_client().get("/api/v1/openapi.json")
    assert answer.json == DESCRIBED
    assert DESCRIBED["openapi"].startswith("3.1")
    served = {
        rule.rule.removeprefix("/api/v1") for rule in full_app.url_map.iter_rules() if rule.rule.startswith("/api/")
    }
    assert served == set(DESCRIBED["paths"])


def test_every_schema_is_used_and_every_reference_leads_somewhere() -> None:
    text = json.dumps(DESCRIBED)
    for kind in ("schemas", "responses", "headers"):
        for name in DESCRIBED["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name


# -- answers ---------------------------------------------------------------------------------------------------------


def test_a_system_gets_the_answer_that_the_desk_would_show(ask: Ask, visitor: Arrive) -> None:
    found = ask("search", q="注册资本几年内缴足").json
    assert found is not None
    desk = visitor("demo.li").get("home.start", q="注册资本几年内缴足")
    assert [row["number"] for row in found["results"]] == [card["data-ref"] for card in desk.select("article.answer")]
    first = found["results"][0]
    assert "五年" in first["script"]
    assert any("公司法" in source for source in first["basis"])
    assert first["category"]["code"].startswith("01")
    assert found["query"] == "注册资本几年内缴足"
    assert found["at"].endswith("+08:00")
    assert visitor("demo.li").get(first["url"])


def test_chinese_stays_readable_in_the_answer(ask: Ask) -> None:
    assert "公积金" in ask("search", q="公积金").text


@pytest.mark.parametrize(("asked", "most"), [({}, 10), ({"limit": 1}, 1), ({"limit": 50}, 50)])
def test_no_more_answers_than_asked_for(ask: Ask, asked: dict[str, int], most: int) -> None:
    found = ask("search", q="企业", **asked).json
    assert found is not None
    assert 0 < len(found["results"]) <= most
    assert found["total"] >= len(found["results"])


@pytest.mark.parametrize("code", ["03", "0306"])
def test_a_category_narrows_the_answers(ask: Ask, code: str) -> None:
    found = ask("search", q="公积金", category=code).json
    assert found is not None
    assert found["results"]
    assert all(row["category"]["code"].startswith(code) for row in found["results"])


@pytest.mark.parametrize("typed", ["公", "gjj", "注册资", "zcdz"])
def test_suggestions_go_on_from_the_beginning(ask: Ask, typed: str) -> None:
    found = ask("suggest", q=typed).json
    assert found is not None
    assert 0 < len(found["suggestions"]) <= 8


@pytest.mark.parametrize(
    ("name", "asked", "sentence"),
    [
        ("search", {}, "q 没有填"),
        ("search", {"q": "  \x00 "}, "q 没有填"),
        ("suggest", {}, "q 没有填"),
        ("search", {"q": "税", "limit": "0"}, "limit 应是 1 到 50 的整数"),
        ("search", {"q": "税", "limit": "51"}, "limit 应是 1 到 50 的整数"),
        ("search", {"q": "税", "limit": "三"}, "limit 应是 1 到 50 的整数"),
        ("search", {"q": "税", "limit": "１"}, "limit 应是 1 到 50 的整数"),
        ("search", {"q": "税", "limit": "-1"}, "limit 应是 1 到 50 的整数"),
        ("suggest", {"q": "税", "limit": "21"}, "limit 应是 1 到 20 的整数"),
        ("search", {"q": "税", "category": "9999"}, "没有编码为「9999」的诉求分类"),
    ],
)
def test_a_wrong_question_is_told_how_to_ask(ask: Ask, name: str, asked: dict[str, str], sentence: str) -> None:
    answer = ask(name, **asked)
    assert answer.status_code == 400
    assert answer.json is not None
    assert sentence in answer.json["error"]
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "words", ["字" * 10_000, "title:(a AND b) *~2", "😀", "，。！？", "'; DROP TABLE articles; --", "%_%", "\x07a"]
)
@pytest.mark.parametrize("name", ["search", "suggest"])
def test_no_words_are_an_error(ask: Ask, name: str, words: str) -> None:
    assert ask(name, q=words).status_code == 200


def test_what_is_not_in_force_is_in_no_answer(ask: Ask) -> None:
    def told() -> tuple[str, str]:
        found = ask("search", q="商标异议期几个月").json
        offered = ask("suggest", q="商标").json
        return json.dumps(found, ensure_ascii=False), json.dumps(offered, ensure_ascii=False)

    set_clock(datetime.fromisoformat("2026-12-31T23:59:30+08:00"))
    before, _ = told()
    set_clock(datetime.fromisoformat("2027-01-01T00:00:30+08:00"))
    after, _ = told()
    assert "三个月" in before or "3个月" in before
    assert '"changes_on": "2027-01-01"' in before
    assert "二个月" in after or "两个月" in after or "2个月" in after
    assert '"changes_on": "2027-01-01"' not in after


def test_without_an_index_it_answers_from_the_database_and_says_so(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise IndexDamaged("坏了")

    monkeypatch.setattr(type(services.engine()), "search", broken)
    monkeypatch.setattr(type(services.engine()), "suggest", broken)
    found = ask("search", q="公积金").json
    assert found is not None
    assert found["results"]
    assert "索引正在修复" in found["degraded"]
    assert ask("suggest", q="公积金").json["suggestions"] == []  # type: ignore[index]


# -- doors -----------------------------------------------------------------------------------------------------------


def test_only_search_and_suggest_are_open_to_tokens(full_app: Flask) -> None:
    marked = {
        rule.rule for rule in full_app.url_map.iter_rules() if is_by_token(full_app.view_functions[rule.endpoint])
    }
    assert marked == {"/api/v1/search", "/api/v1/suggest"}


@pytest.mark.parametrize("login", ["", *(f"demo.{entry[0]}" for entry in DEMO_PEOPLE)])
def test_a_session_of_whatever_role_opens_nothing_here(app: Flask, login: str) -> None:
    guest = Visitor(app, app.test_client())
    if login:
        guest.sign_in(login)
    for name in ("search", "suggest"):
        answer = guest.client.get(f"/api/v1/{name}?q=x")
        assert answer.status_code == 401
        _as_described(f"/{name}", answer)


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
    _as_described("/search", answer)
    assert answer.json is not None
    assert answer.json["error"] == "令牌不对，或已到期、已作废"


def test_a_token_in_the_address_is_no_token(full_app: Flask) -> None:
    secret = _secret(full_app)
    assert full_app.test_client().get(f"/api/v1/search?q=x&token={secret}&access_token={secret}").status_code == 401


def test_tokens_only_read(full_app: Flask) -> None:
    headers = {"Authorization": f"Bearer {_secret(full_app)}"}
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


# -- an address that a call system opens -----------------------------------------------------------------------------


def test_a_call_system_opens_the_desk_with_words_and_ticket(visitor: Arrive) -> None:
    page = visitor("demo.li").get("/?q=试用期能有多长&ticket=HX-2026-0042")
    box, ticket = page.select_one("#q"), page.select_one("#ticket")
    assert box is not None
    assert ticket is not None
    assert box["value"] == "试用期能有多长"
    assert ticket["value"] == "HX-2026-0042"
    assert page.select("article.answer")


def test_the_address_survives_signing_in(full_app: Flask) -> None:
    page = full_app.test_client().get("/?q=试用期&ticket=HX-2026-0042")
    assert page.status_code == 401
    assert "HX-2026-0042" in page.text
