"""Every link, form and asset of every page leads somewhere, for whoever is shown it."""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.exceptions import HTTPException

from portal.config import ROOT
from tests.support.visitor import Visitor

from .places import EVERYBODY, arrive

Arrive = Callable[[str], Visitor]
OF_EACH_KIND = 2
"""How many pages of one kind (one address with other numbers in it) a bounded crawl opens."""
DIST = ROOT / "portal" / "static" / "dist"


def _kind(app: Flask, address: str) -> tuple[object, ...]:
    """Pages of one kind have one endpoint and one condition of the same name, or several of any."""
    parts = urlsplit(address)
    endpoint, _ = app.url_map.bind("localhost").match(parts.path, method="GET")
    names = sorted({name for name, _ in parse_qsl(parts.query)})
    return endpoint, *(names if len(names) < 2 else ["several"])


def _links(page: BeautifulSoup, here: str) -> set[str]:
    found = {urljoin(here, str(link["href"])) for link in page.select("a[href]")}
    return {address.split("#")[0] for address in found}


def _targets_missing(page: BeautifulSoup) -> list[str]:
    """Links within the page whose target is not on it."""
    wanted = {str(link["href"])[1:] for link in page.select('a[href^="#"]')}
    return sorted(wanted - {str(tag["id"]) for tag in page.find_all(id=True)} - {""})


def _forms_astray(app: Flask, page: BeautifulSoup) -> list[str]:
    """Forms that send to an address that does not take them."""
    adapter, astray = app.url_map.bind("localhost"), []
    for form in page.select("form[action]"):
        method = str(form.get("method", "get")).upper()
        try:
            adapter.match(urlsplit(str(form["action"])).path, method=method)
        except HTTPException:
            astray.append(f"{method} {form['action']}")
    return astray


def _crawl(guest: Visitor, *, all_of: Collection[str] = ()) -> dict[str, str]:
    """Follow the links from the first page on; returns address → the page that named it.

    Of each kind a few are opened, of the kinds in `all_of` (addresses without conditions) every one.
    """
    seen: dict[str, str] = {"/": ""}
    opened: dict[tuple[object, ...], int] = defaultdict(int)
    waiting = deque(["/"])
    faults: list[str] = []
    while waiting:
        here = waiting.popleft()
        response = guest.client.get(here)
        if response.status_code in (302, 303):
            waiting.append(str(response.location))
            continue
        if response.status_code != 200:
            faults.append(f"{response.status_code} {here} (linked from {seen.get(here)})")
            continue
        if response.mimetype != "text/html":
            continue
        page = BeautifulSoup(response.text, "html.parser")
        faults += [f"{here}: #{target} is not on the page" for target in _targets_missing(page)]
        faults += [f"{here}: {form}" for form in _forms_astray(guest.app, page)]
        for address in sorted(_links(page, here) - seen.keys()):
            assert address.startswith("/"), f"{here} leads outside: {address}"
            seen[address] = here
            try:
                kind = _kind(guest.app, address)
            except HTTPException:
                faults.append(f"{here}: nothing at {address}")
                continue
            opened[kind] += 1
            if opened[kind] <= OF_EACH_KIND or (len(kind) == 1 and kind[0] in all_of):
                waiting.append(address)
    assert not faults, "\n".join(faults)
    return seen


def test_every_link_there_is_leads_to_a_page(full_app: Flask) -> None:
    seen = _crawl(arrive(full_app, "demo.sun"), all_of=["knowledge.show", "categories.show", "units.show"])
    assert len([address for address in seen if re.fullmatch(r"/knowledge/KB-\d{4}-\d{3}", address)]) == 80
    assert len([address for address in seen if re.fullmatch(r"/categories/\d{2,4}", address)]) == 144


@pytest.mark.parametrize("login", EVERYBODY)
def test_nobody_is_shown_a_link_that_is_closed_to_them(visitor: Arrive, login: str) -> None:
    assert len(_crawl(visitor(login))) > 1


def test_every_asset_a_page_names_is_there(visitor: Arrive) -> None:
    agent = visitor("demo.li")
    named: set[str] = set()
    for path in ("/", "/?q=公司", "/knowledge/KB-1001-001", "/nowhere"):
        page = BeautifulSoup(agent.client.get(path).text, "html.parser")
        named |= {str(tag[name]) for name in ("src", "href") for tag in page.select(f"script[{name}], link[{name}]")}
        icons = {str(tag["href"]) for tag in page.select("use[href]")}
        named |= {icon.split("#")[0] for icon in icons}
        for icon in icons:
            file, name = icon.split("#")
            assert f'id="{name}"' in (DIST / Path(file).name).read_text(encoding="utf-8"), icon
    assert len(named) >= 4
    for address in named:
        assert address.startswith("/static/dist/"), address
        with agent.client.get(address) as response:
            assert response.status_code == 200, address
            assert "immutable" in response.headers["Cache-Control"]
