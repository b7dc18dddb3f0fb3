"""While the index cannot answer, the database does: fewer ways to find, nothing shown that is not in force."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.core.clock import set_clock
from portal.home import queries
from portal.search.nearness import Joined
from tests.knowledge.pack import at
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]


@pytest.fixture(autouse=True)
def _no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "find", lambda *_, **__: (None, 3.0, Joined.NOT_ASKED))


def _scripts(agent: Visitor, **values: str) -> list[str]:
    page = agent.get("home.start", **values)
    assert "搜索索引正在修复" in page.get_text()
    return [tag.get_text() for tag in page.select("[data-script]")]


def test_titles_phrases_and_scripts_are_still_found_as_they_stand(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    for words in ("商标有效期、续展与异议期", "牌子注册一次管多少年", "期满前12个月内办续展"):
        assert any("续展" in script for script in _scripts(agent, q=words)), words


def test_a_category_narrows_and_an_unknown_one_finds_nothing(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    assert _scripts(agent, q="公司", category="0104")
    assert len(_scripts(agent, q="公司", category="01")) >= len(_scripts(agent, q="公司", category="0104"))
    assert _scripts(agent, q="公司", category="no-such") == []


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "字" * 10_000, "😀"])
def test_no_words_are_an_error(visitor: Arrive, words: str) -> None:
    assert isinstance(_scripts(visitor("demo.li"), q=words), list)


@pytest.mark.parametrize(("moment", "term"), [("2026-12-31T23:59:30", "3个月"), ("2027-01-01T00:00:30", "2个月")])
def test_only_what_is_in_force_is_shown(full_app: Flask, moment: str, term: str) -> None:
    set_clock(at(moment))
    agent = Visitor(full_app, full_app.test_client()).sign_in("demo.li")
    [script] = [script for script in _scripts(agent, q="商标有效期") if "续展" in script]
    assert term in script
