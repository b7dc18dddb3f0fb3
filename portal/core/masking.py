"""Personal data that cannot be shown by accident: a `Secret` prints masked, and a template refuses to print it at all.

`{{ company.phone | masked }}` is how a page shows one; the whole value takes a deliberate `reveal()`, which is an act
of its own (a reason, a permission, an audit row) in the domain that keeps it.
"""

import re
from enum import StrEnum
from typing import Any

from flask import Flask


class Masked(str):
    """A text that was masked already and may be shown."""

    __slots__ = ()


class Personal(StrEnum):
    """What kind of personal data a secret is; it decides how it is masked."""

    PHONE = "phone"
    NAME = "name"
    ID = "id"
    EMAIL = "email"


class SecretShownError(TypeError):
    """A page tried to print personal data unmasked; write `| masked`."""


class Secret:
    """A piece of personal data. Printing, logging or joining it gives the masked text; only reveal() gives it whole."""

    __slots__ = ("_raw", "kind")

    def __init__(self, raw: str, kind: Personal) -> None:
        self._raw = raw
        self.kind = kind

    def masked(self) -> Masked:
        """What everybody may see."""
        return mask(self._raw, self.kind)

    def reveal(self) -> str:
        """The whole value; whoever asks for it answers for it."""
        return self._raw

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"Secret({self.masked()!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._raw, self.kind) == (other._raw, other.kind)

    def __hash__(self) -> int:
        return hash((self._raw, self.kind))

    def __reduce__(self) -> Any:
        raise TypeError("personal data is not pickled")


def mask(raw: str, kind: Personal) -> Masked:
    """Personal data as everybody may see it: 138****5678, 王*, 110***********1234, a***@example.cn."""
    text = raw.strip()
    if not text:
        return Masked("")
    if kind is Personal.PHONE:
        return Masked(_phone(text))
    if kind is Personal.ID:
        return Masked(_middle(text, 3, 4))
    if kind is Personal.EMAIL:
        name, at, host = text.partition("@")
        return Masked(f"{name[:1]}***{at}{host}" if at else "***")
    return Masked(text[0] + "*")


def _phone(text: str) -> str:
    digits = [at for at, sign in enumerate(text) if sign.isdigit()]
    if len(digits) < 7:
        return "*" * len(text)
    hidden = set(digits[-8:-4])
    return "".join("*" if at in hidden else sign for at, sign in enumerate(text))


def _middle(text: str, first: int, last: int) -> str:
    if len(text) <= first + last:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)", re.ASCII)
_ID = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mask_text(text: str) -> Masked:
    """A free text with the mobile numbers and identity-card numbers in it masked; all else stays as it is."""
    without_ids = _ID.sub(lambda found: _middle(found[0], 3, 4) if _is_id(found[0]) else found[0], text)
    return Masked(_MOBILE.sub(lambda found: f"{found[1]}****{found[3]}", without_ids))


HIDDEN = "＊＊＊"
"""What stands where a number of a person was."""
_WIDE = str.maketrans("０１２３４５６７８９－—（）＋＠．", "0123456789--()+@.")
_NUMBERS = re.compile(
    r"""
    [\w.+-]+@[\w-]+(?:\.[\w-]+)+                              # an e-mail address
    | (?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[0-9Xx](?![0-9A-Za-z])   # an identity card, its check digit right or not
    | (?<![0-9A-Za-z])\d{11,}[Xx]?(?![0-9A-Za-z])              # an old identity card, a bank card
    | (?<!\d)(?:\+?86[ -]?)?1[3-9](?:[ -]?\d){9}(?!\d)          # a mobile
    | (?<!\d)\(?0\d{2,3}\)?[ -]?\d{3,4}[ -]?\d{4}(?!\d)       # a landline with its area code
    | (?<!\d)[48]00[ -]?\d{3}[ -]?\d{4}(?!\d)                  # a company's number
    | (?<![\d-])[4-8]\d{3}[ -]?\d{4}(?![\d-])                  # a landline of this city
    | [〇零一二三四五六七八九幺两]{7,}                          # any of them as it is spoken
    """,
    re.ASCII | re.VERBOSE,
)


def without_numbers(text: str) -> str:
    """A text with nothing left in it of any phone number, identity card, bank card or e-mail address.

    Better one number too many: who asks is of no use there.
    """
    folded = text.translate(_WIDE)
    return _hide(text, [found.span() for found in _NUMBERS.finditer(folded)])


def _hide(text: str, spans: list[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, end in spans:
        kept += [text[at:start], HIDDEN]
        at = end
    return "".join([*kept, text[at:]])


def _is_id(text: str) -> bool:
    """Whether the check digit is that of an identity card (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[17].upper()


def init_app(app: Flask) -> None:
    """Let templates print masked personal data only."""
    app.jinja_env.finalize = _only_masked
    app.jinja_env.filters["masked"] = lambda value: value.masked() if isinstance(value, Secret) else value


def _only_masked(value: Any) -> Any:
    if isinstance(value, Secret):
        raise SecretShownError("personal data in a template needs | masked")
    return value
