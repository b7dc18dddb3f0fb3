"""Forms of the domain words."""

from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.core.forms import PortalForm, VersionedForm


class GroupForm(VersionedForm):
    """A group of words that mean the same."""

    words = TextAreaField(
        "意思一样的词",
        [DataRequired("请写至少两个词"), Length(max=600, message="最多 600 字")],
        description="用顿号隔开，如 公积金、住房公积金、房积金；来电人说哪一个，另几个也会被找到",
    )
    note = StringField("备注", [Length(max=200, message="备注最多 200 字")], description="为什么加，谁这样说")


class TermForm(PortalForm):
    """A word of the trade."""

    text = StringField(
        "词", [DataRequired("请写一个词"), Length(max=60, message="最多 60 字")], description="2 到 16 个字"
    )
