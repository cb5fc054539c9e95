"""A file to its tables: what was read, what is unsure, what was refused, sheet by sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from harvesters.errors import HarvestError, Problem
from harvesters.model import Column, ColumnType, Scalar, Table
from harvesters.tables.cells import is_continuation, shown, without_continuation
from harvesters.tables.grid import Caps, Sheet, Workbook, visible_part
from harvesters.tables.head import read_head
from harvesters.tables.headers import column_titles
from harvesters.tables.hints import Hints
from harvesters.tables.layout import Block, find_blocks, rows_of
from harvesters.tables.names import column_names, table_key, unique_keys
from harvesters.tables.tabulate import GROUP_NAME, TableRead, read_block
from harvesters.tables.workbook import read_workbook
from schemas.text import fold


@dataclass(frozen=True)
class Reading:
    """The tables of a file with their keys, stable between issues of the file.

    `asked` are questions to a person, `refused` sheets in which no table was found, `notes` what
    was converted or left out.
    """

    kind: str
    tables: tuple[TableRead, ...]
    keys: tuple[str, ...]
    asked: tuple[Problem, ...] = ()
    refused: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def read_tables(
    name: str, content: bytes, hints: Hints | None = None, where: str = "", caps: Caps | None = None
) -> Reading:
    """All tables of a workbook or CSV file.

    Raises HarvestError when the file cannot be read, and `no_table` naming the sheets when it can
    but holds no table. A sheet without a table beside others is only `refused`.
    """
    hints, where = hints or Hints(), where or name
    workbook = read_workbook(name, content, where, hints.encoding, caps)
    reads: list[TableRead] = []
    refused: list[Problem] = []
    notes: list[Problem] = list(workbook.notes)
    for sheet in _wanted(workbook, hints, notes, where):
        notes += sheet.notes
        found, asked = read_sheet(sheet, hints, where)
        notes += asked
        reads += found
        if not found and sheet.rows:
            place = f"{where} · {sheet.name}" if sheet.name else where
            refused.append(Problem("no_table", where=place, params={"sheet": sheet.name}))
    if not reads:
        sheets = ", ".join(sheet.name for sheet in workbook.sheets if sheet.name)
        raise HarvestError("no_table", where=where, sheet=sheets)
    joined = join_continued(reads)
    keys = unique_keys([table_key(read.table.title, read.sheet) for read in joined])
    questions = tuple(problem for read in joined for problem in read.questions)
    return Reading(
        workbook.kind,
        tuple(joined),
        tuple(keys),
        questions,
        tuple(refused),
        _gathered(notes, where),
    )


def _gathered(notes: Sequence[Problem], where: str) -> tuple[Problem, ...]:
    """The notes, with one word for the whole file on what its old fonts were converted to."""
    fonts = [note for note in notes if note.code == "font_converted"]
    if len(fonts) < 2:
        return tuple(notes)
    names = dict.fromkeys(name for note in fonts for name in note.params["fonts"].split(", "))
    count = sum(int(note.params["count"]) for note in fonts)
    params = {"fonts": ", ".join(names), "count": str(count)}
    rest = (note for note in notes if note.code != "font_converted")
    return (Problem("font_converted", where=where, params=params), *rest)


def _wanted(workbook: Workbook, hints: Hints, notes: list[Problem], where: str) -> list[Sheet]:
    """The sheets to read. Hidden ones are the department's workings unless they are named."""
    wanted = []
    for sheet in workbook.sheets:
        if not hints.takes(sheet.name):
            continue
        named = bool(hints.sheets) or hints.hidden
        if sheet.visible or named:
            wanted.append(sheet)
        elif sheet.rows:
            place = f"{where} · {sheet.name}"
            notes.append(Problem("hidden_sheet", where=place, params={"sheet": sheet.name}))
    return wanted


def read_sheet(
    sheet: Sheet, hints: Hints, where: str
) -> tuple[list[TableRead], tuple[Problem, ...]]:
    """The tables of one sheet, and notes of what was hidden in it."""
    place = f"{where} · {sheet.name}" if sheet.name else where
    notes: tuple[Problem, ...] = ()
    if not hints.hidden:
        sheet, notes = visible_part(sheet)
        notes = tuple(replace(note, where=place) for note in notes)
    said = hints.header_of(sheet.name)
    blocks = [_said_block(sheet, *said)] if said else find_blocks(sheet)
    found = [read_block(sheet, block, hints, place) for block in _join_blocks(sheet, blocks)]
    return [read for read in found if read is not None], notes


def _said_block(sheet: Sheet, first: int, last: int) -> Block:
    """One table whose header rows a person gave, numbered from 1 as the workbook shows them."""
    rows = rows_of(sheet)
    below = [row for row in rows if row.index >= last]
    end = max((n for n, row in enumerate(below) if len(row.filled) > 1), default=-1) + 1
    head = [row for row in rows if row.index < last]
    return Block(head, below[:end], below[end:], first - 1)


def _join_blocks(sheet: Sheet, blocks: Sequence[Block]) -> list[Block]:
    """Puts the pages of one table together, so that a heading on one also heads the next."""
    joined: list[tuple[Block, str, dict[int, str]]] = []
    for block in blocks:
        head = read_head(sheet, block)
        title, titles = " ".join(head.title), column_titles(sheet, head.header).text
        if joined and titles and _same_page(joined[-1][1:], title, titles):
            before = joined[-1][0]
            before.body += [*head.headings, *block.body]
            before.tail += block.tail
        else:
            joined.append((block, title, titles))
    return [block for block, _, _ in joined]


def _same_page(before: tuple[str, dict[int, str]], title: str, titles: dict[int, str]) -> bool:
    same_columns = _names(before[1]) == _names(titles)
    return same_columns and (not title or _continues(before[0], title))


def _names(titles: dict[int, str]) -> dict[int, str]:
    """Names by column: a period written otherwise on the next page makes no other column."""
    return dict(zip(titles, column_names(list(titles.values())), strict=True))


def _continues(before: str, title: str) -> bool:
    """Whether a title goes on from another: the same words, or "(Tiếp theo)" and its number."""
    if _plain(title) == _plain(before):
        return True
    numbers = [re.match(r"\D{0,5}(\d+)", text) for text in (before, title)]
    found = [number.group(1) for number in numbers if number]
    return is_continuation(title) and len(found) == 2 and found[0] == found[1]


def join_continued(reads: Sequence[TableRead]) -> list[TableRead]:
    """Joins tables that go on in another sheet: "3. (Tiếp theo) …" with the same columns."""
    joined: list[TableRead] = []
    for read in reads:
        before = next((n for n, r in enumerate(joined) if _goes_on(r, read)), None)
        if before is None:
            joined.append(read)
        else:
            joined[before] = _join(joined[before], read)
    return joined


def _goes_on(before: TableRead, read: TableRead) -> bool:
    title = read.table.title
    if not is_continuation(title) or before.sheet == read.sheet:
        return False
    if not _continues(before.table.title, title):
        return False
    return _titles(before.table) == _titles(read.table)


def _plain(title: str) -> str:
    return re.sub(r"\W", "", fold(without_continuation(title)))


def _titles(table: Table) -> list[str]:
    return [fold(column.title) for column in table.columns if column.name != GROUP_NAME]


def _join(before: TableRead, read: TableRead) -> TableRead:
    """One table of both; a group column that only one of them has is empty in the other."""
    parts = (before.table, read.table)
    columns = [_wider(column, parts) for column in max(parts, key=lambda t: len(t.columns)).columns]
    rows = [row for part in parts for row in _rows_as(part, columns)]
    notes = tuple(dict.fromkeys(before.table.notes + read.table.notes))
    table = Table(tuple(columns), tuple(rows), before.table.title, notes)
    return replace(before, table=table, questions=before.questions + read.questions)


def _wider(column: Column, parts: Sequence[Table]) -> Column:
    """The column with the type that holds the values of both parts."""
    types = {c.type for part in parts for c in part.columns if c.name == column.name}
    if len(types) == 1:
        return column
    numeric = types <= {"integer", "number"}
    return replace(column, type="number" if numeric else "text")


def _rows_as(part: Table, columns: Sequence[Column]) -> Iterator[tuple[Scalar, ...]]:
    places = {column.name: n for n, column in enumerate(part.columns)}
    for row in part.rows:
        yield tuple(
            _as_type(row[places[c.name]], c.type) if c.name in places else None for c in columns
        )


def _as_type(value: Scalar, kind: ColumnType) -> Scalar:
    if value is None:
        return None
    if kind == "text":
        return shown(value)
    return Decimal(value) if kind == "number" and isinstance(value, int) else value
