"""A form changes what it is for and nothing else; two ids in one request belong together or nothing happens."""

from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Person, UserSession
from portal.core.database import db
from portal.directory.models import Unit
from tests.support.visitor import Visitor

from .conftest import Office


def _columns(app: Flask, model: type, key: int) -> dict[str, object]:
    with app.app_context():
        row = db.session.get_one(model, key)
        return {column.key: getattr(row, column.key) for column in model.__mapper__.columns}  # type: ignore[attr-defined]


def test_a_unit_form_cannot_set_the_other_columns(app: Flask) -> None:
    guest = Visitor(app, app.test_client()).sign_in("demo.zhao")
    before = _columns(app, Unit, 1)
    sent = dict.fromkeys(before, "999") | {"contact": "010-1", "note": "", "opened_version": "1", "role": "X"}
    guest.post("/units/1/edit", data=sent)
    after = _columns(app, Unit, 1)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"contact", "note", "changed_at", "changed_by", "version"}
    assert after["version"] == 2


def test_making_an_account_gives_no_role_and_no_second_wish(office: Office) -> None:
    client = office.sign_in("feng")
    office.post(
        client,
        "/admin/people/new",
        token_from="/account/mine",
        login="zhang.wei",
        name="张伟",
        roles=["X", "S"],
        role="S",
        active="0",
        must_change="",
        demo="1",
        kind="service",
    )
    with office.app.app_context():
        made = db.session.scalar(select(Person).where(Person.login == "zhang.wei"))
        assert made is not None
        assert made.role_set == frozenset()
        assert (made.active, made.must_change, made.demo, made.kind) == (True, True, False, "person")


def test_a_session_of_another_person_is_not_ended_through_this_one(office: Office) -> None:
    office.sign_in("feng")
    client = office.sign_in("chen")
    with office.app.app_context():
        held = db.session.scalar(select(UserSession.id).where(UserSession.person_id == office.person_id("feng")))
    path = f"/admin/people/{office.person_id('zheng')}/sessions/{held}/end"
    assert office.post(client, path, token_from="/account/mine").status_code == 422
    with office.app.app_context():
        assert db.session.get_one(UserSession, held).ended_at is None


def test_nobody_ends_the_session_of_somebody_else_as_their_own(app: Flask) -> None:
    Visitor(app, app.test_client()).sign_in("demo.wu")
    guest = Visitor(app, app.test_client()).sign_in("demo.li")
    with app.app_context():
        others = select(UserSession.id).join(Person).where(Person.login == "demo.wu")
        held = db.session.scalars(others).one()
    guest.post(f"/account/mine/{held}/end", data={}, status=404)
    with app.app_context():
        assert db.session.get_one(UserSession, held).ended_at is None


def test_doubled_and_mistyped_parameters_are_no_error(app: Flask) -> None:
    guest = Visitor(app, app.test_client()).sign_in("demo.li")
    for query in (
        "?page=1&page=2",
        "?page[]=1",
        "?page=-1",
        "?page=1e9",
        "?page=９",
        "?q[]=x&q=y",
        "?sort=__class__",
        "?kind=%00",
    ):
        for path in ("/knowledge/", "/units/", "/desk", "/desk/results", "/categories/0104"):
            assert guest.client.get(path + query).status_code == 200, path + query


def test_json_sent_to_a_form_changes_nothing(app: Flask) -> None:
    guest = Visitor(app, app.test_client()).sign_in("demo.zhao")
    before = _columns(app, Unit, 1)
    answer = guest.client.post("/units/1/edit", json={"contact": "010-1", "note": "", "opened_version": 1})
    assert answer.status_code in (400, 415, 422)
    assert _columns(app, Unit, 1) == before
