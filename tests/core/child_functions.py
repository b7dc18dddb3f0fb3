"""What the tests let a child process do."""

import os
import sys
from typing import Any

import openpyxl

from portal.core.errors import DomainError


def double(number: int) -> int:
    print("a stray print")  # noqa: T201
    return number * 2


def endless(_: Any) -> None:
    while True:
        pass


def greedy(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


def refuse(_: Any) -> None:
    raise DomainError("第 3 行的日期看不懂")


def break_down(_: Any) -> None:
    raise ValueError("13812345678 stands in the file")


def die(_: Any) -> None:
    os._exit(139)


def loaded(_: Any) -> list[str]:
    return sorted(name for name in sys.modules if name.startswith(("flask", "sqlalchemy", "whoosh")))


def too_much_to_say(_: Any) -> str:
    return "字" * 20_000_000


def write_somewhere(path: str) -> str:
    with open(path, "w") as file:
        file.write("x")
    return path


def environment(_: Any) -> dict[str, str]:
    return dict(os.environ)


def cells(path: str) -> list[list[str]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return [["" if value is None else str(value) for value in row] for row in book.worksheets[0].values]
