"""A request that began to read before another process changed and indexed something is no sign of a damaged index."""

import threading

from flask import Flask
from sqlalchemy import select

from portal.audit.services import Actor
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.search import words
from portal.search.models import SynonymGroup
from portal.search.queries import find
from portal.search.services import engine


def _elsewhere(app: Flask) -> None:
    """Another worker commits a change and brings the index up to it."""

    def work() -> None:
        with app.app_context():
            with transaction():
                words.add_group("908172、注册资本", note="", by=Actor(None, "周编辑"), now=utc_now())
            db.session.remove()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_an_index_ahead_of_an_old_view_of_the_database_is_not_rebuilt(any_full_app: Flask) -> None:
    with any_full_app.app_context():
        find("注册资本", at=utc_now())
        build = engine().stats()["build"]
        db.session.scalars(select(SynonymGroup.id)).all()
        _elsewhere(any_full_app)
        results, *_ = find("908172", at=utc_now())
        assert results is not None
        assert results.hits
        assert engine().stats()["build"] == build
