"""docs/object-rules.csv: what each person meets at each object in each state, read as cells that can be tried."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from portal.accounts.access import permission_for
from portal.config import ROOT
from portal.core.database import db
from tests.accounts.matrix import Guest, Snapshot, Watch
from tests.accounts.mutants import Mutant, mutated
from tests.support.visitor import csrf

from .actions import ACTIONS, Action
from .postgres import PostgresSnapshot, PostgresWatch
from .world import World

TABLE = ROOT / "docs" / "object-rules.csv"
COLUMNS = ["thing", "state", "whose", "action", "outcome", "but", "why"]
PRINCIPALS = [*"ADERTVSCUQX", "no role"]


@dataclass(frozen=True)
class Rule:
    """A line of the table, its alternatives told apart: what comes of an act for those who may act so at all."""

    thing: str
    state: str
    whose: str
    action: str
    outcome: str
    but: dict[str, str]
    why: str

    @property
    def act(self) -> Action:
        return ACTIONS[self.thing][self.action]

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.thing, self.state, self.whose, self.action

    def expected(self, role: str, holders: set[str] | None) -> str:
        """What a person meets: 403 without the permission, else what the line says."""
        if holders is not None and role not in holders:
            return "403"
        return self.but.get(role, self.outcome)


def rules() -> list[Rule]:
    """Every line of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [rule for row in csv.DictReader(file) for rule in _told_apart(row)]


def _told_apart(row: dict[str, str]) -> Iterator[Rule]:
    but = dict(part.strip().split("=", maxsplit=1) for part in row["but"].split(";") if part.strip())
    for state in row["state"].split("|"):
        for whose in row["whose"].split("|"):
            for action in row["action"].split("|"):
                yield Rule(row["thing"], state, whose, action, row["outcome"], but, row["why"])


@dataclass
class Matrix:
    """The world with somebody at every door, set back to what it was after each act that changed it."""

    world: World
    watch: Watch | PostgresWatch
    snapshot: Snapshot | PostgresSnapshot
    table: dict[str, set[str]]

    @cached_property
    def anonymous(self) -> Guest:
        return next(guest for guest in self.world.guests if guest.name == "anonymous")

    def holders(self, act: Action) -> set[str] | None:
        """The roles that may act so at all; None where everybody may, or a token decides."""
        permission = permission_for(self.world.app.view_functions[act.endpoint], act.method)
        return None if permission is None or act.alone else self.table[permission]

    def guests_of(self, rule: Rule) -> list[Guest]:
        """Whoever tries this line."""
        if rule.act.alone:
            return [self.anonymous]
        return [guest for guest in self.world.guests if guest.name in PRINCIPALS]

    def wrong(self, found: list[Rule], *, stop: bool = False) -> list[str]:
        """What differs from the table, in words; with `stop` no more than the first."""
        wrong = []
        for rule in found:
            for guest in self.guests_of(rule):
                expected, met = rule.expected(guest.name, self.holders(rule.act)), self.meet(rule, guest)
                if met != expected:
                    wrong.append(f"{' / '.join(rule.key)} by {guest.name}: {met}, the table says {expected}")
                    if stop:
                        return wrong
        return wrong

    def cells(self, found: list[Rule]) -> int:
        """How many there are to try."""
        return sum(len(self.guests_of(rule)) for rule in found)

    def meet(self, rule: Rule, guest: Guest) -> str:
        """Ask, say what came of it, and set everything back."""
        act, values = rule.act, self.world.of(rule.thing, rule.state, rule.whose, guest)
        status, text = self._ask(act, values, guest)
        parts = [str(status)]
        if act.look and status == 200:
            parts.append("seen" if str(values[act.look]) in text else "unseen")
        if self.watch.written():
            parts.append("writes")
            if act.after:
                with self.world.app.app_context():
                    parts.append(act.after(self.world))
                    db.session.remove()
            self.snapshot.restore()
        return " ".join(part for part in parts if part)

    def _ask(self, act: Action, values: dict[str, object], guest: Guest) -> tuple[int, str]:
        app = self.world.app
        (rule,) = [r for r in app.url_map.iter_rules(act.endpoint) if act.method in (r.methods or ())]
        given = {name: values[act.instead.get(name, name)] for name in rule.arguments}
        path = app.url_map.bind("localhost").build(act.endpoint, given, method=act.method)
        client, token = guest.client, guest.token
        if act.alone and act.method == "POST":
            client = app.test_client()
            token = csrf(client.get("/account/sign-in"))
        data: dict[str, object] = {name: said.format(**values) for name, said in act.data.items()}
        if "roles" in data:
            data["roles"] = str(data["roles"]).split()
        headers = {"Authorization": f"Bearer {act.bearer.format(**values)}"} if act.bearer else {}
        with client.open(
            path,
            method=act.method,
            query_string={name: said.format(**values) for name, said in act.query.items()},
            data={**data, "csrf_token": token} if act.method == "POST" else None,
            headers=headers,
        ) as answer:
            return answer.status_code, answer.text if act.look else ""


def survivors(matrix: Matrix, mutants: list[Mutant]) -> list[str]:
    """The mutants that no cell of theirs noticed."""
    known, left = rules(), []
    for each in mutants:
        theirs = [rule for rule in known if (rule.thing, rule.action) in each.acts]
        assert theirs, each.at
        with mutated(each.edits):
            noticed = matrix.wrong(theirs, stop=True)
        matrix.snapshot.restore()
        if not noticed:
            left.append(each.name)
    return left
