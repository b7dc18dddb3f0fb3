"""Changing what a unit is called and what becomes of it; what follows is said before it is done."""

import secrets
from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.audit.refusals import refusals_recorded
from portal.categories.queries import categories_of_unit
from portal.core.clock import beijing_day, utc_now
from portal.core.pages import page
from portal.directory import queries, services
from portal.directory.forms import UnitMergeForm, UnitNameForm, UnitRetireForm
from portal.directory.models import Unit
from portal.knowledge.queries.articles import counts_by

from .succession import fault_on, when
from .units import bp, link

CHANGE = Permission.CATEGORIES_CATEGORY_EDIT


@bp.route("/<int:unit_id>/rename", methods=["GET", "POST"])
@needs(CHANGE)
def rename(unit_id: int) -> ResponseReturnValue:
    """Give a unit another name from a day on."""
    form = UnitNameForm()
    valid, by, now = form.validate_on_submit(), current_person().actor, utc_now()
    unit = _unit(unit_id)
    if request.method == "GET":
        form.opened_version.data, form.from_on.data = unit.version, beijing_day(now)
    if valid:
        with fault_on(form.name, "directory:unit:rename", f"unit:{unit_id}", by=by, now=now):
            services.rename_unit(
                unit_id,
                name=form.name.data,
                from_on=form.from_on.data,
                why=form.why.data,
                opened_version=form.opened_version.data or 0,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"从 {form.from_on.data} 起叫「{form.name.data}」，按旧名称也找得到")
            return redirect(link(unit), 303)
    return page("directory/rename.html", form=form, unit=_shown(unit))


@bp.route("/<int:unit_id>/merge", methods=["GET", "POST"])
@needs(CHANGE)
def merge(unit_id: int) -> ResponseReturnValue:
    """Choose the unit that stands for this one, see what follows, and do it."""
    form = UnitMergeForm() if request.method == "POST" else UnitMergeForm(request.args, meta={"csrf": False})
    valid = bool(form.validate()) if request.method == "POST" or request.args else False
    by, now = current_person().actor, utc_now()
    unit, into_id = _unit(unit_id), form.into.data or ""
    into = queries.unit_with_history(int(into_id)) if into_id.isdecimal() and len(into_id) < 9 else None
    if valid and request.method == "POST":
        with fault_on(form.into, "directory:unit:merge", f"unit:{unit_id}", by=by, now=now):
            services.merge_unit(
                unit_id,
                into_id=into.id if into else 0,
                on=form.on.data,
                why=form.why.data,
                opened_version=form.opened_version.data or 0,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"{unit.name}从 {form.on.data} 起并入{into.name if into else ''}")
            return redirect(link(unit), 303)
    elif valid and (sentence := services.why_not_merge(unit, into, form.on.data)):
        form.into.errors = [sentence]
    today = beijing_day(now)
    if not request.args and request.method == "GET":
        form.on.data = today
    form.into.choices = [("", "请选"), *((str(u.id), u.name) for u in queries.choices(today, but=unit_id))]
    ready = valid and not form.errors and into is not None
    return page(
        "directory/end.html",
        form=form,
        unit=_shown(unit),
        verb="并入别的单位",
        fields=[form.into, form.on, form.why],
        consequences=_merged(unit, into, form.on.data) if ready and into else None,
        sent=_sent(unit, into=into_id, on=form.on.data, why=form.why.data) if ready else {},
        label=f"并入「{into.name}」" if into else "",
    )


@bp.route("/<int:unit_id>/retire", methods=["GET", "POST"])
@needs(CHANGE)
def retire(unit_id: int) -> ResponseReturnValue:
    """Choose the day from which a unit handles nothing, see what follows, and do it."""
    form = UnitRetireForm() if request.method == "POST" else UnitRetireForm(request.args, meta={"csrf": False})
    valid = bool(form.validate()) if request.method == "POST" or request.args else False
    by, now = current_person().actor, utc_now()
    unit = _unit(unit_id)
    if valid and request.method == "POST":
        with fault_on(form.on, "directory:unit:retire", f"unit:{unit_id}", by=by, now=now):
            services.retire_unit(
                unit_id,
                on=form.on.data,
                why=form.why.data,
                opened_version=form.opened_version.data or 0,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"{unit.name}从 {form.on.data} 起停用")
            return redirect(link(unit), 303)
    elif valid and (sentence := services.why_not_retire(unit, form.on.data)):
        form.on.errors = [sentence]
    if not request.args and request.method == "GET":
        form.on.data = beijing_day(now)
    ready = valid and not form.errors
    return page(
        "directory/end.html",
        form=form,
        unit=_shown(unit),
        verb="停用",
        fields=[form.on, form.why],
        consequences=_retired(unit, form.on.data) if ready else None,
        sent=_sent(unit, on=form.on.data, why=form.why.data) if ready else {},
        label="停用这个单位",
    )


@bp.post("/<int:unit_id>/take-back")
@needs(CHANGE)
def take_back(unit_id: int) -> ResponseReturnValue:
    """Take back the last change of name or the end, as if it had not been entered."""
    by, now = current_person().actor, utc_now()
    opened = request.form.get("opened_version", 0, type=int)
    with refusals_recorded("directory:unit:take-back", f"unit:{unit_id}", by=by, now=now):
        services.take_back_unit(unit_id, request.form.get("what", ""), opened_version=opened, by=by, now=now)
    flash("已撤销，和没有改过一样；审计里有记录")
    return redirect(url_for("units.show", unit_id=unit_id), 303)


def _unit(unit_id: int) -> Unit:
    return queries.unit_with_history(unit_id) or abort(404)


def _shown(unit: Unit) -> dict[str, Any]:
    return {"id": unit.id, "name": unit.name, "level": unit.level, "url": link(unit)}


def _sent(unit: Unit, **values: object) -> dict[str, Any]:
    return {**values, "opened_version": unit.version, "form_key": secrets.token_urlsafe(16)}


def _handled(unit: Unit) -> str:
    """How many categories the unit handles today, with the first few by name; empty where none."""
    found = categories_of_unit(unit.id, beijing_day(utc_now()))
    some = "、".join(category.name for category in found[:5]) + (" 等" if len(found) > 5 else "")
    return f"{len(found)} 类诉求（{some}）" if found else ""


def _merged(unit: Unit, into: Unit, on: date) -> list[str]:
    now = utc_now()
    handled, named = _handled(unit), counts_by("unit", now).get(unit.name, 0)
    here = len(queries.merged_here(unit.id))
    found = [f"{on.isoformat()} 起由「{into.name}」代替「{unit.name}」；那天以前的记录仍然叫「{unit.name}」。"]
    found.append(f"它承办的 {handled}从那天起由「{into.name}」承办。" if handled else "没有诉求分类由它承办。")
    found.append(
        f"{named} 条知识写的是它：文字不动，从那天起算在「{into.name}」下，按「{unit.name}」也找得到。"
        if named
        else "没有知识写的是它。"
    )
    if here:
        found.append(f"以前并入它的 {here} 个单位也跟着算在「{into.name}」下。")
    if unit.contact:
        found.append("坐席看到的联系方式换成那个单位的，它自己的还留在这一页。")
    return [*found, when(on, beijing_day(now))]


def _retired(unit: Unit, on: date) -> list[str]:
    now = utc_now()
    handled, named = _handled(unit), counts_by("unit", now).get(unit.name, 0)
    found = [f"{on.isoformat()} 起「{unit.name}」不再承办，没有别的单位代替；以前的记录不变。"]
    found.append(
        f"{handled}的承办单位里仍列着它，标明已停用。有单位接手的话，改用并入。"
        if handled
        else "没有诉求分类由它承办。"
    )
    found.append(f"{named} 条知识写的是它，文字不动，要请编辑改。" if named else "没有知识写的是它。")
    return [*found, when(on, beijing_day(now))]
