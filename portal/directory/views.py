"""Changing a unit. Its pages are composed in `home`, where the articles that name it are at hand."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.pages import page

from . import services
from .forms import UnitForm
from .models import Unit

bp = Blueprint("directory", __name__, url_prefix="/units", template_folder="templates")


@bp.route("/<int:unit_id>/edit", methods=["GET", "POST"])
@needs(Permission.DIRECTORY_UNIT_EDIT)
def edit(unit_id: int) -> ResponseReturnValue:
    """Change how a unit is reached."""
    form = UnitForm()
    valid = form.validate_on_submit()
    unit = db.get_or_404(Unit, unit_id)
    if valid:
        services.edit_unit(
            unit.id,
            contact=form.contact.data or "",
            note=form.note.data or "",
            opened_version=form.opened_version.data or 0,
            by=current_person().actor,
            now=utc_now(),
        )
        return redirect(url_for("units.show", unit_id=unit_id), 303)
    if request.method == "GET":
        form.contact.data, form.note.data, form.opened_version.data = unit.contact, unit.note, unit.version
    shown = {"id": unit.id, "name": unit.name, "url": url_for("units.show", unit_id=unit_id)}
    return page("directory/edit.html", form=form, unit=shown)
