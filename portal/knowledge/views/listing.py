"""The list of articles, narrowed by conditions that live in the address."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import codes, standing
from portal.core.clock import beijing_day, utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of
from portal.core.text import one_line

from ..models import Revision
from ..queries import articles as listing
from ..queries.cards import checked_words, revision_needs_check
from ..queries.visible import outlook, stretches
from ..rules.states import MaterialKind
from . import bp
from .work import tabs

SORTS = {"number": "知识编号", "title": "标题", "checked": "核对最早", "valid_to": "最先到期"}
NAMES = ("q", "category", "kind", "unit", "sort")


def rows(revisions: list[Revision], now: datetime) -> list[dict[str, Any]]:
    """What the table of articles shows of each text."""
    ahead = stretches([revision.article_id for revision in revisions])
    stands = standing((revision.article.category for revision in revisions), beijing_day(now))
    return [
        {
            "number": revision.article.number,
            "title": revision.title,
            "url": url_for("knowledge.show", number=revision.article.number),
            "category_name": stands[revision.article.category_id].name,
            "category_url": url_for("categories.show", code=stands[revision.article.category_id].code),
            "kind": revision.kind,
            "unit": revision.unit,
            "in_force_from": revision.valid_from,
            "changes_on": outlook(ahead[revision.article_id], now).changes_on,
            "checked": checked_words(revision.checked),
            "needs_check": revision_needs_check(revision, now),
            "state": "现行有效",
        }
        for revision in revisions
    ]


@bp.get("/")
@needs(Permission.KNOWLEDGE_ARTICLE_READ)
def index() -> ResponseReturnValue:
    """All articles that answer now."""
    now = utc_now()
    asked = {name: one_line(request.args.get(name, ""), 200) for name in NAMES}
    number = asked_page(request.args.get("page"))
    filters = listing.Filters(
        asked["q"], asked["category"], asked["kind"], asked["unit"], asked["sort"] or "number", number
    )
    found, total = listing.articles(filters, now)

    def link(**changed: object) -> str:
        kept = {name: value for name, value in {**asked, **changed}.items() if value}
        return url_for("knowledge.index") + ("?" + urlencode(kept) if kept else "")

    return page(
        "knowledge/index.html",
        q=asked["q"],
        items=rows(list(found), now),
        pages=pages_of(number, total, size=listing.PAGE, link=lambda to: link(page=to)),
        filters=_filters(asked, filters, link, now),
        tabs=tabs(current_person(), now),
        toggles=[],
        sorts=[{"name": label, "active": key == filters.sort, "url": link(sort=key)} for key, label in SORTS.items()],
        kept={name: asked[name] for name in NAMES[1:]},
        answer=f"{total} 条现在可以念的知识。" if total else "",
        texts_url=_export_url(asked, "texts")
        if total and current_person().may(Permission.INBOX_EXPORT_MASKED)
        else None,
        export_url=_export_url(asked, "articles")
        if total and current_person().may(Permission.INBOX_EXPORT_MASKED)
        else None,
    )


def _export_url(asked: dict[str, str], kind: str) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return url_for("inbox.ask_export", kind=kind) + ("?" + urlencode(kept) if kept else "")


def _filters(asked: dict[str, str], within: listing.Filters, link: Any, now: datetime) -> list[dict[str, Any]]:
    """Each filter with its choices; a choice counts what it would leave, the other conditions kept."""
    kinds, units = listing.counts_by("kind", now, within), listing.counts_by("unit", now, within)
    by_category, known = listing.counts_by_category(now, within), codes()
    tops: dict[str, int] = {}
    for code, count in by_category.items():
        tops[code[:2]] = tops.get(code[:2], 0) + count
    choices = (
        (
            "category",
            "分类",
            [(code, known[code].name, count) for code, count in sorted(tops.items()) if code in known],
        ),
        ("kind", "性质", [(kind.value, kind.value, kinds[kind]) for kind in MaterialKind if kinds.get(kind)]),
        ("unit", "承办", [(unit, unit, count) for unit, count in sorted(units.items(), key=lambda pair: -pair[1])]),
    )
    named = {code: category.name for code, category in known.items()}
    return [
        {
            "label": label,
            "value": named.get(asked[name], asked[name]) if asked[name] else None,
            "clear_url": link(**{name: ""}),
            "options": [
                {"name": words, "count": count, "active": value == asked[name], "url": link(**{name: value})}
                for value, words, count in options
            ],
        }
        for name, label, options in choices
    ]
