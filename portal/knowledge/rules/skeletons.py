"""What a new text of each material kind begins with (模板): data files beside the code, one for each kind."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from .states import MaterialKind

FOLDER = Path(__file__).resolve().parent.parent / "data" / "skeletons"


@dataclass(frozen=True)
class Skeleton:
    """A template: when it is for, and what stands in the form at first. Places to fill are in 〔brackets〕."""

    kind: MaterialKind
    hint: str
    script: str
    phrases: str
    body: str


@cache
def skeleton(kind: MaterialKind) -> Skeleton:
    """The template of a material kind."""
    head, body = (FOLDER / f"{kind}.md").read_text(encoding="utf-8").removeprefix("---\n").split("\n---\n", 1)
    said = yaml.safe_load(head)
    return Skeleton(kind, said["hint"], said["script"], said["phrases"], body)


def skeletons() -> list[Skeleton]:
    """All templates, in the order of the kinds."""
    return [skeleton(kind) for kind in MaterialKind]


def unfilled(text: str) -> list[str]:
    """The places of a template that nobody has filled yet."""
    found, at = [], 0
    while (start := text.find("〔", at)) >= 0 and (end := text.find("〕", start)) >= 0:
        inside, at = text[start + 1 : end], end + 1
        if not inside.strip().isdecimal():
            found.append(inside)
    return found
