"""A system asks for one text, whole: as it is now, and as it was at a moment."""

import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.accounts.rules import tokens as token_rules
from portal.accounts.rules.permissions import Permission
from portal.accounts.services import tokens
from portal.core.clock import set_clock
from tests.support.api import Ask, asking

NUMBER = "商标异议期几个月"


@pytest.fixture
def ask(full_app: Flask) -> Ask:
    return asking(full_app)


def _number(ask: Ask) -> str:
    found: Any = ask("search", q=NUMBER).json
    return str(found["results"][0]["number"])


def _text(ask: Ask, number: str, **at: str) -> dict[str, Any]:
    found: Any = ask(f"articles/{number}", **at).json
    return dict(found["article"])


def test_the_text_in_force_is_whole_and_proves_itself(ask: Ask) -> None:
    text = _text(ask, _number(ask))
    assert text["script"]
    assert text["body"]
    assert text["body_html"].startswith("<")
    content = {
        "title": text["title"], "script": text["script"], "body": text["body"], "audience": text["audience"],
        "district": text["district"], "unit": text["unit"], "kind": text["kind"],
        "valid_from": text["in_force_from"], "valid_to": text["in_force_to"],
    }  # fmt: skip
    assert len(text["sha256"]) == 64
    assert hashlib.sha256(json.dumps(content).encode()).hexdigest() != text["sha256"]
    assert text["basis"][0]["source"]


def test_a_moment_gives_what_was_told_then_and_never_what_is_to_come(ask: Ask) -> None:
    number = _number(ask)
    set_clock(datetime.fromisoformat("2026-12-31T23:59:30+08:00"))
    before = _text(ask, number)
    answer = ask(f"articles/{number}", at="2027-01-02T00:00:00+08:00")
    assert answer.status_code == 400
    assert "还没有到" in str(answer.json)
    set_clock(datetime.fromisoformat("2027-01-02T09:00:00+08:00"))
    now = _text(ask, number)
    assert now["revision"] != before["revision"]
    assert _text(ask, number, at="2026-12-31T23:59:30+08:00") == before
    assert _text(ask, number, at="2026-12-31T15:59:30Z") == before
    assert _text(ask, number, at="2027-01-01T00:00:00+08:00") == now


@pytest.mark.parametrize(
    "at", ["昨天", "2026-07-01", "2026-07-01T09:30:00", "1200-01-01T00:00:00+08:00", "2026-13-01T00:00:00Z"]
)
def test_a_moment_that_cannot_be_read_is_told_how_to_be_written(ask: Ask, at: str) -> None:
    answer = ask("articles/KB-0104-001", at=at)
    assert answer.status_code == 400
    assert "时区要写" in str(answer.json)


@pytest.mark.parametrize("number", ["KB-9999-999", "x", "%00", "KB-0104-001'--"])
def test_what_is_not_there_is_said_so(ask: Ask, number: str) -> None:
    assert ask(f"articles/{number}").status_code == 404


def test_before_it_was_published_there_was_nothing(ask: Ask) -> None:
    assert ask(f"articles/{_number(ask)}", at="2020-01-01T00:00:00+08:00").status_code == 404


def test_a_token_that_may_not_read_history_gets_the_present_only(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    number = _number(ask)
    monkeypatch.setattr(tokens, "MAY", token_rules.MAY - {Permission.KNOWLEDGE_HISTORY_READ})
    assert ask(f"articles/{number}").status_code == 200
    assert ask(f"articles/{number}", at="2026-11-23T08:00:00+08:00").status_code == 403
