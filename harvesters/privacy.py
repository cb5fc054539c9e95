"""The personal-data gate: judges a column by its values and its heading, never a single cell.

Shapes after DOMAIN.md's table (citizen id, old id, mobile, bank account, health insurance card).
Pure: says what a column looks like; what follows is the guards' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from harvesters.model import Scalar, Table
from schemas.text import fold

#: First three digits of a citizen id: the 63 provinces of the issuing period.
# fmt: off
BIRTHPLACES = frozenset(
    {
        "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020",
        "022", "024", "025", "026", "027", "030", "031", "033", "034", "035", "036", "037", "038",
        "040", "042", "044", "045", "046", "048", "049", "051", "052", "054", "056", "058", "060",
        "062", "064", "066", "067", "068", "070", "072", "074", "075", "077", "079", "080", "082",
        "083", "084", "086", "087", "089", "091", "092", "093", "094", "095", "096",
    }
)
# fmt: on
_MOBILE = re.compile(r"(?:\+?84|0)(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9\d)\d{7}")
#: Without a telling heading, numbers that lost their zero need this share of this many rows.
BARE_SHARE, BARE_LEAST = 0.95, 20
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


@dataclass(frozen=True)
class Finding:
    """A column that looks personal: how many of its filled rows have the shape."""

    column: str
    kind: str
    hits: int
    rows: int


@dataclass(frozen=True)
class _Kind:
    """A shape, the words of a heading that name it, and the words that excuse it.

    With a naming heading `named_share` of the filled rows suffices; without, `share` of at least
    `least` rows is needed. `share` above 1 means: never without the heading.
    """

    name: str
    fits: Callable[[str], bool]
    words: tuple[str, ...]
    excused: tuple[str, ...] = ()
    share: float = 0.6
    least: int = 3
    named_share: float = 0.3


def _is_cccd(text: str) -> bool:
    return len(text) == 12 and text.isdigit() and text[:3] in BIRTHPLACES and text[3] in "0123"


def _is_mobile(text: str) -> bool:
    return _MOBILE.fullmatch(text) is not None


def is_tax_code(text: str) -> bool:
    """Ten digits whose last is right, or such with a branch suffix; lawful to publish."""
    digits = text.split("-")[0]
    if len(digits) != 10 or not digits.isdigit():
        return False
    total = sum(int(d) * w for d, w in zip(digits, _TAX_WEIGHTS, strict=False))
    return (10 - total % 11) % 10 == int(digits[9]) and total % 11 != 0


def _digits(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: text.isdigit() and low <= len(text) <= high


KINDS = (
    _Kind(
        "CCCD",
        _is_cccd,
        ("cccd", "can cuoc", "dinh danh ca nhan", "so dinh danh", "citizen id"),
        share=0.8,
    ),
    _Kind("CMND", _digits(8, 9), ("cmnd", "chung minh nhan dan", "chung minh thu"), share=2),
    _Kind(
        "điện thoại",
        _is_mobile,
        ("dien thoai", "di dong", "sdt", "so dt", "phone", "mobile"),
        excused=("duong day nong", "hotline", "tong dai", "ma so thue", "mst"),
        share=0.8,
    ),
    _Kind(
        "tài khoản ngân hàng",
        _digits(8, 19),
        ("tai khoan ngan hang", "so tai khoan", "stk", "so tk", "bank account"),
        share=2,
    ),
    _Kind(
        "thẻ bảo hiểm y tế",
        lambda text: re.fullmatch(r"[A-Z]{2}\d{13}", text) is not None,
        ("bao hiem y te", "bhyt"),
    ),
    _Kind(
        "hộ chiếu",
        lambda text: re.fullmatch(r"[A-Z]\d{7,8}", text) is not None,
        ("ho chieu", "passport"),
        share=2,
    ),
)


def inspect(table: Table) -> list[Finding]:
    """The columns of a table that look like personal data, the strongest kind for each."""
    findings = []
    for place, column in enumerate(table.columns):
        if column.type in ("date", "timestamp", "boolean"):
            continue
        heading = fold(f"{column.title} {column.name.replace('_', ' ')} {column.description}")
        values = [_plain(row[place]) for row in table.rows if row[place] is not None]
        best = max(
            filter(None, (_judge(kind, heading, values) for kind in KINDS)),
            key=lambda finding: finding.hits,
            default=None,
        )
        if best is not None:
            findings.append(Finding(column.title or column.name, best.kind, best.hits, best.rows))
    return findings


def _judge(kind: _Kind, heading: str, values: list[str]) -> Finding | None:
    if not values or _says(heading, kind.excused):
        return None
    hits = sum(1 for value in values if kind.fits(value))
    share = hits / len(values)
    if not _says(heading, kind.words):
        enough = share >= kind.share and len(values) >= kind.least and _scattered(values)
        if not enough and len(values) >= BARE_LEAST and kind.share <= 1:
            hits = _hits_with_zero(kind, values)
            enough = hits >= BARE_SHARE * len(values) and _scattered(values)
    else:
        hits = max(hits, _hits_with_zero(kind, values))
        enough = hits >= kind.named_share * len(values)
    if not enough or (kind.name == "điện thoại" and _mostly(is_tax_code, values)):
        return None
    return Finding("", kind.name, hits, len(values))


def _hits_with_zero(kind: _Kind, values: list[str]) -> int:
    """Hits where a spreadsheet may have dropped the leading zero."""
    return sum(1 for v in values if kind.fits(v) or (v.isdigit() and kind.fits("0" + v)))


def _says(heading: str, words: Iterable[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", heading) for word in words)


def _scattered(values: list[str]) -> bool:
    """Numbers of people differ and do not end in zeros; sums of money and counts do."""
    distinct = len(set(values)) >= 0.8 * len(values)
    return distinct and sum(v.endswith("000") for v in values) <= 0.05 * len(values)


def _mostly(test: Callable[[str], bool], values: list[str]) -> bool:
    return sum(1 for v in values if test(v)) >= 0.8 * len(values)


def _plain(value: Scalar) -> str:
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else str(value)
    return re.sub(r"[\s.]", "", str(value)) if isinstance(value, str) else str(value)
