"""Markdown of strangers: rendered within limits, cleaned, never in the way of others."""

import re
import time

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core import markup
from portal.core.errors import DomainError
from portal.core.markup import LENGTH, SECONDS, render
from portal.core.markup_child import ATTRIBUTES, TAGS, clean

MANY = 8000
HOSTILE = {
    "opening brackets": "[" * MANY,
    "image brackets": "![" * MANY,
    "half links": "[a](" * MANY,
    "marked sections": "<![" * MANY,
    "stars around a letter": "*" * 2000 + "a" + "*" * 2000,
    "underscores": "_a" * MANY,
    "nested quotes": ">" * MANY + " a",
    "nested lists": "\n".join(" " * (2 * i) + "- a" for i in range(400)),
    "backticks": "`" * MANY + "a",
    "comments never closed": "<!--" * MANY,
    "tags never closed": "<b>" * MANY,
    "entities": "&" * MANY + "amp;" * MANY,
    "a wide table": "|a" * 3000 + "\n" + "|-" * 3000 + "\n" + "|a" * 3000,
    "references": "\n".join(f"[{i}]: /{i}" for i in range(5000)),
    "footnotes": "\n".join(f"[^{i}]" for i in range(3000)) + "\n" + "\n".join(f"[^{i}]: x" for i in range(3000)),
    "abbreviations": "\n".join(f"*[a{i}]: x" for i in range(800)) + "\n" + "a1 " * 5000,
    "definition lists": "a\n: b\n\n" * 3000,
    "as long as may be": "字" * LENGTH,
    "only line ends": "\n" * LENGTH,
    "emphasis and links mixed": "*[*[" * 3000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_ends_within_the_limits(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(markup, "SECONDS", 0.5)
    started = time.monotonic()
    try:
        html = render(HOSTILE[name])
    except DomainError:
        html = ""
    assert clean(html) == html
    assert time.monotonic() - started < 3
    assert render("**好**") == "<p><strong>好</strong></p>"


def test_the_limit_is_two_seconds() -> None:
    started = time.monotonic()
    with pytest.raises(DomainError, match="太复杂"):
        render(HOSTILE["opening brackets"])
    assert SECONDS == 2
    assert SECONDS <= time.monotonic() - started < SECONDS + 3


def test_a_text_that_is_too_long_is_not_even_tried() -> None:
    with pytest.raises(DomainError, match="200,001 字"):
        render("字" * (LENGTH + 1))


def test_an_article_keeps_what_it_needs() -> None:
    text = "## 条件\n\n1. 第一\n2. **第二**\n\n| 项 | 数 |\n|---|---|\n| 甲 | 1 |\n\n[办理](https://banshi.beijing.gov.cn/x)"
    page = BeautifulSoup(render(text), "html.parser")
    assert [tag.name for tag in page.find_all(["h2", "ol", "strong", "table", "a"])] == [
        "h2",
        "ol",
        "strong",
        "table",
        "a",
    ]
    link = page.a
    assert link is not None
    assert link["href"] == "https://banshi.beijing.gov.cn/x"
    assert set(link["rel"]) == {"noopener", "noreferrer"}


FAMILIES = {
    "script": "<script>alert(1)</script>",
    "script in capitals": "<ScRiPt src=//x></sCrIpT>",
    "script in pieces": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "handler": "<p onclick=alert(1)>x</p>",
    "handler after a slash": "<a/onmouseover=alert(1)>x</a>",
    "handler with line ends": "<a\n\ronfocus\n=\nalert(1) autofocus>x</a>",
    "image": "<img src=x onerror=alert(1)>",
    "image from outside": "![x](https://tracker.example/p.gif)",
    "svg": "<svg onload=alert(1)><animate onbegin=alert(1)></svg>",
    "svg with a script inside": "<svg><script>alert(1)</script><style>*{}</style></svg>",
    "math": "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "math and style": "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=alert(1)&gt;'>",
    "frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "object": "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "form": "<form action=https://evil.example><input name=password><button formaction=javascript:alert(1)>x</form>",
    "meta": "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "base": "<base href=https://evil.example/>",
    "link": "<link rel=stylesheet href=https://evil.example/x.css>",
    "style": "<style>@import 'https://evil.example'</style>",
    "style attribute": "<p style='background:url(javascript:alert(1))'>x</p>",
    "class and id": "<p class=answer id=content>x</p>",
    "javascript": "[x](javascript:alert(1))",
    "javascript by entity": "<a href='&#106;&#x61;vascript:alert(1)'>x</a>",
    "javascript by named entity": "<a href='javascript&colon;alert(1)'>x</a>",
    "javascript with a tab": "<a href='java\tscript:alert(1)'>x</a>",
    "javascript with spaces": "<a href='java   script:alert(1)'>x</a>",
    "javascript after a control": "<a href='\x01javascript:alert(1)'>x</a>",
    "javascript in capitals": "[x](JaVaScRiPt:alert(1))",
    "vbscript": "[x](vbscript:msgbox)",
    "data": "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "file": "[x](file:///etc/passwd)",
    "another host without scheme": "<a href=//evil.example>x</a>",
    "another host by backslash": "<a href='/\\evil.example'>x</a>",
    "a blank target": "<a href=https://a.example target=_blank>x</a>",
    "template": "<template><img src=x onerror=alert(1)></template>",
    "noscript": "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "comment": "<!--><img src=x onerror=alert(1)>-->",
    "conditional comment": "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "processing instruction": "<?xml version='1.0'?><x/>",
    "marked section": "<![CDATA[<script>alert(1)</script>]]>",
    "textarea": "<textarea><img src=x onerror=alert(1)></textarea>",
    "title": "<title><img src=x onerror=alert(1)></title>",
    "video": "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "details": "<details open ontoggle=alert(1)>x</details>",
    "link title that closes": "[x](https://a.example \"' onmouseover='alert(1)\")",
    "code block": "```\n<script>alert(1)</script>\n```",
    "attribute list": "# x {: onclick=alert(1) id=content }",
    "autolink": "<javascript:alert(1)>",
    "reference": "[x][y]\n\n[y]: javascript:alert(1)",
    "markdown inside html": "<div markdown=1>[x](javascript:alert(1))</div>",
    "null": "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "full width": "＜script＞alert(1)＜/script＞",
    "portal parts": "<button hx-get=/admin data-confirm=x>x</button><div hx-on:load=alert(1)>x</div>",
}


def _offences(html: str) -> list[str]:
    """What a browser would find that no article needs."""
    found = []
    for tag in BeautifulSoup(f"<p></p>{html}", "html.parser").find_all(True):
        if tag.name not in TAGS:
            found.append(tag.name)
        allowed = ATTRIBUTES.get(tag.name, set()) | ({"rel"} if tag.name == "a" else set())
        found += [f"{tag.name} {name}" for name in tag.attrs if name not in allowed]
        href = str(tag.get("href", "https://"))
        if not re.match(r"(?:(?:https?|mailto|tel):|/(?![/\\])|#)[^\s\\]*$", href, re.IGNORECASE):
            found.append(href)
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_no_family_of_script_survives(name: str) -> None:
    html = render(FAMILIES[name])
    assert _offences(html) == []
    assert clean(html) == html
    direct = clean(FAMILIES[name])
    assert _offences(direct) == []
    assert clean(direct) == direct


_SIGNS = [*"<>/=\"'&;#: \n\t`*_[]()!|-", *"中文 http://a.cn //b.cn \\ \x00 \u202e \u200b \ufeff é 🀄".split(" ")]
_WORDS = "a b p script style svg math table td img href onclick javascript: data: <!-- --> ]]> <![CDATA[ &lt; &#"
_PIECES = st.sampled_from([*_SIGNS, *_WORDS.split()])
_TEXTS = st.one_of(st.text(max_size=120), st.lists(_PIECES, max_size=60).map("".join))


@settings(max_examples=400, deadline=None, database=None)
@given(_TEXTS)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert _offences(once) == []


@settings(max_examples=120, deadline=None, database=None)
@given(_TEXTS)
def test_any_text_is_rendered_clean_or_refused(text: str) -> None:
    try:
        html = render(text)
    except DomainError:
        return
    assert clean(html) == html
    assert _offences(html) == []
