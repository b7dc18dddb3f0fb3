"""Before an account is disabled its page lists what the person has in hand, and what becomes of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Person
from portal.accounts.queries import person_by_name
from portal.accounts.services.people import set_active
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.models import Export
from portal.inbox.rules.exports import ExportState
from portal.knowledge.models import Article, Favourite, Revision
from tests.accounts.objects.owned import own_things
from tests.knowledge.pack import take_in, write
from tests.support.visitor import Visitor

HELD = {
    "等甲方决定的导出": "1 份",
    "在生成、可下载的导出": "5 份",
    "没做完的后台任务": "3 件",
    "没领的 API 令牌": "2 个",
    "在用的 API 令牌": "1 个",
    "编辑还没看的纠错": "1 条",
    "没送审的草稿": "1 份",
    "等审核的送审": "1 件",
    "写过的知识版本": "2 个",
}


class _Owners:
    """Takes note of nothing."""

    def __init__(self, article: Article, revision: Revision) -> None:
        self.things = {
            ("article", "current"): {"article_id": article.id, "revision": revision.id, "number": article.number}
        }
        self.owned: dict[tuple[str, str, str], dict[str, object]] = {}

    def own(self, thing: str, state: str, who: str, **values: object) -> None:
        self.owned[thing, state, who] = values


@pytest.fixture
def leaving(any_app: Flask, tmp_path: Path) -> tuple[Flask, int]:
    """demo.sun, who has one of everything in hand."""
    write(tmp_path / "pack", "told", "这样念。")
    with any_app.app_context():
        take_in(tmp_path / "pack")
        with transaction():
            article = db.session.scalars(select(Article)).one()
            revision = db.session.scalars(select(Revision)).one()
            sun = person_by_name("demo.sun")
            assert isinstance(sun, Person)
            own_things(_Owners(article, revision), "孙负责", sun.id, utc_now())
            db.session.add(Favourite(person_id=sun.id, article_id=article.id, at=utc_now()))
            return any_app, sun.id


def _listed(app: Flask, person_id: int) -> dict[str, str]:
    page = Visitor(app, app.test_client()).sign_in("demo.feng").get("admin.person", person_id=person_id)
    rows = page.select(".rows.is-tight li")
    return {row.find_all("span")[0].get_text(): row.find_all("span")[1].get_text() for row in rows}


def test_everything_in_hand_is_listed_with_what_becomes_of_it(leaving: tuple[Flask, int]) -> None:
    app, person_id = leaving
    listed = _listed(app, person_id)
    assert {label: words.split("，")[0] for label, words in listed.items()} == HELD
    assert all("，" in words for words in listed.values())


def test_it_is_still_listed_when_the_account_is_disabled(leaving: tuple[Flask, int]) -> None:
    app, person_id = leaving
    with app.app_context(), transaction():
        person = db.session.get_one(Person, person_id)
        set_active(person, active=False, reason="离岗", by=Actor(None, "另一位"), now=utc_now())
    assert _listed(app, person_id).keys() == HELD.keys()


def test_what_is_over_and_what_is_only_liked_is_not_listed(leaving: tuple[Flask, int]) -> None:
    app, person_id = leaving
    with app.app_context(), transaction():
        for export in db.session.scalars(select(Export).where(Export.person_id == person_id)):
            export.state, export.expires_at = ExportState.EXPIRED, utc_now() - timedelta(days=1)
    listed = _listed(app, person_id)
    assert not any("导出" in label or "收藏" in label for label in listed)
    with app.app_context():
        other = db.session.scalars(select(Person.id).where(Person.login == "demo.wang")).one()
    assert _listed(app, other) == {}
