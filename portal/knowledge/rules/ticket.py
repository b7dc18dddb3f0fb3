"""The number of a ticket as somebody types it; what it means, the floor of the tickets knows."""

import re
import unicodedata

LONGEST = 32
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)


def ticket_number(typed: str) -> str | None:
    """The number as typed, full-width signs made half-width; None where nothing was typed.

    Raises:
        ValueError: it is no number of a ticket; the message says what one may hold.
    """
    number = unicodedata.normalize("NFKC", typed).strip()
    if not number:
        return None
    if not _NUMBER.fullmatch(number):
        raise ValueError("工单号只能有字母、数字和短横，最多 32 位")
    return number
