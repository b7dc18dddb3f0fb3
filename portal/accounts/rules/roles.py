"""The eleven roles (trust.md §4) and which of them one person may hold together."""

from enum import StrEnum


class Role(StrEnum):
    """A role, by the letter that the permission matrix uses."""

    AGENT = "A"
    TICKET_OFFICER = "D"
    EDITOR = "E"
    REVIEWER = "R"
    TRAINER = "T"
    VISITOR = "V"
    HEAD = "S"
    CLIENT = "C"
    AUDITOR = "U"
    SECURITY = "Q"
    SYSTEM = "X"


LABELS = {
    Role.AGENT: "值守坐席",
    Role.TICKET_OFFICER: "工单专员",
    Role.EDITOR: "知识编辑",
    Role.REVIEWER: "知识审核",
    Role.TRAINER: "培训师",
    Role.VISITOR: "走访专员",
    Role.HEAD: "项目负责人",
    Role.CLIENT: "甲方代表",
    Role.AUDITOR: "审计管理员",
    Role.SECURITY: "安全管理员",
    Role.SYSTEM: "系统管理员",
}

OFFICES = frozenset({Role.AUDITOR, Role.SECURITY, Role.SYSTEM})
"""三员: no one holds two of them, nor one of them beside a business role."""


def why_not_together(roles: frozenset[Role]) -> str | None:
    """Why one person may not hold these roles together; None if they may."""
    if len(roles & OFFICES) > 1:
        return "系统管理员、安全管理员、审计管理员不能由同一人担任"
    if roles & OFFICES and roles - OFFICES:
        return "三员不能兼任业务角色"
    if Role.CLIENT in roles and len(roles) > 1:
        return "甲方代表不能兼任承办方的角色"
    return None
