"""Reporting periods inside the labels of a time dimension.

The province writes a period as ``YYYY``, ``YYYYMM`` or ``YYYYQ`` (QĐ 2176/QĐ-UBND); statistical
offices write ``2018M12``, ``2024K3``, ``Quý III năm 2024``, and put the state of the figure into
the label of the year: ``Sơ bộ 2024``, ``Prel. 2024``, ``Ước tính 2025``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["year", "half", "quarter", "month", "week", "day", "span"]

_STATE = re.compile(
    r"\b(?:số liệu )?(sơ bộ|ước tính|ước thực hiện|ước|dự báo|điều chỉnh|chính thức|so bo|uoc tinh"
    r"|prel(?:iminary)?|est(?:imated?|imates?)?|provisional|revised|forecast)\b\.?",
    re.IGNORECASE,
)
_YEAR = r"(?P<year>1[5-9]\d\d|2[01]\d\d)"
_MONTHS = r"(?P<month>0?[1-9]|1[0-2])"
_QUARTERS = r"(?P<quarter>[1-4]|IV|I{1,3})"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?:năm |year )?{_YEAR}",
        rf"{_YEAR}M{_MONTHS}",
        rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])",
        rf"(?P<month>0[1-9]|1[0-2])/{_YEAR}",
        rf"tháng {_MONTHS}\s*(?:[-/,]|năm)?\s*{_YEAR}",
        rf"{_YEAR}[-\s]?[QKT](?P<quarter>[1-4])",
        rf"Q(?P<quarter>[1-4])[-/\s]{_YEAR}",
        rf"quý {_QUARTERS}\s*(?:[-/,]|năm)?\s*{_YEAR}",
        rf"{_YEAR}[-\s]?[HS](?P<half>[12])",
        rf"{_YEAR}[-\s]?[WU](?P<week>\d\d?)",
        rf"{_YEAR}-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12]\d|3[01])",
        rf"{_YEAR}\s*[-–/]\s*(?P<until>1[5-9]\d\d|2[01]\d\d)",
    )
)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4}
_WORDS = re.compile(
    r"\b(năm|quý|tháng|kỳ|thời gian|thời kỳ|year|years|quarter|month|period|time|tid|år)\b", re.I
)


@dataclass(frozen=True)
class Period:
    """One period. `text` is the label without its state; `state` the words taken off it.

    `start` and `end` are in the province's form; weeks and halves are given by their months or,
    for weeks, by the year. `order` sorts periods of one kind and steps by one between neighbours.
    """

    text: str
    kind: Kind
    year: int
    start: str
    end: str
    order: int
    state: str = ""


def parse_period(label: str) -> Period | None:
    """The period that a label (blanks already collapsed) names, or None when it names none."""
    found = _STATE.search(label)
    state = found[0].strip() if found else ""
    text = (label[: found.start()] + " " + label[found.end() :]) if found else label
    text = re.sub(r"\(\s*\)", " ", text)
    text = " ".join(text.split()).strip(" ,:;")
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    text = text.removesuffix("(").removeprefix(")").strip()
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            return _period(text, state, {k: v for k, v in match.groupdict().items() if v})
    return None


def _period(text: str, state: str, parts: dict[str, str]) -> Period:
    year = int(parts["year"])
    if "until" in parts:
        return Period(text, "span", year, str(year), parts["until"], year, state)
    if "day" in parts:
        month, day = int(parts["month"]), int(parts["day"])
        stamp = f"{year}{month:02d}"
        return Period(text, "day", year, stamp, stamp, (year * 12 + month) * 31 + day, state)
    if "month" in parts:
        month = int(parts["month"])
        stamp = f"{year}{month:02d}"
        return Period(text, "month", year, stamp, stamp, year * 12 + month, state)
    if "quarter" in parts:
        quarter = _ROMAN.get(parts["quarter"].upper()) or int(parts["quarter"])
        stamp = f"{year}{quarter}"
        return Period(text, "quarter", year, stamp, stamp, year * 4 + quarter, state)
    if "half" in parts:
        half = int(parts["half"])
        start, end = (f"{year}{half * 6 - 5:02d}", f"{year}{half * 6:02d}")
        return Period(text, "half", year, start, end, year * 2 + half, state)
    if "week" in parts:
        order = year * 53 + int(parts["week"])
        return Period(text, "week", year, str(year), str(year), order, state)
    return Period(text, "year", year, str(year), str(year), year, state)


def looks_like_time(name: str, labels: Sequence[str]) -> bool:
    """Whether a dimension that nobody declared as time is one: every label names a period.

    A single label is not enough evidence unless the dimension's name says so too.
    """
    if not labels or not all(parse_period(label) for label in labels):
        return False
    return len(labels) > 1 or bool(_WORDS.search(name))


def coverage(periods: Iterable[Period]) -> tuple[str, str] | None:
    """First and last period in the province's form; by year when the kinds differ."""
    known = sorted(periods, key=lambda p: (p.year, p.order))
    if not known:
        return None
    if len({p.kind for p in known}) > 1:
        return str(known[0].year), max(p.end[:4] for p in known)
    return known[0].start, max(known, key=lambda p: p.order).end


_FREQUENCY = {
    "year": "ANNUAL",
    "half": "ANNUAL_2",
    "quarter": "QUARTERLY",
    "month": "MONTHLY",
    "week": "WEEKLY",
    "day": "DAILY",
}


def frequency(periods: Iterable[Period]) -> str:
    """The EU frequency code where at least three periods follow one another without a gap."""
    known = list(periods)
    orders = sorted({p.order for p in known})
    even = len(orders) >= 3 and orders[-1] - orders[0] == len(orders) - 1
    kinds = {p.kind for p in known}
    return _FREQUENCY.get(kinds.pop(), "") if even and len(kinds) == 1 else ""
