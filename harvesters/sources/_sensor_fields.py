"""What a station and its series tell of themselves, in the portal's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvesters.sources import _geo_fields as geo
from harvesters.sources._observations import Stream, interval


def told(entity: Mapping[str, Any]) -> Any:
    """What an entity says of itself, without its links and what hangs on it."""
    own = {
        k: v for k, v in entity.items() if "@iot." not in k and k not in ("Datastreams", "Thing")
    }
    return jsonable(own)


def jsonable(value: Any) -> Any:
    """The value as plain JSON: a fraction becomes text."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def name(entity: Mapping[str, Any]) -> str:
    """The name of an entity; "" when it has none."""
    return " ".join(str(entity.get("name") or "").split())


def notes(own: Mapping[str, Any], streams: list[Stream]) -> str:
    """The description, and what is observed in which unit."""
    said = " ".join(str(own.get("description") or "").split())
    seen = dict.fromkeys(
        f"{stream.observed or stream.name} ({stream.unit})"
        if stream.unit
        else stream.observed or stream.name
        for stream in streams
    )
    observed = f"Đại lượng quan trắc: {'; '.join(seen)}." if seen else ""
    return "\n\n".join(part for part in (said, observed) if part)


def places(locations: list[Any], streams: list[Stream]) -> list[dict[str, str]]:
    """Where the station stands, else what its series cover."""
    rows: list[dict[str, str]] = []
    for location in locations:
        if isinstance(location, Mapping):
            row = {"text": name(location), **(geo.box_of(location.get("location")) or {})}
            rows += [filled] if (filled := {k: v for k, v in row.items() if v}) else []
    if not rows:
        rows = [area for stream in streams if (area := geo.box_of(stream.area))]
    return [row for at, row in enumerate(rows) if row not in rows[:at]][:10]


def days(stream: Stream) -> tuple[str, str]:
    """The first and the last day of a series; "" where it does not say."""
    start, end = interval(stream.span)
    last = end or start
    return (start.date().isoformat() if start else "", last.date().isoformat() if last else "")


def coverage(streams: list[Stream]) -> list[dict[str, str]]:
    """From the first day of any series to the last."""
    spans = [days(stream) for stream in streams]
    starts, ends = [s for s, _ in spans if s], [e for _, e in spans if e]
    return geo.period(min(starts, default=""), max(ends, default=""))


def licence(own: Mapping[str, Any], streams: list[Stream]) -> str:
    """The licence that one of the properties names (“data_usage”, “license”, whatever the key)."""
    described = [own.get("properties"), *(stream.properties for stream in streams)]
    said = (item for one in described if isinstance(one, Mapping) for item in one.values())
    return geo.licence_of(item for item in said if isinstance(item, str))
