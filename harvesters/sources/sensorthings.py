"""Sensors behind an OGC SensorThings API 1.0 or 1.1: stations, their series, recent observations.

Each Thing (a station) is a dataset with one table of its latest observations over all its series;
with ``dataset_per: datastream`` each series is one. How many observations are taken is bounded by
`last` and `days`; `days` count back from the newest observation of a series, not from today, so
that a station that fell silent keeps its figures. The listing is complete when as many Things came
as ``@iot.count`` says, or, without a count, when the last page had no ``@iot.nextLink``.

An address that asks an OGC SOS for observations (``request=GetObservation``), or a folder of its
answers (O&M, WaterML 2), is read in the same way, a station a dataset.

A station whose series end where they ended before is not read again: FROST and others keep
``phenomenonTime`` of a Datastream up to date. A figure corrected afterwards is therefore seen with
the next new one. Where a service leaves it out, every station is read each time.

Quirks of the field, each in a specimen or a test: next links with the address of an inner network
(FROST's ``serviceRootUrl``), answered at the source's own; next links that lead in a circle; a
nested ``$expand`` that a service refuses, or ignores; expanded lists that are paged themselves;
``$orderby`` ignored (a note says so); results as words or objects; a quality as an object; times as
intervals; an error with status 200; ids that are numbers or words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch
from harvesters.model import (
    End,
    Failure,
    Item,
    Probe,
    Record,
    RecordResource,
    SourceType,
    Unchanged,
    digest,
)
from harvesters.sources import _geo_fields as geo
from harvesters.sources import _sensor_fields as sensor
from harvesters.sources._observations import (
    Observation,
    Stream,
    read_observation,
    read_stream,
    to_table,
)
from harvesters.sources._sensorthings_api import Service
from harvesters.sources._sos_observations import is_sos, probe_sos, read_sos

PER = ("thing", "datastream")
MAX_LAST = 50_000
MAX_STREAMS = 2_000
_EXPAND = {
    "Things": "Locations,Datastreams($expand=Sensor,ObservedProperty)",
    "Datastreams": "Sensor,ObservedProperty,Thing($expand=Locations)",
}
#: What ends the whole reading, not one station of it.
_FATAL = ("deadline", "host_not_granted", "auth_failed", "unreachable")
_NOT_UNDERSTOOD = (
    *("api_error", "unexpected_answer", "html_instead_of_data", "not_json", "truncated"),
    *("unknown_encoding", "too_deep"),
)
#: Changes when this reading changes, so that stations are read again.
_READER = "1"


@dataclass(frozen=True)
class Settings:
    """What to read.

    `url` is the service's root (``https://…/v1.1``). `dataset_per` is ``thing`` or ``datastream``.
    Of each series the `last` observations are taken (at most 50,000), and of those the ones of the
    `days` before its newest (0: no bound). `page_size` is the number of stations asked for at once.
    """

    url: str
    dataset_per: str = "thing"
    last: int = 1000
    days: int = 0
    page_size: int = 50


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each station, or series. See `SourceType.read`."""
    if settings.dataset_per not in PER:
        key = "read.dataset_per"
        raise HarvestError("bad_setting", where=key, key=key, expected=", ".join(PER))
    if is_sos(settings.url):
        yield from read_sos(settings.url, fetch, since)
        return
    yield from _Reading(settings, fetch, since).items()


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a SensorThings service is there: its host and its number of Things."""
    if is_sos(url):
        return probe_sos(url, fetch)
    service = Service(url, fetch)
    try:
        names = {
            str(item.get("name"))
            for item in service.get(service.base).get("value") or ()
            if isinstance(item, Mapping)
        }
        if not {"Things", "Datastreams"} <= names:
            return None
        count = service.get(f"{service.base}/Things?$count=true&$top=1").get("@iot.count")
    except HarvestError as error:
        if error.code in (*_NOT_UNDERSTOOD, "auth_failed"):
            return None
        raise
    return Probe(str(urlsplit(url).hostname), count if isinstance(count, int) else None)


@dataclass
class _Walk:
    """One pass over the list of stations."""

    ids: set[str] = field(default_factory=set)
    count: int | None = None
    stable: bool = True
    ended: bool = False
    nameless: int = 0

    @property
    def complete(self) -> bool:
        whole = self.count is None or len(self.ids) == self.count
        return whole and self.stable and self.ended and not self.nameless


class _Reading:
    """One reading of a service."""

    def __init__(self, settings: Settings, fetch: Fetch, since: Mapping[str, str]):
        self._settings = settings
        self._service = Service(settings.url, fetch)
        self._since = since
        self._kind = "Things" if settings.dataset_per == "thing" else "Datastreams"
        self._host = str(urlsplit(settings.url).hostname)

    def items(self) -> Iterator[Item]:
        walk = _Walk()
        for page in self._listing():
            count = page.get("@iot.count")
            count = count if isinstance(count, int) else None
            walk.stable = walk.stable and walk.count in (None, count)
            walk.count = count if count is not None else walk.count
            walk.ended = not page.get("@iot.nextLink")
            named = [(_id_of(data), data) for data in page["value"]]
            ids = {id_ for id_, _ in named if id_}
            stuck = bool(named) and ids <= walk.ids and not walk.ended
            if stuck and ids:
                break  # the same page again and again: what is on it came already
            for id_, data in named:
                if not id_:
                    walk.nameless += 1
                    detail = {"detail": "@iot.id"}
                    yield Failure(Problem("unexpected_answer", self._service.base, None, detail))
                    continue
                walk.ids.add(id_)
                yield self._item(id_, data)
            if stuck:
                break
        yield self._end(walk)

    def _listing(self) -> Iterator[Mapping[str, Any]]:
        """Pages of stations, expanded where the service does that."""
        rows = min(max(self._settings.page_size, 1), 1000)
        plain = f"{self._service.base}/{self._kind}?$count=true&$top={rows}"
        pages = self._service.pages(f"{plain}&$expand={_EXPAND[self._kind]}")
        try:
            first = next(pages)
        except HarvestError as error:
            if error.code not in _NOT_UNDERSTOOD:
                raise
            # One that refuses to expand is asked bit by bit; one that is broken says so again.
            yield from self._service.pages(plain)
            return
        yield first
        yield from pages

    def _item(self, id_: str, data: Mapping[str, Any]) -> Item:
        try:
            if self._kind == "Things":
                thing, streams = data, self._streams(data)
            else:
                thing, streams = self._thing_of(data), [self._whole(data)]
            mark = self._mark(data, thing, streams)
            if mark and self._since.get(id_) == mark:
                return Unchanged(id_)
            return self._record(id_, data, thing, streams, mark)
        except HarvestError as error:
            if error.code in _FATAL:
                raise
            return Failure(error.problem.of(id_))

    def _streams(self, thing: Mapping[str, Any]) -> list[Stream]:
        """All series of a station, whether they came with it, in part, or not at all."""
        here = thing.get("Datastreams")
        found = list(here) if isinstance(here, list) else []
        more = thing.get("Datastreams@iot.nextLink")
        if not isinstance(here, list):
            more = self._service.entity("Things", thing["@iot.id"]) + "/Datastreams"
        if isinstance(more, str) and more:
            for page in self._service.pages(self._service.own(more)):
                found += page["value"]
                if len(found) > MAX_STREAMS:
                    raise _too_many(self._service.base)
        unique = {str(d.get("@iot.id")): d for d in found if isinstance(d, Mapping)}
        return [self._whole(data) for data in unique.values()]

    def _whole(self, data: Mapping[str, Any]) -> Stream:
        """A series with its sensor and what it observes, asked for where they did not come."""
        missing = [name for name in ("ObservedProperty", "Sensor") if name not in data]
        address = self._service.entity("Datastreams", data.get("@iot.id"))
        more = {name: self._service.get(f"{address}/{name}") for name in missing}
        return read_stream({**data, **more})

    def _thing_of(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        thing = data.get("Thing")
        if isinstance(thing, Mapping):
            return thing
        return self._service.get(f"{self._service.entity('Datastreams', data['@iot.id'])}/Thing")

    def _locations(self, thing: Mapping[str, Any]) -> list[Any]:
        found = thing.get("Locations")
        if isinstance(found, list):
            return found
        address = self._service.entity("Things", thing["@iot.id"])
        page = self._service.get(f"{address}/Locations")
        return list(page.get("value") or ())

    def _mark(
        self, data: Mapping[str, Any], thing: Mapping[str, Any], streams: list[Stream]
    ) -> str:
        """Where the series end, with all that is said of them; "" where one does not say."""
        if not streams or not all(stream.span for stream in streams):
            return ""
        said = [sensor.told(data), sensor.told(thing), [repr(stream) for stream in streams]]
        return digest([_READER, self._settings.last, self._settings.days, said])[:32]

    def _record(
        self,
        id_: str,
        data: Mapping[str, Any],
        thing: Mapping[str, Any],
        streams: list[Stream],
        mark: str,
    ) -> Record:
        notes: list[Problem] = []
        station = sensor.name(thing) or id_
        series = [(stream, self._observations(stream, notes)) for stream in streams]
        table, doubts = to_table(station, series)
        own = thing if self._kind == "Things" else data
        fields = {
            "title": sensor.name(own) or id_,
            "notes": sensor.notes(own, streams),
            "tags": geo.tags(stream.observed for stream in streams),
            "spatial_coverage": sensor.places(self._locations(thing), streams),
            "temporal_coverage": sensor.coverage(streams),
            "license_id": sensor.licence(own, streams),
            "identifier": id_,
            "source_system": self._host,
            "modified": max((sensor.days(stream)[1] for stream in streams), default=""),
            "properties": sensor.jsonable(own.get("properties")),
            "sensors": sorted({stream.sensor for stream in streams if stream.sensor}),
        }
        address = geo.public(self._service.entity(self._kind, data["@iot.id"]))
        title = "Giao diện lập trình (SensorThings API)"
        link = {"name": title, "url": address, "format": "API"}
        resources = [RecordResource("api", link)]
        if streams:
            name = {"name": "Số liệu quan trắc gần đây"}
            resources.insert(0, RecordResource("table", name, table=table))
        named = tuple(note.of(id_) for note in (*notes, *doubts))
        return Record(id_, geo.filled(fields), tuple(resources), mark, named)

    def _observations(self, stream: Stream, notes: list[Problem]) -> list[Observation]:
        """The latest observations of a series, within the bounds."""
        last = min(max(self._settings.last, 1), MAX_LAST)
        address = self._service.entity("Datastreams", stream.id)
        query = f"$orderby=phenomenonTime%20desc&$top={min(last, 1000)}"
        found: list[Observation] = []
        unread = 0
        for page in self._service.pages(f"{address}/Observations?{query}"):
            before = len(found)
            for data in page["value"]:
                one = read_observation(data)
                unread += one is None
                found += [one] if one is not None else []
            done = len(found) >= last or len(found) == before
            if done or (found[-1].start < self._oldest(found)):
                break
        if unread:
            params = {"field": "phenomenonTime", "value": str(unread), **_NO_TIME}
            notes.append(Problem("bad_value", stream.name, None, params))
        times = [one.start for one in found]
        if times != sorted(times, reverse=True):
            notes.append(Problem("order_ignored", stream.name))
        latest = sorted(found, key=lambda one: one.start, reverse=True)[:last]
        oldest = self._oldest(latest)
        return [one for one in latest if one.start >= oldest]

    def _oldest(self, found: list[Observation]) -> datetime:
        """The oldest time wanted, counted from the newest found."""
        newest = max((one.start for one in found), default=datetime.min)
        days = self._settings.days
        if days <= 0 or (newest - datetime.min).days <= days:
            return datetime.min
        return newest - timedelta(days=days)

    def _end(self, walk: _Walk) -> End:
        if walk.complete:
            return End(True, walk.count if walk.count is not None else len(walk.ids))
        expected = "?" if walk.count is None else str(walk.count)
        params = {"seen": str(len(walk.ids)), "expected": expected}
        return End(
            False, walk.count, Problem("incomplete_listing", self._service.base, None, params)
        )


_NO_TIME = {"detail": "không đọc được thời điểm quan trắc", "detail_en": "no time could be read"}


def _id_of(data: Any) -> str:
    """What the service names an entity by; "" when it does not."""
    id_ = data.get("@iot.id") if isinstance(data, Mapping) else None
    return "" if id_ is None else str(id_)


def _too_many(where: str) -> HarvestError:
    return HarvestError(
        "too_large",
        where=where,
        limit=f"{MAX_STREAMS} chuỗi đo",
        limit_en=f"{MAX_STREAMS} series",
    )


SOURCE = SourceType(
    type="sensorthings",
    title={"vi": "Trạm quan trắc (OGC SensorThings)", "en": "Sensors (OGC SensorThings)"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping={"license_id": {"from": "license_id", "unknown": "ignore"}},
)
