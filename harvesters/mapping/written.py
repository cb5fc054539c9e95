"""Dates, reporting periods and numbers as people and systems write them. Pure.

Each function gives the normal form or raises ValueError; none of them guesses. Patterns are made
of digits and literal text only, so that no value can make them slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

from schemas.rules import RuleError, period_span
from schemas.text import fold, nfc

#: Vietnam has one time zone and no summer time: a moment belongs to the day that it is there.
VIETNAM = timezone(timedelta(hours=7))
#: Longest text that is looked at; no date or number is longer.
LONGEST = 100
#: Formats with a name of their own, besides patterns like ``dd/MM/yyyy``.
NAMED = ("auto", "iso", "epoch", "epoch_ms")

_TOKENS = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{2})",
    "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
}
_STRPTIME = {
    **{"%Y": "yyyy", "%y": "yy", "%m": "M", "%d": "d"},
    **{"%H": "H", "%M": "mm", "%S": "ss"},
}
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|yyyy|yy|MM|dd|HH|mm|ss|(?<![^\W\d_])[MdH](?![^\W\d_])")
_DAY_MONTH_YEAR = ("d/M/yyyy", "d-M-yyyy", "d.M.yyyy")
_IN_WORDS = ("ngày d tháng M năm yyyy", "d tháng M năm yyyy", "tháng M năm yyyy", "M/yyyy")
_AUTO = (*_DAY_MONTH_YEAR, "yyyy/M/d", "yyyyMMdd", *_IN_WORDS)
_CLOCK = re.compile(r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?$")
_DOTNET = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_PARTIAL = re.compile(r"\d{4}(?:-\d{2})?")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_YEAR = r"(?:nam\s*|/\s*|-\s*)?(?P<year>(?:19|20)\d\d)"
_HALVES = re.compile(rf"(?:6|sau)\s*thang\s*(?P<which>dau|cuoi)\s*{_YEAR}")
_SINCE_JANUARY = re.compile(rf"(?P<months>\d{{1,2}})\s*thang(?:\s*dau)?\s*{_YEAR}")
_HALF = re.compile(rf"nua\s*(?P<which>dau|cuoi)\s*{_YEAR}")
_SPAN = re.compile(
    r"(?:giai doan|thoi ky|tu)\s*(?P<first>.{1,30}?)\s*(?:-|den)\s*(?P<last>.{1,30})"
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def read_date(value: object, formats: tuple[str, ...] = ("auto",)) -> str:
    """``YYYY-MM-DD``, or ``YYYY-MM`` or ``YYYY`` where the format has no more.

    A moment with a time zone (ISO 8601, seconds since 1970) is the day it was in Vietnam.

    >>> read_date("30/6/2025"), read_date("06-2025", ("MM-yyyy",)), read_date("2025-06-30T20:00Z")
    ('2025-06-30', '2025-06', '2025-07-01')
    """
    text = " ".join(nfc(str(value)).split())
    if not text or len(text) > LONGEST:
        raise ValueError(text)
    for wanted in formats:
        reader = _READERS.get(wanted)
        found = reader(text) if reader else _by_pattern(text, wanted)
        if found is not None:
            return found
    raise ValueError(text)


@lru_cache(maxsize=256)
def date_pattern(wanted: str) -> re.Pattern[str]:
    """The pattern for a format such as ``dd/MM/yyyy`` or ``%d/%m/%Y``. Raises ValueError.

    Text in apostrophes and whatever is no token stands for itself.
    """
    wanted = nfc(wanted)
    if "%" in wanted:
        for mark, plain in _STRPTIME.items():
            wanted = wanted.replace(mark, plain)
        if "%" in wanted:
            raise ValueError(wanted)
    parts, at = [], 0
    for token in _TOKEN.finditer(wanted):
        parts.append(re.escape(wanted[at : token.start()]))
        quoted = token["quoted"]
        parts.append(re.escape(quoted) if quoted is not None else _TOKENS[token[0]])
        at = token.end()
    parts.append(re.escape(wanted[at:]))
    try:
        pattern = re.compile("".join(parts), re.IGNORECASE | re.ASCII)
    except re.error as error:  # a token that comes twice
        raise ValueError(wanted) from error
    if not {"year", "short"} & set(pattern.groupindex) or (
        "day" in pattern.groupindex and "month" not in pattern.groupindex
    ):
        raise ValueError(wanted)
    return pattern


def _by_pattern(text: str, wanted: str) -> str | None:
    match = date_pattern(wanted).fullmatch(text)
    if match is None:
        return None
    found = {name: int(digits) for name, digits in match.groupdict().items()}
    year = found["year"] if "year" in found else 2000 + found["short"]
    try:
        moment = datetime(
            year,
            found.get("month", 1),
            found.get("day", 1),
            found.get("hour", 0),
            found.get("minute", 0),
            found.get("second", 0),
        )
    except ValueError:
        return None
    length = 10 if "day" in found else 7 if "month" in found else 4
    return moment.date().isoformat()[:length]


def _iso(text: str) -> str | None:
    if _PARTIAL.fullmatch(text):
        year, _, month = text.partition("-")
        return text if 1 <= int(month or 1) <= 12 and int(year) else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _day(moment)


def _day(moment: datetime) -> str:
    """In Vietnam, where the moment says which one it is."""
    try:
        local = moment.astimezone(VIETNAM) if moment.tzinfo is not None else moment
    except OverflowError:
        return moment.date().isoformat()
    return local.date().isoformat()


def _seconds(text: str, scale: int = 1) -> str | None:
    if not re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9})?", text, re.ASCII):
        return None
    try:
        return _day(datetime.fromtimestamp(float(text) / scale, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _auto(text: str) -> str | None:
    """The forms that cannot be mistaken for one another: day before month, or ISO 8601."""
    if found := _DOTNET.fullmatch(text):
        return _seconds(found[1], 1000)
    bare = _CLOCK.sub("", text)
    for wanted in _AUTO:
        if (day := _by_pattern(bare, wanted)) is not None:
            return day
    return _iso(text)


_READERS: Mapping[str, Callable[[str], str | None]] = {
    "auto": _auto,
    "iso": _iso,
    "epoch": _seconds,
    "epoch_ms": lambda text: _seconds(text, 1000),
}


def read_period(value: object) -> str:
    """A reporting period of QĐ 2176 (``YYYY``, ``YYYYQ``, ``YYYYMM``), or ``first/last`` of two.

    >>> read_period("Quý I/2025"), read_period("6 tháng đầu năm 2025"), read_period("202503")
    ('20251', '202501/202506', '202503')
    """
    if isinstance(value, date):
        return f"{value.year}{value.month:02d}"
    text = fold(re.sub("[\u2010-\u2015]", "-", nfc(str(value))))
    if not text or len(text) > LONGEST:
        raise ValueError(text)
    if found := _HALVES.fullmatch(text) or _HALF.fullmatch(text):
        first, last = ("01", "06") if found["which"] == "dau" else ("07", "12")
        return f"{found['year']}{first}/{found['year']}{last}"
    if (found := _SINCE_JANUARY.fullmatch(text)) and 1 <= int(found["months"]) <= 12:
        first, last = f"{found['year']}01", f"{found['year']}{int(found['months']):02d}"
        return first if first == last else f"{first}/{last}"
    try:
        if found := _SPAN.fullmatch(text):
            return period_span(f"{period_span(found['first'])}/{period_span(found['last'])}")
        return period_span(text)
    except RuleError as error:
        raise ValueError(text) from error


def read_number(value: object, decimal: str) -> int | str:
    """A whole number, or a fraction in its exact spelling with a point (``"1234.5"``).

    `decimal` is the mark before the fraction, ``,`` or ``.``; the other one groups thousands, as
    blanks and apostrophes do, and must stand where thousands end.

    >>> read_number("1.234.567,8", ","), read_number("12 500", ","), read_number("-0.5", ".")
    ('1234567.8', 12500, '-0.5')
    """
    if isinstance(value, bool):
        raise ValueError(str(value))
    if isinstance(value, (int, float, Decimal)):
        text = format(Decimal(str(value)), "f")
    else:
        text = _ungrouped(nfc(str(value)).strip().replace("\u2212", "-"), decimal)
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        raise ValueError(str(value))
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole.removeprefix('+')}.{fraction}" if fraction else int(whole)


def _ungrouped(text: str, decimal: str) -> str:
    whole, mark, fraction = text.partition(decimal)
    groups = re.split(f"[\\s'\u2019{'.' if decimal == ',' else ','}]", whole)
    if len(groups) > 1 and (
        not 1 <= len(groups[0].lstrip("+-")) <= 3 or any(len(group) != 3 for group in groups[1:])
    ):
        raise ValueError(text)
    return "".join(groups) + ("." + fraction if mark else "")
