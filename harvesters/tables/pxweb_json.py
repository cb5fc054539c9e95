"""Answers of PX-Web's API v1: lists of nodes, metadata of a table, figures in its ``json`` format.

Pure. The API: *PX-Web API 1.0* (Statistics Sweden). Specimens: `scb_v1_node_list.json`,
`scb_v1_table_metadata.json`, `scb_v1_data_json.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from harvesters.errors import HarvestError
from harvesters.tables.cube import Category, Cube, Dimension, Figure, clean
from harvesters.tables.jsonstat import is_symbol, iso_moment, to_figure

#: Cells a server gives in one answer where its configuration does not say (PX-Web's own default).
DEFAULT_CELLS = 100_000


@dataclass(frozen=True)
class Node:
    """One line of a list: a table, or a folder (a database is one)."""

    id: str
    text: str
    is_table: bool
    updated: str


@dataclass(frozen=True)
class Variable:
    """A variable of a table: its values' codes and their texts."""

    code: str
    text: str
    values: tuple[str, ...]
    texts: tuple[str, ...]
    time: bool


@dataclass(frozen=True)
class TableInfo:
    """The metadata of a table."""

    title: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class ServerLimits:
    """What a server says at ``?config``: cells in an answer, and calls in so many seconds."""

    cells: int = DEFAULT_CELLS
    calls: int = 0
    window: float = 0.0

    @property
    def pause(self) -> float:
        """Seconds between two calls that keep within the limit."""
        return self.window / self.calls if self.calls > 0 else 0.0


def read_nodes(data: Any) -> list[Node] | None:
    """The nodes of a list; None when the document is no such list.

    The list of databases has ``dbid``, every other ``id`` and ``type`` (``l`` folder, ``t`` table,
    ``h`` heading, which is left out). ``updated`` is empty when it is missing or a stand-in.
    """
    if not isinstance(data, list) or not all(isinstance(item, Mapping) for item in data):
        return None
    if not all("dbid" in item or {"id", "type"} <= set(item) for item in data):
        return None
    return [
        Node(
            str(item.get("id", item.get("dbid"))),
            clean(str(item.get("text", ""))),
            item.get("type") == "t",
            iso_moment(item.get("updated")),
        )
        for item in data
        if item.get("type") != "h"
    ]


def read_info(data: Any, where: str = "") -> TableInfo | None:
    """The metadata of a table; None when the document is none.

    Raises `bad_value` when a variable has not one text for each value.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("variables"), list):
        return None
    return TableInfo(
        clean(str(data.get("title") or "")),
        tuple(_variable(item, where) for item in data["variables"]),
    )


def _variable(item: Any, where: str) -> Variable:
    try:
        values = tuple(str(v) for v in item["values"])
        texts = tuple(str(v) for v in item.get("valueTexts") or values)
        code = str(item["code"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _bad(where, "variables", item) from error
    if not values or len(values) != len(texts):
        raise _bad(where, "valueTexts", code)
    return Variable(code, str(item.get("text") or code), values, texts, bool(item.get("time")))


def read_limits(data: Any) -> ServerLimits:
    """From the answer to ``?config``; what is missing or senseless there keeps its default."""
    if not isinstance(data, Mapping):
        return ServerLimits()

    def number(*names: str) -> int:
        found = (data.get(name) for name in names)
        return next((n for n in found if isinstance(n, int) and 0 < n < 10**9), 0)

    cells = number("maxValues", "maxCells", "maxDataCells")
    return ServerLimits(
        cells or DEFAULT_CELLS, number("maxCalls"), float(number("timeWindow", "timeWindowSeconds"))
    )


def is_json_data(data: Any) -> bool:
    """Whether a document is figures in the API's own ``json`` format."""
    return (
        isinstance(data, Mapping)
        and isinstance(data.get("columns"), list)
        and isinstance(data.get("data"), list)
        and all(isinstance(c, Mapping) and "type" in c and "code" in c for c in data["columns"])
    )


def read_json_data(data: Mapping[str, Any], title: str = "", where: str = "") -> Cube:
    """Figures in the ``json`` format. Categories are known by their codes only.

    Columns of type ``c`` are the contents, ``t`` the time, others dimensions.
    """
    columns = data["columns"]
    axes = [c for c in columns if c["type"] != "c"]
    contents = [
        Category(str(c["code"]), str(c.get("text") or c["code"])) for c in columns if c not in axes
    ]
    codes: list[dict[str, int]] = [{} for _ in axes]
    for row in data["data"]:
        if len(row.get("key", ())) != len(axes) or len(row.get("values", ())) != len(contents):
            raise _bad(where, "data", row)
        for seen, code in zip(codes, row["key"], strict=True):
            seen.setdefault(str(code), len(seen))
    dimensions = [
        Dimension(
            str(axis["code"]),
            str(axis.get("text") or axis["code"]),
            tuple(Category(code, code) for code in seen),
            "time" if axis["type"] == "t" else "dimension",
        )
        for axis, seen in zip(axes, codes, strict=True)
    ]
    values: dict[int, Figure] = {}
    symbols: dict[int, str] = {}
    for row in data["data"]:
        start = 0
        for seen, code in zip(codes, row["key"], strict=True):
            start = start * len(seen) + seen[str(code)]
        for offset, value in enumerate(row["values"]):
            _place(start * len(contents) + offset, value, values, symbols, where)
    role: Literal["contents"] = "contents"
    dimensions.append(Dimension("contents", "contents", tuple(contents), role))
    return Cube(title, tuple(dimensions), values, symbols)


def _place(
    at: int, value: Any, values: dict[int, Figure], symbols: dict[int, str], where: str
) -> None:
    figure = to_figure(value)
    if figure is not None:
        values[at] = figure
    elif is_symbol(value):
        symbols[at] = value
    elif value not in (None, ""):
        raise _bad(where, "values", value)


def with_texts(cube: Cube, info: TableInfo) -> Cube:
    """The cube with the texts of the metadata where its categories have only codes."""
    texts = {v.code: dict(zip(v.values, v.texts, strict=True)) for v in info.variables}
    names = {v.code: v for v in info.variables}

    def named(dimension: Dimension) -> Dimension:
        variable = names.get(dimension.code)
        if variable is None:
            return dimension
        categories = tuple(
            replace(c, label=texts[dimension.code].get(c.code, c.label)) if c.label == c.code else c
            for c in dimension.categories
        )
        role = "time" if variable.time and not dimension.role else dimension.role
        return replace(dimension, categories=categories, role=role)

    return replace(
        cube, dimensions=tuple(named(d) for d in cube.dimensions), title=cube.title or info.title
    )


def _bad(where: str, field: str, value: object) -> HarvestError:
    return HarvestError(
        "bad_value", where=where, field=f"PX-Web {field}", value=str(value)[:80], detail=""
    )
