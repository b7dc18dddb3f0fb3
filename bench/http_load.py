"""Measure the desk over HTTP: forty agents type and settle, twenty editors save, on both databases.

Every agent asks twice a second, whatever the answers take: a time is counted from the moment the question was due, so
a slow answer is not made up for by fewer questions. One search in ten has settled and is asked again with meaning.
"""

import html
import http.client
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import numpy as np

from tests.drills.server import token

from .portals import ENGINES, Portals, load, processor_seconds, served
from .search import kb_documents, show
from .search_corpus import rows

AGENTS, EDITORS = 40, 20
SEARCHES_A_SECOND, SAVES_A_SECOND = 2.0, 1.0
LETTERS = 10
"""Into so many searches a question is cut while it is typed; the last one is the whole question, and settles."""
PAUSE = 0.35
"""Seconds from the answer until meaning is asked for, as the page waits."""
WARM_UP = 5.0
AIMS = {"typed": 300, "settled": 600}
BUSY = "意近检索正忙"


@dataclass
class Seen:
    """What came of one kind of request."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    def row(self, seconds: float, aim: int | None) -> dict[str, Any]:
        """One line of the table."""
        if not self.times:
            return {"requests": 0, "errors": len(self.errors)}
        p50, p95, p99 = np.percentile(self.times, [50, 95, 99]) * 1000
        found: dict[str, Any] = {
            "requests": len(self.times),
            "a second": len(self.times) / seconds,
            "errors": len(self.errors),
        }
        found |= {"p50_ms": float(p50), "p95_ms": float(p95), "p99_ms": float(p99), "max_ms": max(self.times) * 1000}
        if aim:
            found |= {"aim p99_ms": aim, "met": "yes" if p99 <= aim and not self.errors else "NO"}
        return found | self.notes


class Tally:
    """What all of them saw, from the end of the warm-up on; what went wrong before it counts, too."""

    def __init__(self, begins: float) -> None:
        self.begins = begins
        self.seen: dict[str, Seen] = {}
        self._one_by_one = threading.Lock()

    def count(self, kind: str, due: float, *, error: str = "", note: str = "") -> None:
        """Note what came of a request that was due at a moment."""
        took = time.monotonic() - due
        with self._one_by_one:
            seen = self.seen.setdefault(kind, Seen())
            if error:
                seen.errors.append(error)
            if due >= self.begins:
                seen.times.append(took)
                if note:
                    seen.notes[note] = seen.notes.get(note, 0) + 1


class Line:
    """One connection that stays open, with its cookie, as a browser keeps it."""

    def __init__(self, base: str, cookie: str) -> None:
        self._open = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
        self._cookie = cookie

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of an answer; redirects are not followed."""
        headers = {"Cookie": f"session={self._cookie}", "HX-Request": "true"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._open.request("GET" if form is None else "POST", path, urlencode(form) if form else None, headers)
        answer = self._open.getresponse()
        text = answer.read().decode()
        for value in answer.headers.get_all("Set-Cookie") or ():
            if value.startswith("session="):
                self._cookie = value.split(";")[0].removeprefix("session=")
        return answer.status, text

    def close(self) -> None:
        """Hang up; the next question opens a new connection."""
        self._open.close()


@dataclass
class Agent:
    """Types question after question; asks for meaning on a second connection while typing goes on."""

    base: str
    cookie: str
    questions: Sequence[str]
    tally: Tally
    until: float

    def work(self, at: int, joins: ThreadPoolExecutor) -> None:
        """Type until the time is over; `at` says which of the agents this is."""
        line, self._joining = Line(self.base, self.cookie), Line(self.base, self.cookie)
        number, due = 0, time.monotonic() + random.Random(at).random() / SEARCHES_A_SECOND
        while due < self.until:
            time.sleep(max(0.0, due - time.monotonic()))
            # Everybody begins at another letter of another question, so that one in ten settles at any moment.
            question, typed = divmod(number + at, LETTERS)
            words = self.questions[(7 * at + question) % len(self.questions)]
            share = words[: max(1, -(-len(words) * (typed + 1) // LETTERS))]
            try:
                status, text = line.ask(f"/desk/results?q={quote(share)}")
                self.tally.count("typed", due, error="" if status == 200 else str(status))
            except (OSError, http.client.HTTPException) as error:
                self.tally.count("typed", due, error=repr(error))
                line.close()
                text = ""
            if typed == LETTERS - 1 and (ask := re.search(r'data-join="([^"]+)"', text)):
                joins.submit(self._join, html.unescape(ask[1]), time.monotonic() + PAUSE)
            number, due = number + 1, due + 1 / SEARCHES_A_SECOND
        line.close()

    def _join(self, path: str, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            status, text = self._joining.ask(path)
        except (OSError, http.client.HTTPException) as error:
            self.tally.count("settled", due, error=repr(error))
            self._joining.close()
            return
        fault = "" if status in (200, 204) else str(status)
        self.tally.count("settled", due, error=fault, note="busy, said so" if BUSY in text else "")


@dataclass
class Editor:
    """Opens the form of a unit and saves it, at a working pace."""

    base: str
    cookie: str
    tally: Tally
    until: float

    def work(self, unit: int) -> None:
        """Save a unit again and again until the time is over."""
        line = Line(self.base, self.cookie)
        due = time.monotonic() + random.Random(unit).random() / SAVES_A_SECOND
        while due < self.until:
            time.sleep(max(0.0, due - time.monotonic()))
            self._save(line, unit, due)
            due += 1 / SAVES_A_SECOND
        line.close()

    def _save(self, line: Line, unit: int, due: float) -> None:
        path = f"/units/{unit}/edit"
        try:
            status, page = line.ask(path)
            self.tally.count("form opened", due, error="" if status == 200 else str(status))
            version = re.search(r'name="opened_version"[^>]*value="(\d+)"', page)
            form = {"csrf_token": token(page), "opened_version": version[1] if version else "", "contact": ""}
            began = max(due, time.monotonic())
            status, _ = line.ask(path, {**form, "note": f"{time.monotonic():.6f}"})
            self.tally.count("saved", began, error="" if status == 303 else str(status))
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.tally.count("saved", due, error=repr(error))
            line.close()


def measure(
    root: Path,
    callers: Path | None,
    *,
    seconds: float,
    agents: int = AGENTS,
    editors: int = EDITORS,
    engines: Sequence[str] = ENGINES,
) -> dict[str, Any]:
    """The table of each database, printed as it comes."""
    questions = [str(row["text"]) for row in rows(callers)] if callers else phrases()
    portals, figures = Portals(root), {}
    for engine in engines:
        with portals.place(engine, AGENT=agents, VISITOR=editors) as place, served(place) as base:
            before, used = load(), processor_seconds()
            began = time.monotonic()
            tally = drive(base, place.secrets["AGENT"], place.secrets["VISITOR"], questions, seconds=seconds)
            spent, after = time.monotonic() - began, processor_seconds()
            table = {kind: seen.row(seconds, AIMS.get(kind)) for kind, seen in sorted(tally.seen.items())}
            show(f"{agents} agents and {editors} editors over HTTP for {seconds:.0f} s, {engine}", table)
            _complain(tally)
            measuring, measured = ((b - a) / spent for a, b in zip(used, after, strict=True))
            print(
                f"\n{before}, then {load()}; cores used: {measured:.2f} by the portal, {measuring:.2f} by the measuring"
            )
            figures[engine] = table | {"cores used": measured, "cores measuring": measuring, "load": [before, load()]}
    return figures


def drive(
    base: str, agents: Sequence[str], editors: Sequence[str], questions: Sequence[str], *, seconds: float
) -> Tally:
    """Let them all work at once."""
    begins = time.monotonic() + WARM_UP
    tally, until = Tally(begins), begins + seconds
    with ThreadPoolExecutor(max(1, len(agents))) as joins:
        works: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
            (Agent(base, cookie, questions, tally, until).work, (at, joins)) for at, cookie in enumerate(agents)
        ]
        works += [(Editor(base, cookie, tally, until).work, (unit,)) for unit, cookie in enumerate(editors, start=1)]
        threads = [threading.Thread(target=work, args=given) for work, given in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return tally


def phrases() -> list[str]:
    """A caller's phrase of each article, to be typed where no file of questions is given."""
    return [texts[0] for document in kb_documents() if (texts := document.texts("phrases"))]


def _complain(tally: Tally) -> None:
    for kind, seen in tally.seen.items():
        for error in dict.fromkeys(seen.errors):
            print(f"{kind}: {seen.errors.count(error)} × {error}", flush=True)
