"""Domain words: loaded, changed by people, tried before they are saved, known to every process at once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, DomainError
from portal.core.write import transaction
from portal.search import services, words
from portal.search.completion import complete
from portal.search.engine.engine import Engine
from portal.search.models import SynonymGroup, Term
from portal.search.queries import find
from portal.search.rules.groups import names_apart, why_not_group, words_of
from portal.search.rules.words import Segmenter
from portal.search.trial import Effect, effect
from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]
BY = Actor(None, "周编辑")
STRANGE = "908172、注册资本"
"""No article says the first word, so that only the group can lead from it to an answer."""


@pytest.fixture
def inside(any_full_app: Flask) -> Iterator[Flask]:
    with any_full_app.app_context():
        yield any_full_app


def _add(typed: str = STRANGE, note: str = "") -> int:
    with transaction():
        return words.add_group(typed, note=note, by=BY, now=utc_now()).id


def _edit(group_id: int, typed: str, *, version: int = 1, note: str = "") -> None:
    with transaction():
        words.edit_group(group_id, typed, note=note, opened_version=version, by=BY, now=utc_now())


def _retire(group_id: int, *, retired: bool = True, version: int = 1) -> None:
    with transaction():
        words.retire_group(group_id, retired=retired, opened_version=version, by=BY, now=utc_now())


def _group(group_id: int) -> SynonymGroup:
    return db.session.get_one(SynonymGroup, group_id, populate_existing=True)


def _load(text: str) -> words.Counts:
    with transaction():
        return words.load_groups(now=utc_now(), text=text)


def _found(query: str) -> list[str]:
    results, *_ = find(query, at=utc_now())
    assert results is not None
    return [hit.id for hit in results.hits]


def _acts(prefix: str) -> list[str]:
    return list(
        db.session.scalars(select(AuditRow.action).where(AuditRow.action.startswith(prefix)).order_by(AuditRow.seq))
    )


# -- as people write them --------------------------------------------------------------------------------------------


def test_terms_come_from_titles_and_the_cache_lies_in_our_folder(tmp_path: Path) -> None:
    segmenter = Segmenter(tmp_path / "jieba", ["经营异常名录"])
    assert segmenter.terms(["被列入经营异常名录怎么办", "经营异常名录的移出", "公司注销"])[0] == "经营异常名录"
    assert "怎么办" not in segmenter.terms(["怎么办"])
    assert [path.name for path in (tmp_path / "jieba").iterdir()] == ["jieba.cache"]
    assert Segmenter(tmp_path / "jieba").words("增值税") == ["增值税"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("公积金、住房公积金", ["公积金", "住房公积金"]),
        ("公积金，房积金;社保\n五险", ["公积金", "房积金", "社保", "五险"]),
        (" work  permit 、工作许可", ["work permit", "工作许可"]),
        ("社保、社保、社 保", ["社保", "社 保"]),
        ("執照、执照", ["執照"]),
        ("，、；", []),
    ],
)
def test_a_group_is_read_as_people_write_it(typed: str, found: list[str]) -> None:
    assert words_of(typed) == found


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("公积金", "至少写两个不同的词，中间用顿号隔开"),
        ("公积金、公", "「公」要 2 到 16 个字，现在是 1 个"),
        ("公积金、" + "长" * 17, "「" + "长" * 16 + "」要 2 到 16 个字，现在是 17 个"),
        ("公积金、？？", "「？？」里没有字"),
        ("、".join(f"词语{n}" for n in range(21)), "一组最多 20 个词，现在有 21 个；分成两组"),
        ("公积金、房积金", None),
    ],
)
def test_what_is_no_group_is_told_why(typed: str, sentence: str | None) -> None:
    assert why_not_group(words_of(typed)) == sentence


def test_names_are_taken_apart_into_words_that_stand_for_themselves() -> None:
    assert names_apart(["设立登记与企业开办", "变更登记(法定代表人/住所)", "“两区”政策", "—"]) == [
        "设立登记", "企业开办", "变更登记", "法定代表人", "住所", "两区", "政策",
    ]  # fmt: skip
    assert names_apart(["市政务服务和数据管理局", "各区税务局", "市科委、中关村管委会"]) == [
        "市政务服务和数据管理局", "市科委", "中关村管委会",
    ]  # fmt: skip


# -- loaded and changed ----------------------------------------------------------------------------------------------


def test_the_shipped_groups_are_there_and_the_second_time_nothing_changes(inside: Flask) -> None:
    with transaction():
        counts = words.load_groups(now=utc_now())
    assert counts["new"] == counts["changed"] == 0
    assert counts["unchanged"] > 200
    assert _acts("search:synonym:load") == ["search:synonym:load"]


def test_a_group_that_people_have_changed_or_retired_is_left_to_them(inside: Flask) -> None:
    assert _load("甲词,乙词\n丙词,丁词\n戊词,己词") == {"new": 3, "changed": 0, "unchanged": 0}
    first, second, third = db.session.scalars(
        select(SynonymGroup).where(SynonymGroup.head.in_(["甲词", "丙词", "戊词"])).order_by(SynonymGroup.id)
    )
    _edit(first.id, "甲词、乙词、人的词")
    _retire(second.id)
    assert _load("甲词,乙词,新词\n丙词,丁词,新词\n戊词,己词,新词") == {"new": 0, "changed": 1, "unchanged": 2}
    assert [_group(g.id).text for g in (first, second, third)] == [
        "甲词、乙词、人的词",
        "丙词、丁词",
        "戊词、己词、新词",
    ]
    assert _group(second.id).retired_at


def test_a_new_group_is_found_at_once_and_the_index_stays_as_it_is(inside: Flask) -> None:
    assert _found("908172") == []
    build, segments = (services.engine().stats()[name] for name in ("build", "segments"))
    group_id = _add(note="来电人这样说")
    assert _found("908172")[0] in _found("注册资本")
    assert [services.engine().stats()[name] for name in ("build", "segments")] == [build, segments]
    _edit(group_id, "908172、公积金", version=1)
    assert _found("908172")[0] in _found("公积金")
    _retire(group_id, version=2)
    assert _found("908172") == []
    _retire(group_id, retired=False, version=3)
    assert _found("908172")
    assert _acts("search:synonym:") == [
        f"search:synonym:{verb}" for verb in ("load", "add", "edit", "retire", "restore")
    ]


def test_another_process_knows_the_new_words_with_its_next_search(
    inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = services.engine()
    there = Engine(here.root)
    engines = {here.root: there}
    with monkeypatch.context() as patch:
        patch.setattr(services, "_engines", engines)
        assert _found("908172") == []
    _add()
    with monkeypatch.context() as patch:
        patch.setattr(services, "_engines", engines)
        assert services.engine() is there
        assert _found("908172")


def test_without_new_words_a_search_does_not_read_them_again(inside: Flask) -> None:
    _found("注册资本")
    known = services.engine().lexicon
    _found("公积金")
    assert services.engine().lexicon is known


def test_the_second_saver_loses_nothing_and_changes_nothing(inside: Flask) -> None:
    group_id = _add()
    _edit(group_id, "908172、公积金")
    with pytest.raises(ConflictError) as conflict:
        _edit(group_id, "908172、社保", version=1)
    assert conflict.value.current["词"] == "908172、公积金"
    assert conflict.value.version == 2
    assert _group(group_id).text == "908172、公积金"


def test_what_changes_nothing_leaves_no_line(inside: Flask) -> None:
    group_id = _add()
    _edit(group_id, STRANGE)
    _retire(group_id, retired=False)
    assert _group(group_id).version == 1
    assert _acts("search:synonym:")[1:] == ["search:synonym:add"]


def test_the_same_group_twice_is_refused(inside: Flask) -> None:
    _add()
    with pytest.raises(DomainError, match="已经有一组一样的词"):
        _add("注册资本、908172")


# -- tried before it is saved ----------------------------------------------------------------------------------------


def _effect(typed: str, query: str, group: SynonymGroup | None = None) -> Effect:
    return effect(
        words_of(typed),
        instead_of=(group.id, group.words) if group else None,
        query=query,
        asked=["908172 几年交齐"],
        at=utc_now().timestamp(),
    )


def test_the_trial_shows_the_order_that_saving_then_gives(inside: Flask) -> None:
    found = _effect(STRANGE, "908172")
    assert found.tried is not None
    assert found.tried.now == []
    assert found.tried.differs
    assert [compared.query for compared in found.moved] == ["908172 几年交齐"]
    assert {place.moved for place in found.tried.then} == {"new"}
    assert _found("908172") == []
    before = services.engine().lexicon
    _effect(STRANGE, "908172")
    assert services.engine().lexicon is before
    _add()
    ids = _found("908172")
    snapshot = services.engine().state().snapshot
    titles = [
        snapshot.document(n).texts("title")[0] for id_ in ids for n in range(snapshot.size) if snapshot.id_of(n) == id_
    ]
    assert titles[: len(found.tried.then)] == [place.title for place in found.tried.then]


def test_a_group_that_stays_as_it_is_moves_nothing(inside: Flask) -> None:
    group = _group(_add())
    found = _effect(STRANGE, "908172", group)
    assert found.tried is not None
    assert found.tried.now == found.tried.then != []
    assert not found.moved


def test_taking_a_word_away_shows_what_is_lost(inside: Flask) -> None:
    group = _group(_add())
    found = _effect("908172、公积金", "908172", group)
    assert found.tried is not None
    assert found.tried.now[0].moved == "gone"
    assert found.tried.now[0] not in found.tried.then


# -- terms -----------------------------------------------------------------------------------------------------------


def _refresh() -> words.Counts:
    collected = words.collect_terms()
    with transaction():
        return words.refresh_terms(collected, now=utc_now())


def test_terms_are_taken_from_titles_categories_and_units(inside: Flask) -> None:
    counts = _refresh()
    assert counts["new"] > 300
    origins = dict(db.session.execute(select(Term.text, Term.origin)).all())
    assert origins["劳动争议调解仲裁"] == "分类"
    assert origins["市人力社保局"] == "单位"
    assert "标题" in origins.values()
    assert _refresh() == {"new": 0, "changed": 0, "unchanged": len(origins)}


def test_a_term_is_known_by_its_first_letters_at_once(inside: Flask) -> None:
    assert "灰灰菜" not in [s.text for s in complete("hhc", at=utc_now(), limit=6)]
    with transaction():
        words.add_term("灰灰菜", by=BY, now=utc_now())
    assert complete("hhc", at=utc_now(), limit=6)[0].text == "灰灰菜"


def test_a_term_that_people_retired_stays_retired_and_one_they_added_stays(inside: Flask) -> None:
    _refresh()
    with transaction():
        words.add_term("908172", by=BY, now=utc_now())
        term = db.session.scalars(select(Term).where(Term.origin == "分类")).first()
        assert term is not None
        retired = words.retire_term(term.id, retired=True, by=BY, now=utc_now()).text
    _refresh()
    kept = {t.text: t for t in db.session.scalars(select(Term).where(Term.text.in_(["908172", retired])))}
    assert kept["908172"].present
    assert kept["908172"].retired_at is None
    assert kept[retired].retired_at
    _found("公积金")
    assert "908172" in services.engine().lexicon.words
    assert retired not in services.engine().lexicon.words


def test_a_term_whose_name_is_gone_is_offered_no_longer(inside: Flask) -> None:
    _refresh()
    collected = {"908172": "标题"}
    with transaction():
        words.refresh_terms(collected, now=utc_now())
    present = list(db.session.scalars(select(Term.text).where(Term.present)))
    assert present == ["908172"]
    with pytest.raises(DomainError, match="已经在词表里"), transaction():
        words.add_term("908172", by=BY, now=utc_now())


def test_the_chore_collects_terms_only_after_something_changed(inside: Flask) -> None:
    words.keep_terms(utc_now())
    terms = len(list(db.session.scalars(select(Term.id))))
    assert terms > 300
    words.keep_terms(utc_now())
    assert _acts("search:term:") == ["search:term:refresh"]
