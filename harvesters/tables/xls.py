"""The binary workbook of Excel 5 to 2003 (.xls), with the fonts its texts are set in."""

from __future__ import annotations

import io
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Literal

import xlrd
from xlrd.biffh import XLRDError
from xlrd.compdoc import CompDocError

from harvesters.errors import HarvestError, Problem
from harvesters.model import Scalar
from harvesters.tables.grid import (
    PLAIN,
    Caps,
    Position,
    Sheet,
    Span,
    Style,
    Workbook,
    check_cells,
    clean_text,
    exact,
    make_sheet,
)
from harvesters.tables.legacy_fonts import encoding_of
from harvesters.tables.number_format import style_of_format
from harvesters.tables.runs import Conversions

_CENTRED_ACROSS = 6
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    CompDocError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


class _Silent(io.TextIOBase):
    """xlrd prints its warnings; they are not for our output."""

    def write(self, text: str, /) -> int:
        return len(text)


def read_xls(content: bytes, where: str, caps: Caps) -> Workbook:
    """All sheets of an .xls. Raises `protected_file`, `truncated`, `too_large`.

    xlrd meets damage in ways of its own (`_DAMAGE`); each means that the file cannot be read.
    """
    with _damage_told(where):
        book = xlrd.open_workbook(
            file_contents=content, formatting_info=True, on_demand=True, logfile=_Silent()
        )
    sheets = []
    cells = 0
    for index in range(book.nsheets):
        with _damage_told(where):
            sheet = book.sheet_by_index(index)
        cells += sum(sheet.row_len(row) for row in range(sheet.nrows))
        check_cells(cells, caps, where)
        sheets.append(_SheetReader(book, sheet, where).read())
        book.unload_sheet(index)
    return Workbook("xls", tuple(sheets))


@contextmanager
def _damage_told(where: str) -> Iterator[None]:
    try:
        yield
    except XLRDError as error:
        code = "protected_file" if "encrypted" in str(error).lower() else "truncated"
        raise HarvestError(code, where=where) from error
    except _DAMAGE as error:
        raise HarvestError("truncated", where=where) from error


class _SheetReader:
    def __init__(self, book: Any, sheet: Any, where: str):
        self.book = book
        self.sheet = sheet
        self.place = f"{where} · {sheet.name}"
        self.styles: dict[int, Style] = {}
        self.conversions = Conversions()
        self.errors: Counter[str] = Counter()

    def read(self) -> Sheet:
        rows: list[list[Scalar]] = []
        styles: dict[Position, Style] = {}
        for r in range(self.sheet.nrows):
            row: list[Scalar] = []
            for c in range(self.sheet.row_len(r)):
                style = self._style(self.sheet.cell_xf_index(r, c))
                if style is not PLAIN:
                    styles[r, c] = style
                row.append(self._value(r, c))
            rows.append(row)
        return make_sheet(
            clean_text(self.sheet.name) or "",
            rows,
            [Span(a, c, b - 1, d - 1) for a, b, c, d in self.sheet.merged_cells],
            styles,
            {r for r, info in self.sheet.rowinfo_map.items() if info.hidden},
            {c for c, info in self.sheet.colinfo_map.items() if info.hidden},
            self.sheet.visibility == 0,
            tuple(self._notes()),
        )

    def _notes(self) -> Iterator[Problem]:
        yield from self.conversions.notes(self.place)
        if self.errors:
            count = str(self.errors.total())
            yield Problem("error_cells", where=self.place, params={"count": count})

    def _style(self, xf_index: int) -> Style:
        if xf_index not in self.styles:
            style = self._read_style(xf_index)
            self.styles[xf_index] = PLAIN if style == PLAIN else style
        return self.styles[xf_index]

    def _read_style(self, xf_index: int) -> Style:
        if xf_index >= len(self.book.xf_list):
            return PLAIN
        xf = self.book.xf_list[xf_index]
        format_ = self.book.format_map.get(xf.format_key)
        meaning = style_of_format(format_.format_str or "" if format_ else "")
        font = self._font(xf.font_index)
        return Style(
            meaning.percent,
            meaning.decimals,
            meaning.digits,
            xf.alignment.indent_level,
            bool(font and font.bold),
            xf.alignment.hor_align == _CENTRED_ACROSS,
            xf.border.bottom_line_style > 0,
        )

    def _font(self, index: int) -> Any:
        """A font of the workbook; None where a damaged file points nowhere."""
        return self.book.font_list[index] if index < len(self.book.font_list) else None

    def _value(self, r: int, c: int) -> Scalar:
        kind, value = self.sheet.cell_type(r, c), self.sheet.cell_value(r, c)
        if kind == xlrd.XL_CELL_TEXT:
            return clean_text(self._text(r, c, value))
        if kind == xlrd.XL_CELL_NUMBER:
            return exact(value)
        if kind == xlrd.XL_CELL_DATE:
            return _moment(value, self.book.datemode)
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        if kind == xlrd.XL_CELL_ERROR:
            self.errors[str(value)] += 1
        return None

    def _text(self, r: int, c: int, text: str) -> str:
        xf_index = self.sheet.cell_xf_index(r, c)
        known = xf_index < len(self.book.xf_list)
        own = self.book.xf_list[xf_index].font_index if known else 0
        runs = [(0, own), *self.sheet.rich_text_runlist_map.get((r, c), ())]
        fonts = [self._font(index) for _, index in runs]
        names = [font.name if font else "" for font in fonts]
        if not any(encoding_of(name) for name in names):
            return text
        ends = [offset for offset, _ in runs[1:]] + [len(text)]
        parts = [
            (text[offset:end], name)
            for (offset, _), end, name in zip(runs, ends, names, strict=True)
        ]
        return self.conversions.convert(parts)


def _moment(value: float, datemode: Literal[0, 1]) -> date | datetime | str | None:
    """A date, a date with time, or a time of day as text; a serial that is no date is None."""
    try:
        moment: datetime = xlrd.xldate_as_datetime(value, datemode)
    except (ValueError, OverflowError):
        return None
    if value < 1:
        return moment.strftime("%H:%M:%S")
    return moment.date() if value == int(value) else moment
