"""The process that renders Markdown: started as a script, fed one JSON line a text, killed when it takes too long.

Markdown hangs or recurses on short hostile inputs (8,000 opening brackets); a process can be ended, a thread cannot.
"""

import json
import re
import resource
import sys

import nh3
from markdown import Markdown

MEMORY = 512 * 1024 * 1024
BLOCKS = "p br h2 h3 h4 h5 ul ol li dl dt dd pre blockquote hr table thead tbody tr th td"
TAGS = {*BLOCKS.split(), "a", "strong", "em", "del", "sup", "sub", "code"}
ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}, "ol": {"start"}}


def clean(html: str) -> str:
    """Only the tags, attributes and schemes an article needs."""
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
        url_relative=_own_page,
    )
    return cleaned.lstrip("\ufeff")  # the next reader would take it for a byte order mark


def _own_page(address: str) -> str | None:
    """An address without a scheme leads to a page of the portal or to a place in the text, or nowhere."""
    return address if re.match(r"(?:/(?![/\\])|#)[^\s\\]*$", address) else None


def main() -> None:
    """Answer one line of JSON for each line of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    markdown = Markdown(extensions=["extra", "sane_lists"], output_format="html")
    for line in sys.stdin:
        try:
            answer = {"html": clean(markdown.reset().convert(json.loads(line)["text"]))}
        except (RecursionError, MemoryError, ValueError, AssertionError) as error:
            answer = {"error": type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
