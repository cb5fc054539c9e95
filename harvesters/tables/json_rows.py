"""Rows that come as JSON objects, as departments' gateways give them, into a typed table. Pure.

Objects inside a row become columns of their own (``dia_chi.xa``), lists of values one text. A
column's type is decided from all its values (`harvesters.tables.column_types`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from harvesters.errors import HarvestError, Problem
from harvesters.model import Column, Role, Scalar, Table
from harvesters.settings import build
from harvesters.tables.cells import unit_in_title
from harvesters.tables.column_types import (
    Separator,
    Typed,
    decimal_separator,
    questions,
    type_column,
)
from harvesters.tables.hints import ColumnHint
from harvesters.tables.names import column_names
from schemas.text import column_name, composed, fold, nfc

_CODE = re.compile(r"\b(?:ma|id|code)\b")
#: A row of a statistical table has tens of fields.
MAX_COLUMNS = 500
#: Objects inside objects that become columns; what is deeper stays JSON text.
_DEEPEST = 4
_BIGGEST = 2**63
_TIME = frozenset(
    (
        *("nam", "quy", "thang", "ky", "ky_bao_cao", "ky_so_lieu"),
        *("ngay_so_lieu", "year", "quarter", "month", "period"),
    )
)
#: For a problem of a listing whose entries are the rows of a table.
OF_ROWS = {"of": "dòng", "of_en": "rows"}


@dataclass(frozen=True)
class RowsSettings:
    """``read.table``: the records are the rows of one table.

    `id` is the dataset's id at the source; `key` names the fields that identify a row; `columns`
    says more of fields, by their paths; `leave_out` are fields that are not published; `decimal`
    is the decimal mark in numbers written as text, where the figures themselves do not tell;
    `distinct` keeps rows that are wholly alike once; `fields` are further fields of the dataset.
    """

    id: str = ""
    title: str = ""
    title_en: str = ""
    notes: str = ""
    key: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    decimal: str = ""
    distinct: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hints()
        if self.decimal not in ("", ",", "."):
            _bad("decimal", '"," / "."')

    def hints(self) -> Mapping[str, ColumnHint]:
        """What is said of each column. Raises `unknown_setting`, `bad_setting`."""
        found = {}
        for path, said in self.columns.items():
            told = {"title": said} if isinstance(said, str) else said
            hint = build(ColumnHint, told, f"read.table.columns.{path}")
            if hint.type not in (None, "text"):
                # The other types are told by the values themselves, or they are not there.
                _bad(f"columns.{path}.type", "text")
            if hint.role is not None and hint.role not in get_args(Role):
                _bad(f"columns.{path}.role", ", ".join(get_args(Role)))
            found[path] = hint
        return found


def flat(row: Mapping[str, Any], depth: int = _DEEPEST) -> dict[str, Scalar]:
    """A row's cells by path."""
    cells: dict[str, Scalar] = {}
    for key, value in row.items():
        name = composed(str(key))
        if isinstance(value, Mapping) and value and depth > 1:
            for inner, cell in flat(value, depth - 1).items():
                cells[f"{name}.{inner}"] = cell
        else:
            cells[name] = _cell(value)
    return cells


def table_of_rows(
    rows: Sequence[Mapping[str, Scalar]], said: RowsSettings, where: str
) -> tuple[Table, tuple[Problem, ...]]:
    """The table of flat rows, and what a person should look at.

    Raises `bad_setting` when the settings name a field that no row has, `too_large`.
    """
    paths = [p for p in dict.fromkeys(p for row in rows for p in row) if p not in said.leave_out]
    hints = said.hints()
    for path in (*said.key, *hints) if rows else ():
        if path not in paths and path not in said.leave_out:
            expected = ", ".join(paths[:20])
            raise HarvestError("bad_setting", where="read.table", key=path, expected=expected)
    paths = [path for path in paths if not hints.get(path, ColumnHint()).skip]
    if len(paths) > MAX_COLUMNS:
        limit, limit_en = f"{MAX_COLUMNS} cột", f"{MAX_COLUMNS} columns"
        raise HarvestError("too_large", where=where, limit=limit, limit_en=limit_en)
    cells = [tuple(row.get(path) for path in paths) for row in rows]
    if said.distinct:
        cells = list(dict.fromkeys(cells))
    columns, typed, asked = _columns(paths, cells, said, hints, where)
    ordered = _ordered(list(zip(*typed, strict=True)), paths, said.key)
    return Table(tuple(columns), tuple(ordered), said.title), tuple(asked)


def _columns(
    paths: Sequence[str],
    cells: Sequence[tuple[Scalar, ...]],
    said: RowsSettings,
    hints: Mapping[str, ColumnHint],
    where: str,
) -> tuple[list[Column], list[tuple[Scalar, ...]], list[Problem]]:
    separator: Separator = said.decimal or decimal_separator(  # type: ignore[assignment]
        cell for row in cells for cell in row
    )
    names = column_names([_words(path) for path in paths])
    columns, values, asked = [], [], []
    for at, path in enumerate(paths):
        hint = hints.get(path, ColumnHint())
        as_text = hint.type == "text" or path in said.key or _is_code(path)
        typed = _typed([row[at] for row in cells], separator, as_text)
        title = hint.title or path.rpartition(".")[2]
        asked += questions(typed, where, title)
        values.append(typed.values)
        columns.append(
            Column(
                hint.name or names[at],
                typed.type,
                title,
                hint.title_en,
                hint.unit or unit_in_title(title) or typed.unit,
                hint.description,
                hint.role or _role(path, typed, said.key),
            )
        )
    return columns, values, asked


def _typed(values: list[Scalar], separator: Separator, as_text: bool) -> Typed:
    """`as_text` says that texts are names or codes; numbers that came as numbers stay numbers."""
    big = any(isinstance(v, int) and not -_BIGGEST <= v < _BIGGEST for v in values)
    text = as_text and any(isinstance(v, str) for v in values)
    return type_column(values, elsewhere=separator, as_text=big or text)


def _is_code(path: str) -> bool:
    """Whether a field's name says that it holds codes: ``ma_dvhc``, ``maDonVi``, ``id``."""
    return bool(_CODE.search(fold(_words(path.rpartition(".")[2]))))


def _words(path: str) -> str:
    """A path as words: ``diaChi.maXa`` is “dia Chi ma Xa”."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[._]", " ", path)


def _role(path: str, typed: Typed, key: Sequence[str]) -> Role:
    """The fields of the key identify a row, and whatever is no number."""
    name = column_name(_words(path.rpartition(".")[2]))
    if name == "ghi_chu":
        return "note"
    identifies = path in key or typed.type not in ("integer", "number")
    if name in _TIME and (identifies or not key):
        return "time"
    return "dimension" if identifies else "measure"


def _ordered(
    rows: list[tuple[Scalar, ...]], paths: Sequence[str], key: Sequence[str]
) -> list[tuple[Scalar, ...]]:
    """By the key where there is one; else as the service gave them."""
    places = [paths.index(path) for path in key if path in paths]
    if not places:
        return rows

    def place(row: tuple[Scalar, ...]) -> list[tuple[int, Any]]:
        return [_comparable(row[at]) for at in places]

    return sorted(rows, key=place)


def _comparable(cell: Scalar) -> tuple[int, Any]:
    if cell is None:
        return (2, "")
    if isinstance(cell, (int, Decimal)):
        return (0, cell)
    return (1, cell.isoformat() if isinstance(cell, date) else cell)


def _cell(value: Any) -> Scalar:
    if isinstance(value, float):
        return Decimal(format(value, ".15g"))
    if value is None or isinstance(value, (bool, int, Decimal)):
        return value
    if isinstance(value, str):
        return nfc(value.replace("\x00", "")).strip() or None
    if isinstance(value, list) and not any(isinstance(item, (list, Mapping)) for item in value):
        return "; ".join(str(item) for item in value if item is not None) or None
    if not value:
        return None
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _bad(key: str, expected: str) -> None:
    key = f"read.table.{key}"
    raise HarvestError("bad_setting", where=key, key=key, expected=expected)
