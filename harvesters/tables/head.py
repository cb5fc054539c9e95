"""Takes the head of a table apart: title lines, the unit, header rows, first headings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harvesters.tables.cells import is_letterhead, says_unit, shown, unit_of
from harvesters.tables.grid import Sheet
from harvesters.tables.layout import Block, Row


@dataclass(frozen=True)
class Head:
    """What stands above a body: title lines, the unit said for the whole table, header rows, and
    headings that already belong to the body."""

    title: tuple[str, ...]
    unit: str
    header: tuple[Row, ...]
    headings: tuple[Row, ...]


def read_head(sheet: Sheet, block: Block) -> Head:
    """Takes a head apart, from the figures upwards."""
    if block.header is not None:
        above = [row for row in block.head if row.index < block.header]
        titles = [row for row in block.head if row.index >= block.header and not row.blank]
        return Head(*_title_and_unit(sheet, above), tuple(titles), ())
    figures = _measured(block.body)
    rows = list(block.head)
    headings: list[Row] = []
    while rows and (rows[-1].blank or _is_heading(sheet, rows, figures)):
        row = rows.pop()
        if not row.blank:
            headings.insert(0, row)
    header: list[Row] = []
    while rows:
        if _is_header(sheet, rows[-1], header, figures):
            header.insert(0, rows.pop())
        elif header and _is_gap(sheet, rows, figures):
            rows.pop()
        else:
            break
    if not header:
        rows, headings = rows + headings, []
    return Head(*_title_and_unit(sheet, rows), tuple(header), tuple(headings))


def _measured(body: Sequence[Row]) -> set[int]:
    """Columns of figures, without those left of the labels (numbering, codes)."""
    figures = Counter(c for row in body for c in row.figures + row.missing)
    texts = Counter(c for row in body for c in row.texts)
    labels = [c for c in texts if texts[c] > figures[c]]
    right = {c for c in figures if figures[c] and c > min(labels, default=-1)}
    return right or set(figures)


def _is_heading(sheet: Sheet, rows: Sequence[Row], figures: set[int]) -> bool:
    """Whether the last row is a heading of the body and not of its columns."""
    row, above = rows[-1], rows[:-1]
    headed = any(_titles_columns(r, figures) for r in above)
    if row.alone:
        column = row.texts[0]
        if column < min(figures, default=0) or (column == min(figures) and not headed):
            return headed
        return headed and spans_all(sheet, row, figures)
    if row.texts and row.texts[-1] < min(figures, default=0) and not row.figures:
        return headed and any(c in r.texts for r in above for c in row.texts)
    labelled = bool(row.texts) and row.first < min(figures, default=0) and not row.figures
    over = [c for c in row.texts if c in figures]
    values = sheet.rows[row.index]
    return labelled and headed and bool(over) and all(unit_of(shown(values[c])) for c in over)


def _titles_columns(row: Row, figures: set[int]) -> bool:
    """Whether a row has titles over the figures: over two columns, or over the only one."""
    over = [c for c in row.texts if c in figures]
    return len(over) > 1 or (len(figures) == 1 and bool(over) and len(row.texts) > 1)


def spans_all(sheet: Sheet, row: Row, figures: Iterable[int]) -> bool:
    """Whether the row's only text is merged or centred over all columns of figures."""
    left = row.texts[0]
    right = reach(sheet, row.index, left)
    return all(left <= c <= right or c < left for c in figures) and right > left


def reach(sheet: Sheet, row: int, column: int) -> int:
    """The last column a cell extends over: merged, or centred across the blank cells beside it."""
    if (row, column) in sheet.reaches:
        return sheet.reaches[row, column]
    last = column
    if sheet.style(row, column).centred:
        while (
            last + 1 < sheet.width
            and sheet.rows[row][last + 1] is None
            and sheet.style(row, last + 1).centred
        ):
            last += 1
    return last


def _is_header(sheet: Sheet, row: Row, below: Sequence[Row], figures: set[int]) -> bool:
    if row.blank:
        return False
    if not row.alone:
        return True
    column = row.texts[0]
    text = shown(sheet.rows[row.index][column])
    if column < min(figures, default=0) and reach(sheet, row.index, column) > column:
        return False
    if column not in figures:
        return bool(below) and _under_merge(sheet, row, column)
    return not (says_unit(text) or (unit_of(text) and below and _filled_in(below, column)))


def _is_gap(sheet: Sheet, rows: Sequence[Row], figures: set[int]) -> bool:
    """A blank row within a header: merged cells reach over it, or titles stand above it too."""
    gap = rows[-1]
    if not gap.blank or len(rows) < 2:
        return False
    if any(span.top < gap.index <= span.bottom for span in sheet.merges):
        return True
    above = rows[-2]
    texts = [shown(sheet.rows[above.index][c]) for c in above.texts]
    over = [c for c in above.texts if c in figures]
    return len(over) > 1 and not any(is_letterhead(text) for text in texts)


def _under_merge(sheet: Sheet, row: Row, column: int) -> bool:
    """A label column's title merged downwards into the header rows below."""
    return any(
        span.top == row.index and span.left == column and span.bottom > row.index
        for span in sheet.merges
    )


def _filled_in(rows: Sequence[Row], column: int) -> bool:
    return any(column in row.filled for row in rows)


def _title_and_unit(sheet: Sheet, rows: Sequence[Row]) -> tuple[tuple[str, ...], str]:
    lines: list[str] = []
    unit = ""
    for row in rows:
        for column in row.texts:
            text = shown(sheet.rows[row.index][column])
            if found := unit_of(text):
                unit = found
            else:
                lines.append(text)
    return tuple(lines), unit
