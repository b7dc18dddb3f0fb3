"""One line of the log for each request, whatever the request looks like."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask

from portal import create_app
from portal.config import Env
from portal.core.clock import set_clock
from tests.support.databases import Templates, let_go
from tests.support.visitor import Visitor

from .probes import open_route

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def demo_app(templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    """The portal as people run it: it logs into its data folder."""
    with templates.copy("sqlite", "bare", tmp_path / "data") as settings:
        app = create_app(settings.model_copy(update={"env": Env.DEMO}))
        yield app
        let_go(app)
        set_clock(None)
    structlog.reset_defaults()


@pytest.fixture
def lines(demo_app: Flask) -> Lines:
    path = Path(demo_app.config["PORTAL"].data_dir) / "portal.log"

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]

    return read


@pytest.mark.parametrize(
    "path",
    [
        "/health",
        "/nowhere",
        "/a%0d%0a%7b%22event%22%3a%22request%22%7d",
        "/a%0aSet-Cookie: x",
        "/%1b[31mred",
        "/%e2%80%a8%e2%80%a9%c2%85",
        "/%22%7d%0a",
        "/" + "长" * 3000,
        "/%ff%fe",
        "/%00",
    ],
)
def test_a_request_is_one_line_whatever_its_address(demo_app: Flask, lines: Lines, path: str) -> None:
    answer = demo_app.test_client().get(path)
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert len(lines()) == 1
    assert set(line) == {"event", "level", "timestamp", "id", "method", "path", "status", "ms"}
    assert line["id"] == answer.headers["X-Request-Id"]
    assert line["status"] == answer.status_code
    assert line["path"].isascii()
    assert line["path"].isprintable()
    assert len(line["path"]) <= 2400


def test_the_log_holds_no_question_no_form_and_no_secret(demo_app: Flask, lines: Lines) -> None:
    zhao = Visitor(demo_app, demo_app.test_client()).sign_in("demo.zhao")
    zhao.client.get("/", query_string={"q": "13812345678 公司欠薪"})
    zhao.client.post("/units/1/edit", data={"contact": "13912345678", "csrf_token": "x"})
    raw = (Path(demo_app.config["PORTAL"].data_dir) / "portal.log").read_text(encoding="utf-8")
    for word in ("13812345678", "13912345678", "欠薪", "csrf", "session="):
        assert word not in raw
    assert demo_app.config["SECRET_KEY"] not in raw
    assert [line["status"] for line in lines()][-2:] == [200, 400]


def test_a_bug_leaves_its_trace_in_the_log_under_the_number_the_page_shows(demo_app: Flask, lines: Lines) -> None:
    def broken() -> str:
        raise RuntimeError("first line\nsecond line")

    open_route(demo_app, "/broken", broken, methods=["GET"])
    number = demo_app.test_client().get("/broken").headers["X-Request-Id"]
    told = [line for line in lines() if line["event"] == "unexpected"]
    assert [line["id"] for line in told] == [number]
    assert "second line" in told[0]["exception"]
    assert [line["status"] for line in lines() if line["event"] == "request"] == [500]


def test_every_request_has_a_number_of_its_own(demo_app: Flask) -> None:
    client = demo_app.test_client()
    numbers = [client.get("/health").headers["X-Request-Id"] for _ in range(50)]
    assert len(set(numbers)) == 50


def test_a_number_sent_from_outside_is_not_taken_over(demo_app: Flask, lines: Lines) -> None:
    answer = demo_app.test_client().get("/health", headers={"X-Request-Id": "FORGED"})
    assert answer.headers["X-Request-Id"] != "FORGED"
    assert lines()[0]["id"] == answer.headers["X-Request-Id"]
