"""The form of an article, made of its parts; the rows of its basis are forms of their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Form, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the type stubs
from wtforms.i18n import get_translations
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation, ValidationError

from portal.core.clock import beijing_day
from portal.core.fields import DayField, LineField
from portal.core.forms import VersionedForm

from ..queries.cards import checked_words
from ..rules.drafting import BASIS_FIELDS, BASIS_LABELS, Content, is_empty, phrases_of
from ..rules.skeletons import unfilled
from ..rules.states import MaterialKind, Sensitivity, Weight

MOST_ROWS = 40
_MARK = re.compile(r"text-20\d\d-(?:0[1-9]|1[0-2])|web(?:-excerpt)?(?:-20\d\d-(?:0[1-9]|1[0-2]))?")
"""How a row may say that it was checked; a mark made up by hand is none."""
LONGEST_BODY = 60_000
LONGEST_PHRASE = 60
CONFIDENCE = {"high": "可以照着答", "medium": "待核实：答之前先问承办单位"}
WEIGHTS = {
    Weight.CORRECTION: "勘误：错字、标点、链接，意思不变",
    Weight.CHANGE: "一般修改：说法变了，结论没变",
    Weight.SUBSTANCE: "实质修改：结论、数额、时限、依据变了",
}
SENSITIVITIES = {
    Sensitivity.OPEN: "公开：可以念给来电人",
    Sensitivity.INTERNAL: "内部：给坐席看，复核得勤一些",
    Sensitivity.SENSITIVE: "敏感：容易引起争议，复核得最勤",
}


@dataclass(frozen=True)
class Choices:
    """What can be picked, as (value, words)."""

    categories: Sequence[tuple[str, str]]
    units: Sequence[str]
    owners: Sequence[tuple[str, str]]


def _picks(pairs: Any, empty: str = "") -> list[Any]:
    first = [SelectChoice("", empty)] if empty else []
    return [*first, *(SelectChoice(value, words) for value, words in pairs)]


class TextField(TextAreaField):
    """Some lines of text; the ends of lines are the same whoever sent them."""

    data: Any

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Take what was typed; white space alone is nothing."""
        self.data = str(valuelist[0]).replace("\r\n", "\n").replace("\r", "\n") if valuelist else ""
        self.raw_data = [self.data.strip()]


class BasisForm(Form):
    """One row of the basis."""

    class Meta:
        """Chinese messages."""

        locales = ("zh",)

        def get_translations(self, form: Any) -> Any:
            """WTForms' translations for Chinese."""
            return get_translations(["zh"])

    text = TextField("原话", [InputRequired("请照抄依据的原话"), Length(max=2000, message="最多 2,000 字")])
    source = LineField("文件", [InputRequired("请写文件全称"), Length(max=200, message="最多 200 字")])
    article = LineField("条款", [InputRequired("请写第几条"), Length(max=200, message="最多 200 字")])
    in_force_from = DayField("施行日", [InputRequired("请写施行日")])
    in_force_to = DayField("失效日")
    checked = SelectField("核对", [InputRequired("请选怎么核对的")])
    note = LineField("说明", [Length(max=500, message="最多 500 字")])

    def __init__(self, today: date, **values: Any) -> None:
        super().__init__(**values)
        marks = {
            f"text-{today:%Y-%m}": "本月对过文件全文",
            f"web-{today:%Y-%m}": "本月对过官方网页",
            "web-excerpt": "只见过摘录",
        }
        held = (values["formdata"].get(f"{values['prefix']}checked") or "")[:30]
        if _MARK.fullmatch(held) and held not in marks:
            how = "对过全文" if held.startswith("text-") else "对过"
            marks = {held: f"{checked_words(held)} {how}", **marks}
        self.checked.choices = _picks(marks.items(), "请选")

    def validate_in_force_to(self, field: DayField) -> None:
        """Nothing ends before it begins."""
        if field.data and self.in_force_from.data and field.data < self.in_force_from.data:
            raise ValidationError("失效日早于施行日")


class ArticleForm(VersionedForm):
    """Everything an article says, and how it is kept."""

    title = LineField("标题", [InputRequired("请写标题"), Length(max=60, message="最多 60 字")])
    kind = SelectField("材料性质", [InputRequired("请选材料性质")])
    category = SelectField("诉求分类", [InputRequired("请选诉求分类")])
    phrases = TextField("来电人怎么问", description="一行一句，用来电人的话；送审时加进去")
    script = TextField("话术", [InputRequired("请写念给来电人的话")], description="念出来不超过 30 秒；先说结论")
    body = TextField("正文", [InputRequired("请写正文"), Length(max=LONGEST_BODY, message="最多 60,000 字")])
    audience = LineField("适用对象", [InputRequired("请写对谁适用"), Length(max=200, message="最多 200 字")])
    district = LineField("适用地区", [InputRequired("请写适用的地区"), Length(max=60, message="最多 60 字")])
    unit = SelectField("承办单位", [InputRequired("请选承办单位")])
    valid_from = DayField("施行日", [InputRequired("请写从哪天起有效")])
    valid_to = DayField("失效日", description="到这一天为止；没有就空着")
    confidence = SelectField("把握", [InputRequired("请选一种")], choices=_picks(CONFIDENCE.items()))
    note = TextField("提醒", [Length(max=1000, message="最多 1,000 字")], description="给坐席看，不念给来电人")
    sensitivity = SelectField(
        "敏感程度",
        [InputRequired("请选一种")],
        choices=_picks((each.value, words) for each, words in SENSITIVITIES.items()),
    )
    owner = SelectField("责任人")
    interval_days = IntegerField("复核间隔（天）", [Optional(), NumberRange(1, 1095, "应在 1 到 1,095 天之间")])
    weight = RadioField(
        "改了多少", [InputRequired("请选一种")], choices=_picks((each.value, words) for each, words in WEIGHTS.items())
    )
    why = LineField(
        "为什么写、为什么改", [InputRequired("请写一句理由，历史里看得到"), Length(max=200, message="最多 200 字")]
    )
    wanted_on = DayField("希望从哪天起用", description="空着就是审过就用")

    def __init__(self, content: Content, choices: Choices, *, now: datetime) -> None:
        """A form over what a draft holds, or over what was just typed; both are looked at in the same way."""
        typed = MultiDict({name: value for name, value in content.items() if isinstance(value, str)})
        super().__init__(formdata=typed, meta={"csrf": False})  # the guard has looked at the token of the request
        self.kind.choices = _picks(((kind.value, kind.value) for kind in MaterialKind), "请选")
        self.category.choices = _picks(choices.categories, "请选")
        self.unit.choices = _picks(((name, name) for name in choices.units), "请选")
        self.owner.choices = _picks(choices.owners, "编辑共同负责")
        self.rows = [
            BasisForm(
                beijing_day(now),
                formdata=MultiDict({f"basis-{at}-{name}": row.get(name, "") for name in BASIS_FIELDS}),
                prefix=f"basis-{at}-",
            )
            for at, row in enumerate(content.get("basis", ()))
        ]

    def is_right(self) -> bool:
        """Whether every part can become a revision; the faults stand at their fields."""
        found = FlaskForm.validate(self)
        for row in self.rows:
            found = row.validate() and found
        return found

    @property
    def row_faults(self) -> dict[str, list[str]]:
        """Where → what is wrong in the rows of the basis, in words."""
        return {
            f"basis-{at}-{name}": [f"第 {at + 1} 条依据的{BASIS_LABELS[name]}：{fault}" for fault in faults]
            for at, row in enumerate(self.rows)
            for name, faults in row.errors.items()
            if name
        }

    @property
    def errors(self) -> dict[str, Any]:
        """All faults, those of the rows as well."""
        return {**super().errors, **(self.row_faults if hasattr(self, "rows") else {})}

    def validate_phrases(self, field: TextField) -> None:
        """Each phrase is a line as somebody says it."""
        if left := unfilled(field.data or ""):
            raise ValidationError(f"还有 {len(left)} 处〔〕没有填：改成来电人的话，或者删掉")
        for phrase in phrases_of(field.data or ""):
            if len(phrase) > LONGEST_PHRASE:
                raise ValidationError(f"「{phrase[:12]}…」有 {len(phrase)} 字，一句最多 {LONGEST_PHRASE} 字")

    def validate_valid_from(self, field: DayField) -> None:
        """The text holds only once all it rests on is in force."""
        latest = max((row.in_force_from.data for row in self.rows if row.in_force_from.data), default=None)
        if latest and field.data and field.data < latest:
            raise StopValidation(f"有一条依据 {latest.isoformat()} 才施行，那以前全文还不成立")

    def validate_valid_to(self, field: DayField) -> None:
        """Nothing ends before it begins, or holds longer than what it rests on."""
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise StopValidation("失效日早于施行日")
        ends = [row.in_force_to.data for row in self.rows if row.in_force_to.data]
        if ends and (field.data is None or field.data > min(ends)):
            raise StopValidation(f"有一条依据到 {min(ends).isoformat()} 失效，失效日应不晚于这一天")


def typed(form: Mapping[str, str], fields: Sequence[str]) -> dict[str, Any]:
    """What was sent, as a draft holds it; rows of the basis in the order of their numbers."""
    content: dict[str, Any] = {name: _text(form.get(name, "")) for name in fields if name != "basis"}
    places = sorted({int(name.split("-")[1]) for name in form if _is_row(name)})[:MOST_ROWS]
    content["basis"] = [{name: _text(form.get(f"basis-{at}-{name}", "")) for name in BASIS_FIELDS} for at in places]
    return content


def _is_row(name: str) -> bool:
    parts = name.split("-")
    return len(parts) == 3 and parts[0] == "basis" and parts[1].isascii() and parts[1].isdecimal() and len(parts[1]) < 5


def _text(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")[: 2 * LONGEST_BODY]


def without_empty_rows(content: Content) -> Content:
    """What was typed, without the rows of the basis into which nothing was."""
    return {**content, "basis": [row for row in content.get("basis", ()) if not is_empty(row)]}
