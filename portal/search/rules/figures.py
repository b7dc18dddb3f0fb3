"""Figures and document numbers in one spelling, so that 百分之三 finds 3% and 国办发[2020]53号 finds
国办发〔2020〕53号.
"""

import re
from collections.abc import Iterator

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_STEP = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_CN = "零〇一二两三四五六七八九十百千万亿"
# Bounded, so that a text of digits only takes linear time.
_NUMBER = rf"(?:\d[\d,]{{0,15}}(?:\.\d{{1,6}})?[百千万亿]{{0,3}}|[{_CN}]{{1,12}}(?:点[{_CN}]{{1,6}})?)"
_UNITS = {
    "个工作日": "工作日", "工作日": "工作日", "个月": "个月", "年": "年", "日": "日", "天": "日", "号": "日",
    "个小时": "小时", "小时": "小时", "周岁": "岁", "岁": "岁", "倍": "倍", "元": "元", "块钱": "元", "块": "元",
    "人": "人", "个人": "人", "月": "月", "条": "条", "%": "%", "折": "折", "平方米": "平方米", "平米": "平方米",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_SHARE = re.compile(rf"(?P<base>[百千万])分之(?P<n>{_NUMBER})")
_QUANTITY = re.compile(rf"(?P<n>{_NUMBER})(?P<unit>{_UNIT})")
_DOCUMENT = re.compile(
    r"(?P<organ>[\u4e00-\u9fff]{0,8}?)\s*[(\[]?\s*(?P<year>(?:19|20)\d\d)\s*(?:[)\]]|年)?\s*第?\s*(?P<number>\d{1,4})\s*号"
)
_HINT = re.compile(rf"[\d{_CN}]")


def value(text: str) -> str | None:
    """A Chinese, Arabic or mixed numeral as plain digits (五百万 → 5000000, 2.5万 → 25000); None where it is none."""
    mixed = re.fullmatch(r"(\d+(?:\.\d+)?)([百千万亿]*)", text.replace(",", ""))
    if mixed:
        amount = float(mixed[1])
        for step in mixed[2]:
            amount *= (_STEP | _LARGE)[step]
        return f"{amount:.10g}"
    whole, _, tail = text.partition("点")
    number = _chinese(whole)
    if number is None or any(c not in _DIGIT for c in tail):
        return None
    return f"{number}.{''.join(str(_DIGIT[c]) for c in tail)}" if tail else str(number)


def _chinese(text: str) -> int | None:
    if not text or any(c not in _CN for c in text):
        return None
    if all(c in _DIGIT for c in text):
        return int("".join(str(_DIGIT[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in _DIGIT:
            digit = _DIGIT[c]
        elif c in _STEP:
            section += (digit or 1) * _STEP[c]
            digit = 0
        else:
            total = (total + section + digit) * _LARGE[c]
            section = digit = 0
    return total + section + digit


def figures(text: str) -> list[str]:
    """Tokens for the figures and document numbers of a normalised text, each marked with # so that no word equals
    it.
    """
    return [token for token, _, _ in spelt_figures(text)]


def spelt_figures(text: str) -> Iterator[tuple[str, int, int]]:
    """As `figures`, each with where it stands."""
    if not _HINT.search(text):
        return
    for match in _SHARE.finditer(text):
        if (number := value(match["n"])) is not None:
            yield f"#{number}{'%' if match['base'] == '百' else match['base']}", match.start(), match.end()
    for match in _QUANTITY.finditer(text):
        if (number := value(match["n"])) is not None:
            yield f"#{number}{_UNITS[match['unit']]}", match.start(), match.end()
    for match in _DOCUMENT.finditer(text):
        year, number = match["year"], match["number"].lstrip("0")
        yield f"#{year}-{number}号", match.start("year"), match.end()
        if match["organ"]:
            yield f"#{match['organ'][-3:]}{year}-{number}号", match.start(), match.end()
