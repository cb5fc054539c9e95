"""What was read of an uploaded file, shown before anything is published: tables, columns, rows."""

from __future__ import annotations

from typing import Any

from ckanext.thanhhoa import sources, uploads
from ckanext.thanhhoa.source_check import DEADLINE

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.uploads import URL
from harvesters.messages import report_entry
from harvesters.model import End, Failure, Record, RecordResource, Scalar, Table
from harvesters.plan import internal
from harvesters.registry import settings_of, source_type
from harvesters.tables.cells import shown
from harvesters.tables.grid import Caps, Sheet
from harvesters.tables.workbook import read_workbook

#: Rows of a table, and of a sheet as it is in the file, that are shown.
ROWS, SHEET_ROWS, SHEET_COLUMNS, SHEETS = 8, 12, 12, 20
TABLES = 20
#: A file larger than this is not read while a person waits: its plan is made by a worker.
AT_ONCE = 15_000_000


def preview(row: Any, lang: str = "vi") -> dict[str, Any]:
    """What the file of a source (its row) holds. Writes nothing.

    `{"file": as `uploads.facts` or None, "read": bool, "datasets": [{"title", "tables": [{"name",
    "unit", "columns": [{"title", "type", "unit", "role"}], "rows": [[text]], "total"}],
    "tables_total"}], "errors": [as in a run's report], "notes": [same], "sheets": [{"name",
    "visible", "rows": [{"number", "cells"}]}]}`. A file that is too large for a person to wait for
    has `read` False and nothing else.
    """
    file = uploads.facts(row.id)
    found: dict[str, Any] = {
        "file": file, "read": False, "datasets": [], "errors": [], "notes": [], "sheets": [],
    }  # fmt: skip
    if file is None or file["size"] > AT_ONCE:
        return found
    found["read"] = True
    problems: list[Problem] = []
    try:
        _read(row, found, problems)
    except HarvestError as error:
        problems.append(error.problem)
    except Exception as error:
        problems.append(internal(error))
    said = {(p.code, p.where, tuple(sorted(p.params.items()))): p for p in problems}
    for problem in said.values():  # once, however many datasets it is said of
        found["notes" if problem.note else "errors"].append(report_entry(problem, lang))
    return found


def _read(row: Any, found: dict[str, Any], problems: list[Problem]) -> None:
    source = sources.as_source(row)
    kind = source_type(source.type)
    settings = settings_of(source.type, source.url, source.config.read)
    with sources.fetcher(row, deadline=DEADLINE) as fetch:
        caps = Caps(cells=fetch.limits.max_cells)
        answer = fetch.read(f"{URL}file")
        encoding = str(found["file"]["hints"].get("encoding") or "")
        try:
            book = read_workbook(answer.url, answer.content, answer.url, encoding, caps)
        except HarvestError as error:
            problems.append(error.problem)
            return
        found["sheets"] = [_sheet(sheet) for sheet in book.sheets[:SHEETS] if sheet.rows]
        for item in kind.read(settings, fetch, {}):
            if isinstance(item, Record):
                found["datasets"].append(_dataset(item))
                problems += [note.as_note(item.remote_id) for note in item.notes]
            elif isinstance(item, Failure) or (isinstance(item, End) and item.problem is not None):
                problems.append(item.problem)


def _dataset(record: Record) -> dict[str, Any]:
    tables = [_table(r, r.table) for r in record.resources if r.table is not None]
    return {
        "title": record.fields.get("title") or record.remote_id,
        "tables": tables[:TABLES],
        "tables_total": len(tables),
    }


def _table(resource: RecordResource, table: Table) -> dict[str, Any]:
    return {
        "name": resource.fields.get("name") or table.title,
        "unit": resource.fields.get("unit") or "",
        "columns": [
            {
                "title": column.title or column.name,
                "type": column.type,
                "unit": column.unit,
                "role": column.role,
            }
            for column in table.columns
        ],
        "rows": [list(row) for row in table.rows[:ROWS]],
        "total": len(table.rows),
    }


def _sheet(sheet: Sheet) -> dict[str, Any]:
    rows = [
        {"number": number, "cells": [_cell(value) for value in row[:SHEET_COLUMNS]]}
        for number, row in enumerate(sheet.rows[:SHEET_ROWS], 1)
    ]
    return {"name": sheet.name, "visible": sheet.visible, "rows": rows}


def _cell(value: Scalar) -> str:
    return "" if value is None else shown(value)
