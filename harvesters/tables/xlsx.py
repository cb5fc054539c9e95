"""The zipped workbook (.xlsx, .xlsm): values by calamine, looks and fonts from the XML beside."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from harvesters.errors import HarvestError, Problem
from harvesters.model import Scalar
from harvesters.tables.grid import (
    Caps,
    Sheet,
    Span,
    Workbook,
    check_cells,
    clean_text,
    exact,
    make_sheet,
)
from harvesters.tables.runs import Conversions
from harvesters.tables.xlsx_looks import Looks, SheetLooks
from harvesters.tables.xlsx_xml import XmlError

#: Below this size unpacked, however well it was packed, a file harms nobody.
_HARMLESS = 50_000_000
_DAMAGE = (
    zipfile.BadZipFile,
    CalamineError,
    XmlError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    zlib.error,
)


def read_xlsx(content: bytes, where: str, caps: Caps) -> Workbook:
    """All worksheets of an .xlsx.

    Raises `truncated` (damaged), `not_a_workbook` (another kind of zip), `too_large`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _guard(archive, len(content), where, caps)
            if "xl/workbook.xml" not in archive.namelist():
                raise HarvestError("not_a_workbook", where=where, found="zip")
            looks = Looks(archive)
            sheets = looks.sheets()
            check_cells(sum(sheet.area for sheet in sheets.values()), caps, where)
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            return Workbook("xlsx", tuple(_sheets(book, sheets, where)))
    except _DAMAGE as error:
        raise HarvestError("truncated", where=where) from error


def _guard(archive: zipfile.ZipFile, packed: int, where: str, caps: Caps) -> None:
    """Refuses a zip bomb before anything is unpacked into memory, and damaged members.

    `testzip` reads every member in small pieces and proves that the declared sizes are true.
    """
    infos = archive.infolist()
    unpacked = sum(info.file_size for info in infos)
    if unpacked > caps.unpacked:
        raise HarvestError("too_large", where=where, limit=f"{caps.unpacked // 1_000_000} MB")
    if unpacked > _HARMLESS and unpacked > packed * caps.ratio:
        raise HarvestError("too_large", where=where, limit=f"{caps.ratio:g} : 1 (zip)")
    if any(info.flag_bits & 1 for info in infos):
        raise HarvestError("protected_file", where=where)
    if archive.testzip() is not None:
        raise HarvestError("truncated", where=where)


def _sheets(book: CalamineWorkbook, looks: dict[str, SheetLooks], where: str) -> Iterator[Sheet]:
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        place = f"{where} · {meta.name}"
        look = looks.get(meta.name, SheetLooks())
        conversions = Conversions()
        rows = [[_value(v) for v in row] for row in sheet.to_python(skip_empty_area=False)]
        for (r, c), runs in look.legacy.items():
            if r < len(rows) and c < len(rows[r]):
                rows[r][c] = clean_text(conversions.convert(runs))
        merges = sheet.merged_cell_ranges or ()
        yield make_sheet(
            clean_text(meta.name) or "",
            rows,
            [Span(top, left, bottom, right) for (top, left), (bottom, right) in merges],
            look.styles,
            look.hidden_rows,
            look.hidden_columns,
            meta.visible == SheetVisibleEnum.Visible,
            tuple(_notes(place, conversions, look)),
        )


def _notes(place: str, conversions: Conversions, look: SheetLooks) -> Iterator[Problem]:
    yield from conversions.notes(place)
    if look.errors:
        yield Problem("error_cells", where=place, params={"count": str(look.errors)})
    if look.uncomputed:
        yield Problem("formula_without_value", where=place, params={"count": str(look.uncomputed)})


def _value(value: Any) -> Scalar:
    if isinstance(value, str):
        return clean_text(value)
    return exact(value) if isinstance(value, float) else _other(value)


def _other(value: Any) -> Scalar:
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date() if midnight else value
    if isinstance(value, date):
        return value
    if isinstance(value, (time, timedelta)):
        return str(value)
    return None
