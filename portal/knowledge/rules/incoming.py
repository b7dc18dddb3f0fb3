"""What a text from outside becomes: the script found in its content, the documents it names, what differs."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .content import SCRIPT_LIMIT

TITLE_LIMIT, KEYWORD_LIMIT = 128, 20
NO_SCRIPT = (
    f"没有能念的话术：请在「内容」最前面写一段 {SCRIPT_LIMIT} 字以内、以句号结尾的话，它就是坐席念的话术；"
    "详细说明另起一段"
)
UNCHECKED, DOUBTFUL = "web-excerpt", "medium"
"""The marks of a text that nobody has compared with its source yet: it carries 待核实."""

_SENTENCES = re.compile(r"[^。！？!?]*[。！？!?]+[”」』）)]*")
_NOT_READ = re.compile(r"^\s*(?:#|\||[-*+>]\s|\d+[.)]\s|```)")
_BLOCK = re.compile(r"^\s*(?:#|\||[-*+>]\s|\d+[.、)]\s?|```|\s{2,})")
_NUMBER = re.compile(r"[\u4e00-\u9fff]{1,14}[〔\[（(【]\s*(?:19|20)\d{2}\s*[〕\]）)】]\s*第?\s*\d{1,5}\s*号")
_BOOK = re.compile(r"《([^《》\n]{2,80})》")
_FIELDS = {
    "title": "标题",
    "script": "话术",
    "body": "内容",
    "audience": "适用对象",
    "district": "适用地区",
    "unit": "发文单位",
    "kind": "材料性质",
    "valid_from": "施行日",
    "valid_to": "失效日",
    "checked": "核对",
    "confidence": "把握",
    "note": "提醒",
}


def paragraphs(content: str) -> list[str]:
    """The paragraphs of a cell or a document: lines that are no list and no table stand by themselves."""
    lines = [line.rstrip() for line in content.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    found: list[list[str]] = [[]]
    for line in lines:
        if not line.strip():
            found.append([])
        elif found[-1] and not (_BLOCK.match(line) and _BLOCK.match(found[-1][-1])):
            found.append([line])
        else:
            found[-1].append(line)
    return ["\n".join(each) for each in found if each]


def tidy(body: str) -> str:
    """A body as it is kept and compared: one empty line between paragraphs, none around it."""
    return "\n\n".join(paragraphs(body)).strip()


def script_and_body(content: str) -> tuple[str, str] | None:
    """The script to read aloud and the body, from one text; None where nothing of it can be read aloud.

    A first paragraph that is short enough is the script, and what follows the body. Of a longer one the leading
    sentences that fit are the script, and the body is the whole. Nothing is ever cut off within a sentence.
    """
    parts = paragraphs(content)
    if not parts or _NOT_READ.match(parts[0]):
        return None
    first = " ".join(parts[0].split())
    sentences = [found for found in _SENTENCES.findall(first) if found.strip()]
    whole = "\n\n".join(parts).strip()
    if len(first) <= SCRIPT_LIMIT and sentences and "".join(sentences) == first:
        return first, "\n\n".join(parts[1:]).strip() or whole
    script = ""
    for sentence in sentences:
        if len(script) + len(sentence) > SCRIPT_LIMIT:
            break
        script += sentence
    return (script.strip(), whole) if len(script.strip()) > 1 else None


def joined(script: str, body: str) -> str:
    """Script and body as one text, from which `script_and_body` finds both again."""
    return f"{script}\n\n{body}"


def document_named(content: str) -> tuple[str, str]:
    """The first document a text names: its title, or its number where only that is there; and the number."""
    number = _NUMBER.search(content)
    book = _BOOK.search(content)
    return (f"《{book[1]}》" if book else ""), (re.sub(r"\s+", "", number[0]) if number else "")


def basis_of(script: str, content: str, *, unit: str, day: date) -> list[dict[str, Any]]:
    """The one basis row of a text from outside: the document it names, else only who issued it; to be checked."""
    book, number = document_named(content)
    if book or number:
        source = f"{book}（{number}）" if book and number else book or number
        note = "导入时从内容里认出来的，施行日和条款待核实"
    else:
        source, note = unit, "待核实：导入的内容里没有文件名和文号"
    return [
        {
            "text": script,
            "source": source[:200],
            "article": "",
            "in_force_from": day,
            "in_force_to": None,
            "checked": UNCHECKED,
            "note": note,
        }
    ]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of what differs between two texts, in the words of the sheet; how lines are broken is no difference."""
    return [words for key, words in _FIELDS.items() if _same(key, before[key]) != _same(key, after[key])]


def _same(key: str, value: Any) -> Any:
    if key == "body":
        return tidy(value)
    return " ".join(str(value).split()) if key in ("title", "script") else value


def keywords_of(phrases: Sequence[str], title: str) -> list[str]:
    """The phrases that the sheet's column of keywords can hold."""
    listed = re.compile(r"[,，、;；\n]")
    return [text for text in phrases if len(text) <= KEYWORD_LIMIT and text != title and not listed.search(text)]
