"""All templates: each has a title, reads well, names only what exists, and is shown by some test."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import meta

from portal.config import ROOT
from portal.core.database import db
from portal.directory.models import Unit

from .places import arrive, places, samples

FOLDERS = sorted({path for path in (ROOT / "portal").rglob("templates") if path.is_dir()})
TEMPLATES = {path.relative_to(folder).as_posix(): path for folder in FOLDERS for path in folder.rglob("*.html")}
LAYOUTS = {"base.html", "signin_base.html"}
PAGES = sorted(name for name in TEMPLATES if "/_" not in name and not name.startswith("parts/") and name not in LAYOUTS)
SHOWN_ELSEWHERE = {
    "accounts/_steps.html": "accounts/test_signing_in.py",
    "accounts/code.html": "accounts/test_signing_in.py",
    "accounts/codes.html": "accounts/test_signing_in.py",
    "accounts/enrol.html": "accounts/test_signing_in.py",
    "accounts/password.html": "accounts/test_signing_in.py",
    "accounts/resume.html": "accounts/test_signing_in.py",
    "accounts/resumed.html": "accounts/test_signing_in.py",
    "admin/one_time.html": "browser/test_office_journeys.py",
    "admin/token.html": "admin/test_tokens.py",
    "admin/token_taken.html": "admin/test_tokens.py",
    "home/_suggest.html": "browser/test_suggestions.py",
    "inbox/_export.html": "inbox/test_pages.py",
    "knowledge/review.html": "knowledge/test_review_pages.py",
    "knowledge/review_conflict.html": "knowledge/test_review_pages.py",
    "inbox/export.html": "inbox/test_pages.py",
    "knowledge/_basis.html": "knowledge/test_writing_pages.py",
    "knowledge/_checks.html": "knowledge/test_writing_pages.py",
    "knowledge/_batch.html": "knowledge/test_taking_in.py",
    "knowledge/batch.html": "knowledge/test_taking_in.py",
    "knowledge/print.html": "knowledge/test_texts_out.py",
    "knowledge/both.html": "knowledge/test_writing_pages.py",
    "knowledge/answer_flag.html": "knowledge/test_flag_answers.py",
    "knowledge/gap.html": "knowledge/test_learning.py",
    "knowledge/write.html": "knowledge/test_writing_pages.py",
    "knowledge/rule.html": "knowledge/test_rule_changes.py",
    "knowledge/used.html": "knowledge/test_uses.py",
    "search/group.html": "search/test_words.py",
}
"""Pages that stand at the end of a longer way, and the tests that go it."""


def test_every_name_of_a_template_is_given_once() -> None:
    names = [path.relative_to(folder).as_posix() for folder in FOLDERS for path in folder.rglob("*.html")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_a_title_of_its_own(name: str) -> None:
    text = TEMPLATES[name].read_text(encoding="utf-8")
    assert "{% extends " in text, "Extend base.html or signin_base.html"
    title = re.search(r"{% block title %}(.+?){% endblock", text, re.DOTALL)
    assert title, f"Give {name} a title block"
    assert title[1].strip()


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_says_nothing_inline_and_names_its_blocks_at_their_end(name: str) -> None:
    text = re.sub(r"{#.*?#}", "", TEMPLATES[name].read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<style|<script(?![^>]*(?:src=|application/json))|\sstyle=|\son[a-z]+=\"|javascript:", text)
    assert not re.search(r"(?:href|src|action)=\"(?:https?:)?//", text), "Nothing comes from elsewhere"
    blocks = re.findall(r"{% block (\w+) %}", text)
    assert sorted(blocks) == sorted(re.findall(r"{% endblock (\w+) %}", text))


def test_what_a_template_extends_imports_or_includes_exists_and_is_used(app: Flask) -> None:
    used: set[str] = set()
    for path in TEMPLATES.values():
        tree = app.jinja_env.parse(path.read_text(encoding="utf-8"))
        used |= {name for name in meta.find_referenced_templates(tree) if name}
        used |= set(re.findall(r'"([\w./]+\.html)"', path.read_text(encoding="utf-8")))
    assert used <= set(TEMPLATES)
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "portal").rglob("*.py"))
    called = set(re.findall(r'"([\w./]+\.html)"', code))
    assert called <= set(TEMPLATES)
    assert set(TEMPLATES) == used | called, "a template that nothing shows"


def test_no_macro_is_imported_for_nothing() -> None:
    idle = []
    for name, path in TEMPLATES.items():
        text = path.read_text(encoding="utf-8")
        for names in re.findall(r"{% from [^%]+ import ([^%]+?) %}", text):
            for macro in (part.split(" as ")[-1].strip() for part in names.split(",")):
                if len(re.findall(rf"\b{macro}\b", text)) < 2:
                    idle.append(f"{name}: {macro}")
    assert idle == []


@contextmanager
def _noting(app: Flask, shown: set[str]) -> Iterator[None]:
    """Note every template that is taken up, the ones within others too."""
    env = app.jinja_env
    original = env._load_template

    def note(name: str, *rest: object) -> object:
        shown.add(name)
        return original(name, *rest)  # type: ignore[arg-type]

    env._load_template = note  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        env._load_template = original  # type: ignore[method-assign]


def test_every_template_is_shown_by_some_test(full_app: Flask) -> None:
    shown: set[str] = set()
    with _noting(full_app, shown):
        for place in places(full_app):
            guest = arrive(full_app, place.readers[-1] if place.readers else "")
            assert guest.client.get(place.path).status_code < 400, place
        guest = arrive(full_app, "demo.zhao")
        guest.get("/nowhere", status=404)
        guest.get("home.start", q="公司")
        _save_twice(full_app)
    assert sorted(set(TEMPLATES) - shown - set(SHOWN_ELSEWHERE)) == [], "Visit it, or say who does in SHOWN_ELSEWHERE"
    assert set(SHOWN_ELSEWHERE) <= set(TEMPLATES)
    assert [test for test in set(SHOWN_ELSEWHERE.values()) if not (ROOT / "tests" / test).exists()] == []


def _save_twice(app: Flask) -> None:
    """The second saver of a unit sees the conflict page."""
    guest, unit_id = arrive(app, "demo.zhao"), samples(app)["unit_id"]
    with app.app_context():
        version = db.session.get_one(Unit, unit_id).version
    for contact, status in (("先存的", 303), ("后存的", 409)):
        data = {"contact": contact, "note": "", "opened_version": version}
        guest.post(f"/units/{unit_id}/edit", data=data, status=status)


def test_the_files_of_templates_lie_where_their_blueprint_looks() -> None:
    for folder in FOLDERS:
        floor = folder.parent.name
        inside = {path.name for path in Path(folder).iterdir()}
        assert inside == {floor} or floor == "core", folder
