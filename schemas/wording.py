"""Dates and reporting periods as people read them, in Vietnamese or English."""

from __future__ import annotations

from schemas.rules.error import RuleError
from schemas.rules.periods import period_span
from schemas.rules.spoken import day_words, period_words, within
from schemas.rules.values import iso_date

__all__ = ["date_label", "period_label", "within"]


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
        return period_words(first, language)
    if len(first) == len(last) == 4:
        return f"{first} – {last}"
    return f"{period_words(first, language)} – {period_words(last, language)}"


def date_label(value: str, language: str = "vi") -> str:
    """An ISO date in words: ``30/06/2025`` or ``30 June 2025``; a time is left out.

    What is no date is given back as it is.
    """
    try:
        return day_words(iso_date(value), language)
    except RuleError:
        return value
