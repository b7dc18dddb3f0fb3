"""What a text points to: other articles, files kept beside it, addresses outside."""

import html
import re
from enum import StrEnum

LONGEST = 300
"""Characters of an address that are kept; a longer one is no address anybody can mend."""


class ReferenceKind(StrEnum):
    """What is pointed to."""

    ARTICLE = "article"
    FILE = "file"
    LINK = "link"


_ADDRESS = re.compile(r'\b(?:href|src)="([^"]*)"')
_NUMBER = re.compile(r"(?<![0-9A-Za-z-])KB-\d{2,6}-\d{3,6}(?![0-9A-Za-z])")
_FILE = re.compile(r"/knowledge/files/(\d{1,9})$")
_ARTICLE = re.compile(r"/knowledge/(KB-\d{2,6}-\d{3,6})(?:[/?#].*)?$")


def references(body_html: str, script: str, *, but: str = "") -> list[tuple[ReferenceKind, str]]:
    """Everything a text points to, each once: its kind, and an article's number, a file's number or an address.

    Args:
        body_html: the body, rendered and cleaned.
        script: what is read aloud; it may name an article.
        but: the number of the article itself.
    """
    found: list[tuple[ReferenceKind, str]] = []
    for quoted in _ADDRESS.findall(body_html):
        address = html.unescape(quoted)
        if file := _FILE.match(address):
            found.append((ReferenceKind.FILE, str(int(file[1]))))
        elif article := _ARTICLE.match(address):
            found.append((ReferenceKind.ARTICLE, article[1]))
        elif re.match(r"https?://", address) and len(address) <= LONGEST:
            found.append((ReferenceKind.LINK, address))
    said = re.sub(r"<[^>]*>", " ", body_html) + " " + script
    found += [(ReferenceKind.ARTICLE, number) for number in _NUMBER.findall(said)]
    return [each for each in dict.fromkeys(found) if each != (ReferenceKind.ARTICLE, but)]
