"""The SensorThings source against a service that keeps to the standard, and against others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from decimal import Decimal

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End, Failure, Record, Unchanged
from harvesters.sources.sensorthings import SOURCE, Settings
from tests.harvesters.sources.sensor_service import (
    FAST,
    ID,
    ROOT,
    Service,
    items_of,
    records_of,
    reply,
    serve,
    table_of,
)


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as running:
        yield running


def test_stations_with_their_series_and_observations(server: HTTPServer) -> None:
    items = items_of(server, Service())
    records = records_of(items)
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
    table = table_of(first)
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
    items = items_of(server, service)
    assert items[-1] == End(True, 5)
    with HTTPServer(host="127.0.0.1") as other:
        expected = records_of(items_of(other, Service()))
    assert [table_of(r) for r in records_of(items)] == [table_of(r) for r in expected]
    names = ("title", "notes", "spatial_coverage", "temporal_coverage", "sensors")
    for mine, theirs in zip(records_of(items), expected, strict=True):
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
        return reply(data)

    (record,) = records_of(items_of(server, partly))
    assert {row[1] for row in table_of(record).rows} == {"Mực nước 11", "Lượng mưa 12"}


def test_the_last_observations_only(server: HTTPServer) -> None:
    service = Service(stations=1)
    (record,) = records_of(items_of(server, service, last=3))
    times = [row[3].hour for row in table_of(record).rows]  # type: ignore[union-attr]
    assert times == [10, 11, 12, 10, 11, 12]
    asked = [a for a in service.asked if "/Observations" in a]
    assert len(asked) == 4, "two pages of two for each of two series"


def test_the_days_before_the_newest_only(server: HTTPServer) -> None:
    (record,) = records_of(items_of(server, Service(stations=1, hours=60, most=100), days=1))
    times = [row[3] for row in table_of(record).rows]
    assert (len(times), min(times), max(times)) == (  # type: ignore[type-var]
        50,
        datetime(2026, 3, 2, 18),
        datetime(2026, 3, 3, 18),
    )


def test_an_order_that_is_ignored_is_said(server: HTTPServer) -> None:
    (record,) = records_of(items_of(server, Service(stations=1, sorts=False)))
    assert [note.code for note in record.notes] == ["order_ignored", "order_ignored"]
    assert [row[3].hour for row in table_of(record).rows[:6]] == [7, 8, 9, 10, 11, 12]  # type: ignore[union-attr]


def test_a_station_without_news_is_not_read_again(server: HTTPServer) -> None:
    service = Service()
    marks = {r.remote_id: r.mark for r in records_of(items_of(server, service))}
    assert all(marks.values())
    service.asked.clear()
    again = items_of(server, service, marks)
    assert [type(item) for item in again] == [Unchanged] * 5 + [End]
    assert not [asked for asked in service.asked if "Observations" in asked]
    service.hours += 1
    assert len(records_of(items_of(server, service, marks))) == 5
    assert len(records_of(items_of(server, service, marks, last=10))) == 5


def test_without_the_span_of_a_series_there_is_no_mark(server: HTTPServer) -> None:
    records = records_of(items_of(server, Service(stations=1, spans=False)))
    assert records[0].mark == ""
    assert len(table_of(records[0]).rows) == 12


def test_a_station_whose_observations_cannot_be_read_fails_alone(server: HTTPServer) -> None:
    serve(server, Service(stations=3, broken=frozenset({21})))
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        items = list(SOURCE.read(Settings(server.url_for(ROOT)), fetch, {}))
    assert [type(item) for item in items] == [Record, Failure, Record, End]
    assert isinstance(items[1], Failure)
    assert (items[1].problem.record, items[1].problem.code) == ("2", "api_error")
    assert "database is down" in items[1].problem.params["detail"]
    assert items[-1] == End(True, 3)


def test_each_series_can_be_a_dataset(server: HTTPServer) -> None:
    items = items_of(server, Service(), dataset_per="datastream")
    assert [(r.remote_id, r.fields["title"]) for r in records_of(items)] == [
        ("11", "Mực nước 11"),
        ("12", "Lượng mưa 12"),
    ]
    assert items[-1] == End(True, 2)
    table = table_of(records_of(items)[0])
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
        return reply(data)

    items = items_of(server, looping)
    end = items[-1]
    assert isinstance(end, End)
    assert not end.complete
    # A page that comes again is dropped: with its stations twice, the run would take none of them.
    assert [r.remote_id for r in records_of(items)] == ["1", "2"]


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
        return reply(data)

    items = items_of(server, odd)
    assert [r.remote_id for r in records_of(items)] == ["1", "2", "1"]
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
            return reply({"value": list(reversed(ODD))})
        return reply({"value": []}) if request.path.endswith("/Observations") else service(request)

    (record,) = records_of(items_of(server, odd))
    table = table_of(record)
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
        items_of(server, lambda request: Response(body))
    assert error.value.code == code


def test_a_wrong_word_for_the_datasets_is_refused(server: HTTPServer) -> None:
    with pytest.raises(HarvestError) as error:
        items_of(server, Service(), dataset_per="sensor")
    assert error.value.code == "bad_setting"


@pytest.mark.parametrize(
    "path", [ROOT, f"{ROOT}/", f"{ROOT}/Things", f"{ROOT}/Things(1)/Datastreams"]
)
def test_probe_and_reading_from_any_address_of_the_service(server: HTTPServer, path: str) -> None:
    serve(server, Service())
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
    serve(server, lambda request: Response(body))
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        assert SOURCE.probe(server.url_for(ROOT), fetch) is None
