"""The log of queries: what was meant is kept once, nothing of a person's numbers is, and chains are found again."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, inspect, select

from portal.accounts.queries import person_by_name
from portal.audit.models import AuditRow
from portal.core.clock import set_clock, utc_now
from portal.core.database import Base, db
from portal.core.masking import HIDDEN, without_numbers
from portal.core.write import transaction
from portal.search import events
from portal.search.events import Asked, How, clean, failed_before, key_of, last_asked, note, remember, without_hits
from portal.search.models import SearchClick, SearchEvent
from tests.core.probes import at_once
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
DOCUMENT = "article:7:9"


def _person(login: str = "demo.li") -> int:
    person = person_by_name(login)
    assert person is not None
    return person.id


def _ask(
    words: str,
    seconds: float = 0,
    *,
    hits: int = 3,
    login: str = "demo.li",
    mark: str = "",
    context: str = "",
    **more: str,
) -> int:
    """Somebody asks, so many seconds after nine; returns the event's id, 0 where none was kept."""
    now = NOW + timedelta(seconds=seconds)
    asked = Asked(mark or f"mark-{words}-{seconds}"[:40], words, hits, first=("article:1:1",), context=context)
    with transaction():
        event = remember(asked, person_id=_person(login), now=now)
        if event is not None and "how" in more:
            note(event, DOCUMENT, How(more["how"]), now=now)
        return event.id if event else 0


def _events() -> list[SearchEvent]:
    return list(db.session.scalars(select(SearchEvent).order_by(SearchEvent.id)))


@contextmanager
def _inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


NUMBERS = [
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "１３８１２３４５６７８",
    "+86 13812345678",
    "010-65123456",
    "（010）65123456",
    "0755 2345 6789",
    "65123456",
    "400-810-8888",
    "11010519491231002X",
    "110105194912310021",
    "110105 19491231 002X",
    "110105491231002",
    "6222021234567890123",
    "一三八一二三四五六七八",
    "wang.xm@example.cn",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "我的电话{}，公积金怎么取", "公积金 {}"])
def test_nothing_of_a_persons_number_is_kept(number: str, around: str) -> None:
    kept = clean(around.format(number))
    assert kept == around.format(HIDDEN)
    assert not re.search(r"\d{3}", kept)


@pytest.mark.parametrize(
    "words",
    [
        "京人社发〔2026〕12号",
        "注册资本1000万，45日",
        "2026-11-23",
        "20261123",
        "公司法第二百二十四条",
        "91110000600037341L",
        "12345",
        "KB-0104-001",
        "一二三四五六",
    ],
)
def test_other_numbers_stay(words: str) -> None:
    assert clean(words) == words


@given(
    st.from_regex(r"\A(1[3-9][0-9]{9}|0[1-9][0-9]{1,2}-[2-8][0-9]{6,7}|[1-9][0-9]{16}[0-9X])\Z"),
    st.text(alphabet="甲乙 ，。:：（）", max_size=8),
    st.text(alphabet="甲乙 ，。:：（）", max_size=8),
)
def test_no_generated_number_survives(number: str, before: str, after: str) -> None:
    kept = without_numbers(before + number + after)
    assert not re.search(r"\d", kept)


def test_words_are_compared_without_blanks_signs_and_spelling() -> None:
    assert (
        len(
            {
                key_of(words)
                for words in ("社保 怎么转？", "社保怎么转", "社保，怎么转", "社保怎么轉", "社保\u3000怎么转")
            }
        )
        == 1
    )
    assert key_of("ＧＪＪ") == key_of("gjj")
    assert key_of("？！ ") == ""


def test_one_answer_told_twice_is_one_event(any_app: Flask) -> None:
    with _inside(any_app):
        assert _ask("社保怎么转", 0, mark="the-answer") == _ask("社保怎么转", 1, mark="the-answer")
        assert [(event.words, event.hits) for event in _events()] == [("社保怎么转", 3)]


def test_the_same_words_within_a_chain_are_one_event_and_later_another(any_app: Flask) -> None:
    with _inside(any_app):
        first = _ask("社保怎么转", 0)
        assert _ask("社保 怎么转？", 170) == first
        assert _ask("社保怎么转", 170 + 181) != first


def test_a_text_typed_on_is_one_event_a_text_put_otherwise_is_another(any_app: Flask) -> None:
    with _inside(any_app):
        first = _ask("社保", 0)
        assert _ask("社保怎么转", 20) == first
        assert _events()[0].words == "社保怎么转"
        assert _ask("转移社保", 30) != first
        assert _ask("转移社保关系", 61) != _ask("转移社保", 30)


def test_a_text_that_led_to_something_is_not_taken_over_by_what_is_typed_on(any_app: Flask) -> None:
    with _inside(any_app):
        first = _ask("社保", 0, how="opened")
        assert _ask("社保怎么转", 5) != first


def test_a_clock_that_was_set_back_joins_nothing(any_app: Flask) -> None:
    with _inside(any_app):
        first = _ask("社保怎么转", 600)
        assert _ask("社保怎么转", 0) != first


def test_words_of_signs_alone_are_no_event(any_app: Flask) -> None:
    with _inside(any_app):
        assert _ask("？！。") == 0
        assert _ask("13812345678") == 0
        assert _events() == []


def test_what_is_done_with_a_document_is_kept_once_with_its_place(any_app: Flask) -> None:
    with _inside(any_app):
        number = _ask("社保怎么转")
        for _ in range(2):
            with transaction():
                event = db.session.get_one(SearchEvent, number)
                note(event, "article:1:1", How.OPENED, now=NOW)
                note(event, DOCUMENT, How.USED, now=NOW)
        clicks = db.session.execute(select(SearchClick.document, SearchClick.how, SearchClick.rank)).all()
        assert sorted(map(tuple, clicks)) == [("article:1:1", "opened", 1), (DOCUMENT, "used", None)]


def test_a_chain_is_what_one_person_asked_in_vain_within_three_minutes(any_app: Flask) -> None:
    with _inside(any_app):
        _ask("太早的话", 0)
        _ask("甲方不给钱", 60)
        _ask("别人的话", 70, login="demo.zhao")
        _ask("对方欠钱", 100, hits=0)
        last = _ask("拖欠账款", 60 + 180)
        found = failed_before(db.session.get_one(SearchEvent, last))
        assert [event.words for event in found] == ["对方欠钱", "甲方不给钱"]


def test_a_query_that_led_somewhere_ends_the_chain_before_it(any_app: Flask) -> None:
    with _inside(any_app):
        _ask("上一个问题", 0)
        _ask("上一个答案", 10, how="copied")
        _ask("甲方不给钱", 40)
        last = _ask("拖欠账款", 60)
        assert [event.words for event in failed_before(db.session.get_one(SearchEvent, last))] == ["甲方不给钱"]


def test_a_document_leads_back_to_the_query_of_the_same_call(any_app: Flask) -> None:
    with _inside(any_app):
        number = _ask("拖欠账款", 0, how="opened")
        me = _person()
        event = events.leading_to(DOCUMENT, person_id=me, now=NOW + timedelta(minutes=29))
        assert event is not None
        assert event.id == number
        assert events.leading_to(DOCUMENT, person_id=me, now=NOW + timedelta(minutes=31)) is None
        assert events.leading_to(DOCUMENT, person_id=_person("demo.zhao"), now=NOW) is None
        assert events.by_mark(me, "") is None


def test_everybody_has_a_history_of_his_own_each_text_once_the_newest_first(any_app: Flask) -> None:
    with _inside(any_app):
        for at, words in enumerate(["一个", "两个", "打13812345678", "三个", "一个"]):
            _ask(words, 400 * at)
        _ask("别人的", 0, login="demo.zhao")
        assert last_asked(_person()) == ["一个", "三个", "两个"]
        assert last_asked(_person(), limit=1) == ["一个"]
        assert last_asked(_person("demo.zhao")) == ["别人的"]


def test_queries_without_hits_are_found_by_time_and_words(any_app: Flask) -> None:
    with _inside(any_app):
        _ask("有的", 0)
        _ask("没有的", 400, hits=0)
        _ask("也没有", 800, hits=0)
        day = timedelta(days=1)
        assert [event.words for event in without_hits(NOW, NOW + day)] == ["也没有", "没有的"]
        assert [event.words for event in without_hits(NOW, NOW + day, [key_of("没有的")])] == ["没有的"]
        assert without_hits(NOW, NOW + timedelta(seconds=400)) == []


def test_the_migrations_make_the_tables_that_the_models_describe(any_app: Flask) -> None:
    mine = "uses flags gaps gap_reports proposed_phrases phrase_evidence search_events search_clicks".split()
    with _inside(any_app):
        there = inspect(db.engine)
        for name in mine:
            table = Base.metadata.tables[name]
            columns = {column["name"]: column["nullable"] for column in there.get_columns(name)}
            assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
            indexes = {
                (tuple(i["column_names"]), bool(i["unique"]))
                for i in there.get_indexes(name)
                if not i.get("duplicates_constraint")
            }
            assert indexes == {(tuple(i.columns.keys()), bool(i.unique)) for i in table.indexes}, name
            assert len(there.get_foreign_keys(name)) == len(table.foreign_keys), name


# -- from the desk ----------------------------------------------------------------------------------------------


def _told(agent: Visitor, query: str, **more: str) -> dict[str, str]:
    """What the desk's script would send about a query."""
    page = agent.get("home.start", q=query)
    asked = page.select_one("[data-asked]")
    assert asked is not None
    names = ("q", "mark", "hits", "took", "category", "first")
    return {**{name: str(asked[f"data-{name}"]) for name in names}, "csrf_token": agent.token(), **more}


def test_the_desk_tells_what_was_asked_with_its_first_documents_and_is_not_audited(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    told = _told(agent, "商标异议期几个月")
    with agent.app.app_context():
        acts = db.session.scalar(select(func.count()).select_from(AuditRow))
    assert agent.client.post("/desk/asked", data=told).status_code == 204
    opened = {**told, "how": "opened", "document": told["first"].split()[0]}
    assert agent.client.post("/desk/asked", data=opened).status_code == 204
    with agent.app.app_context():
        event = db.session.scalars(select(SearchEvent)).one()
        assert (event.words, event.hits, event.first) == ("商标异议期几个月", int(told["hits"]), told["first"].split())
        assert db.session.scalars(select(SearchClick)).one().rank == 1
        assert db.session.scalar(select(func.count()).select_from(AuditRow)) == acts


def test_looking_alone_keeps_nothing(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    for query in ("商", "商标", "商标异", "商标异议"):
        agent.client.get("/desk/results", query_string={"q": query})
        agent.client.get("/", query_string={"q": query})
    with agent.app.app_context():
        assert _events() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"mark": ""},
        {"mark": "x' OR 1=1 --"},
        {"hits": "-1"},
        {"hits": "many"},
        {"hits": "9" * 30},
        {"hits": "３"},
        {"took": ""},
        {"first": "<script>"},
        {"first": "article:1:1 '; --"},
        {"how": "used", "document": DOCUMENT},
        {"how": "bought", "document": DOCUMENT},
        {"how": "opened", "document": ""},
        {"how": "opened", "document": "a" * 200},
    ],
)
def test_what_the_desk_would_never_say_is_refused_and_keeps_nothing(visitor: Arrive, wrong: dict[str, str]) -> None:
    agent = visitor("demo.li")
    assert agent.client.post("/desk/asked", data={**_told(agent, "商标"), **wrong}).status_code == 400
    with agent.app.app_context():
        assert _events() == []


def test_a_mark_needs_a_token_and_somebody_who_may(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    told = _told(agent, "商标")
    assert agent.client.post("/desk/asked", data={**told, "csrf_token": ""}).status_code == 400
    nobody, office = visitor(""), visitor("demo.feng")
    assert nobody.client.post("/desk/asked", data=told).status_code in (400, 401)
    assert office.client.post("/desk/asked", data={**told, "csrf_token": office.token()}).status_code == 403


@pytest.mark.parametrize(
    "query", ["字" * 10_000, "a\x00b", "\ud800坏", "😀 好 😀", "title:(a AND b)", "'; DROP TABLE x"]
)
def test_whatever_was_typed_is_kept_or_dropped_but_never_an_error(visitor: Arrive, query: str) -> None:
    agent = visitor("demo.li")
    told = {**_told(agent, "商标"), "q": query.encode("utf-8", "replace").decode()}
    assert agent.client.post("/desk/asked", data=told).status_code == 204


def test_eight_tellings_of_one_answer_at_once_are_one_event(any_full_app: Flask) -> None:
    agent = Visitor(any_full_app, any_full_app.test_client()).sign_in("demo.li")
    told = _told(agent, "商标")

    def tell(number: int) -> int:
        client = any_full_app.test_client()
        for cookie in agent.client._cookies.values():  # type: ignore[union-attr]
            client.set_cookie(cookie.key, cookie.value)
        document = told["first"].split()[0]
        return client.post("/desk/asked", data={**told, "how": "opened", "document": document}).status_code

    assert set(at_once(tell, 8)) == {204}
    with any_full_app.app_context():
        assert len(_events()) == 1
        assert db.session.scalar(select(func.count()).select_from(SearchClick)) == 1


def test_the_empty_desk_offers_what_was_asked_last(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    assert "我查过的" not in agent.get("home.start").get_text()
    for query in ("商标异议期几个月", "试用期能有多长", "打 13812345678"):
        told = _told(agent, "商标")
        agent.client.post("/desk/asked", data={**told, "q": query, "mark": f"mark-{len(query)}-x"})
        set_clock(utc_now() + timedelta(minutes=5))
    page = agent.get("home.start")
    links = [link.get_text() for link in page.select(".welcome .card:first-child a.pill")]
    assert links == ["试用期能有多长", "商标异议期几个月"]
    assert "我查过的" in agent.client.get("/desk/results?q=").text
    assert "我查过的" not in visitor("demo.zhao").get("home.start").get_text()
