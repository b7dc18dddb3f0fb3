"""What reads other people's files does so in a process with limits."""

import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import psutil
import pytest

from portal.core.child import call
from portal.core.errors import DomainError

HERE = "tests.core.child_functions"


def _call(function: str, argument: Any = None, **limits: Any) -> Any:
    return call(HERE, function, argument, what="这份表格", **limits)


def _sheet(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(path)
    return path


def _replaced(source: Path, target: Path, part: str, content: bytes) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return target


def test_the_answer_comes_back_and_stray_prints_are_no_part_of_it() -> None:
    assert _call("double", 21) == 42


def test_the_child_loads_no_database_and_no_web() -> None:
    assert _call("loaded") == []


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", "never to be seen")
    assert "never to be seen" not in str(_call("environment"))


def test_an_endless_loop_is_ended_on_time_with_a_sentence() -> None:
    started = time.monotonic()
    with pytest.raises(DomainError, match="这份表格读了 1 秒还没读完，没有收下"):
        _call("endless", seconds=1)
    assert time.monotonic() - started < 5


def test_too_much_memory_is_refused_and_costs_this_process_nothing() -> None:
    before = psutil.Process().memory_info().rss
    with pytest.raises(DomainError, match="这份表格展开后太大"):
        _call("greedy", 900)
    assert psutil.Process().memory_info().rss - before < 50 * 1024 * 1024


def test_an_answer_too_long_is_refused() -> None:
    with pytest.raises(DomainError, match="这份表格展开后太大"):
        _call("too_much_to_say")


def test_a_process_that_dies_gives_one_clear_sentence() -> None:
    with pytest.raises(DomainError, match="这份表格展开后太大或已损坏，没有收下"):
        _call("die")


def test_a_sentence_of_the_parser_reaches_the_reader() -> None:
    with pytest.raises(DomainError, match="^第 3 行的日期看不懂$"):
        _call("refuse")


def test_a_fault_of_the_parser_says_nothing_of_the_content() -> None:
    with pytest.raises(DomainError) as caught:
        _call("break_down")
    assert str(caught.value) == "这份表格读不了，没有收下：请用办公软件打开，另存一份再传"


def test_the_child_can_write_no_file(tmp_path: Path) -> None:
    with pytest.raises(DomainError):
        _call("write_somewhere", str(tmp_path / "planted"))
    assert not (tmp_path / "planted").exists() or (tmp_path / "planted").stat().st_size == 0


def test_a_good_spreadsheet_is_read(tmp_path: Path) -> None:
    path = _sheet(tmp_path / "good.xlsx", [["工单编号", "电话"], ["HX-1", "13812345678"]])
    assert _call("cells", str(path)) == [["工单编号", "电话"], ["HX-1", "13812345678"]]


def test_a_spreadsheet_bomb_is_refused(tmp_path: Path) -> None:
    good = _sheet(tmp_path / "good.xlsx", [["a"]])
    row = b'<row r="1">' + b'<c r="A1" t="n"><v>1</v></c>' * 2_000_000 + b"</row>"
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    bomb = _replaced(good, tmp_path / "bomb.xlsx", "xl/worksheets/sheet1.xml", head + row + b"</sheetData></worksheet>")
    assert bomb.stat().st_size < 500_000
    before = psutil.Process().memory_info().rss
    with pytest.raises(DomainError, match="没有收下"):
        _call("cells", str(bomb), seconds=3)
    assert psutil.Process().memory_info().rss - before < 50 * 1024 * 1024


@pytest.mark.parametrize(
    "entity",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/secret">]>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY e "&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY e "x">]>',
    ],
)
def test_outside_entities_are_never_read(tmp_path: Path, entity: str) -> None:
    good = _sheet(tmp_path / "good.xlsx", [["a"]])
    content = (
        f'<?xml version="1.0"?>{entity}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
    )
    hostile = _replaced(good, tmp_path / "xxe.xlsx", "xl/worksheets/sheet1.xml", content.encode())
    with pytest.raises(DomainError, match="这份表格读不了"):
        _call("cells", str(hostile))
