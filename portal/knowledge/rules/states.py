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
    ANSWERED = "已答复"


class PhraseState(StrEnum):
    """What became of a phrase that was proposed."""

    WAITING = "待收"
    TAKEN = "已收"
    REFUSED = "不收"


class Sensitivity(StrEnum):
    """How carefully an article is kept: how often it is verified, and who may see it before it speaks."""

    OPEN = "公开"
    INTERNAL = "内部"
    SENSITIVE = "敏感"


class Weight(StrEnum):
    """How much a revision changes."""

    CORRECTION = "勘误"
    CHANGE = "一般修改"
    SUBSTANCE = "实质修改"


class RequestState(StrEnum):
    """How far a request for review (送审) has come."""

    WAITING = "待审"
    APPROVED = "已通过"
    CHANGES = "请修改"
    REFUSED = "不采纳"
    TAKEN_BACK = "已撤回"


class Verdict(StrEnum):
    """What a verification (复核) found."""

    TRUE = "仍然准确"
    TO_CHANGE = "要修改"
    TO_WITHDRAW = "该下架"


class RuleAct(StrEnum):
    """What happened to a document."""

    AMENDED = "修订"
    REPEALED = "废止"


class BatchState(StrEnum):
    """How far a file of articles has come."""

    STAGED = "待确认"
    APPLYING = "入库中"
    APPLIED = "已入库"
    DROPPED = "已放弃"


class RowFate(StrEnum):
    """What becomes of a row of a file."""

    NEW = "新增"
    CHANGED = "修改"
    UNCHANGED = "未变"
    REJECTED = "退回"
