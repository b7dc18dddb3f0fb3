"""The answer card and what stands around it: script, key values, basis, marks of checking, standing."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import set_clock
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Article, Publication
from portal.knowledge.queries.cards import basis_labels, cards, checked_words, current_revisions
from portal.knowledge.rules import script
from portal.search.services import check, drain, index_later
from tests.support.visitor import Visitor

from .pack import NOW, at, reviewer, take_in, told, write


@pytest.mark.parametrize(
    ("text", "seconds"), [("念", 1), ("念" * 120, 30), ("念 " * 120, 30), ("念" * 60, 15), ("", 1)]
)
def test_a_hundred_and_twenty_characters_are_read_in_thirty_seconds(text: str, seconds: int) -> None:
    assert script.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("先办这个。再办那个。", "先办这个。"),
        ("先办这个；再办那个。", "先办这个；"),
        ("只有一句", "只有一句"),
        ("", ""),
    ],
)
def test_a_closed_card_shows_the_first_sentence(text: str, first: str) -> None:
    assert script.first_sentence(text) == first


def test_a_script_is_cut_into_pieces_that_add_up_to_it() -> None:
    text = "自2027年1月1日起，异议期是2个月，见第三十六条。"
    pieces = script.parts(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, is_key in pieces if is_key] == ["2027年1月1日起", "2个月"]


def test_the_basis_of_a_card_names_each_law_once_with_all_its_articles() -> None:
    rows = [
        SimpleNamespace(source="中华人民共和国公司法(2023年修订)", article="第四十六条、第四十七条"),
        SimpleNamespace(source="国务院规定", article="第二条"),
        SimpleNamespace(source="中华人民共和国公司法(2023年修订)", article="第四十七条、第九十八条"),
    ]
    assert [row["label"] for row in basis_labels(rows)] == [  # type: ignore[arg-type]
        "公司法（2023年修订） 第四十六条、第四十七条、第九十八条",
        "国务院规定 第二条",
    ]


@pytest.mark.parametrize(
    ("mark", "words"), [("text-2026-07", "2026-07"), ("2026-07", "2026-07"), ("web-excerpt", "摘录")]
)
def test_a_mark_of_checking_is_said_in_words(mark: str, words: str) -> None:
    assert checked_words(mark) == words


def test_a_card_carries_all_that_vouches_for_its_script(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "rent", "提前三十日说，五万元以下不罚。", extra="note: 三十日、五万元见依据。\n")
    with app.app_context():
        take_in(tmp_path)
        article_id = db.session.scalars(select(Article.id)).one()
        [card] = cards(current_revisions([article_id], NOW), now=NOW, person_id=None)
        assert (card.number, card.title, card.unit, card.district) == (
            "KB-0104-001",
            "标题 rent",
            "市市场监管局",
            "全市",
        )
        assert (card.in_force_from, card.in_force_to, card.changes_on) == (date(2024, 7, 1), None, None)
        assert [row["label"] for row in card.basis] == ["示例条例 第一条"]
        assert (card.checked, card.needs_check, card.favourite) == ("2026-07", False, False)
        assert [text for text, is_key in card.script_parts if is_key] == ["三十日", "五万元以下"]
        assert (card.length, card.seconds) == (len(card.script), 4)
        [later] = cards([card.revision_id], now=at("2027-08-01T00:00"), person_id=None)
        assert later.needs_check


def test_medium_confidence_and_excerpts_are_shown_as_doubtful_wherever_the_text_is_listed(
    app: Flask, tmp_path: Path
) -> None:
    write(tmp_path, "sure", "一句话。")
    medium, excerpt = write(tmp_path, "medium", "一句话。"), write(tmp_path, "excerpt", "一句话。")
    medium.write_text(medium.read_text().replace("confidence: high", "confidence: medium"))
    excerpt.write_text(excerpt.read_text().replace("text-2026-07", "web-excerpt"))
    with app.app_context():
        take_in(tmp_path)
    agent = Visitor(app, app.test_client()).sign_in("demo.li")
    for page, row in (
        (agent.get("knowledge.index"), "tbody tr"),
        (agent.get("home.start", q="一句话"), "article.answer"),
    ):
        doubtful = {tag.select_one("a").get_text() for tag in page.select(row) if "待核实" in tag.get_text()}  # type: ignore[union-attr]
        assert doubtful == {"标题 medium", "标题 excerpt"}
    for slug in ("medium", "excerpt"):
        number = next(
            tag["data-ref"] for tag in agent.get("knowledge.index").select("tbody tr") if slug in tag.get_text()
        )
        assert "待核实" in agent.get("knowledge.show", number=number).get_text()


def _withdraw(slug: str) -> None:
    """Take an article off, as the page for it will do."""
    person = reviewer()
    article_id = db.session.scalars(select(Article.id).where(Article.slug == slug)).one()
    line = Publication(article_id=article_id, from_at=NOW, by_id=person.id, by_name=person.name, reason="", at=NOW)
    with transaction():
        db.session.add(line)
        index_later(f"article:{article_id}")


def test_a_withdrawn_article_answers_nobody_and_says_so_on_its_own_page(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "rent", "一句话。")
    with app.app_context():
        take_in(tmp_path)
        _withdraw("rent")
        drain(wait=True)
        assert told("rent") is None
        assert check().ok
        take_in(tmp_path)
        assert told("rent") is None, "an import does not put back what a person took away"
    set_clock(NOW)
    agent = Visitor(app, app.test_client()).sign_in("demo.li")
    page = agent.get("knowledge.show", number="KB-0104-001")
    assert "已下架" in page.select_one(".chip").get_text()  # type: ignore[union-attr]
    assert not page.select("[data-script], [data-does]:not([data-does=print])")
    assert agent.get("home.start", q="一句话").select("article.answer") == []


def test_an_article_that_was_never_published_does_not_exist_for_readers(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "rent", "一句话。")
    with app.app_context():
        take_in(tmp_path, approved=False)
    for login in ("demo.li", "demo.jia", "demo.zhou"):
        guest = Visitor(app, app.test_client()).sign_in(login)
        guest.get("knowledge.show", number="KB-0104-001", status=404)
        guest.get("knowledge.as_of", number="KB-0104-001", status=404)


@pytest.mark.parametrize(
    ("on", "fault"),
    [
        ("2026-07-01", False),
        ("", False),
        ("昨天", True),
        ("2026-02-30", True),
        ("0001-01-01", True),
        ("9999-12-31", True),
        ("2026-07-01T00:00", True),
    ],
)
def test_the_text_of_a_day_is_asked_for_by_a_date_and_a_wrong_one_is_explained(
    app: Flask, tmp_path: Path, on: str, fault: bool
) -> None:
    write(tmp_path, "rent", "一句话。")
    with app.app_context():
        take_in(tmp_path)
    agent = Visitor(app, app.test_client()).sign_in("demo.li")
    page = agent.get("knowledge.as_of", number="KB-0104-001", on=on)
    assert ("日期应写作 2026-07-01" in page.get_text()) is fault
