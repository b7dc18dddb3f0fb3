"""Lists: 25 rows a page, conditions in the address, counts that open exactly what they count."""

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup, Tag

from tests.support.visitor import Visitor

Arrive = Callable[[str], Visitor]


def _total(page: BeautifulSoup) -> int:
    pager = page.select_one("nav.pager")
    return int(re.search(r"共 ([\d,]+) 条", pager.get_text())[1].replace(",", "")) if pager else 0  # type: ignore[index]


def _fetch(guest: Visitor, link: Tag) -> BeautifulSoup:
    """The page behind a link, without the whole look-over: many links lead to the same kind of page."""
    response = guest.client.get(str(link["href"]))
    assert response.status_code == 200, link["href"]
    return BeautifulSoup(response.text, "html.parser")


def _numbers(page: BeautifulSoup) -> list[str]:
    return [str(row["data-ref"]) for row in page.select("tbody tr")]


def _walk(guest: Visitor, path: str) -> list[list[str]]:
    """The rows of every page, from the first on by way of 下一页."""
    found = []
    while path:
        page = guest.get(path)
        found.append(_numbers(page))
        onward = page.select_one('a[rel="next"]')
        path = str(onward["href"]) if onward else ""
    return found


def test_the_articles_come_twenty_five_a_page_and_each_once(visitor: Arrive) -> None:
    pages = _walk(visitor("demo.li"), "/knowledge/")
    assert [len(page) for page in pages] == [25, 25, 25, 5]
    everything = [number for page in pages for number in page]
    assert everything == sorted(set(everything))
    assert len(everything) == 80


def test_the_way_back_leads_to_the_page_before(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    second = agent.get("knowledge.index", page=2)
    back = second.select_one('a[rel="prev"]')
    assert back is not None
    assert _numbers(agent.get(str(back["href"]))) == _numbers(agent.get("knowledge.index"))


@pytest.mark.parametrize("asked", ["0", "-1", "x", "", "1.5", "１", "99999999999999999999"])
def test_a_page_number_that_is_none_is_the_first_page(visitor: Arrive, asked: str) -> None:
    agent = visitor("demo.li")
    assert _numbers(agent.get("knowledge.index", page=asked))[0] == "KB-0101-001"


@pytest.mark.parametrize("asked", ["5", "99", "1000000"])
def test_beyond_the_end_stands_the_last_page(visitor: Arrive, asked: str) -> None:
    page = visitor("demo.li").get("knowledge.index", page=asked)
    assert len(_numbers(page)) == 5
    assert "第 76–80 条，共 80 条" in page.get_text()


def test_conditions_and_order_are_kept_from_page_to_page(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    pages = _walk(agent, "/knowledge/?kind=法律法规&sort=title")
    assert len(pages) > 1
    titles = []
    for number in range(1, len(pages) + 1):
        page = agent.get("knowledge.index", kind="法律法规", sort="title", page=number)
        assert {cell.get_text() for cell in page.select('td[data-label="性质"]')} == {"法律法规"}
        titles += [link.get_text() for link in page.select("td.main-cell > a")]
    assert titles == sorted(titles)
    assert len(titles) == len(set(titles)) == _total(agent.get("knowledge.index", kind="法律法规"))


def test_every_order_shows_all_articles_once(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    links = [str(link["href"]) for link in agent.get("knowledge.index").select("details.filter.end .drop a")]
    assert len(links) == 4
    for path in links:
        everything = [number for page in _walk(agent, path) for number in page]
        assert len(everything) == len(set(everything)) == 80, path


def test_what_ends_first_comes_first(visitor: Arrive) -> None:
    first = _numbers(visitor("demo.li").get("knowledge.index", sort="valid_to"))[0]
    assert first == "KB-1001-001"


def _choices(page: BeautifulSoup) -> list[tuple[Tag, int]]:
    """Every choice of every filter: its link and the count it shows."""
    found = []
    for option in page.select("details.filter:not(.end) .drop a"):
        count = option.select_one(".count")
        if count is not None:
            found.append((option, int(count.get_text())))
    return found


def test_every_choice_of_a_filter_opens_exactly_as_many_rows_as_it_counts(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    choices = _choices(agent.get("knowledge.index"))
    assert len(choices) > 30
    for link, count in choices:
        assert _total(_fetch(agent, link)) == count, link["href"]


@pytest.mark.parametrize("kept", [{"kind": "办事指南"}, {"q": "公司"}, {"category": "01"}, {"unit": "市市场监管局"}])
def test_a_choice_counts_within_the_other_conditions(visitor: Arrive, kept: dict[str, str]) -> None:
    agent = visitor("demo.li")
    page = agent.get("knowledge.index", **kept)
    choices = _choices(page)
    assert choices
    for link, count in choices:
        assert _total(_fetch(agent, link)) == count, link["href"]


def test_a_condition_can_be_taken_away_again(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    page = agent.get("knowledge.index", kind="办事指南", category="01")
    on = page.select("details.filter.is-on")
    assert len(on) == 2
    for menu in on:
        away = menu.select_one(".drop a")
        assert away is not None
        assert away.get_text() == "全部"
        assert _total(_fetch(agent, away)) > _total(page)


@pytest.mark.parametrize(
    "values",
    [
        {"category": "zz"},
        {"category": "%"},
        {"kind": "没有的"},
        {"unit": "'; --"},
        {"q": "_"},
        {"q": "\\"},
        {"q": "字" * 5000},
        {"q": "\x00_\x07"},
        {"sort": "nonsense"},
        {"category": "01' OR 1=1"},
    ],
)
def test_no_condition_is_an_error(visitor: Arrive, values: dict[str, str]) -> None:
    page = visitor("demo.li").get("knowledge.index", **values)
    if "sort" not in values:
        assert _total(page) == 0


def test_words_are_looked_for_in_title_script_phrases_and_number(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    for words in ("商标有效期、续展与异议期", "期满前12个月内办续展", "牌子注册一次管多少年", "KB-1001-001"):
        assert "KB-1001-001" in _numbers(agent.get("knowledge.index", q=words)), words
    assert _numbers(agent.get("knowledge.index", q="正文里才有的字眼")) == []


def test_the_numbers_of_the_category_tree_open_exactly_as_many_rows(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    tree = agent.get("categories.index")
    counted = tree.select("a.num")
    assert sum(int(link.get_text()) for link in counted) == 80
    for link in counted:
        assert _total(_fetch(agent, link)) == int(link.get_text()), link["href"]
    for group in tree.select("section[data-group]"):
        head = group.select_one("h2 a")
        count = group.select_one(".card-head .end")
        assert head is not None
        assert count is not None
        assert f"{_total(_fetch(agent, head))} 条" == count.get_text()


def test_the_tiles_of_the_desk_open_exactly_as_many_rows(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    tiles = agent.get("home.start").select(".tiles a")
    assert len(tiles) == 18
    for tile in tiles:
        count = tile.select_one(".n")
        assert count is not None
        assert _total(_fetch(agent, tile)) == int(count.get_text()), tile["href"]


def test_the_filters_of_the_desk_open_exactly_as_many_answers(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    desk = agent.get("home.start", q="公司")
    pills = [pill for pill in desk.select("#results .pills a") if re.search(r"\d+", pill.get_text())]
    assert pills
    for pill in pills:
        count = int(re.findall(r"\d+", pill.get_text())[-1])
        narrowed = _fetch(agent, pill)
        shown = narrowed.select_one("#count")
        assert shown is not None
        assert shown.get_text().startswith(f"{count} 条"), pill["href"]


def test_the_units_are_narrowed_by_words_and_by_level(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    everything = _numbers(agent.get("units.index"))
    by_level = {}
    for pill in agent.get("units.index").select(".pills a.pill"):
        count = int(re.findall(r"\d+", pill.get_text())[-1])
        rows = _numbers(_fetch(agent, pill))
        assert len(rows) == count
        by_level[str(pill["href"])] = rows
    assert len(by_level) == 2
    assert sorted(sum(by_level.values(), [])) == sorted(everything)
    found = agent.get("units.index", q="市场监管")
    assert found.select("tbody tr")
    assert all("市场监管" in link.get_text() for link in found.select("td.main-cell a"))


def test_the_log_comes_fifty_a_page_the_newest_first(visitor: Arrive) -> None:
    auditor = visitor("demo.zheng")
    first, second = auditor.get("admin.audit"), auditor.get("admin.audit", page=2)
    numbers = [int(n) for n in _numbers(first) + _numbers(second)]
    assert len(numbers) == 100
    assert numbers == sorted(numbers, reverse=True)
    published = auditor.get("admin.audit", q="knowledge:article:publish")
    assert "81 条记录合条件" in published.get_text()
