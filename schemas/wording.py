"""Dates and reporting periods as people read them, in Vietnamese or English."""

from __future__ import annotations

import calendar

from schemas.rules.error import RuleError
from schemas.rules.periods import period_span
from schemas.rules.values import iso_date

_QUARTERS = ("I", "II", "III", "IV")


def period_label(value: str, language: str = "vi") -> str:
    """A reporting period, or a span of two, in words; what is none is given back as it is.

    >>> period_label("20241"), period_label("202401"), period_label("2011/2024")
    ('Quý I năm 2024', 'Tháng 01 năm 2024', '2011 – 2024')
    """
    try:
        first, _, last = period_span(value).partition("/")
    except RuleError:
        return value
    if not last:
        return _one(first, language)
    if len(first) == len(last) == 4:
        return f"{first} – {last}"
    return f"{_one(first, language)} – {_one(last, language)}"


def date_label(value: str, language: str = "vi") -> str:
    """An ISO date in words: ``30/06/2025`` or ``30 June 2025``; a time is left out.

    What is no date is given back as it is.
    """
    try:
        parts = iso_date(value)[:10].split("-")
    except RuleError:
        return value
    if not language.startswith("en"):
        return "/".join(reversed(parts))
    year, *rest = parts
    month = [calendar.month_name[int(rest[0])]] if rest else []
    day = [str(int(part)) for part in rest[1:]]
    return " ".join([*day, *month, year])


def _one(period: str, language: str) -> str:
    year, rest = period[:4], period[4:]
    english = language.startswith("en")
    if not rest:
        return year if english else f"Năm {year}"
    if len(rest) == 1:
        return f"Q{rest} {year}" if english else f"Quý {_QUARTERS[int(rest) - 1]} năm {year}"
    if english:
        return f"{calendar.month_name[int(rest)]} {year}"
    return f"Tháng {rest} năm {year}"
