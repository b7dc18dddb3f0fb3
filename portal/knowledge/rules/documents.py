"""Names and numbers (文号) of documents, in whatever spelling, brought to one; and whether a text speaks of one.

国发〔2018〕35号 = 国发[2018]35号 = 国发（2018）３５号; 国务院令第722号 = 国务院第722号令;
《中华人民共和国公司法》（2023年修订） = 公司法(2023年修订).
"""

import re
import unicodedata
from dataclasses import dataclass

_CN = {sign: str(value) for value, sign in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0"}
_DIGIT = r"[\d零一二三四五六七八九〇○]"
_OPEN, _CLOSE = r"[(\[〔【{<〈﹝]", r"[)\]〕】}>〉﹞]"
_NUMBERED = re.compile(rf"{_OPEN}(?P<y>{_DIGIT}{{4}})年?{_CLOSE}第?(?P<n>{_DIGIT}+|[一二三四五六七八九十百]+)号")
_YEARLY = re.compile(rf"(?P<y>{_DIGIT}{{4}})年第(?P<n>{_DIGIT}+)号")
_ORDER_BEHIND = re.compile(r"第?(?P<n>\d+)号(?P<w>令|公告)")
_ORDER = re.compile(r"(?P<w>令|公告)第?(?P<n>\d+)号")
_NUMBER = re.compile(r"(?P<who>[\u4e00-\u9fff]*)(?P<n>〔\d{4}〕\d+号|(?:令|公告)\d+号)")
_VERSION = re.compile(r"\((?P<v>[^()]*(?:修订|修正|修改|公布|通过|施行|发布)[^()]*)\)")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_STATE = "中华人民共和国"
_MARKS = re.compile(r"[《》〈〉“”\"'「」『』\s·,，、:：]")
SHORTEST = 2
"""Characters of a name that may be asked for."""


def normal(text: str) -> str:
    """A text with every number of a document in one spelling, without the state's name, book marks and spaces."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\s+", "", text).replace("﹝", "〔").replace("﹞", "〕")
    text = _NUMBERED.sub(lambda m: f"〔{_digits(m['y'])}〕{_plain(m['n'])}号", text)
    text = _YEARLY.sub(lambda m: f"〔{_digits(m['y'])}〕{_plain(m['n'])}号", text)
    text = _ORDER_BEHIND.sub(lambda m: f"{m['w']}{int(m['n'])}号", text)
    text = _ORDER.sub(lambda m: f"{m['w']}{int(m['n'])}号", text)
    return _MARKS.sub("", text).replace(_STATE, "")


def _digits(text: str) -> str:
    return "".join(_CN.get(sign, sign) for sign in text)


def _plain(text: str) -> str:
    """35, 0035, 三五 and 三十五 are one number."""
    if "十" in text or "百" in text:
        total = section = 0
        for sign in text:
            if sign in "十百":
                total += (section or 1) * (10 if sign == "十" else 100)
                section = 0
            else:
                section = int(_CN[sign])
        return str(total + section)
    return str(int(_digits(text)))


@dataclass(frozen=True)
class Document:
    """One document as it is named.

    Attributes:
        name: its name without version and number; empty where only the number is given.
        numbers: its numbers, in one spelling.
        version: the year of the version it is named by (2023年修订), "" where none is.
    """

    name: str
    numbers: frozenset[str]
    version: str = ""

    @property
    def key(self) -> str:
        """How it is kept and compared."""
        return self.name + (f"({self.version})" if self.version else "") or "".join(sorted(self.numbers))

    def is_same(self, other: "Document") -> bool:
        """Whether both names mean the same document; a version counts only where both are given."""
        if self.version and other.version and self.version != other.version:
            return False
        if self.numbers & other.numbers:
            return True
        if self.numbers and other.numbers:
            return False
        return bool(self.name) and self.name == other.name


def documents(source: str) -> list[Document]:
    """The documents that a basis names: mostly one; several are told apart by semicolons, or each in its book marks."""
    parts = re.split(r"[;；]", source)
    parts += [each for part in parts if "》、《" in part for each in part.split("、")]
    return [found for part in parts if (found := document(part)) is not None]


def document(typed: str) -> Document | None:
    """What somebody typed as a name or a number, read; None where it is neither."""
    text, version = normal(typed), ""
    for match in _VERSION.finditer(text):
        years = _YEAR.findall(match["v"])
        version = years[0] if years else ""
    bare = _VERSION.sub(lambda m: _keep_numbers(m["v"]), text)
    numbers = frozenset(_numbers(bare))
    name = re.sub(r"\((?:试行|暂行)?\)", "", _without_numbers(bare)).removesuffix("第")
    if len(name) < SHORTEST and not numbers:
        return None
    return Document(name if len(name) >= SHORTEST else "", numbers, version)


def _keep_numbers(inside: str) -> str:
    """Of what stands in brackets behind a name (2025年修订,国务院令第802号) the number."""
    found = _NUMBER.search(inside)
    return f"({_issuer(inside, found)})" if found else ""


def _issuer(text: str, match: re.Match[str]) -> str:
    who = re.sub(r"^.*(?:修订|修正|修改|公布|通过|施行|发布)", "", match["who"])
    return who + match["n"]


def _numbers(text: str) -> list[str]:
    return [_issuer(text, match) for match in _NUMBER.finditer(text)]


def _without_numbers(text: str) -> str:
    """The name that is left: what stands in front of brackets with a number, or in front of nothing at all."""
    in_brackets = re.sub(r"\((?:[^()]*)(?:〔\d{4}〕\d+号|(?:令|公告)\d+号)(?:[^()]*)\)", "", text)
    return "" if _NUMBER.fullmatch(in_brackets) else _NUMBER.sub("", in_brackets)


def rests_on(source: str, asked: Document) -> bool:
    """Whether a basis names this document."""
    return any(asked.is_same(found) for found in documents(source))


def mentions(text: str, asked: Document) -> bool:
    """Whether a text speaks of a document, by its name or by its number; a longer name that ends in it counts too."""
    plain = normal(text)
    if asked.name and asked.name in plain:
        return True
    return any(number in plain for number in asked.numbers)


def pieces(asked: Document) -> list[str]:
    """What any text that speaks of the document must hold somewhere, whatever its spelling: for a first, rough look.

    Each piece is a run of signs that no spelling changes: the longest part of the name, and the digits of the number.
    """
    found = []
    if asked.name:
        parts = re.split(r"[^\u4e00-\u9fff]+", asked.name)
        found.append(max(parts, key=len))
    for number in asked.numbers:
        digits = re.findall(r"\d+", number)[-1]
        wide = digits.translate({ord("0") + n: ord("０") + n for n in range(10)})
        chinese = "".join("零一二三四五六七八九"[int(sign)] for sign in digits)
        found += [digits, wide, chinese, spoken(int(digits))]
    return list(dict.fromkeys(piece for piece in found if piece))


def spoken(number: int) -> str:
    """A number below a thousand as it is written out; "" beyond."""
    if not 0 < number < 1000:
        return ""
    signs = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{signs[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else signs[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (signs[ones] if ones else "")
