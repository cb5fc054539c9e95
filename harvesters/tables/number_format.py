"""What a spreadsheet's number format says of a figure: per cent, decimals, leading zeros."""

from __future__ import annotations

import re
from functools import lru_cache

from harvesters.tables.grid import PLAIN, Style

#: Formats that files name by number only (ECMA-376 part 1, 18.8.30).
BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"}
_NOT_FIGURES = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')


@lru_cache(maxsize=1024)
def style_of_format(code: str) -> Style:
    """The meaning of a format code; only its first section (positive numbers) is read.

    >>> style_of_format("0.0%").percent, style_of_format("00000").digits
    (True, 5)
    """
    section = _NOT_FIGURES.sub("", code).split(";")[0].strip()
    if not section or section.lower() in ("general", "@"):
        return PLAIN
    digits = len(section) if re.fullmatch(r"0{2,}", section) else 0
    return Style(
        percent="%" in section, decimals=bool(re.search(r"\.[0#?]", section)), digits=digits
    )
