"""What is found, in which order, when, and how many."""

import time

import pytest

from portal.search.engine.engine import Engine
from portal.search.engine.types import Deleted, Document, How
from portal.search.rules.highlight import cut
from portal.search.rules.lexicon import Lexicon

from .conftest import ARTICLES, NOW


def _found(engine: Engine, query: str, at: float = NOW - 1, **more: object) -> list[str]:
    return [hit.id for hit in engine.search(query, at=at, **more).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("公积金怎么提取", "fund"),
        ("执照丢了怎么办", "licence"),
        ("營業執照遺失", "licence"),
        ("ａ类纳税人", "vat-a"),
        ("e窗通", "window"),
        ("国办发[2020]53号", "hotline"),
        ("公积金 5%", "fund-rate"),
        ("百分之五", "fund-rate"),
        ("工积金提取", "fund"),
        ("简移注销", "close-quick"),
        ("营业执罩", "licence"),
        ("营业业执照", "licence"),
        ("gjjtq", "fund"),
        ("gongjijin tiqu", "fund"),
        ("zhuxiaogongsi", "close"),
        ("gxjsqy", "hire"),
        ("gxjqy", "hire"),
        ("社保bj", "insure"),
        ("五险补缴", "insure"),
    ],
)
def test_the_right_article_comes_first(engine: Engine, query: str, first: str) -> None:
    assert _found(engine, query)[0] == first


def test_a_text_answers_only_while_it_is_in_force(engine: Engine) -> None:
    for query in ("商标异议", "shangbiaoyiyi", "sbyy"):
        assert _found(engine, query, NOW - 1)[0] == "trade-old"
        assert "trade-new" not in _found(engine, query, NOW - 1)
        assert _found(engine, query, NOW)[0] == "trade-new"
        assert "trade-old" not in _found(engine, query, NOW)
    assert [s.id for s in engine.suggest("商标", at=NOW) if s.id] == ["trade-new"]
    assert [s.id for s in engine.suggest("sbyy", at=NOW - 1) if s.id] == ["trade-old"]


def test_what_is_deleted_is_found_no_more_and_not_counted(engine: Engine) -> None:
    before = engine.search("注销", at=NOW)
    engine.apply([Deleted("close")], 2)
    after = engine.search("注销", at=NOW)
    assert "close" not in [hit.id for hit in after.hits]
    assert after.total == before.total - 1
    assert sum(after.facets["category"].values()) == after.total


def test_a_changed_text_replaces_the_old_one_at_once(engine: Engine) -> None:
    started = time.perf_counter()
    engine.apply([Document("close", {"title": "歇业备案的办理"}, {"category": ["0109"]})], 2)
    assert _found(engine, "歇业备案")[0] == "close"
    assert time.perf_counter() - started < 1
    assert "close" not in _found(engine, "公司注销登记")


def test_totals_are_what_paging_shows(engine: Engine) -> None:
    for query in ("公司注销", "条件", "的", "公积金", "登记"):
        results = engine.search(query, at=NOW, limit=100)
        pages = [engine.search(query, at=NOW, limit=2, offset=at) for at in range(0, results.total + 2, 2)]
        assert {page.total for page in pages} == {results.total} == {len(results.hits)}
        assert [hit.id for page in pages for hit in page.hits] == [hit.id for hit in results.hits]


def test_a_count_by_category_is_what_choosing_it_gives(engine: Engine) -> None:
    results = engine.search("办理条件", at=NOW, limit=100)
    for value, count in results.facets["category"].items():
        assert engine.search("办理条件", at=NOW, filters={"category": [value]}).total == count
    both = engine.search("公积金", at=NOW, filters={"category": ["0501"]})
    assert both.total == 2
    assert engine.search("公积金", at=NOW, filters={"category": ["none"]}).total == 0


def test_a_filter_that_excludes_the_best_still_finds_the_rest(engine: Engine) -> None:
    assert _found(engine, "住房公积金提取条件", filters={"category": ["0301"]}) == []
    assert _found(engine, "住房公积金提取的条件", filters={"category": ["0101"]}) == ["close-quick"]


def test_equal_scores_stand_in_the_order_of_their_ids(tmp_path: object) -> None:
    engine = Engine(tmp_path / "twins")  # type: ignore[operator]
    engine.rebuild([Document(f"t{n:02}", {"title": "同样的标题"}) for n in reversed(range(30))], 0)
    assert [h.id for h in engine.search("同样的标题", at=0, limit=7, offset=3).hits] == [
        f"t{n:02}" for n in range(3, 10)
    ]


def test_a_hit_says_why(engine: Engine) -> None:
    hit = engine.search("执照丢了怎么办", at=NOW).hits[0]
    assert hit.why is not None
    assert (hit.why.field, hit.why.text, hit.why.how) == ("phrases", "执照丢了怎么办", How.WORDS)
    assert cut(hit.why.text, hit.why.spans) == [("执照丢了怎么办", True)]
    assert hit.spans["phrases"] == [[(0, 7)]]
    letters = engine.search("gjjtq", at=NOW).hits[0]
    assert letters.why is not None
    assert letters.why.how is How.LETTERS
    assert letters.spans["title"] == [[(2, 7)]]
    slip = engine.search("工积金", at=NOW).hits[0]
    assert slip.why is not None
    assert slip.why.how in {How.SOUND, How.SLIP}


def test_a_hit_says_how_much_of_the_question_it_has(engine: Engine) -> None:
    assert engine.search("住房公积金怎么提取", at=NOW).hits[0].covered == 1
    assert engine.search("怎么给猫办护照", at=NOW).hits[0].covered < 0.3


def test_what_may_have_been_meant_is_said(engine: Engine) -> None:
    assert engine.search("gjj", at=NOW).meant == "公积金"
    assert engine.search("营业执罩", at=NOW).meant == "营业执照"
    assert engine.search("营业执照", at=NOW).meant is None


def test_another_lexicon_can_be_tried_without_being_kept(engine: Engine) -> None:
    tried = Lexicon([["散伙", "注销"]])
    assert "close" in [hit.id for hit in engine.search("散伙", at=NOW, lexicon=tried).hits]
    assert _found(engine, "散伙") == []


def test_suggestions_come_from_the_first_character_or_letter(engine: Engine) -> None:
    for typed in ("公", "公积", "gjj", "gong", "gongjj", "公jj", "zfgjj"):
        assert any("公积金" in s.text for s in engine.suggest(typed, at=NOW)), typed
    assert len(engine.suggest("g", at=NOW, limit=5)) == 5
    assert engine.suggest("住房公积金t", at=NOW)[0].id == "fund"
    assert engine.suggest("", at=NOW) == []


def test_an_empty_index_answers(tmp_path: object) -> None:
    engine = Engine(tmp_path / "empty")  # type: ignore[operator]
    engine.rebuild([], 0)
    assert engine.search("公积金", at=NOW).total == 0
    assert [s.text for s in engine.suggest("gjj", at=NOW)][:1] == ["公积金"]
    engine.apply(ARTICLES[:1], 1)
    assert _found(engine, "公积金") == ["fund"]


@pytest.mark.parametrize(
    "query",
    [
        "公" * 10_000,
        "gongjijin" * 1200,
        "g" * 10_000,
        "1," * 5000,
        "一二三四五六七八九十" * 1000,
        "title:公积金 AND (NOT x) OR *:* [a TO z]",
        "a\"b'c\\d;DROP TABLE articles;--%_",
        "😀😃🏢",
        "\x00\x01\x02\ud800\u202e\ufeff",
        "，。！？、；：……",
        "   ",
        "",
        "a b c d e f g h i j k l m n o p",
    ],
)
def test_a_hostile_query_gets_an_answer_in_time(engine: Engine, query: str) -> None:
    engine.search("热身", at=NOW)
    started = time.perf_counter()
    results = engine.search(query, at=NOW)
    engine.suggest(query, at=NOW)
    for hit in results.hits:
        assert hit.spans.keys()
    assert time.perf_counter() - started < 0.5
