"""What a text must not say before anybody reads it out (话术检查): errors stop it, warnings must have been seen.

Pure: a text and the phone numbers of its unit come in, findings in the writer's words go out.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .figures import date_figures, figures
from .script import PER_MINUTE, seconds
from .skeletons import unfilled

LONGEST_SECONDS = 30
LONGEST_SCRIPT = LONGEST_SECONDS * PER_MINUTE // 60
UNKNOWN_PHONE = "待补"
"""What stands in a text where the unit's number is not known yet."""
OWN_LINE = "12345"


class Grade(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Rest:
    """A row of the basis, as far as the check needs it."""

    text: str
    source: str
    note: str = ""
    in_force_from: date | None = None
    in_force_to: date | None = None


@dataclass(frozen=True)
class Text:
    """What is looked at; days that were typed wrong are none."""

    title: str
    script: str
    body: str
    unit: str
    basis: Sequence[Rest]
    note: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    field: str
    words: str
    grade: Grade

    @property
    def key(self) -> str:
        """By which a warning that was seen is known again."""
        return f"{self.code}:{self.field}:{self.words}"


def lint(text: Text, *, phones: Collection[str]) -> list[Finding]:
    """Everything a text should not go out with, errors first.

    Args:
        text: the text.
        phones: the numbers that the directory knows of its unit, digits only.
    """
    found = [*_shape(text), *_gaps(text), *_wordings(text), *_people(text), *_phones(text, phones), *_figures(text)]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.grade)


def digits(contact: str) -> set[str]:
    """The phone numbers in a unit's contact line, digits only, with and without the area code of Beijing."""
    found = {re.sub(r"\D", "", match[0]) for match in re.finditer(r"[\d（()）\-— ]{5,}", _plain(contact))}
    return found | {number[3:] for number in found if number.startswith("010")}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _shape(text: Text) -> Iterator[Finding]:
    length = len(re.sub(r"\s", "", text.script))
    if length > LONGEST_SCRIPT:
        words = f"话术 {length} 字，念约 {seconds(text.script)} 秒：{LONGEST_SECONDS} 秒念得完的是 {LONGEST_SCRIPT} 字"
        yield Finding("long", "script", words, Grade.ERROR)
    if not text.basis:
        yield Finding("basis", "basis", "没有依据：至少写一条，说明依据哪份文件的哪一条", Grade.ERROR)
    if not text.unit.strip():
        yield Finding("unit", "unit", "没有承办单位：答不了时要知道转给谁", Grade.ERROR)


def _gaps(text: Text) -> Iterator[Finding]:
    for field, said, _ in _said(text):
        left = unfilled(said)
        if left:
            words = f"还有 {len(left)} 处〔〕没有填，如〔{left[0][:20]}〕"
            yield Finding("gap", field, words, Grade.ERROR)


_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
_NOW = re.compile(r"目前|近期|近日|最近(?=[出发调新])|(?<![\d一二三四五六七八九十])日前(?=[，,发印出公])")
_DATED = re.compile(r"(?:19|20)\d{2}\s*(?:年|-\d{1,2})|\d{1,2}\s*月\s*\d{1,2}\s*日|截至|自.{1,12}起")
_VAGUE = re.compile(r"(?:相关|有关)(?:职能|主管)?部门")
_SENT_TO = re.compile(r"(?:向|找|去|到|联系|咨询|询问|请|问|以|与)[^，。；、]{0,8}(?:相关|有关)(?:职能|主管)?部门")
"""In a body the words may be the law's own; there it is a fault to send the reader to them."""


def _wordings(text: Text) -> Iterator[Finding]:
    for field, said, grade in _said(text):
        for sentence in _SENTENCE.findall(said):
            dated = bool(_DATED.search(sentence))
            for word in _NOW.findall(sentence):
                if not dated:
                    words = f"「{word}」没有日期，过几个月就不对了：请写明从哪天起或截至哪天"
                    yield Finding("undated", field, words, grade)
            vague = _VAGUE.search(sentence)
            if vague and (field != "body" or _SENT_TO.search(sentence)):
                yield Finding("vague", field, f"「{vague[0]}」说不清是谁：请写出单位的名称", grade)


def _said(text: Text) -> tuple[tuple[str, str, Grade], ...]:
    """What is read aloud is held to more than what is only read."""
    return (
        ("title", _plain(text.title), Grade.ERROR),
        ("script", _plain(text.script), Grade.ERROR),
        ("body", _plain(text.body), Grade.WARNING),
    )


_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_ID = re.compile(r"(?<![0-9A-Za-z])(\d{6})[ -]?(\d{8})[ -]?(\d{3}[0-9Xx])(?![0-9A-Za-z])")
_CARD = re.compile(r"(?<![0-9A-Za-z])(?:\d[ -]?){15,18}\d(?![0-9A-Za-z])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_identity_number(number: str) -> bool:
    """Whether the check digit is that of an identity card (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def is_bank_card(number: str) -> bool:
    """Whether the check digit is that of a bank card (Luhn)."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return 16 <= len(number) <= 19 and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _people(text: Text) -> Iterator[Finding]:
    fields = [*_said(text), *((("basis", _plain(f"{row.text} {row.note}"), Grade.ERROR)) for row in text.basis)]
    fields.append(("note", _plain(text.note), Grade.ERROR))
    for field, said, _ in fields:
        if _MOBILE.search(said):
            yield Finding("mobile", field, "有手机号：知识里不写个人电话，请写单位的号码", Grade.ERROR)
        ids = [
            number for number in ("".join(match.groups()) for match in _ID.finditer(said)) if is_identity_number(number)
        ]
        if ids:
            yield Finding("identity", field, "有身份证号：知识里不写个人证件号", Grade.ERROR)
        cards = (re.sub(r"\D", "", match[0]) for match in _CARD.finditer(said))
        if not ids and any(is_bank_card(number) for number in cards):
            yield Finding("card", field, "有银行卡号：知识里不写个人账号", Grade.ERROR)
        if _MAIL.search(said):
            yield Finding("mail", field, "有电子邮箱：请确认是单位公开的邮箱", Grade.WARNING)


_PHONE = re.compile(
    r"""
    (?<![\d.])(?:
        \(?0\d{2,3}\)?[ -]?[2-9]\d{6,7}(?:-\d{1,5})?      # a landline with its area code
      | [48]00[ -]?\d{3,4}[ -]?\d{3,4}                    # a company's number
      | [2-9]\d{3}[ -]?\d{4}                              # a landline of this city
    )(?![\d.元万亿])
    """,
    re.VERBOSE,
)
_SHORT = re.compile(
    r"(?:电话|热线|拨打|致电|来电|打)[^。；\n\d]{0,8}(?<!\d)((?:1[012]\d{1,3}|9[56]\d{3,4}))(?![\d.元万亿年月日])"
)
_DAY = re.compile(r"(?:19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?[0-3]\d$")


def _phones(text: Text, known: Collection[str]) -> Iterator[Finding]:
    allowed = {OWN_LINE, *known}
    for field, said, _ in _said(text):
        without_people = _MOBILE.sub("", _ID.sub("", said))
        found = [match[0] for match in _PHONE.finditer(without_people) if not _DAY.match(match[0])]
        found += [match[1] for match in _SHORT.finditer(without_people)]
        for shown in dict.fromkeys(found):
            number = re.sub(r"\D", "", shown)
            if number not in allowed and number.removeprefix("010") not in allowed:
                whose = text.unit or "承办单位"
                words = f"「{shown}」不是单位目录里{whose}的电话：请从目录里取，没有就写「{UNKNOWN_PHONE}」"
                yield Finding("phone", field, words, Grade.ERROR)


def _figures(text: Text) -> Iterator[Finding]:
    if not text.basis:
        return
    known = figures(text.note)
    for row in text.basis:
        known |= figures(row.text) | figures(row.note) | figures(row.source)
        known |= _days(row.in_force_from, row.in_force_to)
    known |= _days(text.valid_from, text.valid_to)
    for field, said, grade in _said(text):
        for line in said.splitlines():
            for unit, value in sorted(figures(line) - known):
                words = f"「{_shown(unit, value)}」在依据里找不到：请核对，或把它写进依据"
                yield Finding("figure", field, words, grade)


def _days(start: date | None, end: date | None) -> set[tuple[str, str]]:
    found = date_figures(start) if start else set()
    return found | (date_figures(end) | date_figures(end + timedelta(days=1)) if end else set())


def _shown(unit: str, value: str) -> str:
    if unit in ("日期", "月日", "分之"):
        return value.replace("/", "分之") if unit != "分之" else f"{value.split('/')[1]}分之{value.split('/')[0]}"
    return f"{value} {unit.removesuffix('号')}"
