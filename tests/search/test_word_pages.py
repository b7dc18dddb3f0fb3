"""Suggestions, and the pages on which editors keep the domain words."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from portal.accounts.queries import person_by_name
from portal.core.clock import utc_now
from portal.core.write import transaction
from portal.search.completion import complete, forget_asked
from portal.search.events import Asked, remember
from tests.support.visitor import Visitor, csrf

Arrive = Callable[[str], Visitor]
STRANGE = "908172、注册资本"
"""No article says the first word, so that only the group can lead from it to an answer."""


@pytest.fixture
def inside(any_full_app: Flask) -> Iterator[Flask]:
    with any_full_app.app_context():
        yield any_full_app


# -- suggestions -----------------------------------------------------------------------------------------------------


def _offered(typed: str) -> list[str]:
    return [each.text for each in complete(typed, at=utc_now(), limit=6)]


@pytest.mark.parametrize(
    ("typed", "one_of"),
    [
        ("公", "公积金"),
        ("公积", "公积金提取"),
        ("gjj", "公积金"),
        ("gongji", "公积金"),
        ("注册资", "注册资本"),
        ("g", "公积金"),
    ],
)
def test_suggestions_come_from_the_first_character_or_letter(full_app: Flask, typed: str, one_of: str) -> None:
    with full_app.app_context():
        assert any(one_of in text for text in _offered(typed)), _offered(typed)
        assert len(_offered(typed)) <= 6


@pytest.mark.parametrize("typed", ["", " ", "\n", "，。", "%_%", "title:(a", "😀", "字" * 10_000, "\x00"])
def test_no_beginning_is_an_error(full_app: Flask, typed: str) -> None:
    with full_app.app_context():
        assert isinstance(_offered(typed), list)


def test_what_two_colleagues_asked_is_offered_and_what_one_asked_is_not(inside: Flask) -> None:
    li, qian = (person_by_name(login) for login in ("demo.li", "demo.qian"))
    assert li is not None
    assert qian is not None
    with transaction():
        for person, text in ((li, "灰灰菜怎么种"), (qian, "灰灰菜怎么种"), (li, "灰灰菜只有我问")):
            remember(Asked(f"{person.id}{text}", text, hits=3), person_id=person.id, now=utc_now())
    forget_asked()
    assert _offered("灰灰菜") == ["灰灰菜怎么种"]


# -- pages -----------------------------------------------------------------------------------------------------------


def test_an_editor_finds_tries_changes_and_retires_a_group(visitor: Arrive) -> None:
    editor = visitor("demo.zhou")
    page = editor.get("search.list_words", q="房积金")
    link = page.select_one("tbody a")
    assert link is not None
    path = str(link["href"])
    assert "住房公积金" in editor.get(path).get_text()
    tried = editor.client.get(
        "/search/words/try", query_string={"words": STRANGE, "try": "908172"}, headers={"HX-Request": "true"}
    )
    assert "新进来" in tried.text
    assert "<html" not in tried.text
    assert "注册资本" in editor.get("search.try_words", words=STRANGE, **{"try": "908172"}).get_text()
    editor.post(path, data={"words": "住房公积金、公积金、房积金、908172", "note": "试", "opened_version": 1})
    assert "908172" in editor.get("search.list_words", q="908172").get_text()
    editor.client.get("/desk/results?q=908172")
    assert editor.get("home.start", q="908172").select("article.answer")
    editor.post(path + "/retire", data={"opened_version": 2, "retired": 1})
    assert "908172" in editor.get("search.list_words", q="908172", state="retired").get_text()
    editor.client.get("/desk/results?q=908172")
    assert not editor.get("home.start", q="908172").select("article.answer")


def test_wrong_words_come_back_with_a_sentence_and_nothing_is_lost(visitor: Arrive) -> None:
    editor = visitor("demo.wu")
    answer = editor.post("search.new_group", data={"words": "只有一个", "note": "备注在"}, status=422)
    assert "至少写两个不同的词" in answer.text
    assert "只有一个" in answer.text
    assert "备注在" in answer.text
    assert editor.post("search.add_term", data={"text": "单"}, status=422).text.count("要 2 到 16 个字") >= 1


def test_the_second_saver_gets_the_page_with_both_texts(visitor: Arrive) -> None:
    editor = visitor("demo.zhou")
    path = str(editor.get("search.list_words", q="房积金").select("tbody a")[0]["href"])
    editor.post(path, data={"words": "住房公积金、房积金", "note": "", "opened_version": 1})
    answer = editor.post(path, data={"words": "住房公积金、908172", "note": "", "opened_version": 1}, status=409)
    assert "908172" in answer.text
    assert "住房公积金、房积金" in answer.text


def test_a_term_is_added_and_retired_on_its_page(visitor: Arrive) -> None:
    editor = visitor("demo.zhou")
    editor.post("search.add_term", data={"text": "908172"})
    page = editor.get("search.list_terms", q="908172")
    form = page.select_one("tbody form")
    assert form is not None
    editor.post(str(form["action"]), data={"retired": "1"})
    assert not editor.get("search.list_terms", q="908172").select("tbody tr")
    assert editor.get("search.list_terms", q="908172", state="retired").select("tbody tr")


@pytest.mark.parametrize("login", ["demo.li", "demo.sun", "demo.jia", "demo.feng"])
def test_words_are_closed_to_those_who_do_not_keep_them(visitor: Arrive, login: str) -> None:
    outsider = visitor(login)
    for path in ("/search/words", "/search/terms", "/search/words/new", "/search/words/1", "/search/words/try"):
        assert outsider.client.get(path).status_code == 403
    token = csrf(outsider.client.get("/account/mine"))
    for path in (
        "/search/words/new",
        "/search/words/1",
        "/search/words/1/retire",
        "/search/terms",
        "/search/terms/1/retire",
    ):
        assert outsider.client.post(path, data={"csrf_token": token}).status_code == 403


def test_the_desk_offers_options_for_what_is_typed(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    options = agent.client.get("/desk/suggest", query_string={"q": "公积"}).text
    assert options.count('role="option"') in range(1, 7)
    assert "公积金" in options
    assert 'role="option"' not in agent.client.get("/desk/suggest", query_string={"q": ""}).text
