"""A real portal for drills: gunicorn with two workers over a data folder, and people who talk to it over HTTP."""

import http.cookiejar
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.config import ROOT

BIN = ROOT / ".venv" / "bin"


def environment(folder: Path, url: str = "") -> dict[str, str]:
    """What the portal's processes need to know."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return {**clean, "PORTAL_ENV": "demo", "PORTAL_DATA_DIR": str(folder), "PORTAL_DATABASE_URL": url}


def flask(folder: Path, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of the portal to its end."""
    line = [str(BIN / "flask"), *words]
    return subprocess.run(line, cwd=ROOT, env=environment(folder, url), capture_output=True, text=True, check=False)


@contextmanager
def serving(folder: Path, url: str = "", *, jobs: bool = False) -> Iterator[str]:
    """Two gunicorn workers on a free port, with the background jobs if wanted; gives the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = [str(BIN / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    lines = [line, [str(BIN / "flask"), "jobs", "run"]] if jobs else [line]
    processes = [subprocess.Popen(each, cwd=ROOT, env=environment(folder, url)) for each in lines]
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base)
        yield base
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(base: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{base}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the portal did not come up")


@dataclass
class Talker:
    """Somebody with a browser: cookies, and forms sent as forms."""

    base: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay())

    def ask(self, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of an answer; redirects are not followed."""
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        try:
            with self.opener.open(self.base + path, body, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def sign_in(self, name: str) -> "Talker":
        """One click on a demo person."""
        _, page = self.ask("/account/sign-in")
        people = re.findall(r'name="person" value="(\d+)".*?class="name">(\S+)', page, re.S)
        person = next(number for number, known in people if known == name)
        status, _ = self.ask("/account/demo-sign-in", {"csrf_token": token(page), "person": person, "next": "/"})
        assert status == 303, status
        return self


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def token(page: str) -> str:
    """The form token on a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page[:300]
    return found[1]
