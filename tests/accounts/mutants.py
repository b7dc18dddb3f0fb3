"""What the tests of doors must notice: a guard that lets everybody through, and each object rule taken out by itself.

A mutant is a place in the source and what stands there instead. The function's code is exchanged in the running
program, so that everybody who imported it meets the mutant; a place that is no longer in the source stops the tests.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import pytest

from portal.accounts.queries import Principal

from .matrix import House, Way

ANYBODY = "anybody who is signed in"


@dataclass(frozen=True)
class Edit:
    """In this function (module:name, or module:Class.name) stands `new` instead of `old`."""

    where: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A rule that decides no longer, and the acts of the object matrix that must notice (thing/act)."""

    name: str
    at: str
    edits: tuple[Edit, ...]

    @property
    def acts(self) -> set[tuple[str, str]]:
        """Thing and act of each."""
        return {(thing, act) for part in self.at.split("; ") for thing, act in [part.split("/")]}


def mutant(at: str, *edits: tuple[str, str, str]) -> Mutant:
    """A mutant of one place, or of two walls that stand one behind the other."""
    parts = tuple(Edit(*edit) for edit in edits)
    return Mutant("; ".join(f"{edit.where}: {edit.old} → {edit.new or 'nothing'}" for edit in parts), at, parts)


def _function(where: str) -> FunctionType:
    module, path = where.split(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(found, FunctionType), where
    return found


def _code(edit: Edit) -> CodeType:
    function = _function(edit.where)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(edit.old) == 1, f"{edit.where} has {source.count(edit.old)} × {edit.old!r}"
    tree = ast.parse("class Holder:\n" + textwrap.indent(source.replace(edit.old, edit.new), "    "))
    (holder,) = tree.body
    assert isinstance(holder, ast.ClassDef)
    (node,) = holder.body
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list = []
    made: dict[str, type] = {}
    exec(compile(tree, edit.where, "exec"), function.__globals__, made)
    code: CodeType = vars(made["Holder"])[node.name].__code__
    return code


@contextmanager
def mutated(edits: tuple[Edit, ...]) -> Iterator[None]:
    """The program with these places changed."""
    changed = [(_function(edit.where), _code(edit)) for edit in edits]
    with ExitStack() as stack:
        for function, code in changed:
            stack.callback(setattr, function, "__code__", function.__code__)
            function.__code__ = code
        yield


# -- the guard ---------------------------------------------------------------------------------------------------------


@contextmanager
def anybody_may(house: House, way: Way) -> Iterator[None]:
    """This route asks for nothing but that somebody is signed in."""
    marks = house.app.view_functions[way.endpoint].__dict__
    before, held = dict(marks), Principal.may
    marks.pop("during", None)
    marks.pop("by_token", None)
    marks["needs_by_method"] = {**marks.get("needs_by_method", {}), way.method: ANYBODY}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Principal, "may", lambda person, permission: permission == ANYBODY or held(person, permission))
        try:
            yield
        finally:
            marks.clear()
            marks.update(before)


@contextmanager
def everybody_may(house: House, way: Way) -> Iterator[None]:
    """This route asks for nothing at all."""
    marks = house.app.view_functions[way.endpoint].__dict__
    before = dict(marks)
    for name in ("during", "by_token", "needs", "needs_by_method"):
        marks.pop(name, None)
    marks["public"] = "a mutant"
    try:
        yield
    finally:
        marks.clear()
        marks.update(before)


OPENED: dict[str, Callable[[House, Way], Any]] = {"anybody signed in": anybody_may, "everybody": everybody_may}

ACCESS = "portal.accounts.access:_decide"
GUARD = (
    mutant("a page", (ACCESS, "not person.may(permission)", "False")),
    mutant("a step", (ACCESS, "return None if person and person.step in steps else sign_in_page(401)", "return None")),
    mutant("a page", ("portal.accounts.access:_guard", "if refused is not None", "if False")),
    mutant(
        "a page", ("portal.accounts.access:permission_for", 'by_method.get(method, view.__dict__.get("needs"))', "None")
    ),
    mutant("a token's door", ("portal.accounts.token_access:guard_token", "if token is None", "if False")),
    mutant("a page", ("portal.accounts.queries:Principal.may", "permission in self.permissions", "True")),
    mutant("a page", ("portal.accounts.queries:principal_by_secret", "active=person.active and", "active=")),
    mutant("a page", ("portal.accounts.rules.sessions:why_ended", "ended_at is not None", "False")),
    mutant("a page", ("portal.accounts.rules.sessions:why_ended", "not active", "False")),
    mutant("a page", ("portal.accounts.rules.permissions:permissions_of", "if", "if True or")),
)
"""What the guard itself decides; the matrix of routes must notice."""


def guarded(house: House) -> list[Way]:
    """Every declaration there is to open: all ways but the public ones."""
    return [way for way in house.ways if way.permission or way.by_token or way.is_step]


def survivors_of_opening(house: House, ways: list[Way], table: dict[str, set[str]]) -> list[str]:
    """The opened routes that nobody noticed; each is set back before the next."""
    left = []
    for way in ways:
        for name, opened in OPENED.items():
            with opened(house, way):
                noticed = house.wrong(way, table, stop=True)
            house.snapshot.restore()
            if not noticed:
                left.append(f"{way.method} {way.endpoint}: {name}")
    return left


def survivors_of_the_guard(house: House, table: dict[str, set[str]]) -> list[str]:
    """The mutants of the guard that none of the doors they concern noticed."""
    concerned = {
        "a page": [way for way in guarded(house) if way.permission and not way.by_token and way.method == "GET"][:5],
        "a step": [way for way in house.ways if way.is_step],
        "a token's door": [way for way in house.ways if way.by_token],
    }
    left = []
    for each in GUARD:
        with mutated(each.edits):
            noticed = next((words for way in concerned[each.at] if (words := house.wrong(way, table, stop=True))), None)
        house.snapshot.restore()
        if not noticed:
            left.append(each.name)
    return left
