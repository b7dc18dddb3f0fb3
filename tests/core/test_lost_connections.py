"""A database that was away for a while is found again without a restart."""

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.core import database
from portal.core.database import db, is_postgres


def _end_its_connection(app: Flask) -> None:
    with app.app_context():
        address = db.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")
        pid = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.rollback()
        with psycopg.connect(address, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_a_connection_that_died_while_it_lay_idle_is_replaced(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with any_app.app_context():
        if not is_postgres():
            return
    monkeypatch.setattr(database, "TRUSTED", -1.0)
    _end_its_connection(any_app)
    with any_app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1


def test_one_that_died_a_moment_ago_costs_one_request_and_no_more(any_app: Flask) -> None:
    with any_app.app_context():
        if not is_postgres():
            return
    _end_its_connection(any_app)
    with any_app.app_context(), pytest.raises(OperationalError):
        db.session.scalar(text("SELECT 1"))
    with any_app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1
