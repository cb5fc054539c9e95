"""The first rows of a table, as a page shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers

_NUMBERS = ("numeric", "int", "int2", "int4", "int8", "float4", "float8", "integer", "number")
_DATES = ("date", "timestamp")
#: A figure with more decimals than this is a computed one with the noise of binary fractions…
_DECIMALS = 6
#: … of which this many digits say all.
_DIGITS = 7
#: Pages of a table that can be leafed through; PostgreSQL counts off what lies before a page.
_PAGES = 10_000


@dataclass(frozen=True)
class Column:
    """A column; `kind` is ``number``, ``key`` (a number that only names), ``date`` or ``text``."""

    name: str
    title: str
    unit: str
    kind: str


@dataclass(frozen=True)
class Preview:
    """Some rows, as they are written; `total` counts all rows of the table, `first` from 1.

    `rounded` says whether a figure is shown with fewer digits than it has.
    """

    resource: Mapping[str, Any]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    first: int
    rounded: bool


def main_table(dataset: Mapping[str, Any], rows: int = 20) -> Preview | None:
    """The first rows of the dataset's first table; None when it has none the reader may see."""
    for resource in dataset.get("resources") or []:
        if resource.get("datastore_active"):
            return preview(resource, rows)
    return None


def preview(resource: Mapping[str, Any], rows: int = 20, page: int = 1) -> Preview | None:
    """A page of a resource's table; None when it has none the reader may see."""
    if not resource.get("datastore_active"):
        return None
    offset = rows * (min(max(page, 1), _PAGES) - 1)
    try:
        found = toolkit.get_action("datastore_search")(
            {}, {"resource_id": resource["id"], "limit": rows, "offset": offset, "sort": "_id"}
        )
    except (toolkit.NotAuthorized, toolkit.ObjectNotFound):
        return None
    columns = _columns(found["fields"], schema_fields(resource))
    written = tuple(
        tuple(written_cell(record.get(column.name), column.kind) for column in columns)
        for record in found["records"]
    )
    total = int(found.get("total") or len(written))
    figures = [column.name for column in columns if column.kind == "number"]
    rounded = any(is_long(record.get(name)) for record in found["records"] for name in figures)
    return Preview(resource, columns, written, total, offset + 1, rounded)


def is_long(value: Any) -> bool:
    """Whether a figure has more decimals than anybody reads."""
    try:
        exponent = Decimal(str(value)).as_tuple().exponent
    except InvalidOperation:
        return False
    return isinstance(exponent, int) and -exponent > _DECIMALS


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Template helpers of this module."""
    return {"thanhhoa_cell": written_cell, "thanhhoa_column_kind": column_kind}


def written_number(value: Any) -> str:
    """A figure as a page shows it: as published, but without the noise of binary fractions.

    >>> written_number("338.671994141098")
    '338,672'
    """
    if is_long(value):
        value = Context(prec=_DIGITS).create_decimal(str(value))
    return helpers.thanhhoa_number(value)


def schema_fields(resource: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns that the resource's Table Schema describes, by name; empty when it has none."""
    schema = resource.get("table_schema")
    if isinstance(schema, str):
        try:
            schema = json.loads(schema)
        except ValueError:
            return {}
    fields = schema.get("fields") if isinstance(schema, Mapping) else None
    return {f["name"]: f for f in fields or [] if isinstance(f, Mapping) and f.get("name")}


def schema_columns(resource: Mapping[str, Any]) -> list[dict[str, str]]:
    """The columns in words: ``{name, title, unit, description, type}``."""
    words = {
        "string": toolkit._("text"),
        "integer": toolkit._("whole number"),
        "number": toolkit._("number"),
        "boolean": toolkit._("yes or no"),
        "date": toolkit._("day"),
        "datetime": toolkit._("day and time"),
        "year": toolkit._("year"),
    }
    return [
        {
            "name": name,
            "title": title_of(field, name),
            "unit": str(field.get("unit") or ""),
            "description": str(field.get("description") or ""),
            "type": words.get(str(field.get("type")), str(field.get("type") or "")),
        }
        for name, field in schema_fields(resource).items()
    ]


def title_of(described: Mapping[str, Any], fallback: str = "") -> str:
    """A column's title in the reader's language, without the unit that is shown beside it."""
    english = described.get("title_en") if helpers.language() == "en" else ""
    title = str(english or described.get("title") or fallback)
    unit = str(described.get("unit") or "")
    tail = f"({unit})".lower()
    if unit and title.lower().endswith(tail):
        return title[: -len(tail)].strip()
    return title


def _columns(
    fields: Sequence[Mapping[str, Any]], described: Mapping[str, Mapping[str, Any]]
) -> tuple[Column, ...]:
    found = []
    for field in fields:
        if field["id"] == "_id":
            continue
        info = field.get("info") or {}
        known = {"title": info.get("label"), "title_en": info.get("label_en"), **info}
        known = {**known, **described.get(field["id"], {})}
        title = title_of(known, field["id"])
        kind = column_kind(field["type"], known.get("role"))
        found.append(Column(field["id"], title, str(known.get("unit") or ""), kind))
    return tuple(found)


def column_kind(type_: str, role: Any) -> str:
    """What a column is to the reader, by its type and role: the `kind` of a `Column`."""
    if type_ in _NUMBERS:
        # A year or a code is a number that nobody adds up: 2024, not 2.024.
        return "key" if role in ("time", "dimension") else "number"
    return "date" if type_ in _DATES else "text"


def written_cell(value: Any, kind: str) -> str:
    """A cell as a page writes it; `kind` is that of its `Column`."""
    if value is None:
        return ""
    if kind == "number":
        return written_number(value)
    if kind == "date":
        return helpers.day_and_time(value)
    if isinstance(value, bool):
        return toolkit._("Yes") if value else toolkit._("No")
    return str(value)
