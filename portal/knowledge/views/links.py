"""Reports: references that lead nowhere, texts that contradict each other, texts that are nearly the same."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.pages import page

from ..queries import contradictions as clashes
from ..queries import links as reading
from . import bp
from .work import tabs

MOST = 100
"""Rows of each list on the page."""


@bp.get("/links")
@needs(Permission.KNOWLEDGE_DRAFT_READ)
def reports_of_links() -> ResponseReturnValue:
    """What points to nothing, what contradicts, what says the same twice."""
    now = utc_now()
    loose, against, near = reading.loose_references(now), clashes.contradictions(now), clashes.near_pairs(now)
    ids = {each.article_id for pair in against[:MOST] for each in (pair.one, pair.other)}
    ids |= {key for one, other, _ in near[:MOST] for key in (one, other)}
    named = clashes.named(ids, now)

    def article(key: int) -> dict[str, str]:
        found = named[key]
        return {
            "number": found.number,
            "title": found.title,
            "url": url_for("knowledge.show", number=found.number),
        }

    return page(
        "knowledge/reports_of_links.html",
        retired=[_loose(each) for each in loose if not each.missing][:MOST],
        broken=[_loose(each) for each in loose if each.missing][:MOST],
        against=[
            {
                "one": article(pair.one.article_id),
                "other": article(pair.other.article_id),
                "law": f"{pair.one.source} {pair.one.clause}",
                "one_text": pair.one.text,
                "other_text": pair.other.text,
                "figures": pair.figures,
            }
            for pair in against[:MOST]
        ],
        near=[
            {"one": article(one), "other": article(other), "share": round(100 * share)}
            for one, other, share in near[:MOST]
        ],
        counts=(len(loose), len(against), len(near)),
        tabs=tabs(current_person(), now),
    )


def _loose(each: reading.Loose) -> dict[str, Any]:
    return {
        "number": each.source.number,
        "title": each.source.title,
        "url": url_for("knowledge.show", number=each.source.number),
        "target": each.target,
        "target_title": each.title,
        "kind": "知识" if each.kind == reading.ARTICLE else "附件",
    }
