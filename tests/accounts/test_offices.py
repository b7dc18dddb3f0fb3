"""The database itself keeps the offices apart: what why_not_together refuses, no statement can write."""

import threading
from contextlib import suppress
from itertools import combinations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from portal.accounts.models import Person, PersonRole
from portal.accounts.offices import held_together, keep_offices_apart, let_offices_meet
from portal.accounts.rules.roles import Role, why_not_together
from portal.accounts.services.people import set_roles
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import ConflictError, SetupError
from portal.core.migrations import current_revision, downgrade, upgrade
from portal.core.write import transaction

WORDS = "an office and the client stand alone"
BY = Actor(None, "安全管理员")


def _person(app: Flask, roles: str = "", login: str = "zhang") -> int:
    with app.app_context(), transaction():
        person = Person(login=login, name="张", created_at=utc_now())
        db.session.add(person)
        db.session.flush()
        for role in roles:
            db.session.execute(insert(PersonRole), _row(person.id, role))
        return person.id


def _row(person_id: int, role: str) -> dict[str, object]:
    return {"person_id": person_id, "role": role, "granted_at": utc_now(), "granted_by": "数据库工具"}


def _held(person_id: int) -> str:
    with db.engine.begin() as connection:
        rows = connection.execute(select(PersonRole.role).where(PersonRole.person_id == person_id))
        return "".join(sorted(rows.scalars()))


def _try(statement: Any, values: Any = None) -> bool:
    """Whether a connection that knows nothing of the portal may do it."""
    said = ""
    with suppress(DBAPIError), db.engine.begin() as connection:
        try:
            connection.execute(statement, values)
        except DBAPIError as error:
            said = str(error)
            raise
    assert not said or WORDS in said, said
    return not said


def test_every_pair_of_roles_is_refused_by_the_database_where_the_rule_refuses_it(any_app: Flask) -> None:
    person_id = _person(any_app)
    with any_app.app_context():
        for first, second in combinations(Role, 2):
            allowed = why_not_together(frozenset({first, second})) is None
            for one, other in ((first, second), (second, first)):
                assert _try(insert(PersonRole), _row(person_id, one))
                assert _try(insert(PersonRole), _row(person_id, other)) == allowed, (one, other)
                assert _held(person_id) == "".join(sorted(one + other if allowed else one))
                assert _try(delete(PersonRole).where(PersonRole.person_id == person_id))


def test_two_offices_in_one_statement_are_refused(any_app: Flask) -> None:
    person_id = _person(any_app)
    with any_app.app_context():
        for roles in ("XQ", "UA", "CS", "AEC"):
            assert not _try(insert(PersonRole), [_row(person_id, role) for role in roles])
            assert _held(person_id) == ""
        assert _try(insert(PersonRole), [_row(person_id, role) for role in "ADERTVS"])


def test_no_role_becomes_an_office_and_none_is_moved_to_another_person(any_app: Flask) -> None:
    person_id, other = _person(any_app, "AE"), _person(any_app, "X", login="feng")
    with any_app.app_context():
        agent = PersonRole.person_id == person_id, PersonRole.role == "A"
        for role in "XQUC":
            assert not _try(update(PersonRole).where(*agent).values(role=role))
        assert not _try(update(PersonRole).where(PersonRole.person_id == other).values(person_id=person_id))
        assert not _try(update(PersonRole).where(*agent).values(person_id=other))
        assert _try(update(PersonRole).where(*agent).values(role="S"))
        assert _try(update(PersonRole).where(PersonRole.person_id == other).values(role="Q"))
        assert (_held(person_id), _held(other)) == ("ES", "Q")


def test_the_portal_exchanges_a_role_for_an_office_in_one_act(any_app: Flask) -> None:
    person_id = _person(any_app, "ADS")
    with any_app.app_context():
        for roles in ("X", "AE", "C", "U", ""):
            with transaction():
                person = db.session.get_one(Person, person_id)
                set_roles(person, frozenset(map(Role, roles)), opened_version=person.version, by=BY, now=utc_now())
            assert _held(person_id) == roles


@pytest.mark.parametrize("pair", [("X", "Q"), ("U", "A")])
def test_of_two_grants_at_the_same_time_one_is_told_of_the_other(any_app: Flask, pair: tuple[str, str]) -> None:
    person_id = _person(any_app)
    ready, outcomes = threading.Barrier(2), []

    def grant(role: str) -> None:
        with any_app.app_context():
            person = db.session.get_one(Person, person_id)
            opened = person.version
            db.session.rollback()
            ready.wait()
            try:
                with transaction():
                    person = db.session.get_one(Person, person_id)
                    set_roles(person, frozenset({Role(role)}), opened_version=opened, by=BY, now=utc_now())
                outcomes.append("granted")
            except ConflictError:
                outcomes.append("conflict")

    threads = [threading.Thread(target=grant, args=(role,)) for role in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "granted"]
    with any_app.app_context():
        assert _held(person_id) in pair


def test_two_tools_that_grant_at_the_same_time_do_not_both_get_through(any_app: Flask) -> None:
    person_id = _person(any_app)
    ready, outcomes = threading.Barrier(2), []

    def grant(role: str) -> None:
        with any_app.app_context():
            ready.wait()
            outcomes.append(_try(insert(PersonRole), _row(person_id, role)))

    for _ in range(5):
        threads = [threading.Thread(target=grant, args=(role,)) for role in "XU"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with any_app.app_context():
            assert len(_held(person_id)) == 1
            assert _try(delete(PersonRole).where(PersonRole.person_id == person_id))
    assert sorted(outcomes) == [False] * 5 + [True] * 5


def test_the_migration_names_whoever_holds_too_much_and_leaves_everything_as_it_was(any_app: Flask) -> None:
    with any_app.app_context():
        downgrade("a6_words")
    person_id = _person(any_app, "XA")
    with any_app.app_context():
        with pytest.raises(SetupError, match="请先收回多余的角色：zhang"):
            upgrade()
        assert (current_revision(), _held(person_id)) == ("a6_words", "AX")
        assert _try(delete(PersonRole).where(PersonRole.person_id == person_id, PersonRole.role == "A"))
        upgrade()
        assert not _try(insert(PersonRole), _row(person_id, "A"))


def test_who_holds_too_much_is_found_in_every_pair(any_app: Flask) -> None:
    with any_app.app_context(), db.engine.begin() as connection:
        let_offices_meet(connection)
    for number, (first, second) in enumerate(combinations(Role, 2)):
        _person(any_app, first + second, login=f"pair{number:02}")
    refused = [why_not_together(frozenset(pair)) is not None for pair in combinations(Role, 2)]
    with any_app.app_context(), db.engine.begin() as connection:
        assert held_together(connection) == [f"pair{number:02}" for number, wrong in enumerate(refused) if wrong]
        keep_offices_apart(connection)
