"""Codes of categories: two digits for the first level, two more for the second."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum

ALWAYS = date.min
"""An outside code without a first day has always meant its category."""
LEVELS = 2


def next_code(parent: str, taken: Collection[str]) -> str | None:
    """The first code below a parent that was never used; None when all are."""
    return next((code for n in range(1, 100) if (code := f"{parent}{n:02}") not in taken), None)


def why_not_child(parent: str, parent_level: int, code: str, taken: Collection[str]) -> str | None:
    """Why a code cannot be given to a new category below a parent; None if it can. Codes are never used again."""
    if parent_level >= LEVELS:
        return "诉求分类只有两级，这一类下面不能再加"
    if not (code.startswith(parent) and len(code) == len(parent) + 2 and code.isascii() and code.isdigit()):
        return f"编码应是 {parent} 后面加两位数字"
    return f"编码 {code} 已经用过，停用的编码也不再用" if code in taken else None


class Asks(StrEnum):
    """What a prompt asks for."""

    ARTICLE = "知识"
    TRAINING = "培训"
    VISIT = "走访"


class PromptState(StrEnum):
    """How far a prompt (工作提示) has come."""

    OPEN = "待办"
    TAKEN = "已接手"
    REFUSING = "不采纳待确认"
    DONE = "已办结"
    REFUSED = "不采纳"
