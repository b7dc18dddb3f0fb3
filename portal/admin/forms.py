"""Forms of the administrators."""

from collections.abc import Callable

from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the type stubs
    BooleanField,
    Field,
    FileField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
    widgets,
)
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length

from portal.accounts.rules.roles import LABELS
from portal.accounts.rules.tokens import why_not_until
from portal.core.calendar_data import why_not_text
from portal.core.clock import utc_now
from portal.core.fields import DayField, LineField
from portal.core.forms import PortalForm, VersionedForm
from portal.core.workdays import LABELS as KIND_LABELS
from portal.core.workdays import DayKind

DAY_KINDS = {**KIND_LABELS, DayKind.ORDINARY: "按星期：平日上班，周六、周日休息"}


def _fits(column: str) -> Callable[[BaseForm, Field], None]:
    """The rule that the calendar's files have for a name or a source."""

    def check(form: BaseForm, field: Field) -> None:
        if sentence := why_not_text((field.data or "").strip(), column, needed=False):
            raise ValidationError(sentence)

    return check


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
        choices=[SelectChoice(role.value, label) for role, label in LABELS.items()],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        description="三员不能兼任，也不能兼业务角色；甲方代表不能兼承办方的角色",
    )


class DayForm(VersionedForm):
    """What a day of the working calendar is."""

    kind = RadioField(
        "这一天是",
        [InputRequired("请选这一天是什么")],
        choices=[SelectChoice(kind.value, words) for kind, words in DAY_KINDS.items()],
    )
    name = LineField("名称", [_fits("name")], description="如 国庆节、国庆节调休上班；按星期的不用写")
    source = LineField(
        "来源",
        [InputRequired("请写来源：哪个通知、哪一条"), _fits("source")],
        description="通知的名称和文号，以后要能查到",
    )
    provisional = BooleanField("暂定：通知还没公布，先这样推算")

    def validate_name(self, field: Field) -> None:
        """An ordinary day needs no name, every other one does."""
        if not (field.data or "").strip() and self.kind.data != DayKind.ORDINARY:
            raise ValidationError("请写名称")


class YearFileForm(PortalForm):
    """A year of the calendar, pasted or as a file; sent as often as one likes, it only shows what would follow."""

    form_key = None  # type: ignore[assignment]  # a look at what would follow is no act
    text = TextAreaField(
        "粘贴在这里",
        [Length(max=100_000, message="最多 100,000 字")],
        description="第一行是列名：day,kind,name,source,provisional；从表格里复制也可以",
    )
    file = FileField("或者选一个 CSV 文件", description="UTF-8 或 GBK，不超过 200 KB")


class YearApplyForm(PortalForm):
    """The year that was shown, taken over."""

    text = HiddenField()
    seen = HiddenField()


class TokenForm(PortalForm):
    """A token for another system."""

    name = LineField(
        "给哪个系统用",
        [DataRequired("请填系统的名称"), Length(max=60, message="名称最多 60 字")],
        description="如 来电弹屏；一个系统一个令牌，作废时不牵连别的",
    )
    why = StringField(
        "用来做什么",
        [DataRequired("请写用途"), Length(max=200, message="用途最多 200 字")],
        description="安全管理员凭这句话决定同不同意",
    )
    until = DayField("用到哪天", [InputRequired("请填到期日")], description="写作 2027-06-30，最长一年；当天还能用")

    def validate_until(self, field: Field) -> None:
        """A day that is still to come, and no further than a year."""
        if field.data and (sentence := why_not_until(field.data, utc_now())):
            raise ValidationError(sentence)
