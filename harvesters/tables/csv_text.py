"""Delimited text (CSV, TSV) in the encodings that departments really use."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter

from harvesters.errors import HarvestError, Problem
from harvesters.model import Scalar
from harvesters.tables.grid import Caps, Workbook, check_cells, clean_text, make_sheet
from harvesters.tables.legacy_fonts import decode, is_syllables

#: What `encoding` may say besides the names Python knows.
LEGACY = ("tcvn3", "vni")
_DELIMITERS = (";", ",", "\t", "|")
_SAMPLE_ROWS = 200
_LONGEST_FIELD = 1_000_000
#: Bytes that are combining tone marks in Windows-1258 and nowhere else in Vietnamese text.
_TONE_BYTES = re.compile(rb"[A-Za-z\xc0-\xff][\xcc\xd2\xde\xec\xf2]")
_ENOUGH_WORDS = 3


def read_csv(content: bytes, where: str, encoding: str, caps: Caps) -> Workbook:
    """One sheet of texts. Raises `unknown_encoding`, `too_large`, `truncated`."""
    text, notes = decode_text(content, where, encoding)
    delimiter, text = _delimiter(text)
    rows: list[list[Scalar]] = []
    cells = 0
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        for fields in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells += len(fields)
            check_cells(cells, caps, where)
            rows.append([clean_text(field) for field in fields])
    except csv.Error as error:
        raise HarvestError("truncated", where=where) from error
    check_cells(len(rows) * max(map(len, rows), default=0), caps, where)
    return Workbook("csv", (make_sheet("", rows),), notes)


def decode_text(content: bytes, where: str, encoding: str = "") -> tuple[str, tuple[Problem, ...]]:
    """The text, and a note if its encoding had to be concluded from the content.

    A declared encoding is taken at its word. Otherwise a byte order mark, then UTF-8, then
    Windows-1258 if every accented word then is a Vietnamese syllable (its separate tone marks
    make no sense in another encoding). TCVN3 and VNI must be declared: they look like each other
    and like Western text. Raises `unknown_encoding`.
    """
    if encoding:
        return _declared(content, where, encoding), ()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(content, "utf-16", where), ()
    body = content.rstrip(b"\x00")
    if b"\x00" in body[:1000]:
        return _strict(content, _zeros(content), where), ()
    try:
        return body.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if (text := _windows_1258(body)) is not None:
            note = Problem("encoding_concluded", where=where, params={"encoding": "Windows-1258"})
            return text, (note,)
        raise HarvestError("unknown_encoding", where=where, at=error.start) from error


def _declared(content: bytes, where: str, encoding: str) -> str:
    name = encoding.strip().lower()
    if name in LEGACY:
        text = content.decode("latin-1")
        return decode(text, "tcvn3" if name == "tcvn3" else "vni").text
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise HarvestError(
            "bad_setting", where=where, key="encoding", expected="utf-8, utf-16, cp1258, tcvn3, vni"
        ) from error
    return _strict(content, "utf-8-sig" if name in ("utf-8", "utf8") else name, where)


def _strict(content: bytes, encoding: str, where: str) -> str:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise HarvestError(
            "unknown_encoding", where=where, at=getattr(error, "start", 0)
        ) from error


def _zeros(content: bytes) -> str:
    """UTF-16 without a byte order mark: ASCII characters have their zero byte on one side."""
    return "utf-16-le" if content[1:200:2].count(0) > content[0:200:2].count(0) else "utf-16-be"


def _windows_1258(content: bytes) -> str | None:
    if not _TONE_BYTES.search(content):
        return None
    try:
        text = clean_text(content.decode("cp1258")) or ""
    except UnicodeDecodeError:
        return None
    words = {word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()}
    if len(words) < _ENOUGH_WORDS or not all(map(is_syllables, words)):
        return None
    return text


def _delimiter(text: str) -> tuple[str, str]:
    """The delimiter with which most rows have the same number of fields, and the text to read.

    A first line `sep=;` (Excel's own way of saying it) is obeyed and taken off.
    """
    first, _, rest = text.partition("\n")
    if said := re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE):
        return said.group(1), rest
    return max(_DELIMITERS, key=lambda delimiter: _fit(text, delimiter)), text


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """Share of rows that have the commonest number of fields above one, and that number."""
    counts: Counter[int] = Counter()
    lines = io.StringIO(text[:_LONGEST_FIELD], newline="")
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter)):
            if number >= _SAMPLE_ROWS:
                break
            if row:
                counts[len(row)] += 1
    except csv.Error:
        return (0.0, 0)
    several = [(many, fields) for fields, many in counts.items() if fields > 1]
    if not several:
        return (0.0, 0)
    many, fields = max(several)
    return (round(many / counts.total(), 1), fields)
