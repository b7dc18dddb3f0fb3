"""A portal in production mode, with the three administrators and nobody else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import create_app
from portal.accounts.models import Person
from portal.accounts.rules.roles import Role
from portal.accounts.services.people import first_administrators
from portal.admin.services import set_up
from portal.config import Env, Settings
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.encryption import unseal
from portal.core.write import transaction
from tests.support.databases import START, Templates, let_go
from tests.support.visitor import check_page, csrf

GOOD = "Chunfeng-8642-huayu"


@dataclass
class Office:
    """The portal in production, and what its people know."""

    app: Flask
    passwords: dict[str, str] = field(default_factory=dict)

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def post(self, client: FlaskClient, path: str, **data: Any) -> TestResponse:
        """Send a form over TLS, with a token from the sign-in page or the page at hand."""
        page = client.get(data.pop("token_from", "/account/sign-in"), base_url="https://localhost")
        if page.status_code == 302:
            page = client.get("/account/mine", base_url="https://localhost")
        data = {"csrf_token": csrf(page), **data}
        return client.post(path, data=data, base_url="https://localhost", headers={"Referer": "https://localhost/"})

    def get(self, client: FlaskClient, path: str) -> TestResponse:
        return client.get(path, base_url="https://localhost")

    def sign_in(self, login: str, password: str | None = None, client: FlaskClient | None = None) -> FlaskClient:
        """All steps: password, a new one when it is due, second factor set up or given."""
        client = client or self.browser()
        done = self.post(client, "/account/sign-in", login=login, password=password or self.passwords[login], next="/")
        assert done.status_code == 303, done.text
        page = self.get(client, "/account/mine")
        if "换一个密码" in page.text:
            self.passwords[login] = GOOD + login
            fields = {"password": self.passwords[login], "again": self.passwords[login], "next": "/"}
            assert self.post(client, "/account/first-password", **fields).status_code == 303
            page = self.get(client, "/account/mine")
        if "绑定验证器" in page.text:
            self.post(client, "/account/enrol", next="/")
            done = self.post(client, "/account/enrol", code=self.code(login), next="/")
            assert "备用码" in done.text
        elif "验证码" in page.text:
            self.pass_time(seconds=31)
            assert self.post(client, "/account/code", code=self.code(login), next="/").status_code == 303
        assert self.get(client, "/account/mine").status_code == 200
        return client

    def code(self, login: str) -> str:
        """What the phone shows now."""
        with self.app.app_context():
            person = db.session.query(Person).filter_by(login=login).one()
            secret = unseal(person.totp_sealed, context=f"totp:{person.id}")
        return pyotp.TOTP(secret).at(int(utc_now().timestamp()))

    def pass_time(self, **span: float) -> None:
        set_clock(utc_now() + timedelta(**span))

    def person_id(self, login: str) -> int:
        with self.app.app_context():
            return db.session.query(Person).filter_by(login=login).one().id


def looked_over(response: TestResponse) -> TestResponse:
    check_page(response)
    return response


def _office(app: Flask, moment: datetime = START) -> Office:
    set_clock(moment)
    office = Office(app)
    with app.app_context():
        set_up(demo=False, now=moment)
        with transaction():
            names = {Role.SYSTEM: "feng", Role.SECURITY: "chen", Role.AUDITOR: "zheng"}
            made = first_administrators(names, now=moment)
    office.passwords = {login: password for login, _, password in made}
    return office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    app = create_app(Settings(env=Env.PRODUCTION, data_dir=tmp_path / "data"))
    yield _office(app)
    let_go(app)
    set_clock(None)


@pytest.fixture
def postgres_office(templates: Templates, tmp_path: Path) -> Iterator[Office]:
    templates.run("CREATE DATABASE office")
    app = create_app(Settings(env=Env.PRODUCTION, data_dir=tmp_path / "data", database_url=templates.url("office")))
    yield _office(app)
    let_go(app)
    templates.run("DROP DATABASE office WITH (FORCE)")
    set_clock(None)
