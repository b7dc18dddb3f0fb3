"""Ask to be told when an article or anything of a category changes, or no longer."""

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.categories.queries import category_by_code
from portal.core.clock import utc_now

from ..queries.visible import article_of_readers
from ..services import subscribing as services
from . import bp


@bp.post("/<string:number>/subscribe")
@needs(Permission.KNOWLEDGE_ARTICLE_FAVOURITE)
def subscribe(number: str) -> ResponseReturnValue:
    """An article."""
    article, person = article_of_readers(number) or abort(404), current_person()
    keep = request.form.get("keep") == "1"
    services.subscribe(article=article, keep=keep, person_id=person.id, by=person.actor, now=utc_now())
    flash("已订阅，有变化会收到消息" if keep else "不再订阅")
    return redirect(url_for("knowledge.show", number=number), 303)


@bp.post("/subscriptions/categories/<string:code>")
@needs(Permission.KNOWLEDGE_ARTICLE_FAVOURITE)
def subscribe_category(code: str) -> ResponseReturnValue:
    """All of a category."""
    category, person = category_by_code(code) or abort(404), current_person()
    keep = request.form.get("keep") == "1"
    services.subscribe(category=category, keep=keep, person_id=person.id, by=person.actor, now=utc_now())
    flash("已订阅，这一类有变化会收到消息" if keep else "不再订阅")
    return redirect(url_for("categories.show", code=code), 303)
