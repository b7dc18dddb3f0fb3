"""Signing in where it counts: in production."""

import re
import threading

import pytest
from flask import Flask

from portal import create_app
from portal.accounts.models import FailedTry, Person
from portal.accounts.rules.passwords import why_weak
from portal.accounts.rules.roles import OFFICES, Role
from portal.accounts.services.people import first_administrators
from portal.audit.models import AuditRow
from portal.config import Env, Profile, Settings
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.errors import DomainError, SetupError
from portal.core.write import transaction

from .conftest import GOOD, Office, looked_over


def test_an_administrator_changes_the_one_time_password_and_binds_a_phone(office: Office) -> None:
    client = office.sign_in("feng")
    assert office.get(client, "/").location == "/admin/"


def test_the_first_administrators_are_made_once_and_never_again(office: Office) -> None:
    with office.app.app_context(), pytest.raises(DomainError, match="不能再建"), transaction():
        first_administrators({role: f"other{role}" for role in OFFICES}, now=utc_now())


def test_a_wrong_password_and_an_unknown_name_look_alike(office: Office) -> None:
    wrong = office.post(office.browser(), "/account/sign-in", login="feng", password="x" * 12)
    unknown = office.post(office.browser(), "/account/sign-in", login="ghost", password="x" * 12)
    assert wrong.status_code == unknown.status_code == 422
    pages = [re.sub(r'value="[^"]*"', "", page.text) for page in (wrong, unknown)]
    assert pages[0] == pages[1]
    looked_over(wrong)


def test_the_sixth_wrong_password_is_refused_and_says_when_to_come_back(office: Office) -> None:
    client = office.browser()
    for _ in range(5):
        assert "不对" in office.post(client, "/account/sign-in", login="feng", password="x" * 12).text
    right = office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    assert right.status_code == 422
    assert "09:15 以后再来" in right.text
    office.pass_time(minutes=15, seconds=1)
    office.sign_in("feng")


def test_five_tries_at_once_never_become_six(postgres_office: Office) -> None:
    office = postgres_office
    answers: list[str] = []

    def _try() -> None:
        answers.append(office.post(office.browser(), "/account/sign-in", login="feng", password="x" * 12).text)

    threads = [threading.Thread(target=_try) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with office.app.app_context():
        assert db.session.query(FailedTry).count() == 5
    assert sum("以后再来" in answer for answer in answers) == 3


def test_a_code_counts_once(office: Office) -> None:
    office.sign_in("feng")
    office.pass_time(seconds=31)
    code = office.code("feng")
    first, second = office.browser(), office.browser()
    for client in (first, second):
        office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    assert office.post(first, "/account/code", code=code).status_code == 303
    again = office.post(second, "/account/code", code=code)
    assert again.status_code == 422
    assert "用过" in again.text


def test_a_backup_code_stands_in_for_the_phone_once(office: Office) -> None:
    client = office.browser()
    office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    office.post(client, "/account/first-password", password=GOOD, again=GOOD)
    office.post(client, "/account/enrol")
    page = looked_over(office.post(client, "/account/enrol", code=office.code("feng")))
    codes = re.findall(r"[0-9a-f]{5}-[0-9a-f]{5}", page.text)
    assert len(set(codes)) == 10
    outcomes = []
    for _ in range(2):
        other = office.browser()
        office.post(other, "/account/sign-in", login="feng", password=GOOD)
        outcomes.append(office.post(other, "/account/code", code=codes[0]).status_code)
    assert outcomes == [303, 422]


def test_one_who_owes_a_step_reaches_nothing_else(office: Office) -> None:
    client = office.browser()
    office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    for path in ("/", "/admin/", "/admin/people", "/account/mine"):
        answer = office.get(client, path)
        assert answer.status_code == 401
        assert "换一个密码" in answer.text
    looked_over(office.get(client, "/admin/"))


def test_after_an_idle_time_the_password_is_enough_and_what_was_typed_is_kept(office: Office) -> None:
    client = office.sign_in("feng")
    office.pass_time(minutes=30, seconds=1)
    typed = office.post(
        client, "/admin/people/new", login="zhang.wei", name="一个很长很长的姓名", token_from="/account/sign-in"
    )
    assert typed.status_code == 401
    looked_over(typed)
    kept = re.search(r'name="typed" value="([^"]*)"', typed.text)
    assert kept
    text = kept[1].replace("&#34;", '"').replace("&quot;", '"').replace("&amp;", "&")
    back = office.post(
        client, "/account/resume", password=office.passwords["feng"], typed=text, typed_for="/admin/people/new"
    )
    assert back.status_code == 200
    assert "一个很长很长的姓名" in looked_over(back).text
    assert office.get(client, "/admin/").status_code == 200


def test_after_twelve_hours_everything_is_asked_again(office: Office) -> None:
    client = office.sign_in("feng")
    for _ in range(26):
        office.pass_time(minutes=28)
        last = office.get(client, "/admin/")
    assert last.status_code == 401
    assert "账号" in last.text


def test_a_new_password_ends_the_other_sessions(office: Office) -> None:
    here = office.sign_in("feng")
    elsewhere = office.sign_in("feng")
    fields = {"old": office.passwords["feng"], "password": "Qiuyue-7531-lushui", "again": "Qiuyue-7531-lushui"}
    assert office.post(here, "/account/mine/password", **fields).status_code == 303
    assert office.get(here, "/admin/").status_code == 200
    assert office.get(elsewhere, "/admin/").status_code == 401


def test_a_third_session_ends_the_oldest(office: Office) -> None:
    first = office.sign_in("feng")
    office.sign_in("feng")
    office.sign_in("feng")
    assert office.get(first, "/admin/").status_code == 401


def test_a_password_expires_after_ninety_days(office: Office) -> None:
    office.sign_in("feng")
    office.pass_time(days=91)
    client = office.browser()
    office.post(client, "/account/sign-in", login="feng", password=office.passwords["feng"])
    office.post(client, "/account/code", code=office.code("feng"))
    assert "换一个密码" in office.get(client, "/admin/").text
    same = office.post(
        client, "/account/first-password", password=office.passwords["feng"], again=office.passwords["feng"]
    )
    assert "用过的相同" in same.text


def test_demo_doors_do_not_exist_in_production(office: Office) -> None:
    assert office.post(office.browser(), "/account/demo-sign-in", person=1).status_code == 404


def test_a_cookie_of_production_is_kept_to_this_host_and_to_tls(office: Office) -> None:
    answer = office.get(office.browser(), "/account/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_every_wrong_try_leaves_a_line(office: Office) -> None:
    office.post(office.browser(), "/account/sign-in", login="feng", password="x" * 12)
    with office.app.app_context():
        row = db.session.query(AuditRow).filter_by(result="denied").one()
        assert row.object_ref == "person:feng"
        assert "x" * 12 not in row.detail + row.reason


@pytest.mark.parametrize(
    ("password", "profile", "words"),
    [
        ("Ab1!", Profile.MLPS3, "至少 8 位"),
        ("abcdefgh", Profile.MLPS3, "三种"),
        ("Password1", Profile.MLPS3, "常见"),
        ("Beijing12345", Profile.MLPS3, "不能主要由"),
        ("Zhang.Wei2026", Profile.MLPS3, "不能主要由"),
        ("correct horse", Profile.ASVS, None),
        ("Tr0mbone!x", Profile.ASVS, "至少 12 位"),
        (GOOD, Profile.MLPS3, None),
        ("A1" * 100, Profile.MLPS3, "最多"),
    ],
)
def test_weak_passwords_are_refused_with_a_reason(password: str, profile: Profile, words: str | None) -> None:
    why = why_weak(password, profile=profile, own_words=("zhang.wei", "张伟", "zhang", "wei"))
    assert (why is None) if words is None else (why is not None and words in why)


def test_a_demo_database_is_refused_in_production(app: Flask) -> None:
    folder = app.config["PORTAL"].data_dir
    with pytest.raises(SetupError, match="演示人物"):
        create_app(Settings(env=Env.PRODUCTION, data_dir=folder))


def _denials(office: Office, action: str) -> list[AuditRow]:
    with office.app.app_context():
        return db.session.query(AuditRow).filter_by(action=action, result="denied").all()


def test_a_forged_next_is_not_followed_and_leaves_a_line(office: Office) -> None:
    office.sign_in("feng")
    client = office.browser()
    fields = {"login": "feng", "password": office.passwords["feng"], "next": "//evil.example/"}
    assert office.post(client, "/account/sign-in", **fields).location == "/"
    assert _denials(office, "accounts:session:forged-next")


def test_a_role_granted_to_oneself_is_refused_and_leaves_a_line(office: Office) -> None:
    client = office.sign_in("chen")
    own = office.person_id("chen")
    answer = office.post(
        client, f"/admin/people/{own}/roles", roles=["Q", "S"], opened_version=1, token_from="/account/mine"
    )
    assert answer.status_code == 422
    assert "不能给自己授角色" in answer.text
    assert _denials(office, "accounts:role:grant")
    with office.app.app_context():
        assert db.session.get_one(Person, own).role_set == {Role.SECURITY}


@pytest.mark.parametrize("roles", [["X", "U"], ["X", "A"], ["C", "S"]])
def test_offices_are_not_held_together(office: Office, roles: list[str]) -> None:
    client = office.sign_in("chen")
    answer = office.post(
        client,
        f"/admin/people/{office.person_id('zheng')}/roles",
        roles=roles,
        opened_version=1,
        token_from="/account/mine",
    )
    assert answer.status_code == 422
    looked_over(answer)


def test_a_session_used_after_signing_out_leaves_a_line(office: Office) -> None:
    client = office.sign_in("feng")
    cookie = client.get_cookie("__Host-session", domain="localhost")
    assert cookie
    office.post(client, "/account/sign-out", token_from="/account/mine")
    copy = office.browser()
    copy.set_cookie("__Host-session", cookie.value, domain="localhost", secure=True)
    assert office.get(copy, "/admin/").status_code == 401
    assert _denials(office, "accounts:session:replay")
