"""Acts on the tree of categories, and what guests see of it."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.audit.services import SYSTEM
from portal.categories import queries, services
from portal.categories.models import Category
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from tests.support.visitor import Visitor

D = date.fromisoformat
TODAY = D("2026-11-23")
WHY = "市12345〔2026〕31号"

Act = Callable[..., None]


def at(day: str) -> None:
    set_clock(datetime.fromisoformat(f"{day}T00:00:05+08:00"))


def opened(code: str) -> int:
    return db.session.scalar(select(Category.version).where(Category.code == code)) or 0


def do(app: Flask, verb: Callable[..., None], code: str, /, **values: object) -> None:
    with app.app_context():
        if verb not in (services.add_child, services.add_alias, services.end_alias):
            values.setdefault("opened_version", opened(code))
            db.session.rollback()
        with transaction():
            verb(code, **values, by=SYSTEM, now=utc_now())


def rename(app: Flask, code: str, name: str, on: str) -> None:
    do(app, services.rename_category, code, name=name, from_on=D(on), why=WHY)


def merge(app: Flask, code: str, into: str, on: str = "2026-11-23") -> None:
    do(app, services.merge_category, code, into_code=into, on=D(on), why=WHY)


def retire(app: Flask, code: str, on: str = "2026-11-23") -> None:
    do(app, services.retire_category, code, on=D(on), why=WHY)


def add(app: Flask, code: str, name: str, on: str = "2026-11-23") -> None:
    values = {"code": code, "name": name, "from_on": D(on), "units": [1], "why": WHY}
    do(app, services.add_child, code[:2], **values)


def alias(app: Flask, code: str, outside: str, start: str | None = None, end: str | None = None) -> None:
    days = {"from_on": D(start) if start else None, "to_on": D(end) if end else None}
    do(app, services.add_alias, code, system="市级派单系统", outside=outside, **days)


def refused(act: Act, *args: object) -> str:
    with pytest.raises(DomainError) as caught:
        act(*args)
    return str(caught.value)


def name(app: Flask, code: str) -> str:
    with app.app_context():
        return queries.codes()[code].name


def means(app: Flask, outside: str, day: str) -> str | None:
    with app.app_context():
        found = queries.category_by_alias("市级派单系统", outside, D(day))
        return found.code if found else None


def audit(app: Flask) -> list[AuditRow]:
    with app.app_context():
        rows = select(AuditRow).where(AuditRow.action.startswith("categories:")).order_by(AuditRow.seq)
        return list(db.session.scalars(rows))[1:]  # the first is the load


def guest(app: Flask, login: str = "demo.sun") -> Visitor:
    return Visitor(app, app.test_client()).sign_in(login)


def text(page: BeautifulSoup) -> str:
    main = page.select_one("main")
    assert main is not None
    return main.get_text(" ", strip=True)


def sent(page: BeautifulSoup) -> dict[str, str]:
    return {str(box["name"]): str(box.get("value", "")) for box in page.select("main form input[name]")}


def take_back(app: Flask, code: str, what: str) -> None:
    do(app, services.take_back_category, code, what=what)
