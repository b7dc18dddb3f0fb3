"""知应 (Zhiying): the portal of an enterprise-hotline desk. create_app wires the floors; nothing imports it."""

import contextlib
import importlib
import importlib.util
import os
import pkgutil
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, current_app, url_for
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import DatabaseError

from portal.accounts import access
from portal.accounts.access import signed_in
from portal.accounts.commands import group as accounts_commands
from portal.accounts.queries import SignInPolicy, demo_people
from portal.accounts.rules.permissions import Permission
from portal.accounts.views import bp as accounts_bp
from portal.accounts.views import mine as _mine  # noqa: F401 — its routes
from portal.accounts.views import signing_in as _signing_in  # noqa: F401 — its routes
from portal.admin.commands import setup
from portal.admin.views import audit as _audit  # noqa: F401 — its routes
from portal.admin.views import bp as admin_bp
from portal.admin.views import console as _console  # noqa: F401 — its routes
from portal.admin.views import people as _people  # noqa: F401 — its routes
from portal.admin.views import settings as _settings  # noqa: F401 — its routes
from portal.admin.views import tokens as _tokens  # noqa: F401 — its routes
from portal.admin.views.calendar import bp as calendar_bp
from portal.audit import anchors
from portal.audit.commands import group as audit_commands
from portal.categories.queries import names_on
from portal.config import Env, Settings, load_settings
from portal.core import files, headers, logs, masking, pages, requests
from portal.core.clock import beijing_day, set_clock, utc_now
from portal.core.database import db
from portal.core.encryption import use_key
from portal.core.errors import SetupError
from portal.core.marks import public
from portal.directory.queries import standing_names
from portal.directory.views import bp as directory_bp
from portal.home.commands import evaluate as kb_eval
from portal.home.views import category_edit as _category_edit  # noqa: F401 — its routes
from portal.home.views import events as _events  # noqa: F401 — its routes
from portal.home.views import suggest as _suggest  # noqa: F401 — its routes
from portal.home.views import unit_edit as _unit_edit  # noqa: F401 — its routes
from portal.home.views.api import bp as api_bp
from portal.home.views.categories import bp as categories_bp
from portal.home.views.desk import bp as home_bp
from portal.home.views.units import bp as units_bp
from portal.inbox.commands import export_group, jobs_group
from portal.inbox.kinds import ExportKind, register_export
from portal.inbox.queries.notices import unread
from portal.inbox.runner import register_chore
from portal.inbox.services import exports
from portal.inbox.services.work import register_kind
from portal.inbox.views import bp as inbox_bp
from portal.inbox.views import exports as _exports  # noqa: F401 — its routes
from portal.inbox.views import jobs as _jobs  # noqa: F401 — its routes
from portal.inbox.views import notices as _notices  # noqa: F401 — its routes
from portal.knowledge.commands import group as kb_commands
from portal.knowledge.queries.documents import PREFIX, all_documents, documents, titles_in_force
from portal.knowledge.services import attachments, expiring, reviewing, taking_in
from portal.knowledge.views import article as _article  # noqa: F401 — its routes
from portal.knowledge.views import both as _both  # noqa: F401 — its routes
from portal.knowledge.views import bp as knowledge_bp
from portal.knowledge.views import changes as _changes  # noqa: F401 — its routes
from portal.knowledge.views import flags as _flags  # noqa: F401 — its routes
from portal.knowledge.views import learning as _learning  # noqa: F401 — its routes
from portal.knowledge.views import ledger as _ledger  # noqa: F401 — its routes
from portal.knowledge.views import links as _links  # noqa: F401 — its routes
from portal.knowledge.views import listing as _listing  # noqa: F401 — its routes
from portal.knowledge.views import past as _past  # noqa: F401 — its routes
from portal.knowledge.views import review as _review  # noqa: F401 — its routes
from portal.knowledge.views import rule_changes as _rule_changes  # noqa: F401 — its routes
from portal.knowledge.views import subscribing as _subscribing  # noqa: F401 — its routes
from portal.knowledge.views import taking_in as _taking_in  # noqa: F401 — its routes
from portal.knowledge.views import uploads as _uploads  # noqa: F401 — its routes
from portal.knowledge.views import uses as _uses  # noqa: F401 — its routes
from portal.knowledge.views import verifying as _verifying  # noqa: F401 — its routes
from portal.knowledge.views import writing as _writing  # noqa: F401 — its routes
from portal.search.commands import group as search_commands
from portal.search.nearness import keep_up, use_meaning
from portal.search.services import Source, register_source, use_folder
from portal.search.views import bp as search_bp
from portal.search.words import keep_terms, register_names


@dataclass(frozen=True)
class Place:
    """A place of the rail: where it leads, its icon, its two characters, and who sees it."""

    endpoint: str
    icon: str
    label: str
    permission: Permission


PLACES = (
    Place("home.start", icon="headset", label="坐席", permission=Permission.HOME_DESK_READ),
    Place("knowledge.index", icon="book-2", label="知识", permission=Permission.KNOWLEDGE_ARTICLE_READ),
    Place("categories.index", icon="category", label="分类", permission=Permission.CATEGORIES_CATEGORY_READ),
    Place("units.index", icon="building", label="单位", permission=Permission.DIRECTORY_UNIT_READ),
    Place("admin.console", icon="layout-dashboard", label="工作台", permission=Permission.ADMIN_CONSOLE_READ),
    Place("admin.list_people", icon="users", label="人员", permission=Permission.ACCOUNTS_PERSON_READ),
    Place("admin.list_tokens", icon="key", label="令牌", permission=Permission.ACCOUNTS_API_TOKEN_END),
    Place("calendar.index", icon="calendar", label="日历", permission=Permission.ADMIN_CALENDAR_READ),
    Place("admin.settings", icon="settings", label="设置", permission=Permission.ADMIN_CONFIG_READ),
    Place("admin.audit", icon="clipboard-list", label="审计", permission=Permission.ADMIN_AUDIT_READ),
    Place("inbox.export_log", icon="file-export", label="导出", permission=Permission.INBOX_EXPORT_LOG),
)


def create_app(settings: Settings | None = None) -> Flask:
    """The application for these settings (those of the environment when none are given).

    Raises:
        ConfigError: a setting cannot be used.
        SetupError: the data folder cannot be written.
        RuntimeError: a route does not say who may open it.
    """
    settings = settings or load_settings()
    _prepare_folder(settings.data_dir)
    set_clock(settings.now)
    use_key(settings.data_key or _kept_secret(settings.data_dir / "data_key"))
    logs.configure(None if settings.env is Env.TEST else settings.data_dir / "portal.log")
    app = Flask(__name__, static_folder="static", template_folder="core/templates")
    secure = settings.env is Env.PRODUCTION
    app.config.update(
        SECRET_KEY=settings.secret_key or _kept_secret(settings.data_dir / "secret_key"),
        SQLALCHEMY_DATABASE_URI=settings.database,
        MAX_CONTENT_LENGTH=20 * 1024 * 1024,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        DEMO=settings.is_demo,
        PORTAL=settings,
        SIGN_IN=SignInPolicy(production=secure, profile=settings.password_profile, mfa=settings.mfa),
    )
    _wire(app, secure=secure)
    if secure:
        _refuse_demo_people(app)
    return app


def _refuse_demo_people(app: Flask) -> None:
    """Production starts only over a database in which no demo person can act."""
    with app.app_context():
        with contextlib.suppress(DatabaseError):
            if demo_people():
                raise SetupError(
                    "库里有演示人物，正式环境不能用这个库：请换一个空的 PORTAL_DATA_DIR 或 PORTAL_DATABASE_URL"
                )
        db.session.remove()


def _wire(app: Flask, *, secure: bool) -> None:
    settings: Settings = app.config["PORTAL"]
    db.init_app(app)
    headers.init_app(app, secure=secure)
    requests.init_app(app)
    access.init_app(app)
    CSRFProtect(app)
    pages.init_app(app)
    use_folder(settings.data_dir / "index")
    anchors.use_folder(settings.data_dir)
    use_meaning(settings.meaning)
    register_chore("search", keep_up)
    register_source(PREFIX, Source(documents, all_documents))
    register_names("分类", lambda: names_on(beijing_day(utc_now())).values(), whole=True)
    register_names("单位", lambda: standing_names(beijing_day(utc_now())).values(), whole=True)
    register_names("标题", titles_in_force, whole=False)
    register_chore("terms", keep_terms)
    files.use_folder(settings.data_dir / "files")
    masking.init_app(app)
    register_kind(exports.BUILDING)
    register_kind(taking_in.TAKING_IN)
    register_chore("reviews", reviewing.remind_of_waiting)
    register_chore("keeping", expiring.keep_true)
    register_chore("exports", exports.expire)
    register_chore("scratch", files.clean_scratch)
    register_chore("pictures", attachments.sweep)
    for kind in _exports_of_domains():
        register_export(kind)
    app.view_functions["static"] = public("style, script and icons carry no data")(app.view_functions["static"])
    blueprints = (
        home_bp,
        knowledge_bp,
        categories_bp,
        units_bp,
        directory_bp,
        accounts_bp,
        admin_bp,
        calendar_bp,
        inbox_bp,
        search_bp,
        api_bp,
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.context_processor(_frame)
    kb_commands.add_command(kb_eval)
    for command in (setup, accounts_commands, audit_commands, kb_commands, search_commands, jobs_group, export_group):
        app.cli.add_command(command)
    access.check_marks(app)


def _exports_of_domains() -> list[ExportKind]:
    """What every domain lets people export: the KINDS of its room `exports`, found from the folder."""
    domains = [f"{__name__}.{found.name}" for found in pkgutil.iter_modules(__path__) if found.ispkg]
    rooms = [f"{domain}.exports" for domain in domains if importlib.util.find_spec(f"{domain}.exports")]
    return [kind for room in rooms for kind in importlib.import_module(room).KINDS]


def _frame() -> dict[str, Any]:
    return {"nav": _nav, "demo": current_app.config["DEMO"], "unread_now": _unread}


def _unread() -> int:
    person = signed_in()
    return unread(person.id) if person else 0


def _nav() -> list[dict[str, Any]]:
    person = signed_in()
    here = pages.place(place.endpoint for place in PLACES)
    return [
        {
            "endpoint": p.endpoint,
            "url": url_for(p.endpoint),
            "icon": p.icon,
            "label": p.label,
            "active": p.endpoint == here,
        }
        for p in PLACES
        if person and person.may(p.permission)
    ]


def _prepare_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{secrets.token_hex(4)}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise SetupError(f"数据目录 {folder} 写不进去（{error.strerror}）：请换 PORTAL_DATA_DIR 或改权限") from None


def _kept_secret(path: Path) -> str:
    """A secret of this installation: made once, whole, readable by its owner alone."""
    if not path.exists():
        beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        beside.touch(mode=0o600)
        beside.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
        beside.unlink()
    return path.read_text().strip()
