"""Measure the life of articles: a corpus of many articles with several revisions each, on both databases.

The corpus is laid by a loader that writes rows as the services would leave them, without their checks: it is made to be
measured, never to be answered from. Everything that is measured goes through the portal itself.
"""

import io
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, insert, select

from portal import create_app
from portal.accounts.queries import person_by_name
from portal.audit.services import Actor
from portal.categories.models import Category
from portal.config import Env, Settings
from portal.core import files
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.inbox.runner import Runner
from portal.knowledge.models import Article, Basis, Publication, Review, Revision
from portal.knowledge.rules.sheets import COLUMNS
from portal.knowledge.services import staging, taking_in
from tests.drills.server import flask
from tests.support.databases import Templates, let_go
from tests.support.visitor import Visitor

from .portals import ENGINES, load

FULL, QUICK, REVISIONS = 40_000, 2_000, 5
PAGES, ROWS = 300, 1_000
AIMS = {"page": 100.0, "difference": 300.0, "import": 30.0}
UNIT = "市市场监管局"
DAY = date(2024, 7, 1)


def measure(folder: Path, *, articles: int = FULL, revisions: int = REVISIONS) -> dict[str, Any]:
    """Every figure of both databases."""
    found: dict[str, Any] = {"articles": articles, "revisions each": revisions, "load before": load()}
    templates = Templates(folder / "templates")
    for engine in ENGINES:
        url = ""
        if engine == "postgres":
            templates.root.mkdir(parents=True, exist_ok=True)
            templates.run("CREATE DATABASE articles")
            url = templates.url("articles")
        place = folder / engine
        done = flask(place, "setup", url=url)
        assert done.returncode == 0, done.stderr
        app = create_app(Settings(env=Env.DEMO, data_dir=place, database_url=url))
        found[engine] = _measured(app, articles, revisions)
        let_go(app)
        print(engine, json.dumps(found[engine], ensure_ascii=False, indent=1))
    found["load after"] = load()
    return found


def _measured(app: Flask, articles: int, revisions: int) -> dict[str, Any]:
    began = time.monotonic()
    with app.app_context():
        numbers = _lay(articles, revisions)
    figures: dict[str, Any] = {"laid in s": round(time.monotonic() - began, 1)}
    reader = Visitor(app, app.test_client()).sign_in("demo.li")
    editor = Visitor(app, app.test_client()).sign_in("demo.zhou")
    chosen = random.Random(7).sample(numbers, min(PAGES, len(numbers)))
    figures["article page"] = _timed(chosen, lambda number: _page(reader, f"/knowledge/{number}"), AIMS["page"])
    pairs = [(number, *_pair(app, number)) for number in chosen[:100]]
    figures["difference"] = _timed(
        pairs,
        lambda each: _page(editor, f"/knowledge/{each[0]}/difference?a={each[1]}&b={each[2]}"),
        AIMS["difference"],
    )
    figures["import"] = _import(app, ROWS)
    return figures


def _page(guest: Visitor, path: str) -> None:
    with guest.client.get(path) as answer:
        assert answer.status_code == 200, f"{path}: {answer.status_code}"


def _timed(things: list[Any], do: Callable[[Any], None], aim: float) -> dict[str, Any]:
    for each in things[:5]:
        do(each)
    times = []
    for each in things:
        began = time.perf_counter()
        do(each)
        times.append((time.perf_counter() - began) * 1000)
    p50, p95, most = (round(float(value), 1) for value in (*np.percentile(times, [50, 95]), max(times)))
    return {"times": len(times), "p50_ms": p50, "p95_ms": p95, "max_ms": most, "aim p95_ms": aim,
            "met": "yes" if p95 <= aim else "NO"}  # fmt: skip


def _pair(app: Flask, number: str) -> tuple[int, int]:
    with app.app_context():
        statement = select(Revision.no).join(Article, Article.id == Revision.article_id)
        found = db.session.scalars(statement.where(Article.number == number).order_by(Revision.no)).all()
        return found[0], found[-1]


# -- the import ------------------------------------------------------------------------------------------------------


def _import(app: Flask, rows: int) -> dict[str, Any]:
    """From the bytes of a sheet to the drafts laid before review: read, staged, taken in."""
    sheet = _sheet(rows)
    with app.app_context():
        zhou = person_by_name("demo.zhou")
        assert zhou is not None
        by = Actor(zhou.id, zhou.name)
        began = time.monotonic()
        kept = files.take(io.BytesIO(sheet), "知识.xlsx", area=staging.AREA, allowed=("xlsx",))
        staged = staging.read(kept, "知识.xlsx", options={}, now=utc_now())
        db.session.rollback()
        files.remove(kept.name)
        with transaction():
            batch = staging.stage(staged, by=by, now=utc_now())
            batch_id = batch.id
        seen = time.monotonic() - began
        with transaction():
            taking_in.apply(taking_in.opened(batch_id, None), by=by, now=utc_now())
        before = db.session.scalar(select(func.count()).select_from(Revision)) or 0
        db.session.rollback()
    Runner(app, lease=timedelta(seconds=60), look_every=0.05).work_off()
    took = time.monotonic() - began
    with app.app_context():
        made = (db.session.scalar(select(func.count()).select_from(Revision)) or 0) - before
    assert made == rows, f"{made} of {rows} rows went in"
    return {"rows": rows, "preview_s": round(seen, 2), "all_s": round(took, 2), "aim_s": AIMS["import"],
            "met": "yes" if took <= AIMS["import"] else "NO"}  # fmt: skip


def _sheet(rows: int) -> bytes:
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append(list(COLUMNS))
    for number in range(rows):
        content = f"第{number}件事可以办，五个工作日办结。\n\n- 材料一\n- 材料二\n\n" + "说明文字。" * 60
        page.append(["0104", f"要导入的第{number}件事怎么办", content, UNIT, "办事指南", f"第{number}件怎么办"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# -- the corpus ------------------------------------------------------------------------------------------------------


def _lay(articles: int, revisions: int) -> list[str]:
    """Articles by category, each with so many revisions of which the last one speaks; gives their numbers."""
    author, reviewer = person_by_name("demo.zhou"), person_by_name("demo.wu")
    assert author is not None
    assert reviewer is not None
    categories = list(db.session.scalars(select(Category.id).where(Category.level == 2).order_by(Category.id)))
    codes = dict(db.session.execute(select(Category.id, Category.code)).all())
    first_article = (db.session.scalar(select(func.max(Article.id))) or 0) + 1
    first_revision = (db.session.scalar(select(func.max(Revision.id))) or 0) + 1
    first_review = (db.session.scalar(select(func.max(Review.id))) or 0) + 1
    names = (author.id, author.name, reviewer.id, reviewer.name)
    db.session.rollback()
    numbers: list[str] = []
    for start in range(0, articles, 2_000):
        part = range(start, min(articles, start + 2_000))
        rows = list(_rows(part, revisions, first_article, first_revision, first_review, categories, codes, names))
        with transaction():
            for table in (Article, Revision, Basis, Review, Publication):
                db.session.execute(insert(table), [row for kind, row in rows if kind is table])
        numbers += [str(row["number"]) for kind, row in rows if kind is Article]
    if db.engine.dialect.name == "postgresql":
        _set_counters()
    return numbers


def _rows(
    part: range,
    revisions: int,
    first_article: int,
    first_revision: int,
    first_review: int,
    categories: list[int],
    codes: dict[int, str],
    names: tuple[int, str, int, str],
) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    author_id, author, reviewer_id, reviewer = names
    now = utc_now() - timedelta(days=30)
    for at in part:
        article_id, category_id = first_article + at, categories[at % len(categories)]
        number = f"KB-{codes[category_id]}-{500 + at // len(categories):03}"
        yield Article, {"id": article_id, "number": number, "slug": None, "category_id": category_id,
                        "created_at": now, "sensitivity": "公开", "version": 1}  # fmt: skip
        for no in range(1, revisions + 1):
            yield from _revision(at, no, article_id, first_revision + at * revisions + no - 1, author_id, author, now)
        last = first_revision + at * revisions + revisions - 1
        yield Review, {"id": first_review + at, "revision_id": last, "author_id": author_id,
                       "reviewer_id": reviewer_id, "reviewer_name": reviewer, "verdict": "通过", "remark": "",
                       "at": now}  # fmt: skip
        yield Publication, {"article_id": article_id, "revision_id": last, "review_id": first_review + at,
                            "from_at": now, "critical": False, "by_id": reviewer_id, "by_name": reviewer,
                            "reason": "基准", "at": now}  # fmt: skip


def _revision(
    at: int, no: int, article_id: int, revision_id: int, author_id: int, author: str, now: Any
) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    script = f"第{at}件事可以办，{no + 3}个工作日办结，带营业执照到政务服务中心。"
    body = f"## 第{at}件\n\n" + f"第{no}版的说明，材料有营业执照、申请书和委托书。" * 20
    yield Revision, {
        "id": revision_id, "article_id": article_id, "no": no, "base_id": None, "title": f"第{at}件事怎么办理",
        "script": script, "body": body, "body_html": f"<h2>第{at}件</h2><p>{body[8:]}</p>", "audience": "企业",
        "district": "全市", "unit": UNIT, "kind": "办事指南", "valid_from": DAY, "valid_to": None, "checked": "2026-07",
        "confidence": "high", "note": "", "weight": "一般修改", "why": "基准", "sha256": f"{revision_id:064x}",
        "author_id": author_id, "author_name": author, "created_at": now,
    }  # fmt: skip
    for position in (1, 2):
        yield Basis, {
            "revision_id": revision_id, "position": position, "text": f"第{at}件依据的原话之{position}。",
            "source": f"示例条例第{(at + position) % 400}号", "article": f"第{position}条", "in_force_from": DAY,
            "in_force_to": None, "checked": "text-2026-07", "note": "",
        }  # fmt: skip


def _set_counters() -> None:
    """PostgreSQL numbers go on behind what was laid with numbers of its own."""
    with transaction():
        for table in ("articles", "revisions", "reviews"):
            db.session.execute(
                select(func.setval(f"{table}_id_seq", select(func.max(_table(table).id)).scalar_subquery()))
            )


def _table(name: str) -> type[Any]:
    return {"articles": Article, "revisions": Revision, "reviews": Review}[name]
