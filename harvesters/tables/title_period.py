"""The period that a table's title or its columns speak of, where that is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvesters.model import Table
from harvesters.tables.period import Period, coverage, parse_period
from schemas.text import nfc

#: A year that only serves as a base of comparison says nothing of the figures' own time.
_BASE = re.compile(
    r"(?:giá\s+)?(?:so sánh|gốc|so với)(?:\s+(?:của\s+)?(?:cùng kỳ\s+)?năm)?\s+\d{4}"
    r"|\(\s*(?:năm\s+)?\d{4}\s*=\s*100[^)]*\)",
    re.IGNORECASE,
)
_YEAR = r"(?:19|20)\d\d"
_FORMS = (
    re.compile(
        rf"(?P<months>\d{{1,2}})\s*tháng(?:\s+đầu)?(?:\s+năm)?\s*/?\s*(?P<year>{_YEAR})", re.I
    ),
    re.compile(rf"quý\s+(?P<quarter>[1-4]|IV|I{{1,3}})\s*(?:[-/,]|năm)?\s*(?P<year>{_YEAR})", re.I),
    re.compile(rf"tháng\s+(?P<month>\d{{1,2}})\s*(?:[-/,]|năm)?\s*(?P<year>{_YEAR})", re.I),
    re.compile(rf"(?P<year>{_YEAR})\s*[-–]\s*(?P<until>{_YEAR})"),
    re.compile(rf"\b(?P<year>{_YEAR})\b(?!\s*=)"),
)
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}


def title_periods(title: str) -> list[tuple[str, str]]:
    """Periods named in a title as (first, last) in the province's form YYYY, YYYYMM, YYYYQ.

    >>> title_periods("Giá trị sản xuất 9 tháng năm 2024 theo giá so sánh 2010")
    [('202401', '202409')]
    """
    text = _BASE.sub(" ", nfc(title))
    found = []
    for form in _FORMS:
        for match in form.finditer(text):
            if (period := _period(match.groupdict())) is not None:
                found.append(period)
        text = form.sub(" ", text)
    return list(dict.fromkeys(found))


def _period(parts: dict[str, str | None]) -> tuple[str, str] | None:
    year = parts["year"] or ""
    if months := parts.get("months"):
        return (f"{year}01", f"{year}{int(months):02d}") if 1 <= int(months) <= 12 else None
    if quarter := parts.get("quarter"):
        stamp = year + _ROMAN.get(quarter.upper(), quarter)
        return stamp, stamp
    if month := parts.get("month"):
        stamp = f"{year}{int(month):02d}"
        return (stamp, stamp) if 1 <= int(month) <= 12 else None
    return year, parts.get("until") or year


def table_period(table: Table) -> tuple[str, str] | None:
    """The time a table's figures are about: its column of periods, else the periods that are
    columns, else the only period of its title. None where that is not certain."""
    for place, column in enumerate(table.columns):
        if column.role == "time":
            periods = [_of(row[place]) for row in table.rows if row[place] is not None]
            known = [period for period in periods if period]
            return coverage(known) if known and len(known) == len(periods) else None
    titled = [parse_period(c.title) for c in table.columns if c.role == "measure"]
    years = [period for period in titled if period]
    if len(years) > 1 and len(years) == len(titled):
        return coverage(years)
    said = title_periods(table.title)
    return said[0] if len(said) == 1 else None


def _of(value: object) -> Period | None:
    return parse_period(" ".join(str(value).split()))


def common_period(tables: Iterable[Table]) -> tuple[str, str] | None:
    """From the first to the last period of several tables; by year when their kinds differ."""
    known = [period for table in tables if (period := table_period(table))]
    if not known:
        return None
    lengths = {len(stamp) for period in known for stamp in period}
    if len(lengths) > 1:
        known = [(first[:4], last[:4]) for first, last in known]
    return min(first for first, _ in known), max(last for _, last in known)
