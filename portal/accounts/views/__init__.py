"""Signing in and out, and what everybody may do with their own account."""

from flask import Blueprint

bp = Blueprint("accounts", __name__, url_prefix="/account", template_folder="../templates")
