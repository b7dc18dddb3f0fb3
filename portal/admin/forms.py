"""Forms of the administrators."""

from wtforms import SelectMultipleField, StringField, widgets
from wtforms.validators import InputRequired, Length

from portal.accounts.rules.roles import LABELS
from portal.core.forms import PortalForm, VersionedForm


class PersonForm(PortalForm):
    """A new account."""

    login = StringField(
        "账号",
        [InputRequired("请填账号"), Length(max=40, message="账号最多 40 位")],
        description="小写字母开头，如 zhang.wei；以后不能改",
    )
    name = StringField("姓名", [InputRequired("请填姓名"), Length(max=60, message="姓名最多 60 字")])


class ReasonForm(PortalForm):
    """An act that needs a reason."""

    reason = StringField("理由", [InputRequired("请写理由"), Length(max=200, message="理由最多 200 字")])


class RolesForm(VersionedForm):
    """The roles of a person."""

    roles = SelectMultipleField(
        "角色",
        choices=[(role.value, label) for role, label in LABELS.items()],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        description="三员不能兼任，也不能兼业务角色；甲方代表不能兼承办方的角色",
    )
