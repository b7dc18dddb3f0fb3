"""What makes a revision the same: the hash over everything it says."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def revision_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a revision's content; dates as ISO text."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def number(category_code: str, taken: int) -> str:
    """The stable number of a new article: KB-<category>-<counter>; `taken` is the highest counter in use."""
    return f"KB-{category_code}-{taken + 1:03}"
