"""Fields that several forms share."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import StringField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


class DayField(StringField):
    """A day, written 2026-07-01; `data` is a date or None, and what was typed is shown again."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Read the day; an empty field is none."""
        text = str(valuelist[0]).strip() if valuelist else ""
        self.raw_data, self.data = [text], None
        if not text:
            return
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise ValueError("日期应写作 2026-07-01") from None
        if not EARLIEST <= found <= LATEST:
            raise ValueError(f"{text} 不像：年份应在 {EARLIEST.year} 到 {LATEST.year} 之间")
        self.data = found


class LineField(StringField):
    """One line of text: trimmed, and without signs that cannot be seen."""

    data: Any

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Take what was typed, without the spaces around it."""
        self.data = str(valuelist[0]).strip() if valuelist else ""
        self.raw_data = [self.data]

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse control characters and the like."""
        if not (self.data or "").isprintable():
            raise StopValidation("含有看不见的字符")
