"""A SensorThings service for tests, and what was read of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.fetch.fetcher import Fetcher
from harvesters.model import Item, Record, Table
from harvesters.settings import Limits
from harvesters.sources.sensorthings import SOURCE, Settings

ID = "5f0c3a52-0000-4000-8000-000000000001"
FAST = Limits(requests_per_second=0, retries=0)
ROOT = "/FROST/v1.1"


def moment(hour: int) -> str:
    return f"2026-03-0{1 + hour // 24}T{hour % 24:02}:00:00.000Z"


_NUMBERS = re.compile(r"(?:/Things\(\D*(\d+)'?\))?(?:/Datastreams\((\d+)\))?")
_NAMES = {1: "Mực nước", 2: "Lượng mưa"}
_UNITS = {1: "m", 2: "mm"}


@dataclass
class Service:
    """A SensorThings service over stations with two series each: pages, counts, expands, sorts."""

    stations: int = 5
    hours: int = 6
    expands: str = "yes"
    counts: bool = True
    sorts: bool = True
    most: int = 2
    inner: str = ""
    words: bool = False
    spans: bool = True
    broken: frozenset[int] = frozenset()
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        path = request.path.removeprefix(ROOT)
        self.asked.append(f"{path}?{request.query_string.decode()}")
        if "$expand" in request.args and self.expands == "refuses":
            return reply({"code": 501, "type": "error", "message": "Nested expand"}, 501)
        if path in ("", "/"):
            names = ("Things", "Datastreams", "Observations")
            return reply({"value": [{"name": n, "url": f"http://x/{n}"} for n in names]})
        station, series = (int(n) if n else 0 for n in _NUMBERS.search(path).groups())  # type: ignore[union-attr]
        if series in self.broken and path.endswith("/Observations"):
            return reply({"message": "database is down"}, 500)
        return self._answer(path, station, series, request)

    def _answer(self, path: str, station: int, series: int, request: Request) -> Response:
        expanded = "$expand" in request.args and self.expands == "yes"
        if path == "/Things":
            items = [self._thing(n, expanded) for n in range(1, self.stations + 1)]
        elif path == "/Datastreams":
            items = [self._series(n, expanded) for n in range(11, 13)]
        elif path.endswith("/Datastreams"):
            items = [self._series(n, expanded) for n in (station * 10 + 1, station * 10 + 2)]
        elif path.endswith("/Locations"):
            items = [self._location(station)]
        elif path.endswith("/Observations"):
            items = self._observations(series, request)
        else:
            return reply(self._one(path, station, series))
        return reply(self._page(items, request))

    def _one(self, path: str, station: int, series: int) -> Any:
        if path.endswith("/Sensor"):
            return {"@iot.id": series, "name": "Vaisala"}
        if path.endswith("/Thing"):
            return self._thing(series // 10, False)
        return {"@iot.id": series, "name": _NAMES[series % 10]}

    def _page(self, items: list[Any], request: Request) -> Any:
        skip = int(request.args.get("$skip", 0))
        top = min(int(request.args.get("$top", 100)), self.most)
        page: dict[str, Any] = {"value": items[skip : skip + top]}
        if self.counts and request.args.get("$count") == "true":
            page["@iot.count"] = len(items)
        if skip + top < len(items):
            root = self.inner or f"http://{request.host}{ROOT}"
            kept = [f"{k}={v}" for k, v in request.args.items() if k != "$skip"]
            path = request.path.removeprefix(ROOT)
            page["@iot.nextLink"] = f"{root}{path}?{'&'.join([*kept, f'$skip={skip + top}'])}"
        return page

    def _id(self, number: int) -> Any:
        return f"trạm '{number}" if self.words else number

    def _thing(self, number: int, expanded: bool) -> Any:
        thing = {
            "@iot.id": self._id(number),
            "name": f"Trạm {number}",
            "description": "Trạm thủy văn",
            "properties": {"license": "CC BY 4.0"},
        }
        if expanded:
            thing["Locations"] = [self._location(number)]
            thing["Datastreams"] = [self._series(number * 10 + n, True) for n in (1, 2)]
        return thing

    def _location(self, number: int) -> Any:
        point = {"type": "Point", "coordinates": [105.5 + number / 10, 19.8]}
        return {"@iot.id": number, "name": f"Cầu {number}", "location": point}

    def _series(self, number: int, expanded: bool) -> Any:
        series = {
            "@iot.id": number,
            "name": f"{_NAMES[number % 10]} {number}",
            "unitOfMeasurement": {"name": "x", "symbol": _UNITS[number % 10]},
            "properties": {},
        }
        if self.spans:
            series["phenomenonTime"] = f"{moment(0)}/{moment(self.hours - 1)}"
        if expanded:
            series["Sensor"] = {"name": "Vaisala"}
            series["ObservedProperty"] = {"name": _NAMES[number % 10]}
            series["Thing"] = {**self._thing(number // 10, False), "Locations": [self._location(1)]}
        return series

    def _observations(self, series: int, request: Request) -> list[Any]:
        found = [{"phenomenonTime": moment(h), "result": h + 0.25} for h in range(self.hours)]
        if request.args.get("$orderby") == "phenomenonTime desc" and self.sorts:
            found.reverse()
        return found


def reply(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data), status=status, content_type="application/json")


def serve(server: HTTPServer, answer: Any) -> None:
    server.expect_request(re.compile(f"{ROOT}.*")).respond_with_handler(answer)


def items_of(
    server: HTTPServer,
    answer: Any,
    since: dict[str, str] | None = None,
    path: str = ROOT,
    **settings: Any,
) -> list[Item]:
    serve(server, answer)
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        return list(SOURCE.read(Settings(server.url_for(path), **settings), fetch, since or {}))


def records_of(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def table_of(record: Record) -> Table:
    table = record.resources[0].table
    assert table is not None
    return table
