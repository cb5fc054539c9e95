"""Rules of single values: texts, dates, addresses, codes of agencies."""

from __future__ import annotations

import re
from datetime import date, datetime
from urllib.parse import urlsplit

from schemas.rules.error import RuleError, shown
from schemas.text import nfc

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_VIETNAMESE_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_ISO_PARTIAL = re.compile(r"[12]\d{3}(?:-(?:0[1-9]|1[0-2]))?", re.ASCII)
_AGENCY = re.compile(r"[A-Z]\d{2}(?:\.[0-9A-Z]{2,3}){0,4}", re.ASCII)
_OLD_AGENCY = re.compile(r"(\d{3})\.(\d{2})\.(\d{2})\.([A-Z]\d{2})", re.ASCII)
_PHONE = re.compile(r"\+?[\d .()-]+", re.ASCII)
_URL_LENGTH = 2000


def clean_text(value: str) -> str:
    """The text composed (NFC), without control characters, and no blanks at its ends."""
    return nfc(_CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def day(value: object) -> date:
    """A whole day, from ``YYYY-MM-DD``, ``dd/mm/yyyy`` or a time stamp. RuleError ``bad_date``."""
    text = iso_date(value)
    if _ISO_PARTIAL.fullmatch(text):
        raise _bad_date(value)
    return date.fromisoformat(text[:10])


def iso_date(value: object) -> str:
    """A date in ISO form; ``dd/mm/yyyy`` is turned, a year or a month alone stays what it is.

    A time keeps its time. RuleError ``bad_date``.

    >>> iso_date("30/6/2025"), iso_date("2025-06"), iso_date("2025-06-30T08:00:00Z")
    ('2025-06-30', '2025-06', '2025-06-30T08:00:00Z')
    """
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    text = str(value).strip()
    try:
        turned = _VIETNAMESE_DATE.fullmatch(text)
        if turned:
            return date(int(turned[3]), int(turned[2]), int(turned[1])).isoformat()
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        if _ISO_TIME.fullmatch(text):
            datetime.fromisoformat(text)
            return text.replace(" ", "T")
    except ValueError as error:
        raise _bad_date(value) from error
    if _ISO_PARTIAL.fullmatch(text):
        return text
    raise _bad_date(value)


def agency_code(value: str) -> str:
    """An agency's electronic identifier: ``H56``, ``H56.01``; the older form is turned.

    The older form counts from the right, with zeros where there is no level:
    ``000.00.01.H56`` is ``H56.01``. RuleError ``bad_agency_code``.

    >>> agency_code("000.00.00.H56"), agency_code("000.05.01.h56"), agency_code("H56.01")
    ('H56', 'H56.01.05', 'H56.01')
    """
    text = nfc(value).strip().upper()
    old = _OLD_AGENCY.fullmatch(text)
    if old:
        levels = [old[4], old[3], old[2], old[1]]
        while not levels[-1].strip("0"):
            levels.pop()
        # A level that is missing between two others leaves no code to write.
        text = ".".join(levels) if all(level.strip("0") for level in levels) else ""
    if _AGENCY.fullmatch(text):
        return text
    raise RuleError(
        "bad_agency_code",
        f"Mã định danh cơ quan “{shown(value)}” không đúng. Ghi theo dạng H56 hoặc H56.01; dạng "
        "cũ 000.00.01.H56 cũng được chấp nhận.",
        f"“{shown(value)}” is not an agency's identifier. Write H56 or H56.01; the older form "
        "000.00.01.H56 is accepted too.",
    )


def phone(value: str) -> str:
    """A telephone number of 3 to 15 digits, as written. RuleError ``bad_phone``."""
    text = clean_text(value)
    if _PHONE.fullmatch(text) and 3 <= sum(c.isdigit() for c in text) <= 15:
        return text
    raise RuleError(
        "bad_phone",
        f"Số điện thoại “{shown(value)}” không đúng. Chỉ ghi chữ số, ví dụ 0237 123 4567.",
        f"“{shown(value)}” is not a telephone number. Write digits only, as in 0237 123 4567.",
    )


def web_url(value: str) -> str:
    """An address a reader can follow, ``http`` or ``https`` with a host. RuleError ``bad_url``."""
    text = clean_text(value)
    parts = _split(text)
    if parts and parts[0] in ("http", "https") and parts[1] and len(text) <= _URL_LENGTH:
        return text
    raise _bad_url(value)


def resource_url(value: str) -> str:
    """Where a resource lies: a web or FTP address, or the name of an uploaded file.

    RuleError ``bad_url`` for every other scheme, above all those a browser would run.
    """
    text = clean_text(value)
    parts = _split(text)
    named = parts is not None and parts[0] == "" and not text.startswith("//")
    remote = parts is not None and parts[0] in ("http", "https", "ftp", "ftps") and parts[1]
    if (named or remote) and len(text) <= _URL_LENGTH:
        return text
    raise _bad_url(value)


def _split(text: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError:
        return None
    return parts.scheme.lower(), parts.netloc


def _bad_date(value: object) -> RuleError:
    return RuleError(
        "bad_date",
        f"Ngày “{shown(value)}” không đúng. Ghi ngày/tháng/năm (30/06/2025) hoặc 2025-06-30.",
        f"“{shown(value)}” is not a date. Write 2025-06-30, or day/month/year (30/06/2025).",
    )


def _bad_url(value: str) -> RuleError:
    return RuleError(
        "bad_url",
        f"Địa chỉ “{shown(value)}” không dùng được. Địa chỉ phải bắt đầu bằng http:// hoặc "
        "https://.",
        f"The address “{shown(value)}” cannot be used. It must begin with http:// or https://.",
    )
