"""Files made to do harm: each is answered with a clear sentence, nothing of it is kept, and the worker lives."""

import io
import re
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select

from portal.core.database import db
from portal.knowledge.models import Article, ArticleBatch, ArticleRow, Revision
from tests.support.visitor import Visitor

from .incoming import UNIT, apply, batch_of, hand_in, packed, repacked, row, sheet, shown, word

WORD = {"category": "0104", "unit": UNIT, "kind": "办事指南"}
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{}]>'
LAUGHS = DOCTYPE.format(
    "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.fixture
def editor(app: Flask) -> Iterator[Visitor]:
    """An editor; afterwards the portal still answers, and no file is left behind."""
    guest = Visitor(app, app.test_client()).sign_in("demo.zhou")
    yield guest
    hand_in(guest, sheet([row("还活着")]), "好的.xlsx")
    assert not [path for path in _folder(app).rglob("batches-*") if path.is_file()]


def _folder(app: Flask) -> Path:
    return Path(app.config["PORTAL"].data_dir) / "files"


def _refused(guest: Visitor, data: bytes, filename: str, words: str, **typed: str) -> None:
    answer = hand_in(guest, data, filename, status=422, **typed)
    assert words in answer.text, re.sub(r"<[^>]+>|\s+", " ", answer.text)[:1500]
    with guest.app.app_context():
        for table in (ArticleBatch, ArticleRow, Article, Revision):
            assert not db.session.scalar(select(func.count()).select_from(table))
    assert not [path for path in _folder(guest.app).rglob("batches-*") if path.is_file()]


# -- of the wrong kind -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "filename", "words"),
    [
        (b"", "空.xlsx", "是空的"),
        (b"<html><script>alert(1)</script></html>", "页面.xlsx", "已损坏"),
        (b"%PDF-1.7 ...", "文件.docx", "已损坏"),
        (b"MZ\x90\x00", "程序.zip", "已损坏"),
        (b"x", "程序.exe", "这里只收"),
        (b"x", "图.svg", "这里只收"),
        (b"x", "没有后缀", "这里只收"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "老表.xlsx", "已损坏"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    editor: Visitor, data: bytes, filename: str, words: str
) -> None:
    _refused(editor, data, filename, words, **(WORD if filename.endswith("docx") else {}))


def test_a_word_file_called_a_sheet_is_refused(editor: Visitor) -> None:
    _refused(editor, word(("p", "可以办。")), "其实是文档.xlsx", "内容不是 Excel 表格")


def test_a_sheet_called_a_word_file_is_refused(editor: Visitor) -> None:
    _refused(editor, sheet([row("甲")]), "其实是表.docx", "内容不是 Word 文档", **WORD)


def test_a_file_with_macros_is_refused_whatever_it_is_called(editor: Visitor) -> None:
    for data, name, typed in (
        (sheet([row("甲")]), "xl/vbaProject.bin", {}),
        (word(("p", "可以办。")), "word/vbaProject.bin", WORD),
    ):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
        filename = "表.xlsx" if name.startswith("xl") else "文.docx"
        _refused(editor, packed({**parts, name: b"\0"}), filename, "带宏", **typed)


def test_a_locked_file_is_refused(editor: Visitor) -> None:
    data = bytearray(packed({"a.md": "x"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(mark) + at
        data[place] |= 1
    _refused(editor, bytes(data), "有密码.zip", "有密码")


# -- bombs -----------------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused_before_it_is_opened(editor: Visitor) -> None:
    _refused(editor, packed({"a.md": b"0" * 30_000_000}), "炸弹.zip", "压缩得反常")


def test_a_zip_of_too_many_files_is_refused(editor: Visitor) -> None:
    _refused(editor, packed({f"{n}.md": "x" for n in range(2_001)}), "很多.zip", "超过 2,000 个文件")


@pytest.mark.parametrize("name", ["../a.md", "0104/../../a.md", "/etc/a.md", "C:\\a.md", "..\\a.md", "a/..\\..\\b.md"])
def test_names_that_lead_elsewhere_are_refused(editor: Visitor, name: str) -> None:
    _refused(editor, packed({"好.md": "x", name: "x"}), "包.zip", "指向别处的文件名")


def test_a_link_in_a_zip_is_refused(editor: Visitor) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.md")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    _refused(editor, out.getvalue(), "链接.zip", "指向别处的文件名")


def test_two_files_of_one_name_in_a_zip_are_refused(editor: Visitor) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.md", "x")
        archive.writestr("A.md", "x")
    _refused(editor, out.getvalue(), "重名.zip", "重名")


def test_a_zip_that_is_broken_within_is_refused(editor: Visitor) -> None:
    data = bytearray(packed({"a.md": "好" * 4_000}))
    at = data.index(b"PK\x03\x04") + 30 + struct.unpack("<H", data[26:28])[0]
    data[at : at + 8] = b"\xff" * 8
    _refused(editor, bytes(data), "坏.zip", "没有收下")


def test_a_word_file_that_unpacks_to_much_is_refused(editor: Visitor) -> None:
    bomb = "<w:document>" + "<w:p/>" * 5_000_000
    data = repacked(word(("p", "可以办。")), word_document_xml=bomb)
    _refused(editor, data, "炸弹.docx", "没有收下", **WORD)


def test_a_word_file_nested_deep_is_refused_and_the_worker_lives(editor: Visitor) -> None:
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    deep = (
        f'<w:document xmlns:w="{name}"><w:body>' + "<w:ins>" * 20_000 + "</w:ins>" * 20_000 + "</w:body></w:document>"
    )
    noise = "<!--" + "".join(chr(33 + (n * 7919) % 90) for n in range(60_000)).replace("-", "_") + "-->"
    _refused(editor, repacked(word(("p", "可以办。")), word_document_xml=deep + noise), "深.docx", "没有收下", **WORD)


def test_a_sheet_that_says_it_is_huge_is_read_by_what_is_in_it(editor: Visitor) -> None:
    data = sheet([row("甲")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    page = re.sub(r'<dimension ref="[^"]*"\s*/>', '<dimension ref="A1:XFD1048576"/>', page)
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>远</t></is></c></row></sheetData>'
    page = page.replace("</sheetData>", far)
    began = time.monotonic()
    path = batch_of(hand_in(editor, repacked(data, xl_worksheets_sheet1_xml=page), "巨大.xlsx"))
    assert time.monotonic() - began < 20
    assert [line[2] for line in shown(editor, path)] == ["新增"]


def test_a_sheet_of_many_thousand_rows_is_refused_soon(editor: Visitor) -> None:
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append(["类目", "标题", "内容", "发文单位", "材料性质", "关键字"])
    for number in range(12_000):
        page.append(["0104", f"第{number}条", "话。", UNIT, "办事指南", ""])
    out = io.BytesIO()
    book.save(out)
    began = time.monotonic()
    _refused(editor, out.getvalue(), "长.xlsx", "一次最多 1,000 行")
    assert time.monotonic() - began < 30


# -- entities and what leads outside ---------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [LAUGHS, OUTSIDE])
def test_a_word_file_that_declares_entities_is_refused(editor: Visitor, declared: str) -> None:
    plain = zipfile.ZipFile(io.BytesIO(word(("p", "可以办。")))).read("word/document.xml").decode()
    hostile = plain.replace("<w:document", declared + "<w:document", 1).replace("可以办。", "&a;", 1)
    _refused(editor, repacked(word(("p", "x")), word_document_xml=hostile), "实体.docx", "外部实体", **WORD)


@pytest.mark.parametrize("declared", [LAUGHS, OUTSIDE])
@pytest.mark.parametrize("part", ["xl_workbook_xml", "xl_worksheets_sheet1_xml", "xl_styles_xml"])
def test_a_sheet_that_declares_entities_is_refused(editor: Visitor, declared: str, part: str) -> None:
    data = sheet([row("甲")])
    name = {"xl_workbook_xml": "xl/workbook.xml", "xl_styles_xml": "xl/styles.xml"}.get(
        part, "xl/worksheets/sheet1.xml"
    )
    plain = zipfile.ZipFile(io.BytesIO(data)).read(name).decode()
    hostile = re.sub(r"<(workbook|worksheet|styleSheet)\b", lambda found: declared + found[0], plain, count=1)
    _refused(editor, repacked(data, **{part: hostile}), "实体.xlsx", "没有收下")


def test_outside_pictures_and_hostile_links_of_a_word_file_are_left_out(editor: Visitor) -> None:
    rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    targets = ["http://169.254.169.254/x.png", "file:///etc/passwd", "\\\\host\\share\\x.png"]
    known = "".join(
        f'<Relationship Id="rIdOut{n}" Type="{rels}/image" Target="{target}" TargetMode="External"/>'
        for n, target in enumerate(targets)
    )
    known += f'<Relationship Id="rIdLink" Type="{rels}/hyperlink" Target="javascript:alert(1)" TargetMode="External"/>'
    data = word(("h1", "有外链"), ("p", "可以办。"), ("p", "占位一"), ("p", "占位二"))
    plain = zipfile.ZipFile(io.BytesIO(data))
    related = (
        plain.read("word/_rels/document.xml.rels").decode().replace("</Relationships>", known + "</Relationships>")
    )
    drawing = "".join(
        '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill>'
        f'<a:blip xmlns:r="{rels}" r:link="rIdOut{n}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
        for n in range(len(targets))
    )
    linked = f'<w:hyperlink xmlns:r="{rels}" r:id="rIdLink"><w:r><w:t>点我</w:t></w:r></w:hyperlink>'
    said = plain.read("word/document.xml").decode()
    said = said.replace("<w:r><w:t>占位一</w:t></w:r>", drawing).replace("<w:r><w:t>占位二</w:t></w:r>", linked)
    hostile = repacked(data, word_document_xml=said, word__rels_document_xml_rels=related)
    path = batch_of(hand_in(editor, hostile, "外链.docx", **WORD))
    assert "3 张图没有导入" in shown(editor, path)[0][3]
    apply(editor, path)
    with editor.app.app_context():
        revision = db.session.scalars(select(Revision)).one()
        for words in ("169.254", "passwd", "host", "javascript", "picture:"):
            assert words not in revision.body
        assert "点我" in revision.body


SCRIPTS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[点](javascript:alert(1))",
    "![图](data:image/svg+xml;base64,PHN2Zz4=)",
    '<svg onload="alert(1)"></svg>',
    '<iframe src="//x"></iframe>',
]


@pytest.mark.parametrize("hostile", SCRIPTS)
def test_script_in_a_cell_stays_text_or_is_gone(editor: Visitor, hostile: str) -> None:
    given = row(f"题 {hostile}", f"可以办。\n\n正文 {hostile} 完。", 关键字="")
    path = batch_of(hand_in(editor, sheet([given]), "脚本.xlsx"))
    page = editor.get(path)
    assert not page.select("main script, main svg[onload], main iframe, main img")
    apply(editor, path)
    with editor.app.app_context():
        html = db.session.scalars(select(Revision.body_html)).one()
    assert not re.search(r"<script|<svg|<iframe|onerror\s*=\s*\"|href=\"(?:javascript|data):|src=\"data:", html), html


PATHOLOGICAL: list[Callable[[int], str]] = [
    lambda n: "[" * n,
    lambda n: "![" * n,
    lambda n: "*" * n + "a" + "*" * n,
    lambda n: "<![" * n,
]


@pytest.mark.parametrize("make", PATHOLOGICAL, ids=["brackets", "pictures", "stars", "declarations"])
def test_a_text_made_to_hang_the_renderer_is_refused_alone(editor: Visitor, make: Callable[[int], str]) -> None:
    rows = [row("好的"), row("坏的", f"可以办。\n\n{make(8_000)}", 关键字="")]
    path = batch_of(hand_in(editor, sheet(rows), "挂.xlsx"))
    began = time.monotonic()
    apply(editor, path)
    assert time.monotonic() - began < 20
    fates = {line[1].split()[0]: line[2] for line in shown(editor, path)}
    assert fates["好的"] == "新增"
    with editor.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Revision)) == list(fates.values()).count("新增")


HOSTILE_HEADS: dict[str, Any] = {
    "a tag that makes things": "---\ntitle: !!python/object/apply:os.system ['true']\n---\n正文",
    "aliases upon aliases": "---\n" + "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)) + "---\n正文",
    "no text at all": b"\xff\xfe\x00\x01",
    "very deep": "---\n" + "[" * 5_000 + "\n---\n正文",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_HEADS)
def test_a_content_file_made_to_harm_is_refused_by_name(editor: Visitor, name: str) -> None:
    data = packed({"0104/bad-one.md": HOSTILE_HEADS[name]})
    answer = hand_in(editor, data, "内容.zip", status=303 if name != "very deep" else 422)
    if answer.status_code == 422:
        assert "没有收下" in answer.text
        return
    ((_, title, fate, _),) = shown(editor, batch_of(answer))
    assert (title, fate) == ("0104/bad-one.md", "退回")
