"""Finds the tables of a sheet: where a title, a header, a body and the notes of each begin.

A department's sheet is made to be printed: title lines, a line with the unit, a header over
several rows, then rows of figures with headings between them, notes, signatures, and perhaps the
next table under it. A row of figures belongs to a body; rows of text between two bodies are either
headings within one table or the head of the next, told apart by text standing over figures.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from harvesters.tables.cells import (
    is_continuation,
    is_note,
    is_year,
    kind,
    shown,
    unit_of,
    whole,
)
from harvesters.tables.grid import Sheet

_ORDINAL_TITLE = re.compile(
    r"\s*(?:\d{1,3}(?:\.\d+)*\s*[.)/]|biểu|bảng|phụ lục|table)\s*\S", re.IGNORECASE
)
_COLUMN_NUMBER = re.compile(r"\(?\d{1,2}\)?(?:\s*=\s*[\d()+\-*/:x\s%]+)?")
_LETTER = re.compile(r"\(?[A-E]\)?")


@dataclass(frozen=True)
class Row:
    """One row by the kinds of its cells: column numbers of texts, figures and missing signs."""

    index: int
    texts: tuple[int, ...]
    figures: tuple[int, ...]
    missing: tuple[int, ...]

    @property
    def filled(self) -> tuple[int, ...]:
        return tuple(sorted(self.texts + self.figures + self.missing))

    @property
    def first(self) -> int:
        return self.filled[0]

    @property
    def blank(self) -> bool:
        return not (self.texts or self.figures or self.missing)

    @property
    def alone(self) -> bool:
        """Whether a single text is all there is."""
        return len(self.texts) == 1 and not self.figures and not self.missing


@dataclass
class Block:
    """One table: its head (everything above the figures), its body, and lines under it.

    `header` is the row where the column titles begin, if a person said so.
    """

    head: list[Row] = field(default_factory=list)
    body: list[Row] = field(default_factory=list)
    tail: list[Row] = field(default_factory=list)
    header: int | None = None


def rows_of(sheet: Sheet) -> list[Row]:
    """The rows of a sheet by kind of cell."""
    found = []
    for index, values in enumerate(sheet.rows):
        kinds = [kind(value) for value in values]
        found.append(
            Row(
                index,
                tuple(c for c, k in enumerate(kinds) if k == "text"),
                tuple(c for c, k in enumerate(kinds) if k == "figure"),
                tuple(c for c, k in enumerate(kinds) if k == "missing"),
            )
        )
    return found


def find_blocks(sheet: Sheet) -> list[Block]:
    """The tables of a sheet from top to bottom; empty when no row has figures."""
    rows = rows_of(sheet)
    splitter = _Splitter(sheet, rows)
    for row in rows:
        splitter.take(row)
    blocks = splitter.finish()
    return blocks or _text_only(rows)


class _Splitter:
    """Goes down the rows; `pending` are those since the last row of figures."""

    def __init__(self, sheet: Sheet, rows: Sequence[Row]):
        self.sheet = sheet
        self.rows = rows
        self.with_figures = [row for row in rows if row.figures]
        self.starts = [row.index for row in self.with_figures]
        self.blocks: list[Block] = []
        self.pending: list[Row] = []
        self.figures: set[int] = set()

    def take(self, row: Row) -> None:
        if not self._is_data(row):
            self.pending.append(row)
            return
        if not self.blocks:
            self._open(self.pending)
        elif (start := self._new_head()) is not None:
            self.blocks[-1].tail = self.pending[:start]
            self._open(self.pending[start:])
        else:
            self.blocks[-1].body += self.pending
        self.pending = []
        self.blocks[-1].body.append(row)
        self.figures.update(row.figures)

    def _open(self, head: list[Row]) -> None:
        self.blocks.append(Block(head=head))
        self.figures = set()

    def finish(self) -> list[Block]:
        if self.blocks:
            if self.pending and self._ends_label(self.pending[0]):
                self.blocks[-1].body.append(self.pending.pop(0))
            self.blocks[-1].tail = self.pending
        return self.blocks

    def _ends_label(self, row: Row) -> bool:
        """Whether the row right under the last figures is the rest of a broken label."""
        if not row.alone or row.texts[0] >= min(self.figures):
            return False
        text = self._text(row)
        return not is_note(text) and (text[0].islower() or text[0] == "(")

    def _is_data(self, row: Row) -> bool:
        if not row.figures:
            return bool(row.missing and row.texts and self.blocks and len(row.filled) > 1)
        if len(row.filled) < 2:
            return False
        above = self._open_head()
        return above is None or not self._is_header_of_numbers(row, above)

    def _open_head(self) -> list[Row] | None:
        """The head being collected: before the first table, or once a new one has begun."""
        if not self.blocks:
            return self.pending
        start = self._new_head()
        if start is None:
            titles = (
                n for n, r in enumerate(self.pending) if r.alone and opens_table(self._text(r))
            )
            start = next(titles, None)
        return None if start is None else self.pending[start:]

    def _is_header_of_numbers(self, row: Row, above: Sequence[Row]) -> bool:
        """Years or classes as column titles ("2020 2021 2022"), or a row that numbers columns."""
        values = self.sheet.rows[row.index]
        numbers = [whole(values[c]) for c in row.figures]
        if is_numbering(self.sheet, row):
            return any(len(r.texts) > 1 for r in above)
        unlabelled = row.first > self._usual_start(row)
        if unlabelled and len(row.texts) >= len(row.figures):
            return True
        if any(number is None or number > 2100 for number in numbers):
            return False
        if unlabelled:
            return True
        years = len(numbers) > 1 and all(is_year(values[c]) for c in row.figures)
        headed = any(len(r.texts) > 1 for r in above)
        return years and not headed and bool(row.texts) and row.texts[0] < row.figures[0]

    def _usual_start(self, row: Row) -> int:
        """The first filled column of the next rows of figures: where their labels stand."""
        place = bisect_right(self.starts, row.index)
        return min((r.first for r in self.with_figures[place : place + 4]), default=row.first)

    def _new_head(self) -> int | None:
        """Where in `pending` the head of a new table begins, or None if it goes on."""
        for position, row in enumerate(self.pending):
            if self._heads_columns(position, row, self.figures):
                return self._head_start(position)
        return None

    def _heads_columns(self, position: int, row: Row, figures: set[int]) -> bool:
        over = [c for c in row.texts if c in figures]
        if row.figures:
            return len(row.filled) > 1
        if not over:
            return False
        labelled = row.first < over[0]
        if labelled:
            before = self.pending[position - 1] if position else None
            if before is None or not (before.blank or before.alone):
                return False
            if all(unit_of(shown(self.sheet.rows[row.index][c])) for c in over):
                return False
        if len(figures) > 1:
            return len(over) > 1
        titled = any(r.alone and opens_table(self._text(r)) for r in self.pending[:position])
        return len(row.texts) > 1 or titled

    def _head_start(self, header: int) -> int:
        """Lines directly under the figures belong to the table above if they read as notes."""
        before = self.pending[:header]
        for position, row in enumerate(before):
            if row.alone and opens_table(self._text(row)):
                return position
        notes = [i for i, row in enumerate(before) if row.alone and is_note(self._text(row))]
        start = notes[-1] + 1 if notes else 0
        blanks = [i for i, row in enumerate(before) if row.blank and i >= start]
        if blanks and blanks[0] > start and not before[start].blank:
            start = blanks[0]
        return start

    def _text(self, row: Row) -> str:
        return shown(self.sheet.rows[row.index][row.texts[0]])


def opens_table(text: str) -> bool:
    """Whether a line is the title of a table by its number ("Biểu 3. …") or “(Tiếp theo)”."""
    return is_continuation(text) or (bool(_ORDINAL_TITLE.match(text)) and len(text) > 5)


def is_numbering(sheet: Sheet, row: Row) -> bool:
    """Whether a row only numbers the columns: "A | B | 1 | 2 | 3=1+2"."""
    values = [shown(sheet.rows[row.index][c]) for c in row.filled]
    letters = [v for v in values if _LETTER.fullmatch(v)]
    numbers = [v for v in values if _COLUMN_NUMBER.fullmatch(v)]
    if len(letters) + len(numbers) != len(values) or len(values) < 2 or not numbers:
        return False
    counted = [int(found.group()) for v in numbers if (found := re.search(r"\d+", v))]
    steps = all(b - a == 1 for a, b in pairwise(counted))
    if not steps or counted[0] != 1 or not (letters or len(counted) > 2):
        return False
    # "A | 1" over "B | 2" are two rows of figures.
    below = next((r for r in sheet.rows[row.index + 1 :] if any(v is not None for v in r)), ())
    label = next((shown(value) for value in below if value is not None), "")
    return not (letters and _LETTER.fullmatch(label))


def _text_only(rows: Sequence[Row]) -> list[Block]:
    """A list without figures (a directory): the first full row heads the rows that follow it."""
    several = [row for row in rows if len(row.filled) > 1]
    widest = max((len(row.filled) for row in several), default=0)
    heads = [row for row in several if len(row.filled) * 2 > widest]
    if len(several) < 3 or not heads:
        return []
    header = heads[0].index
    last = several[-1].index
    return [
        Block(
            [row for row in rows if row.index <= header],
            [row for row in rows if header < row.index <= last],
            [row for row in rows if row.index > last],
        )
    ]
