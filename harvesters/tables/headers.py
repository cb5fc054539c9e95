"""Column titles out of a header of several rows: merged, underlined or simply wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harvesters.tables.cells import shown
from harvesters.tables.grid import Sheet, one_line
from harvesters.tables.head import reach
from harvesters.tables.layout import Row, is_numbering


@dataclass(frozen=True)
class _Piece:
    """A header cell's text and the columns it stands over."""

    text: str
    left: int
    right: int

    @property
    def columns(self) -> range:
        return range(self.left, self.right + 1)


@dataclass(frozen=True)
class Titles:
    """Titles by column, and the groups of columns whose lowest header cell is the same one.

    Such a group is one column of figures beside empty ones (a title merged over both).
    """

    text: dict[int, str]
    groups: tuple[tuple[int, ...], ...] = ()


def column_titles(sheet: Sheet, header: Sequence[Row]) -> Titles:
    """Title by column. Lines of one cell are joined by a blank, levels by " / ".

    A title over several columns belongs to each of them: "Dân số / Nam". It reaches as far as it
    is merged or centred; where neither is used, as far as the line drawn under it; where nothing
    is drawn at all, over the columns to its right that only have a title below it.
    """
    rows = _without_numbering(sheet, header)
    grid = [_pieces(sheet, row, rows[number + 1 :]) for number, row in enumerate(rows)]
    _widen_upwards(grid)
    titles = {c: title for c in range(sheet.width) if (title := _title(grid, c))}
    lowest = {
        piece_column: piece for row in grid for piece in row for piece_column in piece.columns
    }
    shared: dict[_Piece, list[int]] = {}
    for column, piece in sorted(lowest.items()):
        shared.setdefault(piece, []).append(column)
    groups = (tuple(columns) for piece, columns in shared.items() if columns[0] == piece.left)
    return Titles(titles, tuple(groups))


def _without_numbering(sheet: Sheet, header: Sequence[Row]) -> list[Row]:
    """A row that numbers the columns is dropped, unless only the numbers tell them apart."""
    numbering = [row for row in header if is_numbering(sheet, row)]
    if not numbering or len(numbering) == len(header):
        return list(header)
    rest = [row for row in header if row not in numbering]
    titles = column_titles(sheet, rest).text
    numbered = [titles.get(c, "") for row in numbering for c in row.filled]
    return rest if len(set(numbered)) == len(numbered) else list(header)


def _pieces(sheet: Sheet, row: Row, below: Sequence[Row]) -> list[_Piece]:
    drawn = any(
        sheet.style(r.index, c).line for r in (row, *below) for c in range(sheet.width)
    ) or any(span.top == row.index and span.right > span.left for span in sheet.merges)
    pieces = []
    for column in row.filled:
        right = reach(sheet, row.index, column)
        if right == column and below:
            right = (
                _line_end(sheet, row, column, below)
                if drawn
                else _free_end(sheet, row, column, below)
            )
        pieces.append(_Piece(shown(sheet.rows[row.index][column]), column, right))
    return pieces


def _line_end(sheet: Sheet, row: Row, column: int, below: Sequence[Row]) -> int:
    """How far the line under a cell goes on under blank cells whose columns are titled below."""
    if not sheet.style(row.index, column).line or not _titled(below, column):
        return column
    last = column
    while (
        last + 1 < sheet.width
        and last + 1 not in row.filled
        and sheet.style(row.index, last + 1).line
        and (_titled(below, last + 1) or _titled(below, last + 2))
    ):
        last += 1
    while last > column and not _titled(below, last):
        last -= 1
    return last


def _free_end(sheet: Sheet, row: Row, column: int, below: Sequence[Row]) -> int:
    """Without lines: columns titled only below, if those titles begin anew and do not go on."""
    nearest = below[0]
    if not _begins(sheet, nearest, column):
        return column
    last = column
    while (
        last + 1 < sheet.width and last + 1 not in row.filled and _begins(sheet, nearest, last + 1)
    ):
        last += 1
    return last


def _begins(sheet: Sheet, row: Row, column: int) -> bool:
    text = shown(sheet.rows[row.index][column])
    return bool(text) and (text[0].isupper() or text[0].isdigit())


def _titled(rows: Sequence[Row], column: int) -> bool:
    return any(column in row.filled for row in rows)


def _widen_upwards(grid: list[list[_Piece]]) -> None:
    """A title of two lines with the line drawn only under the second: the first reaches as far."""
    for upper, lower in reversed(list(pairwise(grid))):
        taken = {column for piece in upper for column in range(piece.left, piece.right + 1)}
        for number, piece in enumerate(upper):
            wide = next((p for p in lower if p.left == piece.left and p.right > piece.right), None)
            if wide and not taken & set(range(piece.right + 1, wide.right + 1)):
                upper[number] = _Piece(piece.text, piece.left, wide.right)


def _title(grid: Sequence[Sequence[_Piece]], column: int) -> str:
    levels: list[tuple[tuple[int, int], str]] = []
    for row in grid:
        for piece in row:
            if piece.left <= column <= piece.right:
                reach_ = (piece.left, piece.right)
                if levels and levels[-1][0] == reach_:
                    levels[-1] = (reach_, f"{levels[-1][1]} {piece.text}")
                else:
                    levels.append((reach_, piece.text))
    return " / ".join(one_line(text) for _, text in levels)
