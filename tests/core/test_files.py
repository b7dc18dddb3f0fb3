"""Files are looked into before they are taken."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from flask import Flask

from portal.core import files
from portal.core.errors import DomainError
from portal.core.file_checks import ENTRIES, check, check_zip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    before = files._folder
    files.use_folder(tmp_path / "files")
    yield tmp_path / "files"
    files._folder = before


def _xlsx() -> bytes:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def _zip(entries: dict[str, bytes] | list[tuple[zipfile.ZipInfo | str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            archive.writestr(name, content)
    return out.getvalue()


def _png(width: int = 2, height: int = 2, after: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 14)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts + after


def _jpeg(after: bytes = b"\xff\xd9") -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 10, 10, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + frame + b"data" + after


def _take(content: bytes, name: str, *allowed: str, largest: int = files.LARGEST) -> files.Kept:
    return files.take(io.BytesIO(content), name, area="tests", allowed=allowed, largest=largest)


def _left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("表.xlsx", _xlsx()),
        ("表.XLSX", _xlsx()),
        ("说明.docx", _zip({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})),
        ("通知.pdf", b"%PDF-1.7 ..."),
        ("照片.png", _png()),
        ("照片.jpg", _jpeg()),
        ("名单.csv", "姓名,电话\n".encode("gb18030")),
        ("名单.csv", "\ufeff姓名,电话\n".encode()),
        ("包.zip", _zip({"一.txt": b"1"})),
    ],
)
def test_a_file_that_is_what_it_says_is_taken(name: str, content: bytes) -> None:
    kept = _take(content, name, "xlsx", "docx", "pdf", "png", "jpg", "csv", "zip")
    assert files.path_of(kept.name).read_bytes() == content
    assert kept.size == len(content)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("表.xlsx", b"MZ\x90\0 a program", "已损坏"),
        ("表.xlsx", _zip({"[Content_Types].xml": b"x"}), "不是 Excel 表格"),
        ("表.xlsx", b"<html><script>alert(1)</script></html>", "已损坏"),
        ("表.xlsx", _zip({"[Content_Types].xml": b"", "xl/workbook.xml": b"", "xl/vbaProject.bin": b"x"}), "带宏"),
        ("图.png", b"GIF89a/*<script>alert(1)</script>", "不是 PNG 图片"),
        ("图.png", _png(after=b"<script>alert(1)</script>"), "不是 PNG 图片"),
        ("图.png", _png(width=60_000, height=60_000), "不是 PNG 图片"),
        ("图.jpg", _jpeg(after=b"\xff\xd9<?php echo 1; ?>"), "不是 JPEG 图片"),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "这里只收"),
        ("页.html", b"<html></html>", "这里只收"),
        ("程序.exe", b"MZ", "这里只收"),
        ("没有后缀", b"abc", "这里只收"),
        ("双重.pdf.exe", b"%PDF-", "这里只收"),
        ("名单.csv", b"a,b\n\0\0\0", "不是 CSV 表格"),
        ("名单.csv", b"\xff\xfe\xfd\x81", "不是 CSV 表格"),
        ("空.csv", b"", "是空的"),
    ],
)
def test_a_file_that_is_something_else_is_refused_and_leaves_no_trace(
    name: str, content: bytes, sentence: str, folder: Path
) -> None:
    with pytest.raises(DomainError, match=sentence):
        _take(content, name, "xlsx", "png", "jpg", "csv", "pdf")
    assert _left(folder) == []


def test_an_ending_the_portal_takes_elsewhere_is_refused_here() -> None:
    with pytest.raises(DomainError, match="这里只收 csv"):
        _take(b"%PDF-1.7", "通知.pdf", "csv")


def test_a_file_too_large_is_refused_while_it_comes_in(folder: Path) -> None:
    with pytest.raises(DomainError, match="超过 1 MB"):
        _take(b"x" * (1024 * 1024 + 1), "大.txt", "txt", largest=1024 * 1024)
    assert _left(folder) == []


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 30_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(DomainError, match="压缩得反常"):
        check_zip(path)


def test_more_than_the_budget_is_refused_whatever_the_ratio(tmp_path: Path) -> None:
    path = tmp_path / "big.zip"
    path.write_bytes(_zip({f"{n}": b"x" for n in range(3)}))
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 201 * 1024 * 1024)
    path.write_bytes(bytes(data))
    with pytest.raises(DomainError, match="展开后超过 200 MB"):
        check_zip(path)


def test_too_many_entries_are_refused_by_the_count_alone(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    path.write_bytes(_zip({f"{n}": b"" for n in range(ENTRIES + 1)}))
    with pytest.raises(DomainError, match=f"超过 {ENTRIES:,} 个文件"):
        check_zip(path)


def test_a_directory_that_lies_about_its_count_is_refused_by_its_length(tmp_path: Path) -> None:
    path = tmp_path / "lies.zip"
    data = bytearray(_zip({f"{n:0200d}": b"" for n in range(6000)}))
    at = data.rfind(b"PK\x05\x06")
    data[at + 8 : at + 12] = struct.pack("<HH", 1, 1)
    path.write_bytes(bytes(data))
    with pytest.raises(DomainError, match="个文件"):
        check_zip(path)


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "overlap.zip"
    data = bytearray(_zip({"a": bytes(range(256)) * 40, "b": b"x"}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 20 : at + 24] = struct.pack("<I", len(data))
    path.write_bytes(bytes(data))
    with pytest.raises(DomainError, match="压缩得反常"):
        check_zip(path)


@pytest.mark.parametrize(
    "name", ["../out", "a/../../out", "/etc/passwd", "\\\\host\\share", "..\\out", "C:\\out", "c:out"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "slip.zip"
    path.write_bytes(_zip([(name, b"x")]))
    with pytest.raises(DomainError, match="指向别处"):
        check_zip(path)


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "link.zip"
    path.write_bytes(_zip([(entry, b"/etc/passwd")]))
    with pytest.raises(DomainError, match="指向别处"):
        check_zip(path)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("second", ["a.txt", "A.TXT"])
def test_two_entries_of_one_name_are_refused(tmp_path: Path, second: str) -> None:
    path = tmp_path / "twice.zip"
    path.write_bytes(_zip([("a.txt", b"1"), (second, b"2")]))
    with pytest.raises(DomainError, match="重名"):
        check_zip(path)


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    data = bytearray(_zip({"a": b"x"}))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "locked.zip"
    path.write_bytes(bytes(data))
    with pytest.raises(DomainError, match="有密码"):
        check_zip(path)


@pytest.mark.parametrize("cut", [1, 5, 21, 40])
def test_a_broken_archive_is_one_sentence(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(_xlsx()[:-cut])
    with pytest.raises(DomainError, match="已损坏"):
        check(path, "broken.xlsx", allowed={"xlsx"})


def test_files_lie_under_random_names_for_this_user_only(folder: Path) -> None:
    first, second = (_take(b"same", "名单.txt", "txt") for _ in range(2))
    assert first.name != second.name
    assert first.sha256 == second.sha256
    path = files.path_of(first.name)
    assert folder in path.parents
    assert "名单" not in str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../../etc/passwd", "tests-../../x", "tests-" + "a" * 31, "", "/etc/passwd"])
def test_a_name_that_was_never_given_leads_nowhere(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        files.path_of(name)


def test_a_missing_file_is_one_sentence() -> None:
    kept = _take(b"x", "a.txt", "txt")
    files.remove(kept.name)
    files.remove(kept.name)
    with pytest.raises(DomainError, match="文件不在存放的地方"):
        files.path_of(kept.name)


def test_a_file_leaves_as_an_attachment_that_nothing_runs(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"<script>alert(1)</script>")
    with Flask("x").test_request_context():
        response = files.attachment(path, filename='走访 "记录".csv', mimetype="text/csv")
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''" in response.headers["Content-Disposition"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    response.close()
