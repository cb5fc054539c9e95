"""Answers of PxWebApi 2: its configuration, its list of tables, a table's metadata. Pure.

The interface: *PxWebApi 2* (Statistics Sweden, Statistics Norway). Specimens: `scb_v2_config.json`,
`scb_v2_tables.json`, `scb_v2_TAB6471_metadata.json`, `pxwebapi2_tables.json`. Metadata is a dataset
of JSON-stat 2 without values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harvesters.errors import HarvestError
from harvesters.tables.cube import clean
from harvesters.tables.jsonstat import iso_moment, read_jsonstat
from harvesters.tables.pxweb_json import ServerLimits, TableInfo, Variable, read_limits

_BASE = re.compile(
    r"(?P<base>https?://[^?#]*?/v2(?:-beta)?)(?:/(?P<rest>[^?#]*))?(?:[?#].*)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Config:
    """What a server says of itself; `limits.calls` is over `limits.window` seconds."""

    languages: tuple[str, ...]
    default: str
    limits: ServerLimits
    formats: tuple[str, ...]

    def language(self, wanted: str) -> str:
        """The wanted language where the server has it, else its own."""
        return wanted if wanted in self.languages else self.default


@dataclass(frozen=True)
class Listed:
    """One table of the list."""

    id: str
    label: str
    updated: str
    description: str
    source: str
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One page of the list. `total` counts the tables of all pages."""

    tables: tuple[Listed, ...]
    number: int
    pages: int
    total: int


def split_url(url: str) -> tuple[str, str] | None:
    """The API's own address and the id of the table that the URL names; None for another URL.

    >>> split_url("https://x/api/v2/tables/TAB1/data?lang=sv")
    ('https://x/api/v2', 'TAB1')
    """
    found = _BASE.fullmatch(url.strip())
    if not found:
        return None
    parts = [part for part in (found["rest"] or "").split("/") if part]
    named = len(parts) > 1 and parts[0].lower() == "tables"
    return found["base"], parts[1] if named else ""


def read_config(data: Any) -> Config | None:
    """The configuration; None when the document is none."""
    if not isinstance(data, Mapping) or "maxDataCells" not in data or "apiVersion" not in data:
        return None
    languages = [item.get("id") for item in _mappings(data.get("languages"))]
    known = tuple(str(language) for language in languages if language)
    limits = read_limits(data)
    calls = data.get("maxCallsPerTimeWindow")
    window = data.get("timeWindow")
    if isinstance(calls, int) and isinstance(window, int) and calls > 0 and window > 0:
        limits = ServerLimits(limits.cells, calls, float(window))
    default = str(data.get("defaultLanguage") or (known[0] if known else "en"))
    formats = data.get("dataFormats")
    listed = tuple(map(str, formats)) if isinstance(formats, list) else ()
    return Config(known, default, limits, listed)


def read_page(data: Any, where: str) -> Page:
    """A page of the list of tables. Raises `unexpected_answer` for anything else."""
    page = data.get("page") if isinstance(data, Mapping) else None
    if not isinstance(page, Mapping) or not isinstance(data.get("tables"), list):
        raise HarvestError("unexpected_answer", where=where, detail="tables, page")
    try:
        tables = tuple(_listed(item) for item in _mappings(data["tables"]))
        numbers = [int(page[key]) for key in ("pageNumber", "totalPages", "totalElements")]
    except (KeyError, TypeError, ValueError) as error:
        raise HarvestError("unexpected_answer", where=where, detail=f"page: {error}") from error
    return Page(tables, *numbers)


def _listed(item: Mapping[str, Any]) -> Listed:
    paths = item.get("paths") or [[]]
    labels = [clean(str(step.get("label") or "")) for step in _mappings(paths[0])]
    return Listed(
        str(item["id"]),
        clean(str(item.get("label") or "")),
        iso_moment(item.get("updated")),
        clean(str(item.get("description") or "")),
        clean(str(item.get("source") or "")),
        tuple(dict.fromkeys(filter(None, labels))),
    )


def read_metadata(data: Any, where: str) -> TableInfo:
    """The variables of a table. Raises `no_table`, `bad_value` as JSON-stat does."""
    cube = read_jsonstat(data, where)[0]
    return TableInfo(
        cube.title,
        tuple(
            Variable(
                dimension.code,
                clean(dimension.label),
                tuple(category.code for category in dimension.categories),
                tuple(clean(category.label) for category in dimension.categories),
                dimension.role == "time",
            )
            for dimension in cube.dimensions
        ),
    )


def selection(query: Mapping[str, Any]) -> dict[str, Any]:
    """A query of version 1 (`pxweb_query.queries`) in the words of version 2."""
    return {
        "selection": [
            {"variableCode": part["code"], "valueCodes": part["selection"]["values"]}
            for part in query["query"]
        ]
    }


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
