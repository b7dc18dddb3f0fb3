"""Three odd states reach nothing but what they owe: disabled, second factor pending, password expired."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import IntegerConverter, Rule

from portal.accounts.models import Person
from portal.accounts.services.people import set_active
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction

from .conftest import Office


def _disabled(office: Office) -> FlaskClient:
    client = office.sign_in("feng")
    with office.app.app_context(), transaction():
        person = db.session.query(Person).filter_by(login="feng").one()
        set_active(person, active=False, reason="离岗", by=Actor(None, "另一位"), now=utc_now())
    return client


def _second_factor_pending(office: Office) -> FlaskClient:
    office.sign_in("feng")
    client = office.browser()
    office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    return client


def _password_expired(office: Office) -> FlaskClient:
    office.sign_in("feng")
    office.pass_time(days=91)
    client = office.browser()
    office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    office.post(client, "/account/code", code=office.code("feng"))
    return client


def _guarded(app: Flask) -> Iterator[tuple[str, str]]:
    """Every method and path whose view asks for a permission."""
    adapter = app.url_map.bind("localhost", url_scheme="https")
    for rule in app.url_map.iter_rules():
        if "needs" not in app.view_functions[rule.endpoint].__dict__:
            continue
        path = adapter.build(rule.endpoint, _values(rule), method=next(iter(rule.methods or {"GET"})))
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            yield method, path


def _values(rule: Rule) -> dict[str, object]:
    return {name: 1 if isinstance(converter, IntegerConverter) else "x" for name, converter in rule._converters.items()}


@pytest.mark.parametrize("arrive", [_disabled, _second_factor_pending, _password_expired])
def test_an_odd_state_reaches_no_guarded_route(office: Office, arrive: object) -> None:
    client = arrive(office)  # type: ignore[operator]
    tried = 0
    page = office.get(client, "/account/sign-in")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    for method, path in _guarded(office.app):
        data = {"csrf_token": token} if method != "GET" else None
        headers = {"Referer": "https://localhost/"}
        answer = client.open(path, method=method, base_url="https://localhost", data=data, headers=headers)
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
        tried += 1
    assert tried > 25
