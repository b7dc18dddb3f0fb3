"""Whole texts leave the house in four ways; each page says whose copy it is, and what comes out can come in again."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest
from docx import Document
from flask import Flask
from sqlalchemy import func, select

from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.inbox.models import ExportDownload
from portal.inbox.runner import Runner
from portal.knowledge.queries.visible import answering
from tests.support.visitor import Visitor, check_page

from .incoming import batch_of, hand_in, shown

Arrive = Callable[[str], Visitor]
CATEGORY = "0104"


@pytest.fixture
def editor(visitor: Arrive) -> Visitor:
    return visitor("demo.zhou")


def _exported(guest: Visitor, format: str, query: str = f"?category={CATEGORY}") -> bytes:
    """Ask for the texts, let a runner write them, and have the file."""
    place = _asked(guest, format, query)
    with guest.client.post(f"{place}/download", data={"csrf_token": guest.token()}) as answer:
        assert answer.status_code == 200
        return answer.data


def _asked(guest: Visitor, format: str, query: str) -> str:
    typed = {"why": "给承办单位核对", "format": format}
    done = guest.post(f"/inbox/exports/new/texts{query}", data=typed)
    Runner(guest.app, lease=timedelta(seconds=30), look_every=0.05).work_off()
    return str(done.headers["Location"])


def _in_force(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(answering(utc_now()).subquery())) or 0


def test_every_text_in_force_goes_out_as_a_sheet_and_comes_in_again_unchanged(editor: Visitor) -> None:
    data = _exported(editor, "xlsx", "")
    path = batch_of(hand_in(editor, data, "知识全文.xlsx"))
    page = editor.get(path)
    segments = {link.get_text(strip=True).split()[0]: link.get_text(strip=True).split()[1]
                for link in page.select("nav[aria-label=只看] a")}  # fmt: skip
    changed = [line for fate in ("退回", "修改") for line in shown(editor, f"{path}?fate={fate}")]
    assert segments["未变"] == str(_in_force(editor.app)), changed
    assert segments["新增"] == segments["修改"] == segments["退回"] == "0"


def test_every_text_in_force_goes_out_as_content_files_and_comes_in_again_unchanged(editor: Visitor) -> None:
    data = _exported(editor, "zip", "")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert len(names) == _in_force(editor.app) + 1
        for name in names:
            assert "周编辑（demo.zhou）" in archive.read(name).decode()
    path = batch_of(hand_in(editor, data, "知识全文.zip"))
    fates = [line[2] for number in (1, 2) for line in shown(editor, f"{path}?page={number}")]
    changed = [line for fate in ("退回", "修改") for line in shown(editor, f"{path}?fate={fate}")]
    assert set(fates) == {"未变"}, changed


def test_the_sheet_carries_whose_copy_it_is_and_no_formula(editor: Visitor) -> None:
    book = openpyxl.load_workbook(io.BytesIO(_exported(editor, "xlsx")))
    page = book.worksheets[0]
    assert "周编辑（demo.zhou）" in str(page["A1"].value)
    assert [cell.value for cell in page[2]] == ["类目", "标题", "内容", "发文单位", "材料性质", "关键字"]
    assert not [cell for line in page.iter_rows() for cell in line if cell.data_type == "f"]
    assert "demo.zhou" in str(page.oddFooter.left.text)


def test_a_word_file_says_on_every_page_whose_copy_it_is(editor: Visitor) -> None:
    document = Document(io.BytesIO(_exported(editor, "docx")))
    head = document.sections[0].header.paragraphs[0].text
    assert "周编辑（demo.zhou）" in head
    assert "编号" in head
    titles = [line.text for line in document.paragraphs if line.style and line.style.name == "Heading 1"]
    page = editor.get("knowledge.index", category=CATEGORY)
    assert titles == [link.get_text(strip=True) for link in page.select("tbody td.main-cell a")]
    assert "话术" in [line.text for line in document.paragraphs]


def test_what_is_printed_is_a_page_with_the_mark_and_every_opening_is_written_down(editor: Visitor) -> None:
    place = _asked(editor, "print", f"?category={CATEGORY}")
    assert "打开打印页" in editor.get(place).get_text()
    for _ in range(2):
        answer = editor.client.post(f"{place}/download", data={"csrf_token": editor.token()})
        page = check_page(answer)
    assert "周编辑（demo.zhou）" in page.select_one(".print-mark").get_text()  # type: ignore[union-attr]
    assert len(page.select("article.card")) == len(editor.get("knowledge.index", category=CATEGORY).select("tbody tr"))
    with editor.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ExportDownload)) == 2


def test_chosen_articles_alone_go_out(editor: Visitor) -> None:
    page = editor.get("knowledge.index", category=CATEGORY)
    numbers = [str(line["data-ref"]) for line in page.select("tbody tr")][:2]
    data = _exported(editor, "zip", f"?numbers={','.join(numbers)},KB-9999-999")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".md")]) == 2


def test_nothing_that_may_not_be_read_out_goes_out(editor: Visitor) -> None:
    data = _exported(editor, "zip", "?q=商标")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        texts = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "in_force_from: 2027-01-01" not in texts
    set_clock(utc_now() + timedelta(days=60))
    later = _exported(editor.sign_in("demo.zhou"), "zip", "?q=商标")
    with zipfile.ZipFile(io.BytesIO(later)) as archive:
        texts = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "in_force_from: 2027-01-01" in texts


@pytest.mark.parametrize("login", ["demo.li", "demo.zhao"])
def test_who_may_not_export_gets_nothing(visitor: Arrive, login: str) -> None:
    status = 403 if login == "demo.li" else 200
    visitor(login).get("inbox.ask_export", kind="texts", status=status)
