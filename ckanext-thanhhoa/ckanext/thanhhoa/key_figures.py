"""The province's key figures on the home page, read from what the datasets say of themselves.

A figure is shown where a public dataset about the whole province carries an indicator of the
codelist, and has a table with a time column, one row per period, and a measure column that bears
the indicator's name. Nothing else is guessed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import helpers, previews, series
from ckanext.thanhhoa.search import SearchOutOfOrder

import schemas
from schemas.text import fold
from schemas.wording import period_label

_DATASETS = 20
_FIGURES = 5
#: Seconds for which a worker process keeps the figures.
_KEEP = 300
_WIDTH, _HEIGHT = 160, 40

_kept: dict[str, tuple[float, list[Figure]]] = {}


@dataclass(frozen=True)
class Figure:
    """A figure in words, and its line as points of an SVG polyline of 160 × 40."""

    label: str
    value: str
    unit: str
    period: str
    dataset: str
    since: str
    points: str
    last: tuple[str, str]


def key_figures() -> list[Figure]:
    """Up to five figures in the codelist's order, in the reader's language."""
    language = helpers.language()
    since, figures = _kept.get(language, (float("-inf"), []))
    if time.monotonic() - since > _KEEP:
        try:
            figures = _read(language)
        except SearchOutOfOrder:
            return figures  # as they were; asked again at the next visit
        _kept[language] = (time.monotonic(), figures)
    return figures


def _read(language: str) -> list[Figure]:
    found = toolkit.get_action("package_search")(
        _anybody(),
        {
            "fq": "+access_rights:PUBLIC +indicator:*",
            "rows": _DATASETS,
            "sort": "metadata_modified desc",
        },
    )
    figures: dict[str, Figure] = {}
    for dataset in found["results"]:
        if not _of_a_province(dataset):
            continue
        for code, figure in _of_dataset(dataset, language):
            figures.setdefault(code, figure)
    order = [item.ma for item in schemas.codelist("indicator")]
    return [figures[code] for code in sorted(figures, key=order.index)][:_FIGURES]


def _anybody() -> Context:
    """An anonymous reader's context: the answer is kept for everybody."""
    return {"user": "", "auth_user_obj": None}


def _of_a_province(dataset: Mapping[str, Any]) -> bool:
    """Codes of provinces have two digits."""
    codes = [str(row.get("code") or "") for row in dataset.get("spatial_coverage") or []]
    return len(codes) == 1 and len(codes[0]) == 2


def _of_dataset(dataset: Mapping[str, Any], language: str) -> Iterator[tuple[str, Figure]]:
    for resource in dataset.get("resources") or []:
        fields = previews.schema_fields(resource)
        times = [name for name, field in fields.items() if field.get("role") == "time"]
        measures = _measures(fields, dataset["indicator"])
        if not (resource.get("datastore_active") and measures and len(times) == 1):
            continue
        rows = series.by_period(_anybody(), resource["id"], times[0])
        for code, name in measures.items():
            values = series.values_of(rows, times[0], name)
            if len(values) > 1:
                yield code, _figure(code, values, fields[name], dataset, language)


def _measures(fields: Mapping[str, Mapping[str, Any]], carried: Sequence[str]) -> dict[str, str]:
    """Code of an indicator that the dataset carries → the one column that bears its name."""
    found: dict[str, list[str]] = {}
    for name, field in fields.items():
        if field.get("role") != "measure":
            continue
        title = re.sub(r"\s*\([^()]*\)\s*$", "", str(field.get("title") or ""))
        item = schemas.codelist("indicator").find(title)
        if item is not None and item.ma in carried:
            found.setdefault(item.ma, []).append(name)
    return {code: names[0] for code, names in found.items() if len(names) == 1}


def _figure(
    code: str,
    values: Sequence[tuple[str, Any]],
    field: Mapping[str, Any],
    dataset: Mapping[str, Any],
    language: str,
) -> Figure:
    points = series.line([value for _, value in values], _WIDTH, _HEIGHT)
    return Figure(
        label=helpers.thanhhoa_label("indicator", code),
        value=previews.written_number(values[-1][1]),
        unit=_unit(code, str(field.get("unit") or "")),
        period=period_label(values[-1][0], language),
        dataset=dataset["name"],
        since=period_label(values[0][0], language),
        points=" ".join(f"{x},{y}" for x, y in points),
        last=points[-1],
    )


def _unit(code: str, given: str) -> str:
    """The column's unit, in the codelist's spelling where it is the same one (Km2, km²)."""
    item = schemas.codelist("indicator").get(code)
    listed = str(item.extra.get("don_vi") or "") if item else ""
    if item and fold(listed).replace("²", "2") == fold(given).replace("²", "2"):
        english = str(item.extra.get("don_vi_en") or "")
        return english if english and helpers.language() == "en" else listed
    return given
