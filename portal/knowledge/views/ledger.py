"""Acts on what speaks: taken away at once, published in an emergency and confirmed, a date called off, brought back."""

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission
from portal.core.clock import near_time, utc_now
from portal.core.database import db
from portal.core.pages import page

from ..forms.acts import ReasonForm
from ..models import Article, Revision
from ..queries import reviews as reading
from ..queries import uses as using
from ..rules.force import FUSE, live_line
from ..services import ledger, restoring, reviewing
from . import bp
from .compared import compared
from .review import sees_every_draft


@bp.route("/<string:number>/withdraw", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_APPROVE)
def withdraw(number: str) -> ResponseReturnValue:
    """Take an article away at once, with a reason."""
    form, now = ReasonForm(), utc_now()
    sent = form.validate_on_submit()
    article = _article(number)
    if sent:
        ledger.withdraw(article, by=current_person().actor, reason=form.why.data or "", now=now)
        flash("已下架：从下一次打开起，哪里都不再念它")
        return redirect(_url(number), 303)
    live = live_line(article.publications, now)
    revision = db.session.get(Revision, live.revision_id) if live and live.revision_id else None
    ahead = [line for line in article.publications if line.from_at > now and line.revision_id]
    used = using.times_used([article.id], now).get(article.id, 0)
    consequences = [
        "搜索、联想、列表、接口和收藏里，下一次打开就没有它",
        f"近 90 天引用过 {used} 次；已经引用的还能按工单号查到原话",
        "要再用它，得重新送审",
        *(
            f"已排定 {near_time(line.from_at, now)} 生效的版本，到时仍会生效；不想让它生效，另外取消定时"
            for line in ahead
        ),
    ]
    return page(
        "knowledge/act.html",
        form=form,
        article=_shown(article, revision),
        act="下架",
        consequences=consequences,
        hindrance="" if revision else "这一条现在没有在用的版本，不用下架",
        script=revision.script if revision else "",
        label="下架，不再念它",
        sent={},
    )


@bp.route("/<string:number>/emergency", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_EMERGENCY)
def emergency(number: str) -> ResponseReturnValue:
    """Let a revision that waits speak on one person's word, until a second one confirms it or 24 hours have passed."""
    form, now = ReasonForm(), utc_now()
    sent = form.validate_on_submit()
    article = _article(number)
    revision = _revision(article)
    if sent:
        line = reviewing.publish_in_emergency(
            article, revision, by=current_person().actor, reason=form.why.data or "", now=now
        )
        flash(f"已紧急发布，{near_time(line.lapses_at or now, now)} 前要另一位审核人确认")
        return redirect(_url(number), 303)
    hours = int(FUSE.total_seconds() // 3600)
    return page(
        "knowledge/act.html",
        form=form,
        article=_shown(article, revision),
        act="紧急发布",
        consequences=[
            f"第 {revision.no} 版马上就念，坐席会看到「重要变化」",
            f"{hours} 小时里没有另一位审核人确认，它自动失效，原来的版本接着念",
            "没有人确认，您不能再发一次",
        ],
        hindrance="",
        script=revision.script,
        label="紧急发布，马上就念",
        sent={"revision": revision.id},
    )


@bp.post("/<string:number>/emergency/confirm")
@needs(Permission.KNOWLEDGE_ARTICLE_APPROVE)
def confirm_emergency(number: str) -> ResponseReturnValue:
    """A second person's word: the text stays."""
    person, article = current_person(), _article(number)
    who = db.session.get_one(Person, person.id)
    reviewing.confirm_emergency(article, by=who, words=request.form.get("words", "")[:500], now=utc_now())
    flash("已确认，这一版一直用下去")
    return redirect(_url(number), 303)


@bp.post("/<string:number>/call-off")
@needs(Permission.KNOWLEDGE_ARTICLE_APPROVE)
def call_off(number: str) -> ResponseReturnValue:
    """Call off a date on which another text would take over."""
    article, line = _article(number), request.form.get("line", 0, type=int)
    reason = request.form.get("why", "").strip()[:200] or "取消定时"
    ledger.call_off(article, line, by=current_person().actor, reason=reason, now=utc_now())
    flash("已取消定时，那一天不换")
    return redirect(_url(number), 303)


@bp.route("/<string:number>/restore", methods=["GET", "POST"])
@needs(Permission.KNOWLEDGE_ARTICLE_WRITE)
def restore(number: str) -> ResponseReturnValue:
    """Bring an old text back as a new revision, laid before a reviewer."""
    form, now, person = ReasonForm(), utc_now(), current_person()
    sent = form.validate_on_submit()
    article = _article(number)
    revision = _revision(article)
    if sent:
        who = db.session.get_one(Person, person.id)
        row = restoring.restore(article, revision, why=form.why.data or "", by=who, now=now)
        flash(f"第 {revision.no} 版已作为新的一版送审，审过才念")
        return redirect(url_for("knowledge.review", request_id=row.id), 303)
    live = reading.before([article.id], now).get(article.id)
    return page(
        "knowledge/act.html",
        form=form,
        article=_shown(article, revision),
        act=f"恢复第 {revision.no} 版",
        consequences=["照旧版写成新的一版，历史一字不动", "送审，另一位审核人通过才念"],
        hindrance="" if live is None or live.id != revision.id else "这一版现在就在用，不用恢复",
        script=revision.script,
        label="恢复，送审",
        sent={"revision": revision.id},
        one=compared(live, revision, view="side") if live and live.id != revision.id else None,
        heads=(f"现行 · 第 {live.no} 版" if live else "", f"要恢复 · 第 {revision.no} 版"),
    )


def _article(number: str) -> Article:
    return reading.article_with_ledger(number) or abort(404)


def _revision(article: Article) -> Revision:
    """The revision that is named; texts that were never published only for those who may see them."""
    named = request.values.get("revision", 0, type=int)
    found = next((row for row in reading.revisions_of(article.id) if row.id == named), None) or abort(404)
    person = current_person()
    published = {line.revision_id for line in article.publications}
    if found.id not in published and found.author_id != person.id and not sees_every_draft(person):
        abort(404)
    return found


def _shown(article: Article, revision: Revision | None) -> dict[str, str]:
    return {
        "number": article.number,
        "title": revision.title if revision else article.number,
        "url": _url(article.number),
    }


def _url(number: str) -> str:
    return url_for("knowledge.show", number=number)
