"""Names of columns and tables that stay the same when a workbook is issued again.

A monthly workbook says "Ước tính tháng 02 năm 2025" over the column that next month says "Ước tính
tháng 3 năm 2025". It is the same column. So names come from titles, not from positions, and:

* a month, quarter or day in a title is left out of the name together with its year
  (``uoc_tinh_thang``; "2 tháng", January and February together, is ``cac_thang``);
* four or more columns that then have the same name are a series (Tháng 1 … Tháng 12): they keep
  their periods;
* a table whose titles speak of years only and differ in them keeps the years (``nam_2023``,
  ``nam_2024``): there a new year is a new column;
* columns that still share a name get _2, _3 … from left to right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from harvesters.tables.cells import without_continuation
from schemas.text import column_name, fold, slug

_NUMBER = r"(?:\d{1,2}|[ivx]{1,4})"
_WITHIN_YEAR = re.compile(
    rf"\b(?:thang|quy|ngay|tuan)\s*{_NUMBER}\b|\b\d{{1,2}}\s*thang\b|\b\d{{1,2}}/\d{{1,2}}(?:/\d{{4}})?\b"
    r"|\b\d{1,2}/\d{4}\b"
)
#: Left out: "tháng 02", "02 tháng", "quý III", "6 tháng đầu", "20/9/2006", "9/2025", "2025".
_YEAR = r"(?:19|20)\d\d"
_PERIOD = re.compile(
    rf"(?P<word>\b(?:thang|quy|ngay|tuan)\b)\s*{_NUMBER}\b(?:\s*(?:[-/]|\bnam\b)\s*{_YEAR}\b)?(?!/\d)"
    rf"|\b\d{{1,2}}\s*(?P<months>thang)\b(?:\s+(?:dau|cuoi)(?:\s+nam)?)?(?:\s*(?:/|\bnam\b)\s*{_YEAR}\b)?"
    rf"|\b\d{{1,2}}[/-]\d{{1,2}}(?:[/-]\d{{4}})?\b|\b\d{{1,2}}/\d{{4}}\b"
    rf"|\b(?:(?P<year>nam)\s*)?{_YEAR}(?:\s*-\s*{_YEAR})?\b"
)
_BARE_YEAR = re.compile(rf"{_YEAR}(?:\s*-\s*{_YEAR})?")
#: So many columns that differ in their period only are a series.
_SERIES = 4
#: What a period leaves behind at the end: "đến ngày", "và".
_LOOSE_END = re.compile(r"(?:-(?:va|tu|den|ngay))+$")
_ORDINAL = re.compile(
    r"^\s*(?:(?:bieu|bang|phu luc)\s*(?:so)?\s*)?\d{1,3}(?:[./]\d+)*\s*[.:)/-]\s*"
)


def column_names(titles: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Names for the titles of one table, in order; see the module for the rules."""
    folded = [
        _BARE_YEAR.sub(r"nam \g<0>", t) if _BARE_YEAR.fullmatch(t) else t for t in map(fold, titles)
    ]
    stripped = [_without_period(title) or title for title in folded]
    names = [column_name(title) for title in stripped]
    counts = Counter(names)
    if max(counts.values(), default=0) > 1 and not any(map(_WITHIN_YEAR.search, folded)):
        names = [column_name(title) for title in folded]
        counts = Counter(names)
    full = [
        column_name(title) if counts[name] >= _SERIES else name
        for name, title in zip(names, folded, strict=True)
    ]
    return _told_apart(full, taken)


def _without_period(folded: str) -> str:
    """The title without its period: "thang" for tháng 2, "cac thang" for the first two months."""
    kept = _PERIOD.sub(
        lambda m: f" {m['word'] or (m['months'] and 'cac thang') or m['year'] or ''} ", folded
    )
    return " ".join(kept.split())


def _told_apart(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    used = set(taken)
    result = []
    for name in names:
        unique, number = name, 1
        while unique in used:
            number += 1
            unique = f"{name[:46].rstrip('_')}_{number}"
        used.add(unique)
        result.append(unique)
    return result


def table_key(title: str, sheet: str) -> str:
    """A table's key within its workbook: its title without number and period, else its sheet.

    >>> table_key("12. Đầu tư nước ngoài từ 01/01- 28/02/2025", "12. FDI")
    'dau-tu-nuoc-ngoai'
    """
    for text in (without_continuation(title), sheet):
        key = _LOOSE_END.sub("", slug(_PERIOD.sub(" ", _ORDINAL.sub("", fold(text)))))
        if key:
            return key
    return "bang"


def unique_keys(keys: Sequence[str]) -> list[str]:
    """Keys with -2, -3 … behind those that come again."""
    counts: Counter[str] = Counter()
    result = []
    for key in keys:
        counts[key] += 1
        result.append(key if counts[key] == 1 else f"{key}-{counts[key]}")
    return result
