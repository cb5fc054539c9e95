"""The rows of a table: which are headings, what each label is, and values that cells share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harvesters.errors import Problem
from harvesters.model import Scalar
from harvesters.tables.cells import DITTO, kind, shown, unit_of
from harvesters.tables.grid import Sheet, Span
from harvesters.tables.head import reach, spans_all
from harvesters.tables.labels import (
    Line,
    is_capitals,
    is_of_which,
    is_ordinal,
    label_rows,
    opens_group,
    rank,
)
from harvesters.tables.layout import Row
from harvesters.tables.shape import Shape


@dataclass
class Body:
    """The rows that have values, with their labels and paths, in the order of the sheet.

    `filled` has values that a cell takes from another: a merged range, "as above" signs.
    """

    rows: list[int] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    paths: list[tuple[str, ...]] = field(default_factory=list)
    filled: dict[tuple[int, int], Scalar] = field(default_factory=dict)
    merged_figures: int = 0
    unlabelled: int = 0

    def value(self, sheet: Sheet, row: int, column: int) -> Scalar:
        return self.filled.get((row, column), sheet.rows[row][column])

    def questions(self, where: str) -> Iterator[Problem]:
        """What is unsure of the rows."""
        if self.merged_figures:
            count = str(self.merged_figures)
            yield Problem("merged_figures", where=where, params={"count": count})
        if self.unlabelled:
            count = str(self.unlabelled)
            yield Problem("rows_without_label", where=where, params={"count": count})


def read_body(sheet: Sheet, rows: Sequence[Row], shape: Shape) -> Body:
    """Reads the rows of a table's body."""
    body = Body()
    _spread_merges(sheet, rows, shape, body)
    lines = _Lines(sheet, rows, shape, body).read()
    for labelled in label_rows(lines):
        body.rows.append(labelled.row)
        body.labels.append(labelled.label or None)
        body.paths.append(labelled.path)
        body.unlabelled += not labelled.label and bool(shape.steps)
    _fill_down(sheet, shape, body)
    return body


def _spread_merges(sheet: Sheet, rows: Sequence[Row], shape: Shape, body: Body) -> None:
    """A label merged over several rows is the label of each; a figure so merged is only asked."""
    indexes = {row.index for row in rows}
    for span in sheet.merges:
        if span.bottom == span.top or span.top not in indexes:
            continue
        value = sheet.rows[span.top][span.left]
        if value is None:
            continue
        if span.left in shape.measures and kind(value) == "figure":
            body.merged_figures += 1
        elif span.left not in shape.measures:
            _spread(span, value, body)


def _spread(span: Span, value: Scalar, body: Body) -> None:
    for row in range(span.top + 1, span.bottom + 1):
        if (row, span.left) in body.filled:
            return  # overlapping ranges: only a damaged file has them
        body.filled[row, span.left] = value


class _Lines:
    """Makes a Line of each row; a heading is told from a row whose figures are not known."""

    def __init__(self, sheet: Sheet, rows: Sequence[Row], shape: Shape, body: Body):
        self.sheet, self.rows, self.shape, self.body = sheet, rows, shape, body
        self.facts = [c for c in (*shape.leading, *shape.after) if c not in shape.numbering]

    def read(self) -> list[Line]:
        lines = [self._line(row) for row in self.rows if not row.blank]
        if not lines:
            return []
        counts = Counter(line.label for line in lines)
        apart = {
            row.index
            for before, row in zip(self.rows, self.rows[1:], strict=False)
            if before.blank or row.index > before.index + 1
        }
        return [
            self._as_row(line) if _is_row(line, after, counts, apart) else line
            for line, after in zip(lines, [*lines[1:], None], strict=True)
        ]

    def _as_row(self, line: Line) -> Line:
        return replace(line, heading=False)

    def _line(self, row: Row) -> Line:
        if self._is_panel(row):
            return Line(row.index, shown(self.sheet.rows[row.index][row.texts[0]]), panel=True)
        column, label, ordinal = self._label(row)
        units = self._units(row)
        heading = bool(units) or not any(self._has(row, c) for c in self.facts)
        style = self.sheet.style(row.index, column)
        raw = self.sheet.rows[row.index][column]
        blanks = len(raw) - len(raw.lstrip()) if isinstance(raw, str) else 0
        return Line(
            row.index,
            f"{label} ({units})" if units else label,
            column,
            style.indent * 3 + blanks,
            ordinal,
            heading,
            style.bold,
        )

    def _has(self, row: Row, column: int) -> bool:
        return self.body.value(self.sheet, row.index, column) is not None

    def _is_panel(self, row: Row) -> bool:
        """A lone text over the figures, or merged over the whole row: a part of the table."""
        if not row.alone or not self.shape.measures:
            return False
        column = row.texts[0]
        if column in self.shape.steps or column in self.shape.leading:
            return spans_all(self.sheet, row, self.shape.measures)
        return column in self.shape.measures and (
            len(self.shape.measures) > 1 or reach(self.sheet, row.index, column) > column
        )

    def _label(self, row: Row) -> tuple[int, str, str]:
        """The label's column, the label, and the number before it if there is one."""
        ordinal = next(
            (
                shown(self.sheet.rows[row.index][c])
                for c in self.shape.numbering
                if self._has(row, c)
            ),
            "",
        )
        found = [
            (c, shown(self.body.value(self.sheet, row.index, c)))
            for c in self.shape.steps
            if self._has(row, c)
        ]
        if len(found) > 1 and is_of_which(found[0][1]):
            found = found[1:]
        elif len(found) > 1 and is_ordinal(found[0][1]):
            ordinal = ordinal or found[0][1]
            found = [(found[0][0], found[1][1])]
        if not found:
            first = self.shape.steps[0] if self.shape.steps else 0
            headings = [c for c in row.texts if c in self.shape.numbering]
            return first, (ordinal if headings else ""), ordinal
        return found[0][0], " ".join(text for _, text in found), ordinal

    def _units(self, row: Row) -> str:
        """Units in place of figures, as in "A. HÀNH KHÁCH | Nghìn HK | Triệu HK.km": a heading."""
        if row.figures or row.missing or not self.shape.steps:
            return ""
        texts = [
            shown(self.sheet.rows[row.index][c]) for c in row.texts if c in self.shape.measures
        ]
        return "; ".join(texts) if texts and all(map(unit_of, texts)) else ""


def _is_row(line: Line, after: Line | None, counts: Mapping[str, int], apart: set[int]) -> bool:
    """A row without values that looks just like the next one is a row whose figures are not known.

    It is a heading if it stands apart, differs in type, place or numbering from the next, reads
    like one, or if the rows under it come under other headings too (Chung, Nam, Nữ).
    """
    if not line.heading or line.panel or after is None or after.heading or line.row in apart:
        return False
    if opens_group(line.label) or is_capitals(line.label) or counts[after.label] > 1:
        return False
    if line.label[:1].islower() or after.label[:1].islower() or after.label[:1] == "(":
        return False
    return _look(line) == _look(after)


def _look(line: Line) -> tuple[int, int, bool, int]:
    return (line.column, line.depth, line.bold, rank(line.label, line.ordinal))


def _fill_down(sheet: Sheet, shape: Shape, body: Body) -> None:
    """Ditto signs mean the value above; so does a blank in a column that only names groups."""
    for column in (*shape.leading, *shape.units):
        values = [body.value(sheet, row, column) for row in body.rows]
        dittos = [isinstance(v, str) and v.strip() in DITTO for v in values]
        grouping = column in shape.leading and _names_groups(sheet, shape, body, column)
        above: Scalar = None
        for row, value, ditto in zip(body.rows, values, dittos, strict=True):
            if ditto or (value is None and grouping):
                body.filled[row, column] = above
            elif value is not None:
                above = value


def _names_groups(sheet: Sheet, shape: Shape, body: Body, column: int) -> bool:
    """Whether a text column left of the labels is filled only where its value changes."""
    if not shape.steps or column > shape.steps[0] or column in shape.numbering:
        return False
    values = [body.value(sheet, row, column) for row in body.rows]
    filled = [v for v in values if v is not None]
    return bool(values) and values[0] is not None and len(filled) * 2 <= len(values)
