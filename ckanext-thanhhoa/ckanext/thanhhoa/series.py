"""A table as series in time, and a series as a line: for key figures and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import helpers, previews

from schemas.wording import period_label

#: Longer series are daily or monthly ones of decades: no small line shows them.
_PERIODS = 240
#: Below this many periods there is no line to be seen.
_FEWEST = 3
_CHARTS = 4
_MARGIN = Decimal(4)
#: What changes less than this share of itself is drawn flat: a cliff of a thousandth would mislead.
_LEAST_CHANGE = Decimal("0.05")

Point = tuple[str, str]


@dataclass(frozen=True)
class Chart:
    """One measure through time: words for people, `points` of a polyline of 320 × 120."""

    title: str
    unit: str
    first: tuple[str, str]
    last: tuple[str, str]
    points: str
    end: Point


def charts(resource: Mapping[str, Any]) -> list[Chart]:
    """Lines of a table that has one row per period; none for other tables.

    A table whose measures are too many for a look is left to its readers as well.
    """
    fields = previews.schema_fields(resource)
    times = [name for name, field in fields.items() if field.get("role") == "time"]
    numbers = [
        name
        for name, field in fields.items()
        if field.get("role") == "measure" and field.get("type") in ("number", "integer")
    ]
    if not (resource.get("datastore_active") and len(times) == 1 and 0 < len(numbers) <= _CHARTS):
        return []
    rows = by_period({}, resource["id"], times[0])
    drawn = (_chart(fields[name], values_of(rows, times[0], name)) for name in numbers)
    return [chart for chart in drawn if chart is not None]


def by_period(context: Context, resource_id: str, period: str) -> list[dict[str, Any]]:
    """The rows in the order of time, if every period has exactly one; else none."""
    try:
        found = toolkit.get_action("datastore_search")(
            context, {"resource_id": resource_id, "sort": period, "limit": _PERIODS}
        )
    except (toolkit.NotAuthorized, toolkit.ObjectNotFound, toolkit.ValidationError):
        return []
    rows = [row for row in found["records"] if row.get(period) is not None]
    periods = {row[period] for row in rows}
    whole = found.get("total") == len(found["records"]) and len(periods) == len(rows)
    return rows if whole else []


def values_of(
    rows: Sequence[Mapping[str, Any]], period: str, measure: str
) -> list[tuple[str, Any]]:
    """(period, value) where there is a value."""
    return [(str(row[period]), row[measure]) for row in rows if row.get(measure) is not None]


def line(values: Sequence[Any], width: int, height: int) -> list[Point]:
    """The values (two at least) as points of a drawing of that size, from left to right."""
    numbers = [Decimal(str(value)) for value in values]
    low, high = min(numbers), max(numbers)
    span = max(high - low, abs(high) * _LEAST_CHANGE) or Decimal(1)
    step = (width - 2 * _MARGIN) / (len(numbers) - 1)
    room = height - 2 * _MARGIN
    return [
        (f"{_MARGIN + i * step:.1f}", f"{height - _MARGIN - (value - low) / span * room:.1f}")
        for i, value in enumerate(numbers)
    ]


def _chart(field: Mapping[str, Any], values: Sequence[tuple[str, Any]]) -> Chart | None:
    if len(values) < _FEWEST:
        return None
    points = line([value for _, value in values], 320, 120)
    first, last = (
        (period_label(period, helpers.language()), previews.written_number(value))
        for period, value in (values[0], values[-1])
    )
    return Chart(
        title=previews.title_of(field, str(field["name"])),
        unit=str(field.get("unit") or ""),
        first=first,
        last=last,
        points=" ".join(f"{x},{y}" for x, y in points),
        end=points[-1],
    )
