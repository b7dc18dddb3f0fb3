"""Forms of a unit."""

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.core.fields import DayField, LineField
from portal.core.forms import VersionedForm

WHY = "依据的通知、文号，或者一句话的原因"


class UnitForm(VersionedForm):
    """How the desk reaches a unit."""

    contact = StringField(
        "联系方式", [Length(max=200, message="联系方式最多 200 字")], description="只给坐席看，不念给来电人"
    )
    note = TextAreaField("备注", [Length(max=2000, message="备注最多 2,000 字")])


class UnitNameForm(VersionedForm):
    """Another name from a day on."""

    name = LineField("新名称", [InputRequired("请填新名称"), Length(max=100, message="名称最多 100 字")])
    from_on = DayField(
        "从哪天起", [InputRequired("请填从哪天起")], description="写作 2026-07-01；可以是以后的日子，到那天自动改"
    )
    why = LineField("依据", [InputRequired("请写依据"), Length(max=200, message="依据最多 200 字")], description=WHY)


class UnitRetireForm(VersionedForm):
    """The day from which a unit handles nothing."""

    on = DayField("从哪天起不用", [InputRequired("请填从哪天起")], description="写作 2026-07-01；那天及以后不再承办")
    why = LineField("依据", [InputRequired("请写依据"), Length(max=200, message="依据最多 200 字")], description=WHY)


class UnitMergeForm(UnitRetireForm):
    """The unit that stands for it from that day on."""

    into = SelectField("并入哪个单位", [InputRequired("请选并入哪个单位")], coerce=str, validate_choice=False)
    on = DayField("从哪天起", [InputRequired("请填从哪天起")], description="写作 2026-07-01")
