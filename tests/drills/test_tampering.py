"""A thousand tamperings with the audit, each of a kind drawn at random, are all found and their place is named."""

import time

import pytest
from flask import Flask

from portal.core.database import db
from tests.audit.tampering import KINDS, fill, read, tamper_at_random, unlock

TIMES, SEED = 1000, 20261123


@pytest.mark.drill
def test_a_thousand_tamperings_are_all_found(any_app: Flask) -> None:
    fill(any_app)
    unlock(any_app)
    rows, started = len(read(any_app)), time.monotonic()
    found = tamper_at_random(any_app, TIMES, seed=SEED)
    with any_app.app_context():
        name = db.engine.dialect.name
    print(
        f"| {TIMES:,} tamperings of {len(KINDS)} kinds with a chain of {rows} rows, {name} | "
        f"{sum(found.values()):,} found, {time.monotonic() - started:.0f} s | all |"
    )
    assert sum(found.values()) == TIMES
    assert all(found.values()), found
