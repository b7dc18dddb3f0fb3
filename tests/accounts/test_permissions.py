"""Who may do what: docs/permissions.csv, the code, and what really happens at every door are one and the same."""

import csv
from collections.abc import Iterator
from itertools import chain, combinations

import pytest
from sqlalchemy import select

from portal.accounts.rules.permissions import GRANTS, Permission, permissions_of
from portal.accounts.rules.roles import LABELS, OFFICES, Role, why_not_together
from portal.audit.models import AuditRow
from portal.config import ROOT
from portal.core.database import db
from tests.support.databases import Templates

from .matrix import ROLES, House, ask, granted, held_locks, open_house

LONGEST_LOCK = 0.2


@pytest.fixture(scope="module")
def house(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(templates, tmp_path_factory.mktemp("matrix") / "data") as found:
        yield found


def test_every_route_answers_every_role_as_the_table_says(house: House) -> None:
    table = granted()
    refused = sum(bool(way.allows(guest, table)) for way in house.ways for guest in house.guests)
    with house.app.app_context():
        engine = db.engine
    with held_locks(engine) as held:
        wrong = [words for way in house.ways for words in house.wrong(way, table)]
    assert not wrong, "\n".join(wrong)
    assert refused > len(house.ways)
    assert held
    assert max(held) < LONGEST_LOCK, f"a write lock was held for {max(held):.3f} s of work"


def test_a_refusal_leaves_a_line_that_names_the_route_and_the_right(house: House) -> None:
    table = granted()
    with house.app.app_context():
        lines = {
            (row.actor_name, row.action, row.object_ref)
            for row in db.session.scalars(select(AuditRow).where(AuditRow.result == "denied"))
        }
    missing = [
        (guest.name, way.endpoint)
        for way in house.ways
        for guest in house.guests
        if way.allows(guest, table) == 403
        and not any(line[1:] == (way.permission, f"route:{way.endpoint}") for line in lines)
    ]
    assert not missing


def test_a_session_does_not_open_the_door_of_tokens(house: House) -> None:
    ways = [way for way in house.ways if way.by_token]
    assert ways
    for way in ways:
        with house.guests[0].client.get(way.path) as answer:
            assert answer.status_code in {401, 429}
            assert answer.is_json


def test_asking_for_the_head_or_the_options_tells_nobody_more(house: House) -> None:
    table = granted()
    few = [guest for guest in house.guests if guest.name in {"anonymous", "A", "U", "no role"}]
    house.watch.written()
    for way in house.ways:
        for guest in few:
            expected = way.allows(guest, table)
            if expected and way.method == "GET" and not way.by_token:
                assert {ask(guest, way, "HEAD"), ask(guest, way, "OPTIONS")} == {expected}, (way, guest.name)
    assert house.watch.written() == []


def test_there_is_somebody_for_every_role_and_a_way_for_every_route(house: House) -> None:
    assert {guest.role for guest in house.guests} == {*ROLES, ""}
    assert {way.endpoint for way in house.ways} == {rule.endpoint for rule in house.app.url_map.iter_rules()}


def test_the_table_and_the_code_say_the_same() -> None:
    code = {str(permission): {str(role) for role in holders} for permission, holders in GRANTS.items()}
    table = granted()
    assert sorted(code.keys() - table.keys()) == [], "in the code only"
    assert sorted(table.keys() - code.keys()) == [], "in docs/permissions.csv only"
    assert {name: sorted(code[name] ^ table[name]) for name in table if code[name] != table[name]} == {}
    assert set(GRANTS) == set(Permission)


def test_the_table_is_written_as_people_read_it() -> None:
    with (ROOT / "docs" / "permissions.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["permission", "means", *ROLES, "condition"]
    names = [row["permission"] for row in rows]
    assert names == sorted(names)
    assert len(names) == len(set(names))
    assert all(row["means"].strip() for row in rows)
    assert {row[role] for row in rows for role in ROLES} == {"", "y"}
    assert all(name.count(":") == 2 for name in names)
    assert [permission.value for permission in Permission] == names
    assert [permission.name for permission in Permission] == [
        name.upper().replace(":", "_").replace("-", "_") for name in names
    ]


def test_the_client_and_the_auditor_change_nothing_of_the_trade() -> None:
    """Read-only roles stay so: what they may do besides reading is written down here."""
    reads = (":read", ":log")
    auditor = {p for p in permissions_of(frozenset({Role.AUDITOR})) if not p.endswith(reads)}
    assert auditor <= {"accounts:self:use", "inbox:self:use", "admin:audit:export"}
    client = {p for p in permissions_of(frozenset({Role.CLIENT})) if not p.endswith(reads)}
    assert not {p for p in client if p.endswith((":write", ":edit", ":import", ":draft", ":submit", ":merge"))}


def test_roles_add_up_and_nobody_without_one_may_anything() -> None:
    assert permissions_of(frozenset()) == frozenset()
    for first, second in combinations(Role, 2):
        both = permissions_of(frozenset({first, second}))
        assert both == permissions_of(frozenset({first})) | permissions_of(frozenset({second}))
    assert all(permissions_of(frozenset({role})) for role in Role)


def test_no_administrator_reads_the_trade_and_nobody_of_the_trade_administers() -> None:
    offices = permissions_of(OFFICES)
    trade = permissions_of(frozenset(Role) - OFFICES)
    shared = {"accounts:self:use", "inbox:self:use", "admin:calendar:edit", "admin:calendar:read"}
    assert offices & trade <= shared
    assert not {p for p in offices if p.startswith(("knowledge:", "tickets:", "visits:", "training:", "contract:"))}


def test_two_offices_never_meet_and_the_client_stands_alone() -> None:
    every = chain.from_iterable(combinations(Role, size) for size in range(len(Role) + 1))
    for roles in map(frozenset, every):
        offices, business = roles & OFFICES, roles - OFFICES
        alone = len(roles) <= 1
        allowed = alone or (not offices and Role.CLIENT not in business)
        assert (why_not_together(roles) is None) == allowed, sorted(roles)


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ("XQ", "不能由同一人担任"),
        ("XQU", "不能由同一人担任"),
        ("UA", "不能兼任业务角色"),
        ("XC", "不能兼任业务角色"),
        ("CS", "甲方代表不能兼任"),
    ],
)
def test_the_reason_is_a_sentence(roles: str, words: str) -> None:
    assert words in (why_not_together(frozenset(map(Role, roles))) or "")


def test_every_role_has_a_name() -> None:
    assert set(LABELS) == set(Role)
    assert len(set(LABELS.values())) == 11
