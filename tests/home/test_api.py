"""What other systems may ask; answers are exactly as docs/openapi.json describes them."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import set_clock
from portal.search import services
from portal.search.engine.types import IndexDamaged
from tests.support.api import DESCRIBED, Ask, asking
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]


@pytest.fixture
def ask(full_app: Flask) -> Ask:
    return asking(full_app)


def test_the_description_is_served_to_everybody_and_names_every_address(full_app: Flask) -> None:
    answer = full_app.test_client().get("/api/v1/openapi.json")
    assert answer.json == DESCRIBED
    assert DESCRIBED["openapi"].startswith("3.1")
    rules = [rule.rule for rule in full_app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    served = {re.sub(r"<\w+:(\w+)>", r"{\1}", rule.removeprefix("/api/v1")) for rule in rules}
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
