"""The plain model beside which articles live: lists of texts, lines and requests, and what speaks when."""

from dataclasses import dataclass, field
from datetime import date, datetime

from portal.core.clock import beijing_day


@dataclass
class Text:
    """A revision as the model knows it."""

    id: int
    article: int
    author: str
    script: str
    valid_to: date | None
    after: list[str]
    """Who wrote it and what lay unapproved before it."""


@dataclass
class Line:
    """A line of the ledger as the model knows it: nothing speaks where `text` is none."""

    article: int
    text: Text | None
    at: datetime
    until: datetime | None
    lit_by: str = ""
    fresh: bool = True
    called_off: bool = False


@dataclass
class Waiting:
    """A request as the model knows it."""

    id: int
    texts: list[Text]
    by: str


@dataclass
class Model:
    """All of it, in plain lists: what speaks is looked for from the last line back."""

    texts: list[Text] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    approved: set[int] = field(default_factory=set)

    def line(self, article: int, now: datetime) -> Line | None:
        """What counts now: of the lines that have begun, are not called off and have not lapsed, the last to begin."""
        found = None
        for line in self.lines:
            begun = line.article == article and line.at <= now and not line.called_off
            if begun and (line.until is None or now < line.until) and (found is None or line.at >= found.at):
                found = line
        return found

    def says(self, article: int, now: datetime) -> Text | None:
        """What may be read out now."""
        line = self.line(article, now)
        text = line.text if line else None
        return None if text is None or (text.valid_to and beijing_day(now) > text.valid_to) else text
