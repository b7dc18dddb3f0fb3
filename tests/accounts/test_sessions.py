"""A session lives in the database: what ends there is over in every browser at once."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts.models import Person, PersonRole, UserSession
from portal.accounts.queries import person_by_name
from portal.accounts.rules.roles import Role
from portal.accounts.rules.sessions import ABSOLUTE, IDLE, secret_hash, why_ended
from portal.accounts.services import end_session
from portal.audit.models import AuditRow
from portal.audit.services import SYSTEM
from portal.core.clock import set_clock, utc_now
from portal.core.database import db
from portal.core.write import transaction
from tests.support.databases import START
from tests.support.visitor import Visitor, csrf

Change = Callable[[UserSession, Person], None]


def _arrive(app: Flask, login: str = "demo.zhao") -> FlaskClient:
    return Visitor(app, app.test_client()).sign_in(login).client


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return found.value


def _replay(app: Flask, value: str, **headers: str) -> int:
    thief = app.test_client()
    thief.set_cookie("session", value)
    return thief.get("/units/", headers=headers).status_code


def _sign_out(client: FlaskClient) -> int:
    return client.post("/account/sign-out", data={"csrf_token": csrf(client.get("/"))}).status_code


def test_a_cookie_replayed_after_signing_out_is_worth_nothing(any_app: Flask) -> None:
    client = _arrive(any_app)
    copied = _cookie(client)
    assert _replay(any_app, copied) == 200
    assert _sign_out(client) == 303
    assert client.get("/units/").status_code == 401
    for _ in range(3):
        assert _replay(any_app, copied) == 401
    assert _replay(any_app, copied, **{"User-Agent": "another"}) == 401


def test_signing_out_in_one_browser_leaves_the_other_signed_in(app: Flask) -> None:
    here, there = _arrive(app), _arrive(app)
    assert _cookie(here) != _cookie(there)
    assert _sign_out(here) == 303
    assert here.get("/units/").status_code == 401
    assert there.get("/units/").status_code == 200


def test_signing_out_needs_a_form_and_its_token(app: Flask) -> None:
    client = _arrive(app)
    assert client.get("/account/sign-out").status_code == 405
    assert client.post("/account/sign-out").status_code == 400
    assert client.get("/units/").status_code == 200


def _end(session: UserSession, person: Person) -> None:
    end_session(session.id, why="安全管理员结束", by=SYSTEM, now=utc_now())


def _disable(session: UserSession, person: Person) -> None:
    person.active = False


def _make_a_service(session: UserSession, person: Person) -> None:
    person.kind = "service"


def _forget(session: UserSession, person: Person) -> None:
    db.session.delete(session)


def _take_the_secret(session: UserSession, person: Person) -> None:
    session.secret_hash = secret_hash(secrets.token_urlsafe(32))


@pytest.mark.parametrize("change", [_end, _disable, _make_a_service, _forget, _take_the_secret])
def test_what_is_ended_in_the_database_is_over_at_once(any_app: Flask, change: Change) -> None:
    client = _arrive(any_app)
    copied = _cookie(client)
    assert client.get("/units/").status_code == 200
    with any_app.app_context(), transaction():
        session = db.session.scalars(select(UserSession)).one()
        change(session, db.session.get_one(Person, session.person_id))
    assert client.get("/units/").status_code == 401
    assert _replay(any_app, copied) == 401


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(app: Flask) -> None:
    client = _arrive(app)
    assert client.get("/units/1/edit").status_code == 200
    with app.app_context(), transaction():
        person = person_by_name("demo.zhao")
        assert person is not None
        held = db.session.scalars(select(PersonRole).where(PersonRole.person_id == person.id)).one()
        held.role = Role.AGENT
    assert client.get("/units/1/edit").status_code == 403
    assert client.get("/units/1").status_code == 200


def test_thirty_minutes_of_silence_end_it(app: Flask) -> None:
    client = _arrive(app)
    set_clock(START + timedelta(minutes=29, seconds=30))
    assert client.get("/units/").status_code == 200
    set_clock(START + timedelta(minutes=59))
    assert client.get("/units/").status_code == 200
    set_clock(START + timedelta(minutes=89, seconds=30))
    assert client.get("/units/").status_code == 401
    set_clock(START + timedelta(minutes=60))
    assert client.get("/units/").status_code == 200, "the moment decides, not the refusal"


def test_twelve_hours_end_it_however_busy(app: Flask) -> None:
    client = _arrive(app)
    for minutes in range(28, 12 * 60, 28):
        set_clock(START + timedelta(minutes=minutes))
        assert client.get("/units/1").status_code == 200
    set_clock(START + timedelta(hours=12, seconds=1))
    assert client.get("/units/1").status_code == 401


NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("started", "seen", "ended", "active", "why"),
    [
        (NOW, NOW, None, True, None),
        (NOW - IDLE, NOW - IDLE + SECOND, None, True, None),
        (NOW - IDLE, NOW - IDLE, None, True, "idle"),
        (NOW - ABSOLUTE + SECOND, NOW, None, True, None),
        (NOW - ABSOLUTE, NOW, None, True, "absolute"),
        (NOW, NOW, NOW, True, "ended"),
        (NOW, NOW, None, False, "disabled"),
        (NOW - ABSOLUTE, NOW - IDLE, NOW, False, "ended"),
    ],
)
def test_when_a_session_holds(
    started: datetime, seen: datetime, ended: datetime | None, active: bool, why: str | None
) -> None:
    assert why_ended(started_at=started, seen_at=seen, ended_at=ended, active=active, now=NOW) == why


def test_last_seen_is_written_once_a_minute_and_is_no_act(any_app: Flask) -> None:
    client = _arrive(any_app)
    acts = _acts(any_app)
    seen = [_seen(any_app)]
    for seconds in (10, 50, 90, 100, 145, 155):
        set_clock(START + timedelta(seconds=seconds))
        assert client.get("/units/1").status_code == 200
        seen.append(_seen(any_app))
    assert [later != before for before, later in pairwise(seen)] == [False, False, True, False, False, True]
    assert _acts(any_app) == acts


def _seen(app: Flask) -> datetime:
    with app.app_context():
        return db.session.scalars(select(UserSession.seen_at)).one()


def _acts(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AuditRow)) or 0


def test_the_database_holds_no_secret_that_opens_a_session(app: Flask) -> None:
    client = _arrive(app)
    with client.session_transaction() as held:
        secret = held["_user_id"]
    assert len(secret) >= 43
    with app.app_context():
        rows = db.session.scalars(select(UserSession)).all()
        assert [row.secret_hash for row in rows] == [secret_hash(secret)]
        kept = " ".join(str(vars(row)) for row in rows)
        acts = " ".join(f"{row.session} {row.detail} {row.object_ref}" for row in db.session.scalars(select(AuditRow)))
    assert secret not in kept
    assert secret not in acts


def test_signing_in_gives_a_new_session_whatever_the_browser_brought(app: Flask) -> None:
    victim = app.test_client()
    victim.get("/account/sign-in")
    planted = _cookie(victim)
    Visitor(app, victim).sign_in("demo.li")
    assert _replay(app, planted) == 401
    first = _cookie(victim)
    with victim.session_transaction() as held:
        before = held["_user_id"]
    Visitor(app, app.test_client()).sign_in("demo.li")
    again = app.test_client()
    Visitor(app, again).sign_in("demo.li")
    with again.session_transaction() as held:
        assert held["_user_id"] != before
    assert _cookie(again) != first


def test_a_forged_cookie_is_nobodys(app: Flask) -> None:
    value = _cookie(_arrive(app))
    payload, rest = value.split(".", 1)
    forgeries = [
        "",
        value[:-1],
        value[::-1],
        value.replace(".", ".."),
        f"eyJfdXNlcl9pZCI6IjEifQ.{rest}",
        payload,
        "x" * 4000,
    ]
    for forged in [*forgeries, "中文", f"{payload}.", ".."]:
        stranger = app.test_client()
        assert stranger.get("/units/", headers={"Cookie": f"session={forged}"}).status_code == 401, forged


def test_no_name_or_number_stands_for_a_session(app: Flask) -> None:
    client = app.test_client()
    for user in ("1", "demo.zhao", "", "0", "None", secret_hash("x"), "' OR 1=1 --"):
        with client.session_transaction() as held:
            held["_user_id"] = user
            held["_fresh"] = True
        assert client.get("/units/").status_code == 401, user


def test_the_hash_in_the_database_opens_nothing(app: Flask) -> None:
    _arrive(app)
    with app.app_context():
        known = db.session.scalars(select(UserSession.secret_hash)).one()
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"] = known
    assert client.get("/units/").status_code == 401


def test_nothing_is_remembered_beyond_the_session(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/account/sign-in")
    person = BeautifulSoup(page.text, "html.parser").select_one('input[name="person"]')
    assert person is not None
    data = {"csrf_token": csrf(page), "person": str(person["value"]), "remember": "1"}
    answer = client.post("/account/demo-sign-in", data=data)
    cookies = answer.headers.get_all("Set-Cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["session"]
    assert not any(flag in cookies[0] for flag in ("Expires", "Max-Age"))


def test_nobody_signs_in_as_somebody_who_is_not_there(any_app: Flask) -> None:
    client = any_app.test_client()
    for person in ("0", "-1", "999999", "99999999999999999999999", "x", "", "1 OR 1=1", "None"):
        data = {"csrf_token": csrf(client.get("/account/sign-in")), "person": person}
        assert client.post("/account/demo-sign-in", data=data).status_code in {400, 422}, person
        assert client.get("/units/").status_code == 401


def test_only_demo_people_who_are_active_sign_in_with_one_click(app: Flask) -> None:
    with app.app_context(), transaction():
        service = Person(login="service:x", name="服务", kind="service", created_at=utc_now())
        real = Person(login="real", name="真人", created_at=utc_now())
        gone = Person(login="demo.gone", name="离开的人", demo=True, active=False, created_at=utc_now())
        db.session.add_all([service, real, gone])
        db.session.flush()
        ids = [person.id for person in (service, real, gone)]
    client = app.test_client()
    for number in ids:
        data = {"csrf_token": csrf(client.get("/account/sign-in")), "person": number}
        assert client.post("/account/demo-sign-in", data=data).status_code == 422
    assert client.get("/units/").status_code == 401
