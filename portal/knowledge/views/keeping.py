"""What an article's page offers to whoever keeps it true, and to whoever wants to be told of it."""

from typing import Any

from flask import url_for

from portal.accounts.queries import Principal
from portal.accounts.rules.permissions import Permission

from ..models import Article
from ..queries.subscriptions import subscribed


def keeping_of(article: Article, person: Principal, *, answers: bool) -> dict[str, Any]:
    """Whether the person subscribed; the ways to verification (of a text that answers), to owner and interval."""
    number = article.number
    may_verify = answers and person.may(Permission.KNOWLEDGE_FLAG_ANSWER)
    return {
        "subscribed": subscribed(person.id, article_id=article.id),
        "subscribe_url": url_for("knowledge.subscribe", number=number),
        "verify_url": url_for("knowledge.verify", number=number) if may_verify else None,
        "keep_url": url_for("knowledge.keeping", number=number)
        if person.may(Permission.KNOWLEDGE_ARTICLE_ASSIGN)
        else None,
    }
