"""Roles gained and lost in the middle of a session are in effect at the next request."""

from collections.abc import Callable

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.models import Person
from portal.accounts.rules.permissions import Permission, permissions_of
from portal.accounts.rules.roles import Role, why_not_together
from portal.accounts.services.people import set_roles
from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from tests.support.visitor import Visitor

PROBES = {
    "/desk": Permission.HOME_DESK_READ,
    "/knowledge/": Permission.KNOWLEDGE_ARTICLE_READ,
    "/units/1/edit": Permission.DIRECTORY_UNIT_EDIT,
    "/admin/audit": Permission.ADMIN_AUDIT_READ,
    "/admin/people": Permission.ACCOUNTS_PERSON_READ,
    "/admin/people/new": Permission.ACCOUNTS_PERSON_CREATE,
    "/admin/settings": Permission.ADMIN_CONFIG_READ,
    "/admin/calendar": Permission.ADMIN_CALENDAR_READ,
}
Roles = frozenset[Role]
allowed = st.frozensets(st.sampled_from(list(Role)), max_size=4).filter(lambda roles: why_not_together(roles) is None)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(allowed, min_size=1, max_size=4))
def test_what_one_may_do_follows_the_roles_at_once(app: Flask, changes: list[Roles]) -> None:
    guest = Visitor(app, app.test_client()).sign_in("demo.li")
    for roles in changes:
        _become(app, "demo.li", roles)
        held = permissions_of(roles)
        for path, permission in PROBES.items():
            expected = 200 if permission in held else 403
            assert guest.client.get(path).status_code == expected, (path, sorted(roles))


def _become(app: Flask, login: str, roles: Roles) -> None:
    with app.app_context(), transaction():
        person = db.session.query(Person).filter_by(login=login).one()
        by = Actor(None, "安全管理员")
        set_roles(person, roles, opened_version=person.version, by=by, now=utc_now())


def test_nobody_keeps_a_right_that_no_role_gives(app: Flask) -> None:
    guest = Visitor(app, app.test_client()).sign_in("demo.sun")
    _become(app, "demo.sun", frozenset())
    refused: Callable[[str], int] = lambda path: guest.client.get(path).status_code  # noqa: E731
    assert {refused(path) for path in (*PROBES, "/")} == {403}
