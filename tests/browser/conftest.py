"""One browser for all journeys; without Chromium they are skipped, which CI does not allow."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.browser import CHROMIUM, launch


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail("no /usr/bin/chromium: CI must install Debian's chromium and fonts-noto-cjk")
        pytest.skip("no /usr/bin/chromium: apt-get install chromium fonts-noto-cjk to run the journeys")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
