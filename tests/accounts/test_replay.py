"""A copied cookie is worth nothing once its session is over: the eight scenarios of trust.md §2, class 15."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.accounts.models import Person
from portal.accounts.rules.roles import Role
from portal.accounts.services.people import end_sessions, reset_password, reset_second_factor, set_active, set_roles
from portal.accounts.services.signing_in import hash_password
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction

from .conftest import Office

ADMIN = Actor(None, "另一位管理员")


def _signs_out(office: Office, client: FlaskClient) -> None:
    office.post(client, "/account/sign-out", token_from="/account/mine")


def _changes_password(office: Office, client: FlaskClient) -> None:
    fields = {"old": office.passwords["feng"], "password": "Qiuyue-7531-lushui", "again": "Qiuyue-7531-lushui"}
    other = office.sign_in("feng")
    assert office.post(other, "/account/mine/password", **fields).status_code == 303


def _with_person(office: Office, verb: Callable[[Person], None]) -> None:
    with office.app.app_context(), transaction():
        verb(db.session.query(Person).filter_by(login="feng").one())


def _is_disabled(office: Office, client: FlaskClient) -> None:
    _with_person(office, lambda p: set_active(p, active=False, reason="离岗", by=ADMIN, now=utc_now()))


def _loses_the_role(office: Office, client: FlaskClient) -> None:
    new = frozenset({Role.AGENT})
    _with_person(office, lambda p: set_roles(p, new, opened_version=p.version, by=ADMIN, now=utc_now()))


def _is_reset(office: Office, client: FlaskClient) -> None:
    hashed = hash_password("Dongtian-1357-xue")
    _with_person(office, lambda p: reset_password(p, password_hash=hashed, by=ADMIN, now=utc_now()))


def _loses_the_phone(office: Office, client: FlaskClient) -> None:
    _with_person(office, lambda p: reset_second_factor(p, by=ADMIN, now=utc_now()))


def _is_ended_by_security(office: Office, client: FlaskClient) -> None:
    _with_person(office, lambda p: end_sessions(p, why="安全管理员结束", by=ADMIN, now=utc_now()))


def _grows_old(office: Office, client: FlaskClient) -> None:
    for _ in range(26):
        office.pass_time(minutes=28)
        office.get(client, "/account/mine")


SCENARIOS = {
    "signed out": (_signs_out, 401),
    "password changed elsewhere": (_changes_password, 401),
    "disabled": (_is_disabled, 401),
    "role taken": (_loses_the_role, 403),
    "password reset": (_is_reset, 401),
    "second factor reset": (_loses_the_phone, 401),
    "ended by the security administrator": (_is_ended_by_security, 401),
    "twelve hours old": (_grows_old, 401),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_replayed_cookie_is_refused(office: Office, name: str) -> None:
    happens, expected = SCENARIOS[name]
    client = office.sign_in("feng")
    cookie = client.get_cookie("__Host-session", domain="localhost")
    assert cookie is not None
    copy = office.browser()
    copy.set_cookie("__Host-session", cookie.value, domain="localhost", secure=True)
    assert office.get(copy, "/admin/people").status_code == 200
    happens(office, client)
    assert office.get(copy, "/admin/people").status_code == expected
    assert (
        copy.get("/admin/people", base_url="https://localhost", headers={"User-Agent": "Other"}).status_code == expected
    )
