"""Observations of sensors (OGC SensorThings) as a typed table. Pure.

One row for each observation, in Vietnamese time: the station, the series, what is observed, when,
how much, in which unit. Results that are no numbers (words of a scale, objects) stand in a column
of their own, so that the figures stay figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from harvesters.errors import Problem
from harvesters.model import Column, Scalar, Table
from schemas.text import nfc

#: Indochina time; Viet Nam has no summer time.
ZONE = timezone(timedelta(hours=7))
_IN_ZONE = "Giờ Việt Nam (UTC+7)."
_QUALITY_KEYS = ("quality", "status", "name", "value", "code")
_TEXT_LENGTH = 1000


#: The same for every station and at every reading, whatever came: a column that goes away is a
#: drift of the schema, and would hold the run.
COLUMNS = (
    Column("tram", "text", "Trạm", "Station", role="dimension"),
    Column("chuoi_do", "text", "Chuỗi đo", "Series", role="dimension"),
    Column("dai_luong", "text", "Đại lượng", "Observed property", role="dimension"),
    Column("thoi_diem", "timestamp", "Thời điểm", "Time", description=_IN_ZONE, role="time"),
    Column("den_thoi_diem", "timestamp", "Đến thời điểm", "Until", "", _IN_ZONE, "note"),
    Column("gia_tri", "number", "Giá trị", "Value"),
    Column("gia_tri_chu", "text", "Giá trị bằng chữ", "Value in words"),
    Column("don_vi", "text", "Đơn vị tính", "Unit", role="note"),
    Column("chat_luong", "text", "Chất lượng", "Quality", role="note"),
)


@dataclass(frozen=True)
class Stream:
    """A series of observations of one property by one sensor (a Datastream)."""

    id: Any
    name: str
    description: str = ""
    unit: str = ""
    unit_name: str = ""
    observed: str = ""
    sensor: str = ""
    span: str = ""
    area: Any = None
    properties: Any = None


@dataclass(frozen=True)
class Observation:
    """One observation: when (to when, for a mean over time), and what."""

    start: datetime
    end: datetime | None
    value: int | Decimal | None
    words: str
    quality: str


def read_stream(data: Mapping[str, Any]) -> Stream:
    """A Datastream as the service gives it, with Sensor and ObservedProperty if it gave them."""
    unit = data.get("unitOfMeasurement")
    unit = unit if isinstance(unit, Mapping) else {}
    return Stream(
        data.get("@iot.id"),
        _words(data.get("name")) or str(data.get("@iot.id")),
        _words(data.get("description")),
        _words(unit.get("symbol")) or _words(unit.get("name")),
        _words(unit.get("name")),
        _words(_entity(data, "ObservedProperty").get("name")),
        _words(_entity(data, "Sensor").get("name")),
        _words(data.get("phenomenonTime")),
        data.get("observedArea"),
        data.get("properties"),
    )


def _entity(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def read_observation(data: Any) -> Observation | None:
    """An Observation; None when it has no time that can be read."""
    if not isinstance(data, Mapping):
        return None
    start, end = interval(data.get("phenomenonTime") or data.get("resultTime"))
    if start is None:
        return None
    result = data.get("result")
    number = result if _is_number(result) else None
    words = "" if number is not None or result is None else _plain(result)
    return Observation(start, end, number, words, _quality(data.get("resultQuality")))


def interval(value: Any) -> tuple[datetime | None, datetime | None]:
    """A time, or the two of an ISO 8601 interval, in Vietnamese time and without a zone."""
    first, _, last = str(value or "").partition("/")
    start, end = _moment(first), _moment(last)
    return start, (end if end != start else None)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return moment.astimezone(ZONE).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        return None


def _is_number(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def _quality(value: Any) -> str:
    """The quality in a word: services give one, or an object that holds one."""
    if isinstance(value, Mapping):
        known = (_words(value.get(key)) for key in _QUALITY_KEYS)
        return next(filter(None, known), "")
    return _words(value)


def _words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return ""
    return nfc(" ".join(str(value).replace("\x00", "").split()))[:_TEXT_LENGTH]


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return nfc(value.replace("\x00", "").strip())[:_TEXT_LENGTH]
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)[:_TEXT_LENGTH]


def to_table(
    station: str, series: Iterable[tuple[Stream, list[Observation]]]
) -> tuple[Table, list[Problem]]:
    """The observations of a station, each series in order of time; twins are left out."""
    rows = [(stream, one) for stream, found in series for one in sorted(set(found), key=_by_time)]
    unit = _only_unit(rows)
    columns = [replace(c, unit=unit) if c.name == "gia_tri" else c for c in COLUMNS]
    names = [column.name for column in columns]
    cells = (_cells(station, stream, one) for stream, one in rows)
    table = Table(
        tuple(columns),
        tuple(tuple(row[name] for name in names) for row in cells),
        title=f"Số liệu quan trắc: {station}",
    )
    return table, list(_doubts(rows))


def _cells(station: str, stream: Stream, one: Observation) -> dict[str, Scalar]:
    return {
        "tram": station,
        "chuoi_do": stream.name,
        "dai_luong": stream.observed or None,
        "thoi_diem": one.start,
        "gia_tri": one.value,
        "don_vi": stream.unit or None,
        "den_thoi_diem": one.end,
        "gia_tri_chu": one.words or None,
        "chat_luong": one.quality or None,
    }


def _by_time(one: Observation) -> tuple[datetime, str, str]:
    return one.start, str(one.value), one.words


def _only_unit(rows: list[tuple[Stream, Observation]]) -> str:
    units = {stream.unit for stream, _ in rows}
    return units.pop() if len(units) == 1 else ""


def _doubts(rows: list[tuple[Stream, Observation]]) -> Iterator[Problem]:
    """A series that observes two things at one time cannot be told apart by its key."""
    keys: dict[tuple[str, datetime], int] = {}
    for stream, one in rows:
        keys[(stream.name, one.start)] = keys.get((stream.name, one.start), 0) + 1
    for name in sorted({name for (name, _), count in keys.items() if count > 1}):
        yield Problem("observed_twice", name)
