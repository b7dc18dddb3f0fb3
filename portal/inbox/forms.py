"""The forms of exports."""

from typing import Any

from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the type stubs
from wtforms.validators import InputRequired, Length

from portal.core.forms import PortalForm

from .kinds import ExportKind
from .rules.exports import FORMATS


class AskForm(PortalForm):
    """What somebody says who wants an export."""

    why = TextAreaField(
        "做什么用",
        [InputRequired("请写明导出做什么用"), Length(min=2, max=500, message="请写 2 到 500 字")],
        description="会写进操作记录，审计管理员看得到",
    )
    format = RadioField("存成什么", default="xlsx")
    masked = RadioField(
        "姓名、电话、证件号",
        choices=[SelectChoice("yes", "脱敏，马上生成"), SelectChoice("no", "不脱敏，先请甲方批准")],
        default="yes",
    )

    def __init__(self, kind: ExportKind, *, may_unmask: bool, **values: Any) -> None:
        super().__init__(**values)
        self.format.choices = [SelectChoice(name, FORMATS[name]) for name in kind.formats]
        if not (kind.personal and may_unmask):
            del self.masked

    @property
    def wants_masked(self) -> bool:
        """Whether personal data is to be masked; always, unless the form offers the choice and the choice is no."""
        return "masked" not in self or self.masked.data != "no"


class DecideForm(PortalForm):
    """What the client says about an unmasked export."""

    remark = TextAreaField("意见", [Length(max=500, message="意见最多 500 字")], description="不批准时要写原因")
