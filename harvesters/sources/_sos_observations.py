"""Observations as an OGC SOS gives them: O&M with WaterML 2 series, or single measurements.

Names are addresses as often as words: of an address the last part is shown. Times are brought into
Vietnamese time like those of SensorThings; a point without a value (`nil`) stays, without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Entry, Fetch
from harvesters.model import End, Failure, Item, Probe, Record, RecordResource, Unchanged, digest
from harvesters.sources import _geo_fields as geo
from harvesters.sources._metadata_files import is_web
from harvesters.sources._observations import Observation, Stream, interval, to_table
from harvesters.sources._sensor_fields import coverage, notes
from harvesters.tables.xml_document import (
    attribute,
    child,
    children,
    descendants,
    local,
    parse_xml,
    text,
)

_SOS = re.compile(r"[?&]request=GetObservation\b", re.IGNORECASE)
#: What ends the whole reading, not one file of it.
_FATAL = ("deadline", "host_not_granted")
_POINTS = ("MeasurementTVP", "CategoricalTVP")


def is_sos(url: str) -> bool:
    """Whether a location is a request to an SOS, or a folder of its answers."""
    return not is_web(url) or bool(_SOS.search(url))


def read_sos(url: str, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """The stations in an answer of an SOS, or in such answers kept as files."""
    whole, seen = True, 0
    for entry in (Entry(url, url, 0, ""),) if is_web(url) else fetch.entries(url, (".xml",)):
        try:
            records = read_stations(parse_xml(fetch.read(entry.location)), entry.path)
        except HarvestError as error:
            if error.code in _FATAL or is_web(url):
                raise
            whole = False
            yield Failure(Problem(error.code, entry.path, None, error.problem.params))
            continue
        for record in records:
            seen += 1
            same = since.get(record.remote_id) == record.mark
            yield Unchanged(record.remote_id) if same else record
    params = {"seen": str(seen), "expected": "?"}
    problem = None if whole else Problem("incomplete_listing", url, None, params)
    yield End(whole, seen if whole else None, problem)


def probe_sos(url: str, fetch: Fetch) -> Probe | None:
    """Whether observations are there; told by the first answer of a folder."""
    entries = (Entry(url, url, 0, ""),) if is_web(url) else fetch.entries(url, (".xml",))
    for entry in entries[:1]:
        try:
            stations = read_stations(parse_xml(fetch.read(entry.location)), entry.path)
        except HarvestError as error:
            if error.code in _FATAL:
                raise
            return None
        title = urlsplit(url).hostname if is_web(url) else url.rstrip("/").rpartition("/")[2]
        return Probe(str(title), len(stations) if len(entries) == 1 else None)
    return None


def read_stations(root: Element, where: str) -> list[Record]:
    """A record for each station (feature of interest) of a GetObservation answer.

    Raises `api_error` for an exception, `unexpected_answer` for anything else.
    """
    if local(root.tag) == "ExceptionReport":
        said = text(next(descendants(root, "ExceptionText"), root))[:200]
        raise HarvestError("api_error", where=where, detail=said)
    if local(root.tag) not in ("GetObservationResponse", "ObservationCollection", "Collection"):
        raise HarvestError("unexpected_answer", where=where, detail="GetObservationResponse")
    stations: dict[str, list[tuple[Stream, list[Observation]]]] = {}
    names: dict[str, str] = {}
    for found in descendants(root, "OM_Observation"):
        foi = child(found, "featureOfInterest")
        id_ = attribute(foi, "href") or text(foi) or text(found, "procedure")
        names.setdefault(id_, attribute(foi, "title") or _word(id_))
        series = list(_points(found))
        stations.setdefault(id_, []).append((_stream(found, series), series))
    return [_record(id_, names[id_], series, where) for id_, series in stations.items()]


def _stream(found: Element, series: list[Observation]) -> Stream:
    observed = _word(_named(child(found, "observedProperty")))
    sensor = _word(_named(child(found, "procedure")))
    span = "/".join(text(e) for e in (*descendants(found, "beginPosition"),)[:1])
    end = "/".join(text(e) for e in (*descendants(found, "endPosition"),)[:1])
    times = [one.start.isoformat() for one in series]
    whole = f"{span}/{end}" if span else f"{min(times, default='')}/{max(times, default='')}"
    return Stream(None, f"{sensor} – {observed}", "", _unit(found), "", observed, sensor, whole)


def _unit(found: Element) -> str:
    for unit in descendants(found, "uom"):
        return attribute(unit, "code") or attribute(unit, "title")
    return attribute(child(found, "result"), "uom")


def _named(element: Element | None) -> str:
    return attribute(element, "title") or attribute(element, "href") or text(element)


def _word(name: str) -> str:
    return unquote(name.rstrip("/").rpartition("/")[2]) if name.startswith("http") else name


def _points(found: Element) -> Iterator[Observation]:
    """The points of a WaterML series; without one, the one measurement of the observation."""
    whole = [e for e in descendants(found, "point") for name in _POINTS for e in children(e, name)]
    for point in whole:
        yield from _point(text(point, "time"), child(point, "value"))
    result = child(found, "result")
    if not whole and result is not None and len(result) == 0:
        time = text(next(descendants(found, "timePosition"), None))
        yield from _point(time, result)


def _point(time: str, value: Element | None) -> Iterator[Observation]:
    start, end = interval(time)
    if start is not None:
        number, words = _result(value)
        yield Observation(start, end, number, words, "")


def _result(value: Element | None) -> tuple[Decimal | None, str]:
    said = text(value)
    try:
        number = Decimal(said)
    except InvalidOperation:
        return None, said or _word(attribute(value, "title"))
    return (number, "") if number.is_finite() else (None, "")


def _record(
    id_: str, name: str, series: list[tuple[Stream, list[Observation]]], where: str
) -> Record:
    streams = [stream for stream, _ in series]
    table, doubts = to_table(name, series)
    fields: dict[str, Any] = {
        "title": name,
        "notes": notes({}, streams),
        "tags": geo.tags(stream.observed for stream in streams),
        "temporal_coverage": coverage(streams),
        "identifier": id_,
        "sensors": sorted({stream.sensor for stream in streams}),
    }
    named: tuple[Problem, ...] = tuple(note.of(id_) for note in doubts)
    resource = RecordResource("table", {"name": "Số liệu quan trắc gần đây"}, table=table)
    mark = digest([name, [repr(one) for one in series], where])[:32]
    return Record(id_, geo.filled(fields), (resource,), mark, named)
