"""Reporting periods of the province's field dictionary: ``YYYY``, ``YYYYQ``, ``YYYYMM``.

Five digits are a year and a quarter, six a year and a month: ``20241`` is the first quarter of
2024, ``202401`` its first month. (Decision 2176/QĐ-UBND of 2026, known from a summary.)
"""

from __future__ import annotations

import calendar
import re
from datetime import date

from schemas.rules.error import RuleError, shown
from schemas.rules.spoken import period_words, within
from schemas.text import fold, nfc

_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_MONTH = r"(?P<month>0?[1-9]|1[0-2])"
_OF = r"\s*(?:/|-|,?\s*nam\b|\s)\s*"
_FORMS = [
    re.compile(form, re.ASCII)
    for form in (
        rf"(?:nam\s*)?{_YEAR}",
        rf"{_YEAR}(?P<quarter>[1-4])",
        rf"{_YEAR}(?P<month>0[1-9]|1[0-2])",
        rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])",
        rf"(?:thang\s*)?{_MONTH}{_OF}{_YEAR}",
        rf"{_YEAR}[-/\s]?q(?P<quarter>[1-4])",
        rf"q(?:uy)?\s*(?P<quarter>[1-4]|i{{1,3}}|iv){_OF}{_YEAR}",
    )
]
# What may join two periods, the clearest first; “2024-03” and “3/2024” alone are months.
_JOINTS = [re.compile(joint) for joint in (r"\s+(?:-|den)\s+", r"\s*/\s*", r"-")]


def reporting_period(value: object) -> str:
    """``YYYY``, ``YYYYQ`` or ``YYYYMM`` for a period as people write it, from 1900 to 2099.

    RuleError ``bad_period`` for anything else, a day included.

    >>> reporting_period("Quý I/2024"), reporting_period("tháng 3 năm 2024"), reporting_period(2024)
    ('20241', '202403', '2024')
    """
    period = _one(fold(str(value)))
    if period is None:
        raise _bad_period(value)
    return period


def period_bounds(period: str) -> tuple[date, date]:
    """First and last day of a reporting period.

    >>> period_bounds("20241")
    (datetime.date(2024, 1, 1), datetime.date(2024, 3, 31))
    """
    period = reporting_period(period)
    year, rest = int(period[:4]), period[4:]
    if not rest:
        first, last = 1, 12
    elif len(rest) == 1:
        last = int(rest) * 3
        first = last - 2
    else:
        first = last = int(rest)
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def period_span(value: object) -> str:
    """One period, or the first and the last with a slash between: ``2011/2024``.

    RuleError ``bad_period``, or ``period_order`` when the last ends before the first begins.

    >>> period_span("2011–2024"), period_span("2024"), period_span("Quý I/2024")
    ('2011/2024', '2024', '20241')
    """
    text = fold(re.sub("[\u2010-\u2015]", "-", nfc(str(value))))
    periods = _periods_in(text)
    if not periods:
        raise _bad_period(value)
    first, last = periods[0], periods[-1]
    check_order(first, last)
    return first if first == last else f"{first}/{last}"


def span_bounds(span: str) -> tuple[date, date]:
    """First and last day of what `period_span` gives."""
    first, _, last = span.partition("/")
    return period_bounds(first)[0], period_bounds(last or first)[1]


def check_order(first: str, last: str) -> None:
    """RuleError ``period_order`` when the last period ends before the first begins."""
    if period_bounds(last)[1] < period_bounds(first)[0]:
        ends = (reporting_period(last), reporting_period(first))
        vi, vi_first = (within(period_words(end)) for end in ends)
        en, en_first = (period_words(end, "en") for end in ends)
        raise RuleError(
            "period_order",
            f"Kỳ cuối ({vi}) sớm hơn kỳ đầu ({vi_first}). Đổi lại thứ tự hai kỳ.",
            f"The last period ({en}) is before the first ({en_first}). Put them in order.",
        )


def _one(text: str) -> str | None:
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            found = match.groupdict()
            quarter = found.get("quarter") or ""
            month = found.get("month") or ""
            return found["year"] + _ROMAN.get(quarter, quarter) + (month and month.zfill(2))
    return None


def _periods_in(text: str) -> list[str]:
    """The one or two periods of a folded text; none when it says something else."""
    whole = _one(text)
    if whole is not None:
        return [whole]
    for joint in _JOINTS:
        parts = [_one(part) for part in joint.split(text)]
        if len(parts) == 2 and None not in parts:
            return [part for part in parts if part]
    return []


def _bad_period(value: object) -> RuleError:
    return RuleError(
        "bad_period",
        f"Kỳ báo cáo “{shown(value)}” không đúng. Ghi năm (2024), quý (quý I/2024) hoặc tháng "
        "(01/2024); cũng chấp nhận 20241 (quý I/2024), 202401 (tháng 01/2024).",
        f"“{shown(value)}” is not a reporting period. Write a year (2024), a quarter (Q1/2024) "
        "or a month (01/2024); 20241 and 202401 will do as well.",
    )
