"""An agent at the desk, with verbs for what agents do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, expect

from tests.support.browser import Watched, watched

PLACE_OF_CARDS = "#results article.answer"


@dataclass
class Agent:
    """Somebody with a company on the line, hands on the keyboard."""

    guest: Watched

    @property
    def box(self) -> Locator:
        """The one box of the desk."""
        return self.guest.page.locator("#q")

    @property
    def cards(self) -> Locator:
        """The answers on the desk."""
        return self.guest.page.locator(PLACE_OF_CARDS)

    @property
    def chosen(self) -> Locator:
        """The answer that is open."""
        return self.guest.page.locator(f"{PLACE_OF_CARDS}[aria-current=true]")

    def signs_in_as(self, name: str) -> None:
        """One click on the person."""
        self.guest.go("/")
        self.looks_around()
        self.guest.page.get_by_role("button", name=name).click()
        expect(self.guest.page.locator("nav.rail, nav.tabbar").first).to_be_attached()

    def searches(self, words: str) -> None:
        """Go to the box by its key, type, and wait for the answers to settle."""
        self.goes_to_the_box()
        with self.guest.page.expect_response(lambda r: "/desk/results" in r.url and r.ok):
            self.guest.page.keyboard.type(words, delay=15)
        self.guest.page.wait_for_load_state("networkidle")
        expect(self.cards.first).to_be_visible()

    def goes_to_the_box(self) -> None:
        """The key that always leads to the box."""
        if not self.box.evaluate("box => box === document.activeElement"):
            self.presses("/")
        expect(self.box).to_be_focused()

    def presses(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.guest.page.keyboard.press(key)

    def sees(self, words: str) -> None:
        """The words stand on the page, visibly."""
        expect(self.guest.page.get_by_text(words).first).to_be_visible()

    def hears(self, words: str) -> None:
        """A short message at the foot of the page says so."""
        expect(self.guest.page.locator("#messages")).to_contain_text(words)

    def opens_the_chosen_answer(self) -> None:
        """Enter leads to the article."""
        number = self.chosen.get_attribute("data-ref")
        self.presses("Enter")
        self.guest.page.wait_for_url(f"**/knowledge/{number}")

    def pastes(self) -> str:
        """What the clipboard holds."""
        return str(self.guest.page.evaluate("navigator.clipboard.readText()"))

    def looks_around(self) -> None:
        """The page has no accessibility fault and does not scroll sideways."""
        self.guest.finds_no_accessibility_fault()


@contextmanager
def agent_at(browser: Browser, base: str, viewport: dict[str, int], **options: str) -> Iterator[Agent]:
    """An agent with a clipboard; what goes wrong unseen fails at the end."""
    with watched(
        browser, base, viewport=viewport, permissions=["clipboard-read", "clipboard-write"], **options
    ) as guest:
        yield Agent(guest)
