"""What went wrong in a run, grouped by cause, and every single case as a table to pass on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.model import plan_item, run_problem
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from harvesters.errors import Problem
from harvesters.messages import say

#: Causes in one report, and records named with each.
CAUSES, RECORDS = 100, 5
#: Rows fetched at a time, and characters that a cell of Excel takes.
_ROWS, _CELL = 1000, 32_767
#: What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADERS = {
    "vi": ("Bản ghi", "Vấn đề", "Cách xử lý", "Vị trí", "Mã"),
    "en": ("Record", "Problem", "What to do", "Where", "Code"),
}
_SHEET = {"vi": "Vấn đề", "en": "Problems"}
_WIDTHS = (28, 60, 60, 40, 22)


def causes(run_id: str, lang: str = "vi") -> list[dict[str, Any]]:
    """The run's errors by what caused them, the most frequent first.

    Each has `code`, `message`, `hint`, `count` and the first few `records`.
    """
    said = _said(run_id)
    text = sa.cast(said.c.problem, sa.Text)
    code, where = (said.c.problem[key].astext for key in ("code", "where"))
    params = sa.cast(said.c.problem["params"], sa.Text)
    count = sa.func.count()
    query = (
        sa.select(
            sa.func.min(text).label("problem"),
            count.label("count"),
            sa.func.array_agg(sa.func.distinct(said.c.problem["record"].astext)).label("records"),
        )
        .where(~said.c.problem.has_key("note"))
        .group_by(code, where, params)
        .order_by(count.desc(), code, where)
        .limit(CAUSES)
    )
    found = []
    for row in model.Session.execute(query):
        records = sorted(record for record in row.records if record)[:RECORDS]
        found.append(cause(Problem.from_json(json.loads(row.problem)), lang, row.count, records))
    return found


def cause(
    problem: Problem, lang: str, count: int = 1, records: Sequence[str] = ()
) -> dict[str, Any]:
    """One entry of `causes`."""
    words = say(problem, lang)
    said = {"code": problem.code, "message": words.message, "hint": words.hint}
    return {**said, "count": count, "records": list(records)}


def as_csv(run_id: str, lang: str = "vi") -> Iterator[bytes]:
    """Every error of the run as CSV in UTF-8 with a mark, as Excel opens it rightly."""
    yield b"\xef\xbb\xbf" + _line(_HEADERS[lang])
    for row in _rows(run_id, lang):
        yield _line(tuple(_harmless(cell) for cell in row))


def as_workbook(run_id: str, lang: str = "vi") -> bytes:
    """Every error of the run as a workbook of one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET[lang])
    sheet.freeze_panes = "A2"
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_cell(sheet, text, bold=True) for text in _HEADERS[lang]])
    for row in _rows(run_id, lang):
        sheet.append([_cell(sheet, text) for text in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _rows(run_id: str, lang: str) -> Iterator[tuple[str, ...]]:
    said = _said(run_id)
    query = sa.select(said.c.problem).where(~said.c.problem.has_key("note"))
    query = query.order_by(said.c.part, said.c.place)
    for data in model.Session.execute(query).scalars().yield_per(_ROWS):
        problem = Problem.from_json(data)
        words = say(problem, lang)
        yield (problem.record or "", words.message, words.hint, problem.where, problem.code)


def _said(run_id: str) -> sa.Subquery:
    """Problems of the run as a whole and of its records (`part` 1: while they were written)."""
    of_run = sa.select(
        run_problem.c.problem, sa.literal(0).label("part"), run_problem.c.id.label("place")
    ).where(run_problem.c.run_id == run_id)
    of_lines = sa.select(plan_item.c.problem, sa.literal(1), plan_item.c.seq).where(
        plan_item.c.run_id == run_id, plan_item.c.state == "failed"
    )
    return sa.union_all(of_run, of_lines).subquery()


def _line(cells: tuple[str, ...]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode()


def _harmless(text: str) -> str:
    """A text that a spreadsheet would calculate is shown instead."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(sheet: Any, text: str, bold: bool = False) -> WriteOnlyCell:
    printable = "".join(char for char in text if char >= " " or char in "\n\t")
    cell = WriteOnlyCell(sheet, value=printable[:_CELL])
    cell.data_type = "s"  # never a formula
    cell.font = Font(bold=bold)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
