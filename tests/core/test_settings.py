"""A setting that cannot be used is told in one sentence that names it, before anything is opened."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal import create_app
from portal.config import ROOT, ConfigError, Settings, load_settings
from portal.core.errors import SetupError

CHINESE = re.compile(r"[\u4e00-\u9fff]")
BAD = [
    ("PORTAL_ENV", "prod"),
    ("PORTAL_ENV", "DEMO "),
    ("PORTAL_PORT", "0"),
    ("PORTAL_PORT", "65536"),
    ("PORTAL_PORT", "80a"),
    ("PORTAL_PORT", "8000.5"),
    ("PORTAL_NOW", "2026-12-31T09:00:00"),
    ("PORTAL_NOW", "yesterday"),
    ("PORTAL_NOW", "2026-02-30T09:00:00+08:00"),
    ("PORTAL_DATABASE_URL", "mysql://localhost/portal"),
    ("PORTAL_DATABASE_URL", "portal.db"),
    ("PORTAL_DATABASE_URL", "postgresql//localhost"),
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PORTAL_"):
            monkeypatch.delenv(name)


def _is_one_sentence(words: str, name: str) -> None:
    assert "\n" not in words.strip()
    assert name in words
    assert CHINESE.search(words)
    assert not re.search(r"Input should|validation error|pydantic|Traceback|http", words)
    assert len(words) < 200


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_gives_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load_settings()
    _is_one_sentence(str(refused.value), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_NOW", "2026-12-31T09:00:00+08:00"),
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_SECRET_KEY", "a" * 64),
    ],
)
def test_production_is_strict_and_says_why(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("PORTAL_ENV", "production")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load_settings()
    _is_one_sentence(str(refused.value), name)


def test_an_empty_setting_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENV", "DATA_DIR", "DATABASE_URL", "PORT", "NOW", "SECRET_KEY"):
        monkeypatch.setenv(f"PORTAL_{name}", "")
    assert load_settings() == Settings.model_construct()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_any_way_of_writing_postgresql_is_taken(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("PORTAL_DATABASE_URL", f"{scheme}://portal@127.0.0.1/portal")
    assert load_settings().database == "postgresql+psycopg://portal@127.0.0.1/portal"


def test_without_a_database_it_is_a_file_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    assert load_settings().database == f"sqlite:///{tmp_path}/portal.db"


@pytest.mark.parametrize("place", ["file", "below a file", "/proc/nowhere", "/dev/null"])
def test_a_data_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path, place: str) -> None:
    file = tmp_path / "file"
    file.touch()
    folder = {"file": file, "below a file": file / "data"}.get(place, Path(place))
    with pytest.raises(SetupError) as refused:
        create_app(Settings(data_dir=folder))
    _is_one_sentence(str(refused.value), "PORTAL_DATA_DIR")
    assert str(folder) in str(refused.value)


def _start(**settings: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    command = [sys.executable, "-c", "import wsgi"]
    return subprocess.run(
        command, cwd=ROOT, env=env | settings, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_server_that_cannot_start_ends_with_two_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cases = ({"PORTAL_ENV": "prod"}, {"PORTAL_DATA_DIR": str(tmp_path / "file")})
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda settings: _start(**settings), cases))
    for settings, process in zip(cases, done, strict=True):
        assert (process.returncode, process.stdout) == (2, "")
        _is_one_sentence(process.stderr, next(iter(settings)))


def test_two_servers_that_start_at_once_share_their_secrets(tmp_path: Path) -> None:
    code = "import wsgi; print(wsgi.app.config['SECRET_KEY'])"
    env = {**os.environ, "PORTAL_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-c", code]
    started = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) >= 43
    for name in ("secret_key", "data_key"):
        path = tmp_path / "data" / name
        if path.exists():
            assert path.stat().st_mode & 0o077 == 0
