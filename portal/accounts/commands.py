"""flask accounts …"""

import click
from flask.cli import AppGroup

from portal.core.clock import utc_now
from portal.core.commands import emit, json_option, needs_database, stop
from portal.core.errors import DomainError
from portal.core.write import transaction

from .rules.roles import LABELS, Role
from .services.people import first_administrators

group = AppGroup("accounts", help="人员")


@group.command()
@click.option("--system", required=True, help="系统管理员的账号")
@click.option("--security", required=True, help="安全管理员的账号")
@click.option("--auditor", required=True, help="审计管理员的账号")
@json_option
@needs_database
def first(system: str, security: str, auditor: str, as_json: bool) -> None:
    """建三员，只能一次；一次性密码只显示这一回。"""
    names = {Role.SYSTEM: system, Role.SECURITY: security, Role.AUDITOR: auditor}
    try:
        with transaction():
            made = first_administrators(names, now=utc_now())
    except DomainError as error:
        stop(str(error), 1)
    people = [{"login": login, "role": LABELS[role], "password": password} for login, role, password in made]
    words = "\n".join(f"{p['role']}　{p['login']}　{p['password']}" for p in people)
    emit({"people": people}, as_json=as_json, words=f"{words}\n一次性密码，首次登录须更换；这里不会再显示。")
