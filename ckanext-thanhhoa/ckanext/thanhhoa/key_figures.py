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
from decimal import Decimal
from typing import Any

from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers, previews

import schemas
from schemas.text import fold
from schemas.wording import period_label

_DATASETS = 20
_FIGURES = 5
#: Longer series are monthly ones of decades: no small line shows them.
_PERIODS = 240
#: Seconds for which a worker process keeps the figures.
_KEEP = 300
_LEAST_CHANGE = Decimal("0.05")
_WIDTH, _HEIGHT, _MARGIN = 160, 40, 3

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
        figures = _read(language)
        _kept[language] = (time.monotonic(), figures)
    return figures


def _read(language: str) -> list[Figure]:
    # As an anonymous reader: the answer is kept for everybody.
    context = {"user": "", "auth_user_obj": None}
    found = toolkit.get_action("package_search")(
        context,
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
        rows = _series(resource["id"], times[0])
        for code, name in measures.items():
            values = [(str(row[times[0]]), row[name]) for row in rows if row[name] is not None]
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


def _series(resource_id: str, period: str) -> list[dict[str, Any]]:
    """The rows in the order of time, if every period has one; else none."""
    found = toolkit.get_action("datastore_search")(
        {"user": "", "auth_user_obj": None},
        {"resource_id": resource_id, "sort": period, "limit": _PERIODS},
    )
    rows = [row for row in found["records"] if row[period] is not None]
    periods = {row[period] for row in rows}
    whole = found.get("total") == len(found["records"]) and len(periods) == len(rows)
    return rows if whole else []


def _figure(
    code: str,
    values: Sequence[tuple[str, Any]],
    field: Mapping[str, Any],
    dataset: Mapping[str, Any],
    language: str,
) -> Figure:
    points = _points([Decimal(str(value)) for _, value in values])
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


def _points(values: Sequence[Decimal]) -> list[tuple[str, str]]:
    low, high = min(values), max(values)
    # What hardly changes is drawn flat: a cliff of a thousandth would mislead.
    span = max(high - low, abs(high) * _LEAST_CHANGE) or Decimal(1)
    step = Decimal(_WIDTH - 2 * _MARGIN) / (len(values) - 1)
    room = _HEIGHT - 2 * _MARGIN
    return [
        (f"{_MARGIN + i * step:.1f}", f"{_HEIGHT - _MARGIN - (value - low) / span * room:.1f}")
        for i, value in enumerate(values)
    ]
