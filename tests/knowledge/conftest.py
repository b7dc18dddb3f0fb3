"""Two articles on each database, and words that nobody could find."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal.core.clock import set_clock

from .asking import ask, chain, report
from .pack import NOW, take_in, write


@pytest.fixture
def pack(any_app: Flask, tmp_path: Path) -> Flask:
    """Two articles on each database."""
    folder = tmp_path / "pack"
    write(folder, "arrears", "请依约付款。", title="拖欠中小企业账款", phrases=("货款要不回来",), category="0901")
    write(folder, "other", "别的。", title="另一条", category="0104")
    with any_app.app_context():
        take_in(folder)
    return any_app


@pytest.fixture
def searched(app: Flask, tmp_path: Path) -> Flask:
    """Words not found in two weeks, by several people, in several categories."""
    folder = tmp_path / "pack"
    write(folder, "arrears", "请依约付款。", title="拖欠中小企业账款", phrases=("货款要不回来",), category="0901")
    with app.app_context():
        take_in(folder)
        for week in (0, 1):
            before = -week * 7 * 24 * 3600
            ask("无人机登记", before)
            ask("无人机登记", before + 300, login="demo.zhao")
            ask("蟋蟀比赛", before + 600, context="0104")
        ask("只在上周", -7 * 24 * 3600 + 900, context="0901")
        report("报上来的", code="0901")
        chain("老板跑路", seconds=1200)
    set_clock(NOW + timedelta(hours=2))
    return app
