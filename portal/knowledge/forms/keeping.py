"""Forms by which articles are kept true: verification, flags answered, rules that changed."""

from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the type stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput

from portal.core.fields import DayField, LineField
from portal.core.forms import PortalForm, VersionedForm

from ..rules.states import RuleAct, Sensitivity, Verdict
from ..rules.verifying import LONGEST, SHORTEST


class VerifyForm(PortalForm):
    """What a comparison of a text with its sources found."""

    revision = IntegerField(validators=[InputRequired(), NumberRange(1, 2**31 - 1)], widget=HiddenInput())
    verdict = RadioField(
        "对过原文，结果是", [InputRequired("请选一种")], choices=[SelectChoice(v.value, v.value) for v in Verdict]
    )
    words = TextAreaField(
        "说明", [Length(max=500, message="最多 500 字")], description="要修改或该下架的，写明哪里、为什么"
    )
    next_on = DayField("下次复核", description="不写就按周期；写作 2027-01-31")

    def validate_words(self, field: TextAreaField) -> None:
        """Where something is wrong, what is asked for."""
        if self.verdict.data in (Verdict.TO_CHANGE, Verdict.TO_WITHDRAW) and not (field.data or "").strip():
            raise ValidationError("请写明哪里要改、为什么该下架")


class KeepingForm(VersionedForm):
    """Who keeps an article, and how often it is verified."""

    owner = SelectField("责任人")
    interval_days = IntegerField(
        "复核周期（天）",
        [Optional(), NumberRange(SHORTEST, LONGEST, message=f"应在 {SHORTEST} 到 {LONGEST} 天之间")],
        description="不写就按材料性质和敏感程度的常例",
    )
    sensitivity = SelectField("敏感程度", choices=[SelectChoice(level.value, level.value) for level in Sensitivity])

    def __init__(self, people: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(**values)
        self.owner.choices = [("", "编辑组"), *((str(number), name) for number, name in people)]


class FlagAnswerForm(PortalForm):
    """How a flag ends: in a revision, or in a reason why nothing changes."""

    revision = SelectField("怎么处理")
    words = TextAreaField(
        "答复", [Length(max=500, message="最多 500 字")], description="报的人会看到；不改的话要写明为什么"
    )

    def __init__(self, revisions: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(**values)
        self.revision.choices = [("", "不用改，理由写在下面"), *((str(key), label) for key, label in revisions)]

    def validate_words(self, field: TextAreaField) -> None:
        """Without a revision a reason is asked for."""
        if not self.revision.data and not (field.data or "").strip():
            raise ValidationError("不改要写明为什么，报的人会看到")


class RuleChangeForm(PortalForm):
    """A document was amended or repealed."""

    document = LineField(
        "文件名称或文号",
        [InputRequired("请写文件的名称或文号"), Length(max=200, message="最多 200 字")],
        description="如：公司法、国发〔2018〕35号、国务院令第722号；书名号、括号、全角半角都认",
    )
    act = RadioField(
        "怎么变", [InputRequired("请选一种")], choices=[SelectChoice(act.value, act.value) for act in RuleAct]
    )
    in_force_on = DayField("从哪天起", [InputRequired("请写从哪天起")])
    note = TextAreaField("变了什么", [Length(max=500, message="最多 500 字")], description="改知识的人会看到")
    looked = HiddenField()
    """The document that was looked at; another one typed since is looked at first."""
