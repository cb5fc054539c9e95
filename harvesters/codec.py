"""Tables as canonical bytes (the same table, the same digest) and changes as JSON."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from harvesters.model import (
    CellChange,
    Change,
    Column,
    FieldChange,
    MappedDataset,
    Scalar,
    Table,
    TableChange,
)


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


def change_to_json(change: Change) -> dict[str, Any]:
    """A change as the ledger spools it; `change_from_json` reads it back."""
    return {
        "action": change.action,
        "remote_id": change.remote_id,
        "dataset_id": change.dataset_id,
        "dataset": change.dataset.to_json() if change.dataset else None,
        "base": change.base.to_json() if change.base else None,
        "hash": change.hash,
        "mark": change.mark,
        "version": change.version,
        "title": change.title,
        "fields": _fields_to_json(change.fields),
        "tables": [_table_change_to_json(table) for table in change.tables],
        **({"conflicts": _fields_to_json(change.conflicts)} if change.conflicts else {}),
        **({"seen": change.seen.to_json()} if change.seen else {}),
    }


def _fields_to_json(fields: tuple[FieldChange, ...]) -> list[list[Any]]:
    return [[f.field, f.before, f.after, f.resource] for f in fields]


def change_from_json(data: Mapping[str, Any]) -> Change:
    """Back from `change_to_json`."""
    plain = {k: data[k] for k in ("remote_id", "dataset_id", "hash", "mark", "version", "title")}
    return Change(
        data["action"],
        dataset=MappedDataset.from_json(data["dataset"]) if data["dataset"] else None,
        base=MappedDataset.from_json(data["base"]) if data["base"] else None,
        fields=tuple(FieldChange(*entry) for entry in data["fields"]),
        tables=tuple(_table_change_from_json(entry) for entry in data["tables"]),
        conflicts=tuple(FieldChange(*entry) for entry in data.get("conflicts") or ()),
        seen=MappedDataset.from_json(data["seen"]) if data.get("seen") else None,
        **plain,
    )


def _table_change_to_json(table: TableChange) -> dict[str, Any]:
    cells = [
        [c.row, c.column, _scalar_to_json(c.before), _scalar_to_json(c.after)] for c in table.cells
    ]
    return {**vars(table), "cells": cells}


def _table_change_from_json(data: Mapping[str, Any]) -> TableChange:
    cells = tuple(
        CellChange(row, column, _scalar_from_json(before), _scalar_from_json(after))
        for row, column, before, after in data["cells"]
    )
    names = ("columns_added", "columns_removed", "columns_retyped")
    return TableChange(**{**data, "cells": cells, **{n: tuple(data[n]) for n in names}})


def _scalar_to_json(value: Scalar) -> Any:
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return value


def _scalar_from_json(value: Any) -> Scalar:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    if "n" in value:
        return Decimal(value["n"])
    if "t" in value:
        return datetime.fromisoformat(value["t"])
    return date.fromisoformat(value["d"])
