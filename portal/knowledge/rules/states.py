"""The words of the knowledge base that have a fixed set of values."""

from enum import StrEnum


class MaterialKind(StrEnum):
    """材料性质, as the hotline's own import format names them (docs/glossary.md)."""

    GUIDE = "办事指南"
    LAW = "法律法规"
    HOT_QUESTION = "热点问答"
    ENQUIRY = "日常咨询"
    NOTICE = "通知公告"
    BUSINESS = "业务指引"
