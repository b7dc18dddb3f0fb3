"""Consoles: each administrator sees what belongs to the office."""

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin", template_folder="../templates")
