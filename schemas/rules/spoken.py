"""Days and reporting periods in their normal form, as people say them."""

from __future__ import annotations

import calendar
import re

_QUARTERS = ("I", "II", "III", "IV")
_BEGINNINGS = re.compile(r"\b(?:Năm|Quý|Tháng)\b")


def period_words(period: str, language: str = "vi") -> str:
    """One period as `reporting_period` gives it.

    >>> period_words("20241"), period_words("20241", "en")
    ('Quý I năm 2024', 'Q1 2024')
    """
    year, rest = period[:4], period[4:]
    english = language.startswith("en")
    if not rest:
        return year if english else f"Năm {year}"
    if len(rest) == 1:
        return f"Q{rest} {year}" if english else f"Quý {_QUARTERS[int(rest) - 1]} năm {year}"
    if english:
        return f"{calendar.month_name[int(rest)]} {year}"
    return f"Tháng {rest} năm {year}"


def day_words(day: str, language: str = "vi") -> str:
    """A day, month or year as `iso_date` gives it; a time is left out.

    >>> day_words("2025-06-30T08:00:00"), day_words("2025-06", "en")
    ('30/06/2025', 'June 2025')
    """
    parts = day[:10].split("-")
    if not language.startswith("en"):
        return "/".join(reversed(parts))
    year, *rest = parts
    month = [calendar.month_name[int(rest[0])]] if rest else []
    number = [str(int(part)) for part in rest[1:]]
    return " ".join([*number, *month, year])


def within(words: str, language: str = "vi") -> str:
    """The words for a period as they stand within a sentence: the numeral of a quarter is kept.

    >>> within("Quý I năm 2024 – Quý IV năm 2024"), within("Q1 2024", "en")
    ('quý I năm 2024 – quý IV năm 2024', 'Q1 2024')
    """
    if language.startswith("en"):
        return words
    return _BEGINNINGS.sub(lambda match: match[0].lower(), words)
