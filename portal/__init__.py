"""知应 (Zhiying): the portal of an enterprise-hotline desk. create_app wires the floors; nothing imports it."""

import logging
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import structlog
from flask import Flask, current_app, url_for
from flask_wtf.csrf import CSRFProtect

from portal.accounts import access
from portal.accounts.access import signed_in
from portal.accounts.rules.permissions import Permission
from portal.accounts.views import bp as accounts_bp
from portal.admin.commands import setup
from portal.admin.views import audit as _audit  # noqa: F401 — its routes
from portal.admin.views import bp as admin_bp
from portal.admin.views import console as _console  # noqa: F401 — its routes
from portal.admin.views import people as _people  # noqa: F401 — its routes
from portal.audit.commands import group as audit_commands
from portal.config import Env, Settings, load_settings
from portal.core import headers, pages, requests
from portal.core.clock import set_clock
from portal.core.database import db
from portal.core.errors import SetupError
from portal.core.marks import public
from portal.directory.views import bp as directory_bp
from portal.home.commands import evaluate as kb_eval
from portal.home.views.categories import bp as categories_bp
from portal.home.views.desk import bp as home_bp
from portal.home.views.units import bp as units_bp
from portal.knowledge.commands import group as kb_commands
from portal.knowledge.queries.documents import PREFIX, all_documents, documents
from portal.knowledge.views import article as _article  # noqa: F401 — its routes
from portal.knowledge.views import bp as knowledge_bp
from portal.knowledge.views import listing as _listing  # noqa: F401 — its routes
from portal.search.commands import group as search_commands
from portal.search.services import Source, register_source, use_folder


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
    Place("admin.people", icon="users", label="人员", permission=Permission.ACCOUNTS_PERSON_READ),
    Place("admin.audit", icon="clipboard-list", label="审计", permission=Permission.ADMIN_AUDIT_READ),
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
    _log(settings)
    app = Flask(__name__, static_folder="static", template_folder="core/templates")
    secure = settings.env is Env.PRODUCTION
    app.config.update(
        SECRET_KEY=_secret(settings),
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": not settings.database.startswith("sqlite")},
        MAX_CONTENT_LENGTH=20 * 1024 * 1024,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        DEMO=settings.is_demo,
        PORTAL=settings,
    )
    _wire(app, secure=secure)
    return app


def _wire(app: Flask, *, secure: bool) -> None:
    settings: Settings = app.config["PORTAL"]
    db.init_app(app)
    headers.init_app(app, secure=secure)
    requests.init_app(app)
    access.init_app(app)
    CSRFProtect(app)
    pages.init_app(app)
    use_folder(settings.data_dir / "index")
    register_source(PREFIX, Source(documents, all_documents))
    app.view_functions["static"] = public("style, script and icons carry no data")(app.view_functions["static"])
    for blueprint in (home_bp, knowledge_bp, categories_bp, units_bp, directory_bp, accounts_bp, admin_bp):
        app.register_blueprint(blueprint)
    app.context_processor(_frame)
    kb_commands.add_command(kb_eval)
    for command in (setup, audit_commands, kb_commands, search_commands):
        app.cli.add_command(command)
    access.check_marks(app)


def _frame() -> dict[str, Any]:
    person = signed_in()
    here = pages.place(place.endpoint for place in PLACES)
    places = [
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
    return {"nav": places, "demo": current_app.config["DEMO"]}


def _prepare_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{secrets.token_hex(4)}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise SetupError(f"数据目录 {folder} 写不进去（{error.strerror}）：请换 PORTAL_DATA_DIR 或改权限") from None


def _secret(settings: Settings) -> str:
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / "secret_key"
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _log(settings: Settings) -> None:
    level = logging.WARNING if settings.env is Env.TEST else logging.INFO
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_log_file(settings)),
    )


def _log_file(settings: Settings) -> TextIO:
    if settings.env is Env.TEST:
        return sys.stderr
    return (settings.data_dir / "portal.log").open("a", encoding="utf-8", buffering=1)
