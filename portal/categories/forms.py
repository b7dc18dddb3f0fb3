"""Forms that change the tree of categories."""

from wtforms import SelectField
from wtforms.validators import InputRequired, Length, Optional

from portal.core.fields import DayField, LineField
from portal.core.forms import PortalForm, VersionedForm

WHY = "依据的通知、文号，或者一句话的原因"


class RenameForm(VersionedForm):
    """Another name from a day on."""

    name = LineField("新名称", [InputRequired("请填新名称"), Length(max=100, message="名称最多 100 字")])
    from_on = DayField(
        "从哪天起", [InputRequired("请填从哪天起")], description="写作 2026-07-01；可以是以后的日子，到那天自动改"
    )
    why = LineField("依据", [InputRequired("请写依据"), Length(max=200, message="依据最多 200 字")], description=WHY)


class ChildForm(PortalForm):
    """A category below another one."""

    code = LineField("编码", [InputRequired("请填编码"), Length(max=20, message="编码最多 20 位")])
    name = LineField("名称", [InputRequired("请填名称"), Length(max=100, message="名称最多 100 字")])
    from_on = DayField("从哪天起", [InputRequired("请填从哪天起")], description="写作 2026-07-01")
    units = LineField(
        "承办单位",
        [Optional(), Length(max=500, message="承办单位最多 500 字")],
        description="几个单位用「；」隔开，名称要和承办单位里的一样",
    )
    why = LineField("依据", [InputRequired("请写依据"), Length(max=200, message="依据最多 200 字")], description=WHY)


class RetireForm(VersionedForm):
    """The day from which something is no longer used."""

    on = DayField("从哪天起不用", [InputRequired("请填从哪天起")], description="写作 2026-07-01；那天及以后不再用")
    why = LineField("依据", [InputRequired("请写依据"), Length(max=200, message="依据最多 200 字")], description=WHY)


class MergeForm(RetireForm):
    """What stands for it from that day on."""

    into = SelectField("并入哪一类", [InputRequired("请选并入哪一类")], validate_choice=False)
    on = DayField("从哪天起", [InputRequired("请填从哪天起")], description="写作 2026-07-01")


class AliasForm(PortalForm):
    """Another system's code for a category."""

    system = LineField(
        "系统",
        [InputRequired("请填系统的名称"), Length(max=40, message="系统名称最多 40 字")],
        description="如 市级派单系统",
    )
    outside = LineField("那边的编码", [InputRequired("请填那边的编码"), Length(max=60, message="编码最多 60 位")])
    from_on = DayField("从哪天起", description="不填就是一直以来")
    to_on = DayField("到哪天", description="含这一天；不填就是一直有效")


class AliasEndForm(PortalForm):
    """The last day on which a code means a category."""

    to_on = DayField("到哪天", [InputRequired("请填到哪天")])
