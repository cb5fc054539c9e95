"""Where and when, as map catalogues say it: boxes, shapes, periods. Pure."""

from __future__ import annotations

import json
from typing import Any

from harvesters.errors import Problem
from harvesters.sources._geometry import geojson, is_on_the_globe, placed, positions, ring
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
    if not (is_on_the_globe(w, s) and is_on_the_globe(e, n)):
        return None, True
    turned = s > n or (w > e and w - e <= 180)
    s, n = min(s, n), max(s, n)
    if w > e and w - e > 180:
        rings = [[ring(w, s, 180.0, n)], [ring(-180.0, s, e, n)]]
        shape: dict[str, Any] = {"type": "MultiPolygon", "coordinates": rings}
    else:
        shape = {"type": "Polygon", "coordinates": [ring(min(w, e), s, max(w, e), n)]}
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


def box_of(geometry: Any) -> dict[str, str] | None:
    """A row of `spatial_coverage` from a GeoJSON geometry: a point is a centroid, else its box."""
    points = list(positions(geometry))
    if not points:
        return None
    if len(points) == 1:
        return placed(geojson({"type": "Point", "coordinates": list(points[0])})) or None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return box(min(xs), min(ys), max(xs), max(ys))[0]


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
