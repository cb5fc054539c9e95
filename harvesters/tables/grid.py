"""A sheet as a plain grid: what every workbook, CSV or HTML reader gives and the layout reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from harvesters.errors import HarvestError, Problem
from harvesters.model import Scalar
from schemas.text import nfc

Position = tuple[int, int]


@dataclass(frozen=True)
class Style:
    """What of a cell's look carries meaning.

    `percent`: shown times 100 with a per-cent sign. `decimals`: shown with decimals, so that an
    integral figure is still a measurement. `digits`: shown with leading zeros to that length (a
    code). `indent`: depth of a label. `centred`: centred across the empty cells to its right.
    `line`: a border under the cell (a group of columns is underlined as far as it reaches).
    """

    percent: bool = False
    decimals: bool = False
    digits: int = 0
    indent: int = 0
    bold: bool = False
    centred: bool = False
    line: bool = False


PLAIN = Style()


@dataclass(frozen=True)
class Span:
    """A merged range, all bounds inclusive and counted from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """A rectangular grid. Texts are NFC and Unicode; a blank cell is None; numbers are exact.

    `rows[r][c]`; a merged range holds its value in the top left cell only. `styles` has the cells
    whose look carries meaning. `notes` say what reading the sheet changed or could not keep.
    """

    name: str
    rows: tuple[tuple[Scalar, ...], ...]
    merges: tuple[Span, ...] = ()
    styles: Mapping[Position, Style] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    visible: bool = True
    notes: tuple[Problem, ...] = ()

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else 0

    @cached_property
    def reaches(self) -> Mapping[Position, int]:
        """The last column of each merged range, by its top left cell."""
        return {(span.top, span.left): span.right for span in self.merges}

    def style(self, row: int, column: int) -> Style:
        return self.styles.get((row, column), PLAIN)


@dataclass(frozen=True)
class Workbook:
    """The sheets of one file. `kind` is what the content is, whatever the file is called."""

    kind: str
    sheets: tuple[Sheet, ...]
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Caps:
    """Bounds on one file: cells of all sheets, bytes once unpacked and how far it may unpack."""

    cells: int = 5_000_000
    unpacked: int = 1_000_000_000
    ratio: float = 100.0


def exact(number: float) -> int | Decimal | None:
    """A workbook's binary figure as published: 15 significant digits, integers as int.

    >>> exact(1013.1999999999999)
    Decimal('1013.2')
    """
    if number != number or number in (float("inf"), float("-inf")):
        return None
    if number.is_integer() and abs(number) < 1e15:
        return int(number)
    return Decimal(format(number, ".15g"))


_ODD_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000\t\v\f]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\x00-\x08\x0e-\x1f]")


def clean_text(text: str) -> str | None:
    """NFC, ordinary blanks, no invisible characters; leading blanks stay (they say depth)."""
    text = nfc(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", _ODD_BLANKS.sub(" ", text)).rstrip()
    return text if text.strip() else None


def one_line(text: str) -> str:
    """A label or title in one line: line breaks and doubled blanks are layout, not content."""
    return " ".join(text.split())


def visible_part(sheet: Sheet) -> tuple[Sheet, tuple[Problem, ...]]:
    """The sheet without hidden columns and rows that hold something, and a note of what went.

    What the department hid (last year's figures, working columns) is not what it publishes.
    """
    filled_columns = [
        c for c in sheet.hidden_columns if any(row[c] is not None for row in sheet.rows)
    ]
    filled_rows = [r for r in sheet.hidden_rows if any(v is not None for v in sheet.rows[r])]
    if not filled_columns and not filled_rows:
        return sheet, ()
    rows = [r for r in range(len(sheet.rows)) if r not in sheet.hidden_rows]
    columns = [c for c in range(sheet.width) if c not in sheet.hidden_columns]
    note = Problem(
        "hidden_left_out",
        where=sheet.name,
        params={"rows": str(len(filled_rows)), "columns": str(len(filled_columns))},
    )
    return _pick(sheet, rows, columns), (note,)


def _pick(sheet: Sheet, rows: list[int], columns: list[int]) -> Sheet:
    new_row = {old: new for new, old in enumerate(rows)}
    new_column = {old: new for new, old in enumerate(columns)}
    grid = [[sheet.rows[r][c] for c in columns] for r in rows]
    merges = []
    for span in sheet.merges:
        kept_rows = [new_row[r] for r in range(span.top, span.bottom + 1) if r in new_row]
        kept = [new_column[c] for c in range(span.left, span.right + 1) if c in new_column]
        if not kept_rows or not kept:
            continue
        moved = Span(kept_rows[0], kept[0], kept_rows[-1], kept[-1])
        merges.append(moved)
        grid[moved.top][moved.left] = sheet.rows[span.top][span.left]
    styles = {
        (new_row[r], new_column[c]): style
        for (r, c), style in sheet.styles.items()
        if r in new_row and c in new_column
    }
    return Sheet(sheet.name, tuple(map(tuple, grid)), tuple(merges), styles, visible=sheet.visible)


def region(sheet: Sheet, top: int, left: int, bottom: int, right: int) -> Sheet:
    """A rectangle of a sheet (bounds inclusive) as a sheet of its own."""
    return _pick(sheet, list(range(top, bottom + 1)), list(range(left, right + 1)))


def make_sheet(
    name: str,
    rows: list[list[Scalar]],
    merges: Iterable[Span] = (),
    styles: Mapping[Position, Style] | None = None,
    hidden_rows: Iterable[int] = (),
    hidden_columns: Iterable[int] = (),
    visible: bool = True,
    notes: tuple[Problem, ...] = (),
) -> Sheet:
    """A sheet without the blank rows and columns at its end; everything else is cut to that.

    Rows and columns that only carry formatting (a million bordered rows are common) go here.
    """
    while rows and all(value is None for value in rows[-1]):
        rows.pop()
    width = max((_filled(row) for row in rows), default=0)
    grid = tuple(tuple(row[:width]) + (None,) * (width - len(row)) for row in rows)
    return Sheet(
        name,
        grid,
        tuple(
            Span(span.top, span.left, min(span.bottom, len(grid) - 1), min(span.right, width - 1))
            for span in merges
            if span.top < len(grid) and span.left < width
        ),
        styles or {},
        frozenset(row for row in hidden_rows if row < len(grid)),
        frozenset(column for column in hidden_columns if column < width),
        visible,
        notes,
    )


def _filled(row: list[Scalar]) -> int:
    """How many cells a row has up to its last filled one."""
    filled = len(row)
    while filled and row[filled - 1] is None:
        filled -= 1
    return filled


def check_cells(count: int, caps: Caps, where: str) -> None:
    """Raises `too_large` when a file has more cells than the source may bring."""
    if count > caps.cells:
        limit, limit_en = f"{caps.cells} ô", f"{caps.cells} cells"
        raise HarvestError("too_large", where=where, limit=limit, limit_en=limit_en)
