"""Who may do what: docs/permissions.csv, the code, and what really happens at every door are one and the same."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from portal import create_app
from portal.accounts.access import permission_for
from portal.accounts.rules.permissions import GRANTS, Permission, permissions_of
from portal.accounts.rules.roles import LABELS, OFFICES, Role, why_not_together
from portal.accounts.token_access import is_by_token
from portal.audit.models import AuditRow
from portal.config import ROOT
from portal.core.clock import set_clock
from portal.core.database import db
from tests.support.databases import Templates, let_go

from .matrix import NOBODY, ROLES, Guest, Watch, address_of, granted, guests, held_locks, seed_every_table

LONGEST_LOCK = 0.2
SIGNS_OUT = {"accounts.sign_out"}


@dataclass(frozen=True)
class _Way:
    """One way of asking one route."""

    endpoint: str
    method: str
    path: str
    permission: str | None
    by_token: bool
    is_step: bool

    def allows(self, guest: Guest, table: dict[str, set[str]]) -> int:
        """The status that refuses this guest, 0 where the door is open."""
        if self.by_token or self.is_step:
            return 401
        if self.permission is None:
            return 0
        if guest.name in NOBODY:
            return 401
        return 0 if guest.role in table[self.permission] else 403


@dataclass
class _House:
    """The portal with a row in every table and everybody at the door."""

    app: Flask
    guests: list[Guest]
    ways: list[_Way]
    watch: Watch


@pytest.fixture(scope="module")
def house(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_House]:
    folder = tmp_path_factory.mktemp("matrix") / "data"
    with templates.copy("sqlite", "full", folder) as settings:
        app = create_app(settings)
        seed_every_table(app)
        everybody = guests(app)
        ways = [way for rule in app.url_map.iter_rules() for way in _ways(app, rule)]
        watch = Watch(folder / "portal.db")
        yield _House(app, everybody, ways, watch)
        watch.connection.close()
        let_go(app)
        set_clock(None)


def _ways(app: Flask, rule: Rule) -> Iterator[_Way]:
    view = app.view_functions[rule.endpoint]
    values = address_of(app, rule.endpoint, set(rule.arguments))
    with app.test_request_context():
        path = app.url_map.bind("localhost").build(rule.endpoint, values)
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        permission = permission_for(view, method)
        yield _Way(rule.endpoint, method, path, permission, is_by_token(view), "during" in view.__dict__)


def _ask(guest: Guest, way: _Way, method: str = "") -> int:
    data = {"csrf_token": guest.token} if way.method == "POST" else None
    with guest.client.open(way.path, method=method or way.method, data=data) as answer:
        return answer.status_code


def test_every_route_answers_every_role_as_the_table_says(house: _House) -> None:
    table, wrong, refused = granted(), [], 0
    with house.app.app_context():
        engine = db.engine
    house.watch.written()
    with held_locks(engine) as held:
        for way in house.ways:
            everybody = guests(house.app) if way.endpoint in SIGNS_OUT else house.guests
            house.watch.written()
            for guest in everybody:
                expected, status = way.allows(guest, table), _ask(guest, way)
                written = house.watch.written()
                words = f"{way.method} {way.path} by {guest.name}: {status}, expected {expected or 'open'}"
                if expected:
                    refused += 1
                    if status != expected or written:
                        wrong.append(f"{words}; wrote {written}")
                elif status in {401, 403} or status >= 500:
                    wrong.append(words)
    assert not wrong, "\n".join(wrong)
    assert refused > len(house.ways)
    assert held
    assert max(held) < LONGEST_LOCK, f"a write lock was held for {max(held):.3f} s of work"


def test_a_refusal_leaves_a_line_that_names_the_route_and_the_right(house: _House) -> None:
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


def test_a_session_does_not_open_the_door_of_tokens(house: _House) -> None:
    ways = [way for way in house.ways if way.by_token]
    assert ways
    for way in ways:
        with house.guests[0].client.get(way.path) as answer:
            assert answer.status_code in {401, 429}
            assert answer.is_json


def test_asking_for_the_head_or_the_options_tells_nobody_more(house: _House) -> None:
    table = granted()
    few = [guest for guest in house.guests if guest.name in {"anonymous", "A", "U", "no role"}]
    house.watch.written()
    for way in house.ways:
        for guest in few:
            expected = way.allows(guest, table)
            if expected and way.method == "GET" and not way.by_token:
                assert {_ask(guest, way, "HEAD"), _ask(guest, way, "OPTIONS")} == {expected}, (way, guest.name)
    assert house.watch.written() == []


def test_there_is_somebody_for_every_role_and_a_way_for_every_route(house: _House) -> None:
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
