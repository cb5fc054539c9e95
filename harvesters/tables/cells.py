"""What a single cell is: a figure, a sign for “no figure”, a year, a unit, a note, a label."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal

from harvesters.model import Scalar
from harvesters.tables.grid import one_line
from schemas.text import fold

Kind = Literal["blank", "figure", "missing", "text"]

#: Signs that Vietnamese and international tables put where no figure is.
MISSING = frozenset(
    {"-", "–", "—", "--", "---", "…", "..", "...", "....", ". .", ".. .", "x", "X", ":", "///"}
    | {"N/A", "n/a", "NA", "n.a.", "#N/A", "NULL", "null", "NaN", "nan", "*"}
)
#: “As above”, mostly in a column of units.
DITTO = frozenset(('"', "''", "”", "“", "``", "´´", "-nt-", "nt", "- nt -", "-''-", '-"-', '- " -'))

_MARK = r"(?:\s*(?:\(\s*(?:\*+|\d{1,2})\s*\)|\*+|[¹²³⁴⁵⁶⁷⁸⁹]|\d{1,2}\)))"
FIGURE = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+−–]\s?)?(?P<digits>\d[\d.,'\s]*)(?(open)\))\s*(?P<percent>%)?{_MARK}?"
)


_PLAIN_FIGURE = re.compile(r"-?\d+(?:[.,]\d+)?")
_IN_THOUSANDS = re.compile(r"\d{1,3}(?:['\s]\d{3})+(?:[.,]\d+)?")


def kind(value: Scalar) -> Kind:
    """The kind of a cell. A text that is a figure to the reader ("1.234,5", "12,3(*)") is one."""
    if value is None:
        return "blank"
    if not isinstance(value, str):
        return "figure"
    text = value.strip()
    if text in MISSING:
        return "missing"
    return "figure" if is_figure(text) else "text"


def is_figure(text: str) -> bool:
    """Whether a text reads as one figure: digits with separators, perhaps a footnote mark."""
    if _PLAIN_FIGURE.fullmatch(text):
        return True
    found = FIGURE.fullmatch(text)
    if not found:
        return False
    digits = found["digits"].strip()
    # "1.2.3" is a paragraph's number; "1 2" is two figures unless written in thousands.
    groups = re.split(r"[.,'\s]", digits)
    if re.search(r"['\s]", digits) and not _IN_THOUSANDS.fullmatch(digits):
        return False
    return len(groups) <= 2 or all(len(group) == 3 for group in groups[1:-1])


def whole(value: Scalar) -> int | None:
    """The integer a cell shows, if it is one (2025, "2025", Decimal 2025)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, str) and (found := re.fullmatch(rf"\s*(\d{{1,9}}){_MARK}?\s*", value)):
        return int(found.group(1))
    return None


def is_year(value: Scalar) -> bool:
    """Whether a cell is a year as a bare number."""
    number = whole(value)
    return number is not None and 1900 <= number <= 2100


def shown(value: Scalar) -> str:
    """A cell as a label or title: one line of text, dates as they are written in Vietnam."""
    if value is None:
        return ""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value)


_UNIT_WORDS = (
    r"ha|km2|km²|km|m2|m²|m3|m³|mm|tan|ta|kg|gam|g|lit|con|nguoi|luot|ho|cai|chiec|bo|doi"
    r"|dong|vnd|usd|do la|doanh nghiep|dn|du an|kwh|kw|mw|bao|quyen|trang|san pham|diem|ty le"
    r"|trieu|nghin|ngan|ty|tram|1000|1\.000|hk|hanh khach|hk\.km|tan\.km|km\.tan|hoc sinh|sinh vien"
    r"|hoc vien|thi sinh|nha|vien chuc|lop|truong|giuong|xa|phuong|thon|may|lan|vu|ngay|thang|gio"
    r"|ky|moi|m|cho|thue bao|tram|o to"
    r"|va|hop tac xa|co so|co quan|giao vien|phong|can|cay|tan/ha|ta/ha|mg|µg|do|c|chia"
)
_UNIT_TEXT = re.compile(rf"(?:\d+\s*)?(?:(?:%|‰|\b(?:{_UNIT_WORDS})\b)[\s;,.:/+&-]*)+")
_UNIT_PREFIX = re.compile(
    r"^\(?\s*(?:đơn vị(?:\s*tính)?|đvt|đv tính|đ\.v\.t|unit)\s*(?:[:：.]|\s-\s)\s*(.+?)\s*\)?$",
    re.IGNORECASE,
)
_LONGEST_UNIT = 60


def unit_of(text: str) -> str:
    """The unit that a line above a table states, else ''.

    >>> unit_of("Đơn vị tính: Nghìn tấn"), unit_of("(Tỷ đồng)"), unit_of("Miền Bắc")
    ('Nghìn tấn', 'Tỷ đồng', '')
    """
    line = one_line(text)
    if said := _UNIT_PREFIX.match(line):
        return said.group(1)
    bare = re.sub(r"^\((.*)\)$", r"\1", line).strip()
    if len(bare) <= _LONGEST_UNIT and _UNIT_TEXT.fullmatch(fold(bare)):
        return bare
    return ""


def says_unit(text: str) -> bool:
    """Whether a line is a unit by its own words: "Đơn vị tính: …"."""
    return bool(_UNIT_PREFIX.match(one_line(text)))


def unit_in_title(title: str) -> str:
    """The unit in brackets at the end of a column's title or of a level above it.

    >>> unit_in_title("Vốn đăng ký (Tỷ đồng)"), unit_in_title("So với (%) / Tháng 01")
    ('Tỷ đồng', '%')
    """
    for level in reversed(title.split(" / ")):
        found = re.search(r"\(([^()]{1,40})\)\s*(?:\(\*+\)|\*+|:)?$", level)
        if found and (unit := unit_of(found.group(1))):
            return unit
    return ""


_NOTE = re.compile(
    r"^\s*(?:\*?\(?\s*(?:(?:ghi chú|chú thích|lưu ý)\b"
    r"|(?:nguồn|chú ý|notes?|source)[^:：]{0,20}[:：])"
    r"|\(\s*\*+\s*\)|\*+\s?\S|\(\s*\d\s*\)\s*\S|\d\)\s|[¹²³⁴]\s*\S|\[\d+\])",
    re.IGNORECASE,
)


def is_note(text: str) -> bool:
    """Whether a line explains the table ("Ghi chú: …", "Nguồn: …", "(*) Chiếc, triệu USD")."""
    return bool(_NOTE.match(text))


_LETTERHEAD = re.compile(
    r"cong hoa xa hoi chu nghia viet nam|doc lap\s*[-–—]?\s*tu do|^bieu so\b.{0,12}$|^mau so\b"
    r"|ban hanh (?:kem )?theo|kem theo (?:bao cao|cong van|quyet dinh|thong tu)|^ngay nhan bao cao"
    r"|^don vi (?:bao cao|nhan bao cao|gui)|^ky bao cao\b|^so\s*:\s*.*/|^uy ban nhan dan|^ubnd\b"
    r"|, ngay\s*\d*[ .…]*thang"
)
_SIGNATURE = re.compile(
    r"^(?:nguoi (?:lap|tong hop|kiem tra)|thu truong|giam doc|chu tich|truong phong|ke toan truong"
    r"|pho (?:giam doc|chu tich|truong phong)|tm\.|kt\.|\(?ky,? (?:ghi ro )?ho ten|noi nhan\s*:)"
    r"|, ngay\s*[\d.…]*\s*thang\s*[\d.…]*\s*nam"
)


def is_letterhead(text: str) -> bool:
    """Whether a line above a table belongs to the paper, not to the table."""
    return bool(_LETTERHEAD.search(fold(text)))


_OFFICE = re.compile(
    r"(?:so|ban|cuc|chi cuc|tong cuc|phong|trung tam|van phong|hoi|bao hiem|cong an|thanh tra|bo"
    r"|truong|benh vien|huyen|thi xa|thanh pho|tinh|xa|phuong)\b"
)


def is_office(text: str) -> bool:
    """Whether a line in capitals only names an office, as over the title of a report."""
    return text.isupper() and bool(_OFFICE.match(fold(text))) and not re.search(r"\d", text)


def is_signature(text: str) -> bool:
    """Whether a line under a table begins the signatures (names of people: not published)."""
    return bool(_SIGNATURE.search(fold(text)))


_CONTINUED = re.compile(
    r"\(?\s*(?:\btiếp\s*theo\b|\btiếp\b|\bcontinued\b|\bcont\.)\s*\)", re.IGNORECASE
)


def is_continuation(title: str) -> bool:
    """Whether a title says that the table goes on from before: "5. (Tiếp theo) Chỉ số …"."""
    return bool(_CONTINUED.search(title))


def without_continuation(title: str) -> str:
    """The title without "(Tiếp theo)"."""
    return one_line(_CONTINUED.sub(" ", title))
