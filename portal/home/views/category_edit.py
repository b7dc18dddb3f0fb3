"""Changing the tree: names, outside codes, new categories, merges and ends; what follows is said before it is done."""

import secrets
from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.audit.refusals import refusals_recorded
from portal.categories import queries, services
from portal.categories.forms import AliasEndForm, AliasForm, ChildForm, MergeForm, RenameForm, RetireForm
from portal.categories.models import Category
from portal.categories.rules import next_code
from portal.core.clock import beijing_day, utc_now
from portal.core.errors import DomainError
from portal.core.pages import page
from portal.directory.queries import unit_ids
from portal.knowledge.queries.articles import counts_by_category

from ..queries import articles_pointing
from .categories import alias_row, bp, link
from .succession import fault_on, when

CHANGE = Permission.CATEGORIES_CATEGORY_EDIT


@bp.route("/<string:code>/rename", methods=["GET", "POST"])
@needs(CHANGE)
def rename(code: str) -> ResponseReturnValue:
    """Give a category another name from a day on."""
    form = RenameForm()
    valid, by, now = form.validate_on_submit(), current_person().actor, utc_now()
    category = _category(code)
    if request.method == "GET":
        form.opened_version.data, form.from_on.data = category.version, beijing_day(now)
    if valid:
        with fault_on(form.name, "categories:category:rename", services.ref(code), by=by, now=now):
            services.rename_category(
                code,
                name=form.name.data,
                from_on=form.from_on.data,
                why=form.why.data,
                opened_version=form.opened_version.data or 0,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"{code} 从 {form.from_on.data} 起叫「{form.name.data}」")
            return redirect(link(category), 303)
    return page("categories/rename.html", form=form, category=_shown(category))


@bp.route("/<string:code>/add", methods=["GET", "POST"])
@needs(CHANGE)
def add(code: str) -> ResponseReturnValue:
    """Add a category below another one."""
    form = ChildForm()
    valid, by, now = form.validate_on_submit(), current_person().actor, utc_now()
    category = _category(code)
    if request.method == "GET":
        form.code.data, form.from_on.data = next_code(code, queries.codes()), beijing_day(now)
    if valid:
        known = unit_ids()
        names = [name.strip() for name in (form.units.data or "").replace(";", "；").split("；") if name.strip()]
        if unknown := [name for name in names if name not in known]:
            form.units.errors = [f"没有名为「{'」「'.join(unknown)}」的承办单位"]
        else:
            child = form.code.data
            with fault_on(form.code, "categories:category:add", services.ref(child), by=by, now=now):
                services.add_child(
                    code,
                    code=child,
                    name=form.name.data,
                    from_on=form.from_on.data,
                    units=[known[name] for name in names],
                    why=form.why.data,
                    by=by,
                    now=now,
                )
            if not form.errors:
                flash(f"{child}「{form.name.data}」从 {form.from_on.data} 起启用")
                return redirect(url_for("categories.show", code=child), 303)
    return page("categories/add.html", form=form, category=_shown(category))


@bp.route("/<string:code>/aliases", methods=["GET", "POST"])
@needs(CHANGE)
def aliases(code: str) -> ResponseReturnValue:
    """The codes by which other systems name a category."""
    form = AliasForm()
    valid, by, now = form.validate_on_submit(), current_person().actor, utc_now()
    category = _category(code)
    if valid:
        with fault_on(form.outside, "categories:alias:add", services.ref(code), by=by, now=now):
            services.add_alias(
                code,
                system=form.system.data,
                outside=form.outside.data,
                from_on=form.from_on.data,
                to_on=form.to_on.data,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"{form.system.data} 的 {form.outside.data} 指这一类")
            return redirect(url_for("categories.aliases", code=code), 303)
    today = beijing_day(now)
    return page(
        "categories/aliases.html",
        form=form,
        category=_shown(category),
        aliases=[alias_row(alias, today) for alias in category.aliases],
        systems=queries.systems(),
        today=today,
    )


@bp.post("/<string:code>/aliases/<int:alias_id>/end")
@needs(CHANGE)
def end_alias(code: str, alias_id: int) -> ResponseReturnValue:
    """Let a code mean the category up to a day."""
    form = AliasEndForm()
    valid, by, now = form.validate_on_submit(), current_person().actor, utc_now()
    with refusals_recorded("categories:alias:end", services.ref(code), by=by, now=now):
        if not valid:
            raise DomainError("；".join(form.to_on.errors) or "请填到哪天")
        services.end_alias(code, alias_id, to_on=form.to_on.data, by=by, now=now)
    flash(f"这个外部代码到 {form.to_on.data} 为止")
    return redirect(url_for("categories.aliases", code=code), 303)


@bp.route("/<string:code>/merge", methods=["GET", "POST"])
@needs(CHANGE)
def merge(code: str) -> ResponseReturnValue:
    """Choose what a category is merged into, see what follows, and do it."""
    form = MergeForm() if request.method == "POST" else MergeForm(request.args, meta={"csrf": False})
    valid = bool(form.validate()) if request.method == "POST" or request.args else False
    by, now = current_person().actor, utc_now()
    category, into = _category(code), queries.category_by_code(form.into.data or "")
    if valid and request.method == "POST":
        with fault_on(form.into, "categories:category:merge", services.ref(code), by=by, now=now):
            services.merge_category(
                code,
                into_code=form.into.data,
                on=form.on.data,
                why=form.why.data,
                opened_version=form.opened_version.data or 0,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"{code} 从 {form.on.data} 起并入 {form.into.data}")
            return redirect(link(category), 303)
    elif valid and (sentence := services.why_not_merge(category, into, form.on.data)):
        form.into.errors = [sentence]
    today = beijing_day(now)
    if not request.args and request.method == "GET":
        form.on.data = today
    form.into.choices = [
        ("", "请选"),
        *((c.code, f"{c.code} {c.name}") for c in queries.choices(today, level=category.level, but=[category.id])),
    ]
    ready = valid and not form.errors and into is not None
    return page(
        "categories/end.html",
        form=form,
        category=_shown(category),
        verb="并入别的类",
        fields=[form.into, form.on, form.why],
        consequences=_merged(category, into, form.on.data) if ready and into else None,
        sent=_sent(category, into=form.into.data, on=form.on.data, why=form.why.data) if ready else {},
        label=f"并入「{into.name}」" if into else "",
    )


@bp.route("/<string:code>/retire", methods=["GET", "POST"])
@needs(CHANGE)
def retire(code: str) -> ResponseReturnValue:
    """Choose the day from which a category is not used, see what follows, and do it."""
    form = RetireForm() if request.method == "POST" else RetireForm(request.args, meta={"csrf": False})
    valid = bool(form.validate()) if request.method == "POST" or request.args else False
    by, now = current_person().actor, utc_now()
    category = _category(code)
    if valid and request.method == "POST":
        with fault_on(form.on, "categories:category:retire", services.ref(code), by=by, now=now):
            services.retire_category(
                code,
                on=form.on.data,
                why=form.why.data,
                opened_version=form.opened_version.data or 0,
                by=by,
                now=now,
            )
        if not form.errors:
            flash(f"{code} 从 {form.on.data} 起停用")
            return redirect(link(category), 303)
    elif valid and (sentence := services.why_not_retire(category, form.on.data, verb="停用")):
        form.on.errors = [sentence]
    if not request.args and request.method == "GET":
        form.on.data = beijing_day(now)
    ready = valid and not form.errors
    return page(
        "categories/end.html",
        form=form,
        category=_shown(category),
        verb="停用",
        fields=[form.on, form.why],
        consequences=_retired(category, form.on.data) if ready else None,
        sent=_sent(category, on=form.on.data, why=form.why.data) if ready else {},
        label="停用这一类",
    )


@bp.post("/<string:code>/take-back")
@needs(CHANGE)
def take_back(code: str) -> ResponseReturnValue:
    """Take back the last change of name or the end, as if it had not been entered."""
    by, now = current_person().actor, utc_now()
    opened = request.form.get("opened_version", 0, type=int)
    with refusals_recorded("categories:category:take-back", services.ref(code), by=by, now=now):
        services.take_back_category(code, request.form.get("what", ""), opened_version=opened, by=by, now=now)
    flash("已撤销，和没有改过一样；审计里有记录")
    return redirect(url_for("categories.show", code=code), 303)


def _category(code: str) -> Category:
    return queries.category_by_code(code) or abort(404)


def _shown(category: Category) -> dict[str, Any]:
    return {"code": category.code, "name": category.name, "url": link(category)}


def _sent(category: Category, **values: object) -> dict[str, Any]:
    return {**values, "opened_version": category.version, "form_key": secrets.token_urlsafe(16)}


def _pointing(category: Category) -> str:
    now = utc_now()
    total = articles_pointing(category.id, beijing_day(now))
    return f"{total} 条知识（{counts_by_category(now).get(category.code, 0)} 条现在可以念）" if total else ""


def _merged(category: Category, into: Category, on: date) -> list[str]:
    name, other = f"{category.code}「{category.name}」", f"{into.code}「{into.name}」"
    pointing, here = _pointing(category), len(queries.merged_here(category.id))
    found = [f"{on.isoformat()} 起不再用 {name}，由 {other}代替；那天以前的记录仍然叫「{category.name}」。"]
    found.append(f"{pointing}从那天起算在「{into.name}」下，知识本身不动。" if pointing else "没有知识挂在这一类。")
    if category.units:
        units = "、".join(held.unit.name for held in category.units)
        found.append(f"承办单位按「{into.name}」的；{units} 不带过去。")
    if category.aliases:
        found.append(f"{len(category.aliases)} 个外部代码从那天起指向「{into.name}」。")
    if here:
        found.append(f"以前并入这里的 {here} 类也跟着算在「{into.name}」下。")
    return [*found, when(on, beijing_day(utc_now()))]


def _retired(category: Category, on: date) -> list[str]:
    pointing = _pointing(category)
    found = [f"{on.isoformat()} 起不再用 {category.code}「{category.name}」，没有别的类代替；以前的记录不变。"]
    if pointing:
        found.append(f"{pointing}还挂在这一类：仍然搜得到、可以念，但分类里不再列出这一类。要有去处的话，改用并入。")
    else:
        found.append("没有知识挂在这一类。")
    if category.aliases:
        found.append(f"{len(category.aliases)} 个外部代码仍然指向它，请另外截止。")
    return [*found, when(on, beijing_day(utc_now()))]
