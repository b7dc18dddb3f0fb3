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


class FlagKind(StrEnum):
    """What is wrong with a text, in the words of whoever reads it out."""

    OUTDATED = "过期"
    WRONG = "有错"
    UNCLEAR = "看不懂"
    INCOMPLETE = "不全"
    OTHER = "其他"


class FlagState(StrEnum):
    """How far a flag (纠错) has come."""

    NEW = "新"
    SEEN = "已看"


class PhraseState(StrEnum):
    """What became of a phrase that was proposed."""

    WAITING = "待收"
    TAKEN = "已收"
    REFUSED = "不收"
