"""From a block of a sheet to a typed table: columns with titles, rows with labels and figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harvesters.errors import Problem
from harvesters.model import Column, Table
from harvesters.tables.body import Body, read_body
from harvesters.tables.cells import (
    is_letterhead,
    is_note,
    is_office,
    is_signature,
    shown,
    unit_in_title,
)
from harvesters.tables.column_types import (
    Separator,
    Typed,
    decimal_separator,
    questions,
    type_column,
)
from harvesters.tables.grid import Sheet
from harvesters.tables.head import Head, read_head
from harvesters.tables.headers import column_titles
from harvesters.tables.hints import ColumnHint, Hints
from harvesters.tables.layout import Block, Row
from harvesters.tables.names import column_names
from harvesters.tables.shape import Shape, find_shape

LABEL = ("Chỉ tiêu", "Indicator")
GROUP = ("Thuộc nhóm", "Part of")
NUMBER = ("STT", "No.")
TIME = ("Thời gian", "Time")
GROUP_NAME = "thuoc_nhom"
#: So many rows are enough to see how a table writes its decimals.
_SAMPLE = 2000
_REMARK_WORDS = 5
_FORM = re.compile(r"(?:biểu|bảng|phụ lục|table)\s*(?:số\s*)?\d", re.IGNORECASE)


@dataclass(frozen=True)
class TableRead:
    """A table with where it stood, its unit if there is one for all, and what is unsure of it."""

    table: Table
    sheet: str
    first_row: int
    unit: str = ""
    questions: tuple[Problem, ...] = ()


def read_block(sheet: Sheet, block: Block, hints: Hints, where: str) -> TableRead | None:
    """The table of a block; None when it has no column of figures or facts beside its labels."""
    head = read_head(sheet, block)
    rows = [*head.headings, *block.body]
    titles = column_titles(sheet, head.header)
    shape = find_shape(sheet, rows, titles)
    body = read_body(sheet, rows, shape)
    if not body.rows or not (shape.after or shape.leading):
        return None
    builder = _Builder(sheet, head, titles.text, shape, body, hints, where)
    return builder.build(_notes(sheet, head, block.tail))


@dataclass
class _Draft:
    """A column before it has a name."""

    source: int | None
    title: str
    title_en: str
    typed: Typed
    role: str


class _Builder:
    def __init__(
        self,
        sheet: Sheet,
        head: Head,
        titles: Mapping[int, str],
        shape: Shape,
        body: Body,
        hints: Hints,
        where: str,
    ):
        self.sheet, self.head, self.titles = sheet, head, titles
        self.shape, self.body, self.hints, self.where = shape, body, hints, where
        self.questions: list[Problem] = list(body.questions(where))

    def build(self, notes: tuple[str, ...]) -> TableRead:
        drafts = self._drafts()
        unit = self._unit(drafts)
        names = column_names([_bare(draft.title) for draft in drafts])
        columns, values = [], []
        for draft, name in zip(drafts, names, strict=True):
            hint = self.hints.column(name, draft.title)
            if hint.skip:
                continue
            columns.append(self._column(draft, name, hint, unit))
            values.append(draft.typed.values)
        title, above = _title(self.head.title)
        several = (f"Đơn vị tính: {self.head.unit}",) if self.head.unit and not unit else ()
        table = Table(
            tuple(columns), tuple(zip(*values, strict=True)), title, above + several + notes
        )
        self._ask_about_header(drafts)
        first = self.body.rows[0] + 1
        return TableRead(table, self.sheet.name, first, unit, tuple(self.questions))

    def _drafts(self) -> list[_Draft]:
        separator = self._separator()
        drafts: list[_Draft] = []
        for column in sorted((*self.shape.steps, *self.shape.leading, *self.shape.after)):
            if column in self.shape.steps:
                if column == self.shape.steps[0]:
                    drafts += self._labels()
                continue
            drafts.append(self._draft(column, separator))
        return drafts

    def _labels(self) -> list[_Draft]:
        titled = [self.titles[c] for c in self.shape.steps if self.titles.get(c)]
        title = " ".join(dict.fromkeys(titled))
        labels = Typed("text", tuple(self.body.labels))
        role = self.shape.roles[self.shape.steps[0]]
        default = TIME if role == "time" else LABEL
        drafts = [_Draft(None, *((title, "") if title else default), labels, role)]
        if any(self.body.paths):
            groups = tuple(" / ".join(path) or None for path in self.body.paths)
            drafts.append(_Draft(None, *GROUP, Typed("text", groups), "dimension"))
        return drafts

    def _draft(self, column: int, separator: Separator) -> _Draft:
        values = [self.body.value(self.sheet, row, column) for row in self.body.rows]
        styles = [self.sheet.style(row, column) for row in self.body.rows]
        hint = self.hints.column("", self.titles.get(column, ""))
        as_text = (column in self.shape.texts or hint.type == "text") and not hint.is_number
        typed = type_column(values, styles, separator, as_text)
        if typed.words and self.shape.roles[column] != "measure":
            # "Sơ bộ 2024" among years: words that tell rows apart are not dropped.
            typed = type_column(values, styles, separator, as_text=True)
        title = self.titles.get(column, "")
        self.questions += questions(typed, self.where, title or _letter(column))
        role = self.shape.roles[column]
        if role == "measure" and typed.type == "text" and not typed.undecided:
            role = "note"
        if not title and role in ("time", "note"):
            return _Draft(column, *(TIME if role == "time" else NUMBER), typed, role)
        return _Draft(column, title, "", typed, role)

    def _separator(self) -> Separator:
        """What the whole table proves, unless it was said."""
        if self.hints.decimal:
            return "," if self.hints.decimal == "," else "."
        return decimal_separator(
            self.sheet.rows[row][column]
            for row in self.body.rows[:_SAMPLE]
            for column in self.shape.after
        )

    def _unit(self, drafts: Sequence[_Draft]) -> str:
        """The unit said above the table if it is one, and no column of units says otherwise."""
        unit = self.head.unit
        if self.shape.units or any(mark in unit for mark in (";", ",", " và ")):
            return ""
        return unit

    def _column(self, draft: _Draft, name: str, hint: ColumnHint, unit: str) -> Column:
        measured = draft.role == "measure" and draft.typed.type in ("integer", "number")
        own = unit_in_title(draft.title) or draft.typed.unit
        return Column(
            hint.name or name,
            draft.typed.type,
            hint.title or draft.title or f"Cột {_letter(draft.source)}",
            hint.title_en or draft.title_en,
            hint.unit or own or (unit if measured else ""),
            hint.description,
            hint.role or draft.role,  # type: ignore[arg-type]
        )

    def _ask_about_header(self, drafts: Sequence[_Draft]) -> None:
        untitled = [_letter(d.source) for d in drafts if not d.title]
        if untitled:
            params = {"columns": ", ".join(untitled)}
            self.questions.append(Problem("header_uncertain", where=self.where, params=params))
        if self.shape.dropped:
            letters = ", ".join(map(_letter, self.shape.dropped))
            self.questions.append(
                Problem("columns_left_out", where=self.where, params={"columns": letters})
            )


def _bare(title: str) -> str:
    """The title without its unit: a change of unit is no other column."""
    levels = [
        re.sub(r"\s*\([^()]{1,40}\)\s*$", "", level) if unit_in_title(level) else level
        for level in title.split(" / ")
    ]
    return " / ".join(levels) or title


def _letter(column: int | None) -> str:
    """A column as a workbook calls it: 0 is A, 27 is AB."""
    letters, number = "", (column or 0) + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _title(lines: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The table's title out of the lines above it, and the lines that are notes.

    The letterhead of the paper is left out. A title may run over several lines; what stands over
    "Biểu 3. …" and a longer remark in brackets are notes, a short one ("Giá so sánh 1994") belongs
    to the title.
    """
    kept = [line for line in lines if not is_letterhead(line)]
    while len(kept) > 1 and is_office(kept[0]):
        kept.pop(0)
    opening = next((n for n, line in enumerate(kept) if _FORM.match(line)), 0)
    notes = kept[:opening] + [line for line in kept if is_note(line) or _is_remark(line)]
    return " ".join(line for line in kept if line not in notes), tuple(notes)


def _is_remark(line: str) -> bool:
    return line.startswith("(") and line.endswith(")") and len(line.split()) > _REMARK_WORDS


def _notes(sheet: Sheet, head: Head, tail: Sequence[Row]) -> tuple[str, ...]:
    """The lines under a table up to the signatures, which are not published."""
    notes = []
    for row in tail:
        texts = [shown(sheet.rows[row.index][c]) for c in row.filled]
        if any(map(is_signature, texts)):
            break
        if texts:
            notes.append(" ".join(texts))
    return tuple(notes)
