"""Forms of the knowledge base."""

from typing import Any

from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the type stubs
from wtforms.validators import InputRequired, Length, ValidationError

from portal.core.fields import LineField
from portal.core.forms import PortalForm

from .rules.states import FlagKind
from .rules.ticket import ticket_number

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
