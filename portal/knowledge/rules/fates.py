"""What becomes of a row of a batch, by what the knowledge base says already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from .incoming import DOUBTFUL, UNCHECKED, basis_of, differences
from .states import RowFate

AUDIENCE, DISTRICT = "企业", "全市"
"""What a sheet does not say of a new text."""


class There(Protocol):
    """An article as it is compared with a row."""

    @property
    def article_id(self) -> int: ...  # noqa: D102
    @property
    def number(self) -> str: ...  # noqa: D102
    @property
    def category(self) -> str: ...  # noqa: D102
    @property
    def newest_id(self) -> int: ...  # noqa: D102
    @property
    def content(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def basis(self) -> list[dict[str, Any]]: ...  # noqa: D102
    @property
    def phrases(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def taken_from(self) -> dict[str, Any] | None: ...  # noqa: D102


@dataclass(frozen=True)
class Decision:
    """What becomes of a row, and the text it would be."""

    fate: RowFate
    column: str = ""
    value: str = ""
    reason: str = ""
    article_id: int | None = None
    base_id: int | None = None
    content: dict[str, Any] = field(default_factory=dict)
    basis: list[dict[str, Any]] = field(default_factory=list)
    phrases: Sequence[str] = ()


def decide(
    row: Mapping[str, Any],
    there: Sequence[There],
    *,
    categories: Mapping[str, str],
    units: Mapping[str, str],
    day: date,
) -> Decision:
    """Say what becomes of a row that has no fault by itself.

    Args:
        row: what it says: category, title, script, body, unit, kind, keywords, and more where a file says more.
        there: the articles it may belong to.
        categories: what a category may be called → its code.
        units: any name of a unit → its name of today.
        day: the day on which a new text begins to hold.
    """
    code, unit = categories.get(row["category"].strip(" /")), units.get(row["unit"])
    if code is None:
        reason = "没有这个类目，或有几个同名：请写编码，或「一级/二级」的全路径，写到最末一级"
        return Decision(RowFate.REJECTED, "类目", row["category"], reason)
    if unit is None:
        reason = "单位库里没有这个单位：请改成单位库里的名称，或先在单位库里加上"
        return Decision(RowFate.REJECTED, "发文单位", row["unit"], reason)
    mine = next((each for each in there if each.category == code), None)
    if mine is None and there:
        reason = f"这个标题已用在 {there[0].number}（分类 {there[0].category}），标题不能重复"
        return Decision(RowFate.REJECTED, "标题", row["title"], reason)
    if mine is not None and units.get(mine.content["unit"]) == unit:
        unit = mine.content["unit"]  # renamed since: the same unit
    row = {**row, "category": code, "unit": unit}
    phrases = [text for text in row["keywords"] if text != row["title"]]
    content, basis = _full(row, mine, day)
    if mine is None:
        return Decision(RowFate.NEW, content=content, basis=basis, phrases=phrases)
    return _changed(row, mine, content, basis, phrases, day)


def _changed(
    row: Mapping[str, Any],
    mine: There,
    content: dict[str, Any],
    basis: list[dict[str, Any]],
    phrases: list[str],
    day: date,
) -> Decision:
    words = differences(mine.content, content) + (["依据"] if basis != mine.basis else [])
    more = [text for text in phrases if text not in mine.phrases]
    facts = {"article_id": mine.article_id, "base_id": mine.newest_id}
    if words and mine.taken_from is not None and _same_row(mine.taken_from, row):
        reason = f"与上次导入的一样；{mine.number} 在门户里已经有人改过，没有动它"
        return Decision(RowFate.UNCHANGED, reason=reason, **facts)  # type: ignore[arg-type]
    if words and "basis" in row and content["valid_from"] > day:
        reason = f"{content['valid_from']} 才施行，而 {mine.number} 已有文本：请在这一条里改好，送审时选生效日"
        return Decision(RowFate.REJECTED, "施行日", str(content["valid_from"]), reason, mine.article_id)
    if words:
        reason = f"{mine.number} 改：{'、'.join(words)}"
        return Decision(
            RowFate.CHANGED,
            reason=reason,
            article_id=mine.article_id,
            base_id=mine.newest_id,
            content=content,
            basis=basis,
            phrases=more,
        )
    if more:
        reason = f"{mine.number} 只多了关键字：{'、'.join(more)}"
        return Decision(RowFate.CHANGED, reason=reason, phrases=more, **facts)  # type: ignore[arg-type]
    return Decision(RowFate.UNCHANGED, reason=f"与 {mine.number} 一样", **facts)  # type: ignore[arg-type]


_SAID = ("title", "script", "body", "kind", "keywords", "basis", "valid_from", "valid_to", "note")


def _same_row(before: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a row says what the last one taken in for the same article said."""
    return all(before.get(key) == row.get(key) for key in _SAID)


def _full(row: Mapping[str, Any], mine: There | None, day: date) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The whole text a row stands for: what it says, what the article said before, what nobody said."""
    said = {key: row[key] for key in ("title", "script", "body", "unit", "kind")}
    if "basis" in row:
        dates = {key: _day(row[key]) for key in ("valid_from", "valid_to")}
        others = {key: row[key] for key in ("audience", "district", "checked", "confidence", "note")}
        basis = [
            {**each, **{key: _day(each[key]) for key in ("in_force_from", "in_force_to")}} for each in row["basis"]
        ]
        return {**said, **others, **dates}, basis
    if mine is None:
        content = {
            **said,
            "audience": AUDIENCE,
            "district": DISTRICT,
            "valid_from": day,
            "valid_to": None,
            "checked": UNCHECKED,
            "confidence": DOUBTFUL,
            "note": "",
        }
        return content, basis_of(row["script"], f"{row['script']}\n{row['body']}", unit=row["unit"], day=day)
    kept = {**mine.content, **said}
    if row["body"].startswith(row["script"]) and not differences(
        mine.content, {**kept, "script": mine.content["script"]}
    ):
        return {**kept, "script": mine.content["script"]}, mine.basis
    if differences(mine.content, kept):
        kept |= {"checked": UNCHECKED, "confidence": DOUBTFUL}
    return kept, mine.basis


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
