"""Measure the desk in a real browser: from the key to the script on the screen, and keys to the right card.

Articles are typed by the first letters of their title, and by those of the phrase of theirs that needs the fewest keys,
letter by letter into the desk's box until the right article is the first card. After each key the answer to these very
letters is waited for, and the time taken until the frame with its first script has been drawn.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from pypinyin import Style, lazy_pinyin
from sqlalchemy import select

from portal import create_app
from portal.config import Env, Settings
from portal.core.clock import utc_now
from portal.core.database import db
from portal.home.queries import answer
from portal.knowledge.models import Article, Phrase, Revision
from portal.knowledge.queries.visible import answering
from tests.support.browser import CHROMIUM, WIDE, launch
from tests.support.databases import let_go

from .portals import Portals, load, served
from .search import show
from .search_corpus import rows

MOST_KEYS = 12
AIM_MS, AIM_KEYS = 600, 5
NEVER = MOST_KEYS + 1
"""What counts as the keys of an article that never came first."""

WATCH = """
addEventListener("keydown", (event) => { window.pressed = event.timeStamp; }, true);
addEventListener("DOMContentLoaded", () => {
  const results = document.getElementById("results");
  if (results) new MutationObserver(() => {
    const asked = results.querySelector("[data-asked]")?.dataset.q;
    if (asked === undefined || asked === window.drawn?.q) return;
    const pressed = window.pressed;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        const card = results.querySelector(".answer");
        const script = card?.querySelector("[data-script]")?.getBoundingClientRect();
        const [ms, first] = [performance.now() - pressed, card?.dataset.ref ?? ""];
        window.drawn = { q: asked, ms, first, seen: Boolean(script?.height) };
      };
      channel.port2.postMessage(null);
    });
  }).observe(results, { childList: true, subtree: true });
});
"""
"""Runs in the page: notes when a key went down, and when the frame after the next answer has been painted."""


@dataclass(frozen=True)
class Wanted:
    """An article to be found, and the letters that are typed for it."""

    number: str
    title: str
    by_title: str
    by_best: str


def measure(root: Path, callers: Path | None) -> dict[str, Any]:
    """The tables, printed as they come; nothing where there is no browser."""
    if not CHROMIUM.exists():
        print(f"{CHROMIUM} is not there: nothing is measured in the browser")
        return {}
    with Portals(root).place("sqlite", AGENT=1) as place:
        wanted = _wanted(place.folder, _slugs(callers))
        with served(place) as base, sync_playwright() as playwright:
            browser = launch(playwright)
            context = browser.new_context(viewport=WIDE, locale="zh-CN")  # type: ignore[arg-type]
            context.add_cookies([{"name": "session", "value": place.secrets["AGENT"][0], "url": base}])
            context.add_init_script(WATCH)
            page, before = context.new_page(), load()
            table = {}
            for name, letters in (("title", "by_title"), ("title or best phrase", "by_best")):
                typed = [_type(page, base, each.number, getattr(each, letters)) for each in wanted]
                table[name] = _row(typed, len(wanted))
                table[name]["never first"] = sum(keys == NEVER for keys, _ in typed)
            browser.close()
    show(f"typed by first letters in the browser, {len(wanted)} articles", table)
    print(f"\n{before}, then {load()}")
    return {**table, "load": [before, load()]}


def _row(typed: Sequence[tuple[int, list[float]]], articles: int) -> dict[str, Any]:
    keys = [count for count, _ in typed]
    p50, p95, p99 = np.percentile([ms for _, times in typed for ms in times], [50, 95, 99])
    median = float(np.median(keys))
    return {
        "articles": articles,
        "keys, median": median,
        "keys, p90": float(np.percentile(keys, 90)),
        "aim keys": AIM_KEYS,
        "keys met": "yes" if median <= AIM_KEYS else "NO",
        "key to script p50_ms": float(p50),
        "p95_ms": float(p95),
        "p99_ms": float(p99),
        "aim p95_ms": AIM_MS,
        "time met": "yes" if p95 <= AIM_MS else "NO",
    }


def _type(page: Page, base: str, number: str, letters: str) -> tuple[int, list[float]]:
    """How many keys until this article is the first card, and the time that each of them took to its script."""
    page.goto(base)
    page.locator("#q").focus()
    times: list[float] = []
    for count, letter in enumerate(letters, start=1):
        page.keyboard.press(letter)
        found = page.wait_for_function(
            "q => window.drawn?.q === q && window.drawn", arg=letters[:count], timeout=15_000, polling=10
        ).json_value()
        if found["seen"]:
            times.append(found["ms"])
        if found["first"] == number:
            return count, times
    return NEVER, times


def _slugs(callers: Path | None) -> set[str] | None:
    if callers is None:
        return None
    return {str(row["slug"]) for row in rows(callers)}


def _wanted(folder: Path, slugs: set[str] | None) -> list[Wanted]:
    """The articles that answer now, and of each the letters that bring it to the top soonest."""
    app = create_app(Settings(env=Env.DEMO, data_dir=folder, meaning=False))
    with app.app_context():
        found = list(_articles(slugs))
        db.session.remove()
    let_go(app)
    return found


def _articles(slugs: set[str] | None) -> Iterator[Wanted]:
    phrases: dict[int, list[str]] = {}
    for article_id, text in db.session.execute(select(Phrase.article_id, Phrase.text)):
        phrases.setdefault(article_id, []).append(text)
    rows = db.session.execute(
        select(Article.id, Article.number, Article.slug, Revision.title)
        .join(Revision, Revision.article_id == Article.id)
        .where(Revision.id.in_(answering(utc_now())))
        .order_by(Article.number)
    ).all()
    for key, number, slug, title in rows:
        if slugs is None or slug in slugs:
            ways = [_letters(text) for text in (title, *phrases.get(key, ()))]
            yield Wanted(number, title, ways[0], min(ways, key=lambda letters: _keys(number, letters)))


def _letters(text: str) -> str:
    """The first letter of each character's sound; letters and digits as they are; no signs."""
    first = "".join(lazy_pinyin(re.sub(r"[\W_]+", "", text), style=Style.FIRST_LETTER)).lower()
    return re.sub(r"[^a-z0-9]", "", first)[:MOST_KEYS]


def _keys(number: str, letters: str) -> int:
    """How many of these letters bring the article to the top, without a browser."""
    for count in range(1, len(letters) + 1):
        cards = answer(letters[:count], category="", now=utc_now(), person_id=None, limit=1).cards
        if cards and cards[0].number == number:
            return count
    return NEVER
