"""What can be exported of the knowledge base: the list of what answers now, and the whole texts of a selection."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from portal.accounts.rules.permissions import Permission
from portal.categories.queries import codes, standing
from portal.core.clock import beijing_day
from portal.inbox.kinds import Asked, ExportKind
from portal.inbox.sheets import Column, Sheet

from .models import Revision
from .queries import articles as listing
from .queries import selection
from .queries.cards import basis_labels, checked_words
from .services import texts_out

COLUMNS = (
    Column("知识编号", 14),
    Column("标题", 40),
    Column("话术", 60),
    Column("依据", 40),
    Column("施行", 12),
    Column("有效至", 12),
    Column("分类编码", 10),
    Column("分类", 24),
    Column("承办单位", 24),
    Column("性质", 12),
    Column("核对", 10),
)


def _sheets(asked: Asked) -> Iterator[Sheet]:
    found = listing.every_article(selection.filters_in(asked.params), asked.now)
    yield Sheet("现行知识", COLUMNS, (_row(revision, asked.now) for revision in found))


def _row(revision: Revision, now: datetime) -> list[Any]:
    article = revision.article
    category = standing([article.category], beijing_day(now))[article.category_id]
    return [
        article.number,
        revision.title,
        revision.script,
        "；".join(str(basis["label"]) for basis in basis_labels(revision.basis)),
        revision.valid_from,
        revision.valid_to,
        category.code,
        category.name,
        revision.unit,
        revision.kind,
        checked_words(revision.checked),
    ]


def _conditions(params: Mapping[str, str]) -> str:
    known = codes()
    code = params.get("category", "")
    words = {
        "标题、话术、编号里有": params.get("q", ""),
        "分类": known[code].name if code in known else code,
        "性质": params.get("kind", ""),
        "承办": params.get("unit", ""),
        "选中": "、".join(selection.numbers_in(params)),
    }
    return "，".join(f"{label}「{value}」" for label, value in words.items() if value)


KINDS = (
    ExportKind(
        name="articles",
        title="现行知识",
        permission=Permission.KNOWLEDGE_ARTICLE_READ,
        sheets=_sheets,
        count=lambda asked: listing.articles(selection.filters_in(asked.params), asked.now)[1],
        conditions=_conditions,
        back="/knowledge/",
        params=("q", "category", "kind", "unit", "sort"),
    ),
    ExportKind(
        name="texts",
        title="知识全文",
        permission=Permission.KNOWLEDGE_ARTICLE_READ,
        sheets=texts_out.sheets,
        count=texts_out.count_of,
        conditions=_conditions,
        back="/knowledge/",
        params=("q", "category", "kind", "unit", "sort", "numbers"),
        formats=("xlsx", "zip", "docx", "print"),
        writers=texts_out.WRITERS,
        printed="knowledge/print.html",
    ),
)
