"""What the database itself keeps, whoever writes to it: four eyes, and history that cannot be changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.accounts.models import Person
from portal.accounts.services import CONTENT_PACK
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.write import transaction
from portal.knowledge.models import Article, Basis, Publication, Review, Revision
from portal.knowledge.services.publishing import approve_and_publish

from .pack import NOW

TABLES = {
    "revisions": ("script", "篡改"),
    "basis": ("text", "篡改"),
    "reviews": ("verdict", "篡改"),
    "publications": ("reason", "篡改"),
}


@contextmanager
def _by_force() -> Iterator[Connection]:
    """A connection that knows nothing of the portal's write path, as a database tool has."""
    with db.engine.connect() as connection, connection.begin():
        yield connection


def _dump(table: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


@pytest.mark.parametrize("table", TABLES)
def test_what_was_said_and_decided_can_neither_be_changed_nor_deleted(any_full_app: Flask, table: str) -> None:
    column, value = TABLES[table]
    with any_full_app.app_context():
        before = _dump(table)
        assert before
        statements = [
            (f"UPDATE {table} SET {column} = :value", {"value": value}),
            (f"UPDATE {table} SET {column} = {column} WHERE id = (SELECT min(id) FROM {table})", {}),
            (f"DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})", {}),
            (f"DELETE FROM {table}", {}),
        ]
        for statement, values in statements:
            with pytest.raises(DBAPIError, match="append-only"), _by_force() as connection:
                connection.execute(text(statement), values)
        assert _dump(table) == before


@pytest.mark.parametrize("model", [Revision, Basis, Review, Publication])
def test_the_portals_own_session_cannot_change_history_either(any_full_app: Flask, model: type) -> None:
    with any_full_app.app_context():
        for statement in (delete(model), update(model).values(id=model.id)):
            with pytest.raises(DBAPIError, match="append-only"), transaction():
                db.session.execute(statement)


def _review(revision: Revision, *, author_id: int, reviewer_id: int) -> dict[str, object]:
    return {
        "revision_id": revision.id,
        "author_id": author_id,
        "reviewer_id": reviewer_id,
        "reviewer_name": "谁",
        "verdict": "通过",
        "remark": "",
        "at": NOW,
    }


def test_four_eyes_are_kept_by_the_database(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        revision = db.session.scalars(select(Revision).limit(1)).one()
        other = db.session.scalars(select(Person.id).where(Person.login == "demo.wu")).one()
        itself = _review(revision, author_id=revision.author_id, reviewer_id=revision.author_id)
        with pytest.raises(IntegrityError, match="four_eyes"), _by_force() as connection:
            connection.execute(insert(Review), itself)
        forged = _review(revision, author_id=other, reviewer_id=revision.author_id)
        with pytest.raises(IntegrityError), _by_force() as connection:
            connection.execute(insert(Review), forged)
        with _by_force() as connection:
            connection.execute(insert(Review), _review(revision, author_id=revision.author_id, reviewer_id=other))


def test_the_author_is_refused_as_approver_with_a_sentence_before_the_database_must_refuse(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        revision = db.session.scalars(select(Revision).limit(1)).one()
        author = db.session.scalars(select(Person).where(Person.name == CONTENT_PACK)).one()
        article = db.session.get_one(Article, revision.article_id)
        with pytest.raises(DomainError, match="写的人不能审自己的版本"), transaction():
            approve_and_publish(article, revision, from_at=NOW, approver=author, reason="", now=NOW)


def test_a_revision_number_exists_once_in_an_article(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        first = db.session.execute(select(Revision.__table__).limit(1)).mappings().one()
        again = {key: value for key, value in first.items() if key != "id"}
        with pytest.raises(IntegrityError), _by_force() as connection:
            connection.execute(insert(Revision), again)
