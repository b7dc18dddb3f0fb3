"""The form by which a file of articles is handed in."""

from typing import Any

from wtforms import BooleanField, FileField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the type stubs
from wtforms.validators import Length, ValidationError

from portal.core.fields import LineField
from portal.core.forms import PortalForm

from ..rules.states import MaterialKind

ENDINGS = ("xlsx", "docx", "zip")


class BatchForm(PortalForm):
    """A file, and what a Word document does not say of its texts."""

    file = FileField(
        "文件",
        description="Excel（六列表）、Word 文档，或装着 Markdown 文件的 zip；不超过 20 MB，一次最多 1,000 条",
    )
    split = RadioField(
        "一份文档是几条",
        choices=[SelectChoice("one", "一条"), SelectChoice("many", "每个「标题 1」一条")],
        default="one",
    )
    category = SelectField("诉求分类")
    unit = LineField("发文单位", [Length(max=100, message="最多 100 字")], description="写单位库里的名称")
    kind = SelectField("材料性质")
    again = BooleanField("这个文件以前导过也再导一次")

    def __init__(self, categories: list[tuple[str, str]], **values: Any) -> None:
        super().__init__(**values)
        self.file.flags.required = True
        self.category.choices = [("", "请选择"), *categories]
        self.kind.choices = [("", "请选择"), *((kind.value, kind.value) for kind in MaterialKind)]

    @property
    def ending(self) -> str:
        """The ending of the file's name."""
        name = getattr(self.file.data, "filename", "") or ""
        return name.rsplit(".", 1)[-1].lower() if "." in name else ""

    def validate_file(self, field: FileField) -> None:
        """A file there must be, of a kind that is taken."""
        if not getattr(field.data, "filename", ""):
            raise ValidationError("请选一个文件")
        if self.ending not in ENDINGS:
            raise ValidationError(f"这里只收 {'、'.join(ENDINGS)}")

    def validate_category(self, field: SelectField) -> None:
        """A Word document says nothing of its category."""
        self._needed(field.data, "请选 Word 文档里的条目归哪一类")

    def validate_unit(self, field: LineField) -> None:
        """Nor of who issued it."""
        self._needed(field.data, "请写 Word 文档是哪个单位发的")

    def validate_kind(self, field: SelectField) -> None:
        """Nor of what kind it is."""
        self._needed(field.data, "请选 Word 文档的材料性质")

    def _needed(self, value: str | None, words: str) -> None:
        if self.ending == "docx" and not value:
            raise ValidationError(words)
