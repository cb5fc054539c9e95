"""Rows of a database as the engine holds them, within the caps on cells and bytes. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from harvesters.errors import HarvestError
from harvesters.fetch import QueryResult
from harvesters.fetch.body import size_in_words
from harvesters.model import Scalar
from harvesters.settings import Limits

ROWS_AT_A_TIME = 5_000


def collect(
    rows: Iterable[Sequence[Any]],
    names: Sequence[str],
    types: Sequence[str],
    limits: Limits,
    where: str,
) -> QueryResult:
    """All rows, each cell of its column's type. Raises `too_large`."""
    kept: list[tuple[Scalar, ...]] = []
    cells = size = 0
    for row in rows:
        cells += len(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if cells > limits.max_cells:
            raise HarvestError(
                "too_large",
                where=where,
                limit=f"{limits.max_cells} ô",
                limit_en=f"{limits.max_cells} cells",
            )
        if size > limits.max_bytes:
            raise HarvestError("too_large", where=where, limit=size_in_words(limits.max_bytes))
        kept.append(tuple(typed(value, kind) for value, kind in zip(row, types, strict=True)))
    return QueryResult(tuple(names), tuple(types), tuple(kept))


def scalar(value: Any) -> Scalar:
    """A cell as the engine holds it: floats as Decimal by their 15 digits, NaN as nothing."""
    if isinstance(value, float):
        value = Decimal(format(value, ".15g"))
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if value is None or isinstance(value, str | int | bool | date | datetime):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, memoryview | bytes | bytearray):
        return bytes(value).hex()
    return str(value)


def typed(value: Any, kind: str) -> Scalar:
    """A cell as its column's type wants it; what does not fit the type is nothing.

    A bit comes as bytes from MySQL, a day that is none (``0000-00-00``) as text, a whole number of
    an Oracle NUMBER(9) as Decimal, a date of a DATE column with a time.
    """
    if kind == "boolean" and isinstance(value, bytes | int):
        return bool(int.from_bytes(value, "big") if isinstance(value, bytes) else value)
    plain = scalar(value)
    if kind == "integer" and isinstance(plain, Decimal) and plain == plain.to_integral_value():
        return int(plain)
    if kind == "timestamp" and isinstance(plain, date) and not isinstance(plain, datetime):
        return datetime(plain.year, plain.month, plain.day)
    if kind == "date" and isinstance(plain, datetime):
        return plain.date()
    if kind in ("date", "timestamp") and isinstance(plain, str):
        return None
    if kind == "text" and plain is not None and not isinstance(plain, str):
        return str(plain)
    return plain
