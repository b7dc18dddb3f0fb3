"""Pages of a list."""

from collections.abc import Callable
from typing import Any


def pages(total: int, size: int) -> int:
    """How many pages there are; an empty list has one."""
    return max(1, -(-total // size))


def pages_of(number: int, total: int, *, size: int, link: Callable[[int], str]) -> dict[str, Any]:
    """What the pager shows: page, pages, total, the numbers of the first and last row, and the ways on and back."""
    last = pages(total, size)
    number = min(number, last)
    return {
        "page": number,
        "pages": last,
        "total": total,
        "first": min(total, (number - 1) * size + 1),
        "last": min(total, number * size),
        "prev_url": link(number - 1) if number > 1 else None,
        "next_url": link(number + 1) if number < last else None,
    }


def asked_page(text: str | None) -> int:
    """The page number in an address; anything that is none is the first page."""
    return max(1, min(int(text), 1_000_000)) if text and text.isdecimal() and len(text) < 8 else 1
