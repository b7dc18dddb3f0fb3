"""The form of a unit."""

from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from portal.core.forms import VersionedForm


class UnitForm(VersionedForm):
    """How the desk reaches a unit."""

    contact = StringField(
        "联系方式", [Length(max=200, message="联系方式最多 200 字")], description="只给坐席看，不念给来电人"
    )
    note = TextAreaField("备注", [Length(max=2000, message="备注最多 2,000 字")])
