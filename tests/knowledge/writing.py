"""What an editor types, and the way through the pages of writing."""

import re
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.accounts.queries import person_by_name
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.markup import render
from portal.core.write import transaction
from portal.knowledge.models import Article, Draft, Revision
from portal.knowledge.queries.drafts import newest_revision
from portal.knowledge.rules.identity import TEXT_FIELDS
from portal.knowledge.services.publishing import add_revision
from tests.support.visitor import Visitor

from .pack import UNIT

BASIS = {
    "text": "应当自受理之日起六十日内办完。",
    "source": "示例办事条例",
    "article": "第三条",
    "in_force_from": "2024-07-01",
    "in_force_to": "",
    "checked": "text-2026-11",
    "note": "",
}
TYPED = {
    "title": "无人机怎么登记",
    "kind": "办事指南",
    "category": "0104",
    "phrases": "无人机要登记吗\n买了无人机去哪登记",
    "script": "无人机要实名登记，自受理之日起六十日内办完。",
    "body": "要实名登记。\n\n- 先准备材料\n  - 身份证明\n- 再提交",
    "audience": "企业",
    "district": "全市",
    "unit": UNIT,
    "valid_from": "2024-07-01",
    "valid_to": "",
    "confidence": "high",
    "note": "",
    "sensitivity": "公开",
    "weight": "实质修改",
    "why": "来电多",
    "wanted_on": "",
}


def typed(*rows: dict[str, str], **changed: str) -> dict[str, Any]:
    """The form as it is sent: everything right but for what is changed."""
    found = {**TYPED, **changed}
    for at, row in enumerate(rows or (BASIS,)):
        found |= {f"basis-{at}-{name}": value for name, value in {**BASIS, **row}.items()}
    return found


def begin(editor: Visitor, number: str = "", **asked: str) -> int:
    """Begin a new article, or a change of one; gives the number of the draft."""
    path = f"/knowledge/{number}/edit" if number else "/knowledge/new"
    data = asked if number else {"kind": "办事指南", **asked}
    address = editor.post(path, data=data).location
    found = re.search(r"/knowledge/drafts/(\d+)$", address)
    assert found, address
    return int(found[1])


def version_of(app: Flask, draft_id: int) -> int:
    with app.app_context():
        return db.session.get_one(Draft, draft_id).version


def press(editor: Visitor, draft_id: int, act: str, *, status: int = 303, **data: Any) -> TestResponse:
    """Press a button of the form as it stands."""
    sent = {"opened_version": version_of(editor.app, draft_id), "act": act, **data}
    return editor.post(f"/knowledge/drafts/{draft_id}", data=sent, status=status)


def somebody_else_adds(app: Flask, number: str, sentence: str) -> None:
    """Another person adds a revision to an article that says one thing more."""
    with app.app_context():
        article = db.session.scalars(select(Article).where(Article.number == number)).one()
        newest = newest_revision(article.id)
        assert newest is not None
        body = f"{newest.body}\n\n{sentence}"
        html = render(body)
        content = {**{name: getattr(newest, name) for name in TEXT_FIELDS}, "body": body}
        names = ("text", "source", "article", "in_force_from", "in_force_to", "checked", "note")
        rows = [{name: getattr(row, name) for name in names} for row in newest.basis]
        with transaction():
            author = person_by_name("demo.wu")
            assert author is not None
            add_revision(
                db.session.get_one(Article, article.id),
                content=content,
                body_html=html,
                basis=rows,
                author=author,
                why="补一句",
                weight="一般修改",
                now=utc_now(),
            )


def counts(app: Flask) -> dict[str, int]:
    """How many drafts, articles and revisions there are."""
    with app.app_context():
        return {
            table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Draft, Article, Revision)
        }
