"""Forms of the knowledge base."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the type stubs
from wtforms.validators import InputRequired, Length, ValidationError

from portal.core.fields import DayField, LineField
from portal.core.forms import PortalForm, VersionedForm

from ..rules.states import FlagKind
from ..rules.ticket import ticket_number

UNSORTED = "未归类"


def _is_ticket(form: Any, field: StringField) -> None:
    try:
        ticket_number(field.data or "")
    except ValueError as fault:
        raise ValidationError(str(fault)) from None


class FlagForm(PortalForm):
    """What is wrong with a text."""

    kind = RadioField(
        "哪里不对",
        [InputRequired("请选一种")],
        choices=[SelectChoice(kind.value, kind.value) for kind in FlagKind],
    )
    words = TextAreaField(
        "怎么不对", [Length(max=500, message="最多 500 字")], description="一句话就行；选了「其他」请写明"
    )
    ticket = StringField("工单号", [_is_ticket])

    def validate_words(self, field: TextAreaField) -> None:
        """Of what has no name, some words are asked for."""
        if self.kind.data == FlagKind.OTHER and not (field.data or "").strip():
            raise ValidationError("选了「其他」，请写明哪里不对")


class GapForm(PortalForm):
    """What was not found."""

    words = LineField("来电人怎么问", [InputRequired("请写来电人问的话"), Length(max=200, message="最多 200 字")])
    category = SelectField("归到哪一类", description="拿不准就不选，编辑会归")
    note = LineField("补充", [Length(max=300, message="最多 300 字")], description="不要写电话和证件号")

    def __init__(self, categories: list[tuple[str, str]], **values: Any) -> None:
        super().__init__(**values)
        self.category.choices = [("", UNSORTED), *categories]


class DecisionForm(VersionedForm):
    """A reviewer's word on a request; which word is said by the button."""

    words = TextAreaField("意见", [Length(max=500, message="最多 500 字")])
    from_on = DayField("哪天生效", description="定时生效才填，写作 2026-07-01")
    critical = BooleanField("重要变化，坐席上班要先确认已读")
    decision = StringField()

    def validate_from_on(self, field: DayField) -> None:
        """A day is asked for where the text is to wait for one."""
        if self.decision.data == "schedule" and not field.data:
            raise ValidationError("请写哪天生效，或用「通过，立即生效」")


class RemarkForm(PortalForm):
    """What a reviewer says of one place."""

    place = SelectField("说的是哪里")
    quote = LineField("原话", [Length(max=200, message="最多 200 字")], description="选中左边的字，这里会带上")
    text = TextAreaField("批注", [InputRequired("请写批注"), Length(max=500, message="最多 500 字")])

    def __init__(self, places: list[tuple[str, str]], **values: Any) -> None:
        super().__init__(**values)
        self.place.choices = list(places)


class ReasonForm(PortalForm):
    """Why something is done at once."""

    why = TextAreaField("理由", [InputRequired("请写理由"), Length(max=200, message="最多 200 字")])
