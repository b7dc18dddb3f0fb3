"""Find the figures a text states: amounts, shares, terms, ages, counts of people and dates.

Chinese and Arabic spellings are made equal (三个月 = 3个月, 百分之三 = 3%), so that a text
can be held against its basis.
List numbers, article numbers (第十三条), document numbers (〔2020〕53号) and words such as
一次性 state no figure.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_STEPS = {"十": 10, "百": 100, "千": 1000}
_CN = "零〇一二两三四五六七八九十百千万亿"
_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?[百千万亿]*|[{_CN}]+(?:点[{_CN}]+)?)"

_SILENT = re.compile(
    rf"第[{_CN}\d]+(?:条|款|项|章|节|编|目)(?:之[{_CN}]+)?"
    rf"|第[{_CN}\d]+(?:次会议|届|批|类|号|版|步|方)|第三人|第一时间"
    r"|〔\d{4}〕\d+号|[令函发](?:第)?\d+号|GB/T ?[\d.\-—]+"
    r"|一次性|一日游|千万不要|万一|万元户|十分(?=[重明清])|百分百|三包|五险一金|六险一金|三证合一|多证合一|一人公司|一年一度"
    r"|一人有限责任公司|一人股份|一人(?=独|设立)"
)
_UNITS = {
    "工作日": "工作日", "个工作日": "工作日",
    "年": "年", "周年": "年", "个年度": "年度", "年度": "年度",
    "个月": "月", "月": "月号",
    "日": "日", "天": "日", "个自然日": "日", "自然日": "日", "个日历日": "日",
    "小时": "小时", "个小时": "小时", "分钟": "分钟", "周": "周", "个星期": "周", "星期": "周",
    "周岁": "岁", "岁": "岁",
    "元": "元", "块钱": "元", "美元": "美元", "欧元": "欧元",
    "人": "人", "名": "人", "名职工": "人",
    "倍": "倍", "折": "折", "平方米": "平方米", "千瓦": "千瓦", "千伏安": "千伏安", "%": "%", "‰": "‰", "‱": "‱",
    "分之": "分之",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(rf"(?P<n>{_NUMBER})(?:多|余|来)?(?P<u>{_UNIT})")
_DATE = re.compile(r"(?P<y>(?:19|20)\d{2})年(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日)?)?(?!内|期|度|以内)")
_ISO = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})-(?P<m>\d{2})(?:-(?P<d>\d{2}))?(?!\d)")
_MONTH_DAY = re.compile(r"(?<!\d)(?P<m>\d{1,2})月(?P<d>\d{1,2})日")
_CN_DATE = re.compile(rf"[{_CN}]{{4}}年")
_SHARE = re.compile(rf"(?P<b>百|千|万)分之(?P<n>{_NUMBER})")
_FRACTION = re.compile(rf"(?P<b>[{_CN}\d]+)分之(?P<a>[{_CN}\d]+)")

Figure = tuple[str, str]
"""A canonical figure: its unit and its value, both as text, such as ("月", "3")."""


def number(text: str) -> Decimal:
    """The value of a Chinese, Arabic or mixed numeral (五百万, 2.5万, 1,000).

    Raises:
        ValueError: the text is no numeral.
    """
    text = text.replace(",", "")
    mixed = re.fullmatch(r"(\d+(?:\.\d+)?)([百千万亿]*)", text)
    if mixed:
        return _stepped(Decimal(mixed[1]), mixed[2])
    whole, point, tail = text.partition("点")
    if not point:
        return Decimal(_chinese(whole))
    digits = tail.rstrip("百千万亿")
    if not digits or any(c not in _DIGITS for c in digits):
        raise ValueError(text)
    value = Decimal(f"{_chinese(whole)}." + "".join(str(_DIGITS[c]) for c in digits))
    return _stepped(value, tail[len(digits) :])


def _stepped(value: Decimal, steps: str) -> Decimal:
    for step in steps:
        value *= {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}[step]
    return value


def _chinese(text: str) -> int:
    if not text or any(c not in _CN for c in text):
        raise ValueError(text)
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _STEPS:
            section += (digit or (1 if c == "十" or not section else 0)) * _STEPS[c]
            digit = 0
        else:
            unit = 10_000 if c == "万" else 100_000_000
            total = (total + section + digit) * unit if unit > 10_000 else total + (section + digit) * unit
            section = digit = 0
    return total + section + digit


def figures(text: str) -> set[Figure]:
    """All figures a text states, in canonical form; a date also counts as its year, and as its year and month."""
    text = unicodedata.normalize("NFKC", text).replace("％", "%")
    text = _SILENT.sub("□", re.sub(r"(?<=[\d\u4e00-\u9fff]) +(?=[\d\u4e00-\u9fff%])", "", text))
    text = _CN_DATE.sub(lambda m: _year(m[0]), text)
    found: set[Figure] = set()

    def take(pattern: re.Pattern[str], make: object) -> None:
        nonlocal text

        def swap(m: re.Match[str]) -> str:
            try:
                found.update(make(m))  # type: ignore[operator]
            except ValueError:
                return m[0]
            return "□"

        text = pattern.sub(swap, text)

    take(_ISO, _dates)
    take(_DATE, _dates)
    take(_MONTH_DAY, lambda m: {("月日", f"{int(m['m']):02}-{int(m['d']):02}")})
    take(_SHARE, lambda m: {({"百": "%", "千": "‰", "万": "‱"}[m["b"]], _plain(number(m["n"])))})
    take(_FRACTION, lambda m: {("分之", f"{_plain(number(m['a']))}/{_plain(number(m['b']))}")})
    take(_QUANTITY, lambda m: {(_UNITS[m["u"]], _plain(number(m["n"])))})
    return found


def date_figures(day: date) -> set[Figure]:
    """The figures a date stands for: the day, its month and its year."""
    return {
        ("日期", day.isoformat()),
        ("日期", day.isoformat()[:7]),
        ("日期", str(day.year)),
        ("月日", day.isoformat()[5:]),
    }


def _dates(m: re.Match[str]) -> set[Figure]:
    parts = [m["y"]] + [f"{int(p):02}" for p in (m["m"], m["d"]) if p]
    found: set[Figure] = {("日期", "-".join(parts[:n])) for n in range(1, len(parts) + 1)}
    if len(parts) == 3:
        found.add(("月日", "-".join(parts[1:])))
    return found


def _year(text: str) -> str:
    return "".join(str(_DIGITS[c]) for c in text[:4]) + "年" if all(c in _DIGITS for c in text[:4]) else text


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


_KEY = re.compile(
    rf"(?:{_ISO.pattern})|(?:\d{{4}}年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?(?!内|期|度|以内))|(?:\d{{1,2}}月\d{{1,2}}日)"
    rf"|(?:[百千万]分之{_NUMBER})|(?:[{_CN}\d]+分之[{_CN}\d]+)|(?:{_NUMBER}(?:多|余|来)?(?:{_UNIT}))".replace(
        "?P<y>", ""
    )
    .replace("?P<m>", "")
    .replace("?P<d>", "")
)
_TAIL = re.compile(r"(?:以内|之内|以前|之前|以后|之后|以上|以下|内|前|起)")


def key_spans(text: str) -> list[tuple[int, int]]:
    """Where the figures of a text stand, each with the word that bounds it (内, 前, 以上); they do not overlap."""
    silent = [m.span() for m in _SILENT.finditer(text)]
    spans = []
    for m in _KEY.finditer(text):
        if any(start <= m.start() < end for start, end in silent):
            continue
        tail = _TAIL.match(text, m.end())
        spans.append((m.start(), tail.end() if tail else m.end()))
    return spans
