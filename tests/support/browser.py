"""A live portal and a real browser over it; what leaves this machine or fails on the console fails the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright
from werkzeug.serving import make_server

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def serve(app: Flask, *, tls: bool = False) -> Iterator[str]:
    """The application on a free port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context="adhoc" if tls else None)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium without a window."""
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)


@dataclass
class Watched:
    """A page whose console, requests and accessibility are watched."""

    context: BrowserContext
    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ("401", "422", "409", "403", "404")
    """Statuses that a journey meets on purpose; the browser writes each into its console."""

    def go(self, path: str) -> "Watched":
        self.page.goto(self.base + path)
        return self

    def finds_no_accessibility_fault(self) -> None:
        """axe-core over the page at hand: WCAG 2.0 to 2.2, A and AA."""
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": RULES}})
        assert found.violations_count == 0, found.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
        assert not wide, f"{self.page.url} scrolls sideways"

    def close(self) -> None:
        self.context.close()
        assert not self.faults, "\n".join(self.faults)


CANCELLED = ("htmx:sendAbort, ", "htmx:afterRequest, ")
"""What htmx writes when the next letter cancels the answer to the one before, as it should."""


@contextmanager
def watched(browser: Browser, base: str, *, viewport: dict[str, int] = WIDE, **options: Any) -> Iterator[Watched]:
    """A fresh context over the portal at `base`; whatever went wrong unseen fails at its end."""
    context = browser.new_context(viewport=viewport, ignore_https_errors=True, locale="zh-CN", **options)
    page = context.new_page()
    guest = Watched(context, page, base)

    def said(message: ConsoleMessage) -> None:
        known = message.text.startswith(CANCELLED) or any(f"status of {c}" in message.text for c in guest.expected)
        if message.type == "error" and not known:
            guest.faults.append(f"console: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: guest.faults.append(f"script: {error}"))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((base, "data:", "blob:")) else guest.faults.append(f"outside: {request.url}")
        ),
    )
    try:
        yield guest
    except BaseException:
        context.close()
        raise
    guest.close()
