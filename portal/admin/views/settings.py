"""The settings in force, for the system administrator; secrets are never shown."""

from flask import current_app
from flask.typing import ResponseReturnValue

from portal.accounts.access import needs
from portal.accounts.rules.permissions import Permission
from portal.config import Settings, shown
from portal.core.pages import page

from . import bp


@bp.get("/settings")
@needs(Permission.ADMIN_CONFIG_READ)
def settings() -> ResponseReturnValue:
    """Every setting with its name in the environment and the value in force."""
    in_force: Settings = current_app.config["PORTAL"]
    return page("admin/settings.html", rows=shown(in_force))
