"""Tables as canonical bytes: the same table always gives the same bytes, hence the same digest."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from harvesters.model import Column, Scalar, Table


def encode_table(table: Table) -> bytes:
    """One JSON line for the columns, one for each row, compressed without a time stamp.

    Raises TypeError when a value does not fit its column: a reader's bug, not bad data.
    """
    head = {
        "title": table.title,
        "notes": list(table.notes),
        "columns": [asdict(column) for column in table.columns],
    }
    types = [column.type for column in table.columns]
    lines = [json.dumps(head, ensure_ascii=False, sort_keys=True)]
    for row in table.rows:
        if len(row) != len(types):
            raise TypeError(f"row of {len(row)} values for {len(types)} columns")
        cells = [_encode(value, kind) for value, kind in zip(row, types, strict=True)]
        lines.append(json.dumps(cells, ensure_ascii=False, separators=(",", ":")))
    return gzip.compress("\n".join(lines).encode(), compresslevel=5, mtime=0)


def decode_table(content: bytes) -> Table:
    """Back from `encode_table`."""
    lines = gzip.decompress(content).decode().split("\n")
    head = json.loads(lines[0])
    columns = tuple(Column(**column) for column in head["columns"])
    types = [column.type for column in columns]
    rows = tuple(
        tuple(_decode(value, kind) for value, kind in zip(json.loads(line), types, strict=True))
        for line in lines[1:]
    )
    return Table(columns, rows, head["title"], tuple(head["notes"]))


def canonical_number(value: Decimal) -> str:
    """A number's one spelling: no exponent, no trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _encode(value: Scalar, kind: str) -> Any:
    if value is None:
        return None
    if kind == "number" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return canonical_number(Decimal(value))
    if kind == "timestamp" and isinstance(value, datetime):
        return value.isoformat()
    if kind == "date" and isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "text" and isinstance(value, str):
        return value
    raise TypeError(f"{value!r} in a column of type {kind}")


def _decode(value: Any, kind: str) -> Scalar:
    if value is None:
        return None
    if kind == "number":
        return Decimal(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.fromisoformat(value)
    return value  # type: ignore[no-any-return]
