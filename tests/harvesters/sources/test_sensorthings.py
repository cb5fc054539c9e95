"""The SensorThings source against a service that keeps to the standard, and against others."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End, Failure, Item, Record, Table, Unchanged
from harvesters.settings import Limits
from harvesters.sources.sensorthings import SOURCE, Settings

SHARED = Path(os.environ.get("PORTAL_SHARED", Path(__file__).parents[4] / "shared"))
REAL = SHARED / "real" / "csw_ogc"
ID = "5f0c3a52-0000-4000-8000-000000000001"
FAST = Limits(requests_per_second=0, retries=0)
ROOT = "/FROST/v1.1"


def _time(hour: int) -> str:
    return f"2026-03-0{1 + hour // 24}T{hour % 24:02}:00:00.000Z"


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
            return _json({"code": 501, "type": "error", "message": "Nested expand"}, 501)
        if path in ("", "/"):
            names = ("Things", "Datastreams", "Observations")
            return _json({"value": [{"name": n, "url": f"http://x/{n}"} for n in names]})
        station, series = (int(n) if n else 0 for n in _NUMBERS.search(path).groups())  # type: ignore[union-attr]
        if series in self.broken and path.endswith("/Observations"):
            return _json({"message": "database is down"}, 500)
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
            return _json(self._one(path, station, series))
        return _json(self._page(items, request))

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
            series["phenomenonTime"] = f"{_time(0)}/{_time(self.hours - 1)}"
        if expanded:
            series["Sensor"] = {"name": "Vaisala"}
            series["ObservedProperty"] = {"name": _NAMES[number % 10]}
            series["Thing"] = {**self._thing(number // 10, False), "Locations": [self._location(1)]}
        return series

    def _observations(self, series: int, request: Request) -> list[Any]:
        found = [{"phenomenonTime": _time(h), "result": h + 0.25} for h in range(self.hours)]
        if request.args.get("$orderby") == "phenomenonTime desc" and self.sorts:
            found.reverse()
        return found


_NUMBERS = re.compile(r"(?:/Things\(\D*(\d+)'?\))?(?:/Datastreams\((\d+)\))?")
_NAMES = {1: "Mực nước", 2: "Lượng mưa"}
_UNITS = {1: "m", 2: "mm"}


def _json(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data), status=status, content_type="application/json")


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as running:
        yield running


def _serve(server: HTTPServer, answer: Any) -> None:
    server.expect_request(re.compile(f"{ROOT}.*")).respond_with_handler(answer)


def _items(
    server: HTTPServer,
    answer: Any,
    since: dict[str, str] | None = None,
    path: str = ROOT,
    **settings: Any,
) -> list[Item]:
    _serve(server, answer)
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        return list(SOURCE.read(Settings(server.url_for(path), **settings), fetch, since or {}))


def _records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def _table(record: Record) -> Table:
    table = record.resources[0].table
    assert table is not None
    return table


def test_stations_with_their_series_and_observations(server: HTTPServer) -> None:
    items = _items(server, Service())
    records = _records(items)
    assert [r.remote_id for r in records] == ["1", "2", "3", "4", "5"]
    assert items[-1] == End(True, 5)
    first = records[0]
    assert first.fields["title"] == "Trạm 1"
    assert first.fields["notes"] == (
        "Trạm thủy văn\n\nĐại lượng quan trắc: Mực nước (m); Lượng mưa (mm)."
    )
    assert first.fields["license_id"] == "CC-BY-4.0"
    point = '{"type": "Point", "coordinates": [105.6, 19.8]}'
    assert first.fields["spatial_coverage"] == [{"text": "Cầu 1", "centroid": point}]
    assert first.fields["temporal_coverage"] == [{"start": "2026-03-01", "end": "2026-03-01"}]
    assert first.fields["sensors"] == ["Vaisala"]
    table = _table(first)
    assert [(c.name, c.type, c.role) for c in table.columns] == [
        ("tram", "text", "dimension"),
        ("chuoi_do", "text", "dimension"),
        ("dai_luong", "text", "dimension"),
        ("thoi_diem", "timestamp", "time"),
        ("den_thoi_diem", "timestamp", "note"),
        ("gia_tri", "number", "measure"),
        ("gia_tri_chu", "text", "measure"),
        ("don_vi", "text", "note"),
        ("chat_luong", "text", "note"),
    ]
    assert len(table.rows) == 12
    assert table.rows[0] == (
        *("Trạm 1", "Mực nước 11", "Mực nước"),
        *(datetime(2026, 3, 1, 7), None, Decimal("0.25"), None, "m", None),
    )
    assert table.rows[-1][3:6] == (datetime(2026, 3, 1, 12), None, Decimal("5.25"))
    assert first.notes == ()
    mapped, notes = map_record(ID, first, SOURCE.mapping, {})
    assert notes == []
    assert mapped.fields["license_id"] == "CC-BY-4.0"


@pytest.mark.parametrize(
    "service",
    [
        Service(expands="refuses"),
        Service(expands="ignores"),
        Service(counts=False),
        Service(most=1),
        Service(inner="http://localhost:8080/FROST-Server/v1.1"),
        Service(words=True, expands="refuses"),
    ],
    ids=["refuses", "ignores", "no count", "one by one", "inner address", "words as ids"],
)
def test_services_of_all_manners_give_the_same(server: HTTPServer, service: Service) -> None:
    items = _items(server, service)
    assert items[-1] == End(True, 5)
    with HTTPServer(host="127.0.0.1") as other:
        expected = _records(_items(other, Service()))
    assert [_table(r) for r in _records(items)] == [_table(r) for r in expected]
    names = ("title", "notes", "spatial_coverage", "temporal_coverage", "sensors")
    for mine, theirs in zip(_records(items), expected, strict=True):
        assert {n: mine.fields[n] for n in names} == {n: theirs.fields[n] for n in names}


def test_a_list_of_series_that_came_in_part_is_completed(server: HTTPServer) -> None:
    service = Service(stations=1)

    def partly(request: Request) -> Response:
        answer = service(request)
        if request.path != f"{ROOT}/Things":
            return answer
        data = json.loads(answer.get_data())
        thing = data["value"][0]
        thing["Datastreams"] = thing["Datastreams"][:1]
        thing["Datastreams@iot.nextLink"] = f"http://inside{ROOT}/Things(1)/Datastreams?$skip=1"
        return _json(data)

    (record,) = _records(_items(server, partly))
    assert {row[1] for row in _table(record).rows} == {"Mực nước 11", "Lượng mưa 12"}


def test_the_last_observations_only(server: HTTPServer) -> None:
    service = Service(stations=1)
    (record,) = _records(_items(server, service, last=3))
    times = [row[3].hour for row in _table(record).rows]  # type: ignore[union-attr]
    assert times == [10, 11, 12, 10, 11, 12]
    asked = [a for a in service.asked if "/Observations" in a]
    assert len(asked) == 4, "two pages of two for each of two series"


def test_the_days_before_the_newest_only(server: HTTPServer) -> None:
    (record,) = _records(_items(server, Service(stations=1, hours=60, most=100), days=1))
    times = [row[3] for row in _table(record).rows]
    assert (len(times), min(times), max(times)) == (  # type: ignore[type-var]
        50,
        datetime(2026, 3, 2, 18),
        datetime(2026, 3, 3, 18),
    )


def test_an_order_that_is_ignored_is_said(server: HTTPServer) -> None:
    (record,) = _records(_items(server, Service(stations=1, sorts=False)))
    assert [note.code for note in record.notes] == ["order_ignored", "order_ignored"]
    assert [row[3].hour for row in _table(record).rows[:6]] == [7, 8, 9, 10, 11, 12]  # type: ignore[union-attr]


def test_a_station_without_news_is_not_read_again(server: HTTPServer) -> None:
    service = Service()
    marks = {r.remote_id: r.mark for r in _records(_items(server, service))}
    assert all(marks.values())
    service.asked.clear()
    again = _items(server, service, marks)
    assert [type(item) for item in again] == [Unchanged] * 5 + [End]
    assert not [asked for asked in service.asked if "Observations" in asked]
    service.hours += 1
    assert len(_records(_items(server, service, marks))) == 5
    assert len(_records(_items(server, service, marks, last=10))) == 5


def test_without_the_span_of_a_series_there_is_no_mark(server: HTTPServer) -> None:
    records = _records(_items(server, Service(stations=1, spans=False)))
    assert records[0].mark == ""
    assert len(_table(records[0]).rows) == 12


def test_a_station_whose_observations_cannot_be_read_fails_alone(server: HTTPServer) -> None:
    _serve(server, Service(stations=3, broken=frozenset({21})))
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        items = list(SOURCE.read(Settings(server.url_for(ROOT)), fetch, {}))
    assert [type(item) for item in items] == [Record, Failure, Record, End]
    assert isinstance(items[1], Failure)
    assert (items[1].problem.record, items[1].problem.code) == ("2", "api_error")
    assert "database is down" in items[1].problem.params["detail"]
    assert items[-1] == End(True, 3)


def test_each_series_can_be_a_dataset(server: HTTPServer) -> None:
    items = _items(server, Service(), dataset_per="datastream")
    assert [(r.remote_id, r.fields["title"]) for r in _records(items)] == [
        ("11", "Mực nước 11"),
        ("12", "Lượng mưa 12"),
    ]
    assert items[-1] == End(True, 2)
    table = _table(_records(items)[0])
    assert (table.rows[0][0], len(table.rows)) == ("Trạm 1", 6)
    assert table.columns[5].unit == "m"


@pytest.mark.parametrize("loop", ["same", "circle"])
def test_next_links_that_lead_nowhere(server: HTTPServer, loop: str) -> None:
    service = Service()

    def looping(request: Request) -> Response:
        answer = service(request)
        if request.path != f"{ROOT}/Things":
            return answer
        data = json.loads(answer.get_data())
        more = len(service.asked) if loop == "circle" else 0
        data["@iot.nextLink"] = f"http://{request.host}{ROOT}/Things?$top=50&$x={more}"
        return _json(data)

    items = _items(server, looping)
    end = items[-1]
    assert isinstance(end, End)
    assert not end.complete
    assert {r.remote_id for r in _records(items)} == {"1", "2"}


def test_a_station_that_comes_twice_and_one_without_an_id(server: HTTPServer) -> None:
    service = Service(stations=2, counts=False)

    def odd(request: Request) -> Response:
        answer = service(request)
        if request.path != f"{ROOT}/Things":
            return answer
        data = json.loads(answer.get_data())
        nameless = deepcopy(data["value"][0])
        del nameless["@iot.id"]
        data["value"] += [data["value"][0], nameless]
        return _json(data)

    items = _items(server, odd)
    assert [r.remote_id for r in _records(items)] == ["1", "2", "1"]
    assert isinstance(items[-2], Failure)
    assert isinstance(items[-1], End)
    assert not items[-1].complete


ODD = [
    {"phenomenonTime": "2026-03-01T00:00:00Z/2026-03-01T01:00:00Z", "result": 7},
    {"phenomenonTime": "2026-03-01T02:00:00+07:00", "result": "Báo động I"},
    {"phenomenonTime": None, "resultTime": "2026-03-01T02:00:00Z", "result": {"a": [1, 2]}},
    {"phenomenonTime": "2026-03-01T03:00:00Z", "result": True, "resultQuality": {"quality": "Tốt"}},
    {"phenomenonTime": "2026-03-01T04:00:00Z", "result": None, "resultQuality": "nghi ngờ"},
    {"phenomenonTime": "2026-03-01T05:00:00Z", "result": 1.10},
    {"phenomenonTime": "2026-03-01T05:00:00Z", "result": 1.10},
    {"phenomenonTime": "2026-03-01T05:00:00Z", "result": 2},
    {"phenomenonTime": "hôm qua", "result": 1},
    {"result": 1},
    "x",
]


def test_results_of_every_kind(server: HTTPServer) -> None:
    service = Service(stations=1)

    def odd(request: Request) -> Response:
        if request.path.endswith("(11)/Observations"):
            return _json({"value": list(reversed(ODD))})
        return _json({"value": []}) if request.path.endswith("/Observations") else service(request)

    (record,) = _records(_items(server, odd))
    table = _table(record)
    rows = [(row[3].hour, row[5], row[4], row[6], row[8]) for row in table.rows]  # type: ignore[union-attr]
    assert rows == [
        (2, None, None, "Báo động I", None),
        (7, 7, datetime(2026, 3, 1, 8), None, None),
        (9, None, None, '{"a": [1, 2]}', None),
        (10, None, None, "true", "Tốt"),
        (11, None, None, None, "nghi ngờ"),
        (12, Decimal("1.1"), None, None, None),
        (12, 2, None, None, None),
    ]
    assert sorted(note.code for note in record.notes) == [
        *("bad_value", "observed_twice", "order_ignored")
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"code": 500, "type": "error", "message": "bảo trì"}', "api_error"),
        ('{"Things": []}', "unexpected_answer"),
        ('{"value": {}}', "unexpected_answer"),
        ("[]", "unexpected_answer"),
        ('{"value": [', "truncated"),
        ("<html><body>Đăng nhập</body></html>", "html_instead_of_data"),
    ],
)
def test_what_is_no_list_of_stations(server: HTTPServer, body: str, code: str) -> None:
    with pytest.raises(HarvestError) as error:
        _items(server, lambda request: Response(body))
    assert error.value.code == code


def test_a_wrong_word_for_the_datasets_is_refused(server: HTTPServer) -> None:
    with pytest.raises(HarvestError) as error:
        _items(server, Service(), dataset_per="sensor")
    assert error.value.code == "bad_setting"


@pytest.mark.parametrize(
    "path", [ROOT, f"{ROOT}/", f"{ROOT}/Things", f"{ROOT}/Things(1)/Datastreams"]
)
def test_probe_and_reading_from_any_address_of_the_service(server: HTTPServer, path: str) -> None:
    _serve(server, Service())
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        found = SOURCE.probe(server.url_for(path), fetch)
        items = list(SOURCE.read(Settings(server.url_for(path)), fetch, {}))
    assert found is not None
    assert (found.title, found.datasets) == ("127.0.0.1", 5)
    assert items[-1] == End(True, 5)


@pytest.mark.parametrize(
    "body", ['{"value": []}', '{"success": true}', "[]", "<a/>", "<html></html>"]
)
def test_probe_says_no_to_others(server: HTTPServer, body: str) -> None:
    _serve(server, lambda request: Response(body))
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        assert SOURCE.probe(server.url_for(ROOT), fetch) is None


@pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the recorded payloads (../shared/real/csw_ogc) are not on this machine",
)
class TestBritishGeologicalSurvey:
    """What the survey's FROST server said of its groundwater loggers."""

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix(ROOT)
        if path == "/Datastreams":
            return Response((REAL / "sta_bgs_datastreams.json").read_bytes())
        if path == "/Datastreams(1)/Observations":
            wrapper = json.loads((REAL / "sta_bgs_response_wrapper.json").read_bytes())
            return _json({**wrapper, "@iot.nextLink": None} if "$skip" in request.args else wrapper)
        if path.endswith("/Observations"):
            return Response((REAL / "sta_bgs_observations.json").read_bytes())
        if path.endswith("/Thing"):
            return _json({"@iot.id": 1, "name": "Glasgow observatory"})
        if path.endswith("/Locations"):
            return _json({"value": []})
        return _json({"@iot.id": 1, "name": path.rpartition("/")[2]})

    def test_every_series_and_its_observations(self, server: HTTPServer) -> None:
        server.expect_request(re.compile(f"{ROOT}.*")).respond_with_handler(self._answer)
        with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
            settings = Settings(server.url_for(ROOT), dataset_per="datastream")
            items = list(SOURCE.read(settings, fetch, {}))
        data = json.loads((REAL / "sta_bgs_datastreams.json").read_bytes())["value"]
        records = _records(items)
        assert items[-1] == End(True, len(records))
        assert [r.fields["title"] for r in records] == [d["name"] for d in data]
        assert len(records) == 69
        level = records[0]
        assert (level.remote_id, level.fields["title"]) == ("92", "GGA01_01 Water Level mbd")
        assert level.fields["notes"].startswith(
            "Water Level mbd from BGS Groundwater Logger GGA01 - Calculated (m)"
        )
        point = '{"type": "Point", "coordinates": [-4.200163329, 55.839415117]}'
        assert level.fields["spatial_coverage"] == [{"centroid": point}]
        assert level.fields["temporal_coverage"] == [{"start": "2020-08-11", "end": "2022-03-03"}]
        assert level.mark
        table = _table(level)
        assert len(table.rows) == 67
        assert {row[1] for row in table.rows} == {"GGA01_01 Water Level mbd"}
        values = {row[3]: row[5] for row in table.rows}
        assert values[datetime(2023, 3, 28, 19, 15)] == Decimal("8.81")
        assert values[datetime(2023, 3, 28, 17, 0)] == Decimal("6.31")
        assert values[datetime(2023, 3, 28, 20, 0)] == Decimal("9.19")
        assert {row[-1] for row in table.rows} == {"Good"}
        assert table.columns[5].unit == "m"
        assert [note.code for note in level.notes] == ["order_ignored"]
        for record in records:
            assert map_record(ID, record, SOURCE.mapping, {})[1] == []

    def test_a_page_with_a_count_and_a_next_link(self, server: HTTPServer) -> None:
        server.expect_request(re.compile(f"{ROOT}.*")).respond_with_handler(self._answer)
        from harvesters.sources._sensorthings_api import Service as Api

        with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
            api = Api(server.url_for(ROOT), fetch)
            pages = list(api.pages(f"{api.base}/Datastreams(1)/Observations"))
        assert [page["@iot.count"] for page in pages] == [18432, 18432]
        assert [len(page["value"]) for page in pages] == [3, 3]
        assert pages[0]["value"][0]["result"] == Decimal("1009.86")


@pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the recorded payloads (../shared/real/csw_ogc) are not on this machine",
)
@pytest.mark.parametrize("place", ["folder", "web"])
def test_an_answer_of_a_sensor_observation_service(server: HTTPServer, place: str) -> None:
    path = REAL / "ows_sos_52n_getobservation_wml2_response.xml"
    url = str(path)
    if place == "web":
        server.expect_request("/sos").respond_with_data(path.read_bytes())
        url = server.url_for("/sos") + "?service=SOS&request=GetObservation"
    with Fetcher(allow=(f"127.0.0.1:{server.port}", str(REAL)), limits=FAST) as fetch:
        items = list(SOURCE.read(Settings(url), fetch, {}))
        (record,) = _records(items)
        again = list(SOURCE.read(Settings(url), fetch, {record.remote_id: record.mark}))
        found = SOURCE.probe(url, fetch)
    assert found is not None
    assert found.datasets == 1
    assert items[-1] == End(True, 1)
    assert again == [Unchanged(record.remote_id), End(True, 1)]
    assert record.remote_id == "http://geoviqua.dev.52north.org/stations/Vaisala-WXT520"
    assert record.fields["title"] == "Vaisala_WXT520"
    assert record.fields["notes"] == "Đại lượng quan trắc: AirTemperature (degC)."
    assert record.fields["temporal_coverage"] == [{"start": "2014-07-01", "end": "2014-07-01"}]
    rows = [(row[2], row[3], row[5], row[7]) for row in _table(record).rows]
    assert len(rows) == 6
    assert rows[0] == (
        *("AirTemperature", datetime(2014, 7, 1, 7, 1, 42)),
        *(Decimal("12.2"), "degC"),
    )
    assert [str(row[2]) for row in rows] == ["12.2", "12.3", "12.0", "11.9", "12.1", "12.5"]
    assert map_record(ID, record, SOURCE.mapping, {})[1] == []


_REFUSED = "<ExceptionReport><ExceptionText>x</ExceptionText></ExceptionReport>"


def test_files_that_are_no_observations_leave_the_listing_incomplete(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<MD_Metadata/>")
    (tmp_path / "b.xml").write_text(_REFUSED)
    single = (
        '<ObservationCollection xmlns:x="x"><OM_Observation><phenomenonTime><timePosition>'
        "2026-03-01T00:00:00Z</timePosition></phenomenonTime><procedure x:href='http://x/p/tram%201'/>"
        "<observedProperty x:title='Mực nước'/><featureOfInterest>Lý Nhân</featureOfInterest>"
        "<result uom='m'>9.85</result></OM_Observation></ObservationCollection>"
    )
    (tmp_path / "c.xml").write_text(single)
    with Fetcher(allow=(str(tmp_path),)) as fetch:
        items = list(SOURCE.read(Settings(str(tmp_path)), fetch, {}))
        assert SOURCE.probe(str(tmp_path), fetch) is None
    failures = [item.problem.code for item in items if isinstance(item, Failure)]
    assert failures == ["unexpected_answer", "api_error"]
    (record,) = _records(items)
    row = ("Lý Nhân", "tram 1 – Mực nước", "Mực nước", datetime(2026, 3, 1, 7), None)
    assert _table(record).rows == ((*row, Decimal("9.85"), None, "m", None),)
    assert isinstance(items[-1], End)
    assert not items[-1].complete
