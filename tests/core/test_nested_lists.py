"""Lists as an editor writes them (CommonMark) render as the editor showed them, however deep and however indented."""

import contextlib
from dataclasses import dataclass

import pytest
from bs4 import BeautifulSoup, NavigableString, Tag
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from portal.core.errors import DomainError
from portal.core.markup import render
from portal.core.markup_child import for_python_markdown

Tree = list[object]


@dataclass(frozen=True)
class Item:
    """An item of a list, with another paragraph or not, and the list within it."""

    words: str
    more: str
    ordered: bool
    inside: tuple["Item", ...]


_WORDS = st.text(alphabet="甲乙丙丁戊己庚辛企业登记", min_size=1, max_size=6)
_ITEMS = st.recursive(
    st.builds(Item, _WORDS, st.just(""), st.booleans(), st.just(())),
    lambda inner: st.builds(
        Item, _WORDS, st.one_of(st.just(""), _WORDS), st.booleans(), st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=12,
)


def _write(items: tuple[Item, ...] | list[Item], *, ordered: bool, indent: str, bullet: str, space: bool) -> str:
    lines: list[str] = []
    for number, item in enumerate(items, start=1):
        mark = f"{number}. " if ordered else f"{bullet} "
        inner = indent + " " * len(mark)
        lines.append(f"{indent}{mark}{item.words}")
        if item.more:
            lines += ["", f"{inner}{item.more}"]
        if item.inside:
            lines += [""] if space or item.more else []
            lines.append(_write(item.inside, ordered=item.ordered, indent=inner, bullet=bullet, space=space))
    return "\n".join(lines)


def _shape(html: str) -> Tree:
    """The lists of a text: kind and items, the words of each item, the lists within."""
    return [_of(each) for each in BeautifulSoup(html, "html.parser").find_all(["ul", "ol"], recursive=False)]


def _of(list_: Tag) -> Tree:
    return [list_.name, *[_item(item) for item in list_.find_all("li", recursive=False)]]


def _item(item: Tag) -> Tree:
    found: Tree = [""]
    for child in item.children:
        if isinstance(child, Tag) and child.name in ("ul", "ol"):
            found.append(_of(child))
        else:
            words = child if isinstance(child, NavigableString) else child.get_text()
            found[0] = str(found[0]) + "".join(str(words).split())
    return found


@settings(max_examples=150, deadline=None)
@given(
    items=st.lists(_ITEMS, min_size=1, max_size=4),
    ordered=st.booleans(),
    bullet=st.sampled_from("-*+"),
    before=st.sampled_from(["", "前言\n", "前言\n\n", "## 头\n"]),
    after=st.sampled_from(["", "\n\n后话", "\n## 尾"]),
    space=st.booleans(),
)
def test_any_list_an_editor_writes_keeps_its_shape(
    items: list[Item], ordered: bool, bullet: str, before: str, after: str, space: bool
) -> None:
    text = before + _write(items, ordered=ordered, indent="", bullet=bullet, space=space) + after
    assert _shape(render(text)) == _shape(MarkdownIt("commonmark").render(text)), text


@pytest.mark.parametrize(
    "text", ["没有列表。\n下一行。", "", "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |", "> - 引文里的\n>   - 列表", "`- 码`"]
)
def test_a_text_without_lists_stays_as_it_is(text: str) -> None:
    assert for_python_markdown(text) == text


def test_code_in_an_item_stays_code_and_a_quotation_its_own() -> None:
    html = render("1. 先\n\n   ```\n   码\n   ```\n2. 后\n\n> 引文")
    assert "<pre><code>码" in html.replace("\n", "")
    assert "<blockquote>" in html


def test_a_single_line_break_and_a_struck_word_are_kept() -> None:
    assert "<br>" in render("一行\n二行")
    assert "<del>旧</del>" in render("~~旧~~新")


def test_hostile_lists_end_in_time() -> None:
    for text in ("- " * 3000, "\n".join(" " * n + "- x" for n in range(600)), "1. " * 2000 + "x"):
        with contextlib.suppress(DomainError):
            render(text)
    assert render("**好**") == "<p><strong>好</strong></p>", "what one text broke must not reach the next"


def test_a_picture_is_shown_only_from_the_store_of_files() -> None:
    assert '<img alt="图" src="/knowledge/files/3">' in render("![图](/knowledge/files/3)").replace(" />", ">")
    for address in ("https://e.example/a.png", "data:image/png;base64,AAAA", "/static/x.svg", "//e/x", "javascript:1"):
        assert "<img" not in render(f"![图]({address})")
    assert "<img" not in render('<img src="/knowledge/files/3?x" onerror="alert(1)">')
