"""Verification: what is due, most harm first; the form of one article; what expires; who keeps an article."""

from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import beijing_day, utc_now
from portal.core.errors import DomainError
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from ..forms.keeping import KeepingForm, VerifyForm
from ..models import Article
from ..queries import verifying as reading
from ..queries.cards import checked_words
from ..queries.expiring import Expiring, expiring
from ..queries.keepers import keepers, names
from ..queries.visible import article_of_readers
from ..rules import verifying as rules
from ..rules.states import Sensitivity, Verdict
from ..services import verifying as services
from . import bp
from .work import tabs


@bp.get("/verify")
@needs(Permission.KNOWLEDGE_FLAG_ANSWER)
def verifications() -> ResponseReturnValue:
    """What must be verified, most harm first."""
    person, now, at = current_person(), utc_now(), asked_page(request.args.get("page"))
    mine = request.args.get("whose") == "mine"
    rows, total = reading.queue(now, owner_id=person.id if mine else None, page=at)
    called = names(each.owner_id for each in rows if each.owner_id)

    def link(to: int = 1, *, own: bool = mine) -> str:
        return url_for("knowledge.verifications", whose="mine" if own else None, page=to if to > 1 else None)

    return page(
        "knowledge/verifications.html",
        rows=[_row(each, called, now) for each in rows],
        overdue=sum(1 for each in rows if each.clock.due_on < beijing_day(now)),
        total=total,
        mine=mine,
        mine_url=link(own=True),
        all_url=link(own=False),
        expiring_count=len(expiring(now)),
        expiring_url=url_for("knowledge.expiring_soon"),
        formula=rules.FORMULA,
        by_kind=[(kind.value, *each) for kind, each in rules.BY_KIND.items()],
        at_most=[(level.value, *each) for level, each in rules.AT_MOST.items()],
        pages=pages_of(at, total, size=reading.PAGE, link=link),
        tabs=tabs(person, now),
    )


def _row(due: reading.Due, called: dict[int, str], now: datetime) -> dict[str, Any]:
    today = beijing_day(now)
    over = due.clock.overdue(today)
    return {
        "number": due.number,
        "title": due.title,
        "url": url_for("knowledge.verify", number=due.number),
        "owner": called.get(due.owner_id or 0, "编辑组"),
        "uses": due.uses,
        "days": due.clock.days(today),
        "changed": due.changed_basis,
        "harm": due.harm,
        "verified_on": due.clock.verified_on,
        "due_on": due.clock.due_on,
        "overdue": over if over > 0 else 0,
    }


@bp.get("/verify/expiring")
@needs(Permission.KNOWLEDGE_FLAG_ANSWER)
def expiring_soon() -> ResponseReturnValue:
    """What leaves force within a month, or has left it, with nothing to take over."""
    person, now = current_person(), utc_now()
    rows = expiring(now)
    called = names(row.article.owner_id for row in rows if row.article.owner_id)
    return page(
        "knowledge/expiring.html",
        rows=[_expiring_row(row, called, now) for row in rows],
        tabs=tabs(person, now),
        back_url=url_for("knowledge.verifications"),
    )


def _expiring_row(row: Expiring, called: dict[int, str], now: datetime) -> dict[str, Any]:
    left = row.days_left(beijing_day(now))
    return {
        "number": row.article.number,
        "title": row.revision.title,
        "url": url_for("knowledge.show", number=row.article.number),
        "owner": called.get(row.article.owner_id or 0, "编辑组"),
        "last_on": row.last_on,
        "why": row.why,
        "is_over": row.is_over,
        "left": "最后一天" if left == 0 else f"剩 {left} 天" if left > 0 else f"已失效 {-left} 天",
    }


@bp.route("/<string:number>/verify", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_FLAG_ANSWER)
def verify(number: str) -> ResponseReturnValue:
    """Hold one text against its sources and say what was found."""
    form = VerifyForm()
    sent = form.validate_on_submit()
    article, person, now = article_of_readers(number) or abort(404), current_person(), utc_now()
    revision = reading.answering_revision(article.id, now)
    if sent:
        if revision is None:
            raise DomainError("这一条现在没有在用的版本，不用复核")
        services.verify(
            article,
            form.revision.data or 0,
            verdict=Verdict(form.verdict.data),
            words=form.words.data or "",
            next_on=form.next_on.data,
            by=person.actor,
            now=now,
        )
        flash(f"已记下：{form.verdict.data}")
        return redirect(url_for("knowledge.verifications"), 303)
    if revision is None:
        abort(404)
    (due,) = reading.clocks(now, [article.id])
    if request.method == "GET":
        form.revision.data = revision.id
    today = beijing_day(now)
    return page(
        "knowledge/verify.html",
        form=form,
        article={"number": number, "title": revision.title, "url": url_for("knowledge.show", number=number)},
        revision=revision,
        basis=[
            {
                "text": row.text,
                "source": f"{row.source} {row.article}".strip(),
                "from": row.in_force_from,
                "to": row.in_force_to,
                "checked": checked_words(row.checked),
            }
            for row in revision.basis
        ],
        clock=due.clock,
        every=due.every,
        overdue=max(0, due.clock.overdue(today)),
        usual_next=today + timedelta(days=due.every.days),
        mend_days=services.ANSWER_WITHIN,
        owner=names([article.owner_id]).get(article.owner_id, "") if article.owner_id else "编辑组",
        keep_url=url_for("knowledge.keeping", number=number)
        if person.may(Permission.KNOWLEDGE_ARTICLE_ASSIGN)
        else None,
        history=reading.verifications(article.id),
        back_url=url_for("knowledge.verifications"),
    )


@bp.route("/<string:number>/keeping", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_ASSIGN)
def keeping(number: str) -> ResponseReturnValue:
    """Who keeps an article, and how often it is verified."""
    people = keepers()
    form = KeepingForm(people)
    sent = form.validate_on_submit()
    article, person, now = article_of_readers(number) or abort(404), current_person(), utc_now()
    if sent:
        changed = services.set_keeping(
            article,
            owner_id=int(form.owner.data) if form.owner.data else None,
            interval_days=form.interval_days.data,
            sensitivity=Sensitivity(form.sensitivity.data),
            opened_version=form.opened_version.data,
            by=person.actor,
            now=now,
        )
        flash("已改" if changed else "没有改动")
        return redirect(url_for("knowledge.show", number=number), 303)
    if request.method == "GET":
        _fill(form, article)
    return page(
        "knowledge/keeping.html",
        form=form,
        article={"number": number, "url": url_for("knowledge.show", number=number)},
        by_kind=[(kind.value, *each) for kind, each in rules.BY_KIND.items()],
        at_most=[(level.value, *each) for level, each in rules.AT_MOST.items()],
    )


def _fill(form: KeepingForm, article: Article) -> None:
    form.owner.data = str(article.owner_id or "")
    form.interval_days.data = article.interval_days
    form.sensitivity.data = article.sensitivity
    form.opened_version.data = article.version
