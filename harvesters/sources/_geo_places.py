"""Where and when, as map catalogues say it: boxes, shapes, periods. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from harvesters.errors import Problem
from schemas.rules import RuleError, complete_period, iso_date

#: Years from which on a period has no end: 2999 and 9999 mean “still going on”.
_NO_YEAR = "2200"


def box(
    west: Any, south: Any, east: Any, north: Any, text: str = ""
) -> tuple[dict[str, str] | None, bool]:
    """A row of `spatial_coverage` from degrees, and whether something was mended or is no box.

    Out of the range of degrees is no box (MapServer gives metres in LatLongBoundingBox). South and
    north the wrong way round are turned; so are west and east (Geo-IDE), unless the box is one
    across the 180th meridian, which becomes two rectangles.
    """
    try:
        w, s, e, n = (float(str(v).replace(",", ".")) for v in (west, south, east, north))
    except ValueError:
        return None, True
    if not (min(w, e) >= -180 and max(w, e) <= 180 and min(s, n) >= -90 and max(s, n) <= 90):
        return None, True
    turned = s > n or (w > e and w - e <= 180)
    s, n = min(s, n), max(s, n)
    if w > e and w - e > 180:
        rings = [[_ring(w, s, 180.0, n)], [_ring(-180.0, s, e, n)]]
        shape: dict[str, Any] = {"type": "MultiPolygon", "coordinates": rings}
    else:
        shape = {"type": "Polygon", "coordinates": [_ring(min(w, e), s, max(w, e), n)]}
    row = {"text": text, "bbox": json.dumps(shape)}
    return {key: value for key, value in row.items() if value}, turned


def place(
    edges: tuple[Any, Any, Any, Any], name: str, where: str, notes: list[Problem]
) -> dict[str, str]:
    """A row of `spatial_coverage` from west, south, east and north; {} where nothing is said.

    A box that had to be turned, or is none, gets a note.
    """
    said = " ".join(str(edge) for edge in edges).strip()
    if not said:
        return {"text": name} if name else {}
    row, odd = box(*edges, text=name)
    if odd:
        code = "box_turned" if row is not None else "box_left_out"
        notes.append(Problem(code, where, None, {"value": said}))
    return row or {}


def _ring(w: float, s: float, e: float, n: float) -> list[list[float]]:
    return [[w, s], [e, s], [e, n], [w, n], [w, s]]


def box_of(geometry: Any) -> dict[str, str] | None:
    """A row of `spatial_coverage` from a GeoJSON geometry: a point is a centroid, else its box."""
    points = list(_points(geometry, 0))
    if not points:
        return None
    if len(points) == 1:
        found, _ = box(points[0][0], points[0][1], points[0][0], points[0][1])
        if found is None:
            return None
        return {"centroid": json.dumps({"type": "Point", "coordinates": list(points[0])})}
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return box(min(xs), min(ys), max(xs), max(ys))[0]


def _points(value: Any, depth: int) -> Iterable[tuple[float, float]]:
    if depth > 8:
        return
    if isinstance(value, Mapping):
        for key in ("geometry", "coordinates", "geometries", "features"):
            yield from _points(value.get(key), depth + 1)
    elif isinstance(value, list):
        if len(value) >= 2 and all(_is_number(v) for v in value[:2]):
            yield float(value[0]), float(value[1])
        else:
            for item in value:
                yield from _points(item, depth + 1)


def _is_number(value: Any) -> bool:
    return not isinstance(value, (bool, str, list, Mapping)) and value is not None


def day(value: Any) -> str:
    """A date in ISO form without its time of day; "" for anything else."""
    text = str(value or "").strip().removesuffix("Z")
    try:
        return iso_date(text[:10] if len(text) > 10 and text[4:5] == "-" else text)
    except RuleError:
        return ""


def period(start: Any, end: Any) -> list[dict[str, str]]:
    """`temporal_coverage` from two dates, of which one may be missing; [] where they are none."""
    days = {"start": day(start), "end": day(end)}
    row = {key: value for key, value in days.items() if value and value < _NO_YEAR}
    try:
        return [complete_period(row)] if row else []
    except RuleError:
        return []
