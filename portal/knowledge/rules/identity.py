"""What makes a revision the same: the hash over everything it says."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

TEXT_FIELDS = (
    "title",
    "script",
    "body",
    "audience",
    "district",
    "unit",
    "kind",
    "valid_from",
    "valid_to",
    "checked",
    "confidence",
    "note",
)
"""All that a revision says besides its basis; what is not named here is no part of its hash."""

BASIS_FIELDS = ("text", "source", "article", "in_force_from", "in_force_to", "checked", "note")


def content_of(revision: Any) -> dict[str, Any]:
    """What a revision says besides its basis."""
    return {name: getattr(revision, name) for name in TEXT_FIELDS}


def basis_rows(revision: Any) -> list[dict[str, Any]]:
    """The basis of a revision as plain rows; `basis` must be loaded."""
    return [{name: getattr(row, name) for name in BASIS_FIELDS} for row in revision.basis]


def revision_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a revision's content; dates as ISO text."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def number(category_code: str, taken: int) -> str:
    """The stable number of a new article: KB-<category>-<counter>; `taken` is the highest counter in use."""
    return f"KB-{category_code}-{taken + 1:03}"
