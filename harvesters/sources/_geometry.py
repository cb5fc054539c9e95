"""Shapes of places as GeoJSON: from GeoJSON, WKT and bounding boxes of numbers. Pure.

In longitude and latitude (CRS 84), as catalogues write them. What is anything else, or lies off the
globe, comes out empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Longest shape that is kept: coverage is an outline, no survey.
LONGEST = 50_000
#: Lists and objects within one another, at most.
_DEEPEST = 8
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d{1,2})?"
_WKT = re.compile(
    r"(?:<[^>]*>\s*)?(?:SRID=4326;)?(POINT|POLYGON|ENVELOPE|BBOX)\s*\((.*)\)", re.IGNORECASE | re.S
)
_PAIR = re.compile(rf"({_NUMBER})\s+({_NUMBER})")
_FOUR = re.compile(rf"\s*({_NUMBER})(?:\s*[,;\s]\s*({_NUMBER})){{3}}\s*")
_SOLID = ("Point", "Polygon", "MultiPolygon", "MultiPoint", "LineString", "MultiLineString")


def geojson(value: Any) -> str:
    """A shape as GeoJSON in one line; "" when it is none we understand."""
    if isinstance(value, dict):
        return _dumped(value)
    text = str(value).strip()
    if len(text) > LONGEST:
        return ""
    if text.startswith("{"):
        try:
            return _dumped(json.loads(text, parse_constant=_no_number))
        except (ValueError, RecursionError):
            return ""
    return _wkt(text) or bbox(text)


def bbox(text: str) -> str:
    """A polygon from west, south, east, north."""
    if not _FOUR.fullmatch(text):
        return ""
    west, south, east, north = map(float, re.findall(_NUMBER, text))
    return _box(west, south, east, north)


def is_point(shape: str) -> bool:
    """Whether a GeoJSON text is a point."""
    return shape.startswith('{"type": "Point"')


def placed(shape: str) -> dict[str, str]:
    """A row of `spatial_coverage` with a GeoJSON text: a point is a centroid; {} without one."""
    return {"centroid" if is_point(shape) else "geom": shape} if shape else {}


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """The corners of a rectangle, closed."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def is_on_the_globe(x: float, y: float) -> bool:
    """Whether these are degrees of longitude and latitude."""
    return -180 <= x <= 180 and -90 <= y <= 90


def positions(value: Any, depth: int = 0) -> Iterator[tuple[float, float]]:
    """Every position of a geometry, a feature or a collection, as GeoJSON nests them."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key in ("geometry", "coordinates", "geometries", "features"):
            yield from positions(value.get(key), depth + 1)
    elif isinstance(value, list):
        if len(value) >= 2 and all(map(_is_number, value[:2])):
            yield float(value[0]), float(value[1])
        else:
            for item in value:
                yield from positions(item, depth + 1)


def _wkt(text: str) -> str:
    match = _WKT.fullmatch(text)
    if match is None:
        return ""
    kind, inner = match[1].upper(), match[2]
    if kind in ("ENVELOPE", "BBOX"):
        # ENVELOPE(west, east, north, south), as Solr and GeoSPARQL write it.
        numbers = [float(number) for number in re.findall(_NUMBER, inner)]
        return _box(numbers[0], numbers[3], numbers[1], numbers[2]) if len(numbers) == 4 else ""
    if kind == "POINT":
        points = _points(inner)
        return _dumped({"type": "Point", "coordinates": points[0]}) if len(points) == 1 else ""
    rings = [_points(ring) for ring in re.findall(r"\(([^()]*)\)", inner)]
    return _dumped({"type": "Polygon", "coordinates": rings})


def _points(text: str) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in _PAIR.findall(text)]


def _box(west: float, south: float, east: float, north: float) -> str:
    if south > north or west > east:
        return ""
    return _dumped({"type": "Polygon", "coordinates": [ring(west, south, east, north)]})


def _dumped(shape: Any) -> str:
    if not isinstance(shape, dict) or shape.get("type") not in _SOLID:
        return ""
    coordinates = shape.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates or not _on_the_globe(coordinates):
        return ""
    text = json.dumps({"type": shape["type"], "coordinates": coordinates})
    return text if len(text) <= LONGEST else ""


def _on_the_globe(value: list[Any]) -> bool:
    if all(isinstance(item, list) for item in value):
        return all(_on_the_globe(item) for item in value) and bool(value)
    numbers = [item for item in value if isinstance(item, (int, float))]
    if len(numbers) != len(value) or not 2 <= len(numbers) <= 3:
        return False
    return is_on_the_globe(numbers[0], numbers[1])


def _is_number(value: Any) -> bool:
    return not isinstance(value, (bool, str, list, Mapping)) and value is not None


def _no_number(name: str) -> Any:
    raise ValueError(name)
