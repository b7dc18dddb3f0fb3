"""How the units of a category are written in the data file."""

import re

CITY, DISTRICT = "市级", "区级及其他"


def split_units(text: str, *, city: bool) -> list[str]:
    """The single units of a cell such as 各区市场监管局、属地街乡.

    City units are separated by a slash alone: 市科委、中关村管委会 is one body with two names.
    """
    outside_brackets = r"(?![^（(]*[)）])"
    pattern = r"/" if city else rf"[/、]{outside_brackets}"
    return [part.strip() for part in re.split(pattern, text) if part.strip()]
