"""Answers of sensor observation services, from a folder and from the web."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End, Failure, Unchanged
from harvesters.sources.sensorthings import SOURCE, Settings
from tests import recorded
from tests.harvesters.sources.sensor_service import (
    FAST,
    ID,
    records_of,
    table_of,
)

REAL = recorded.REAL / "csw_ogc"


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as running:
        yield running


@pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
@pytest.mark.parametrize("place", ["folder", "web"])
def test_an_answer_of_a_sensor_observation_service(server: HTTPServer, place: str) -> None:
    path = REAL / "ows_sos_52n_getobservation_wml2_response.xml"
    url = str(path)
    if place == "web":
        server.expect_request("/sos").respond_with_data(path.read_bytes())
        url = server.url_for("/sos") + "?service=SOS&request=GetObservation"
    with Fetcher(allow=(f"127.0.0.1:{server.port}", str(REAL)), limits=FAST) as fetch:
        items = list(SOURCE.read(Settings(url), fetch, {}))
        (record,) = records_of(items)
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
    rows = [(row[2], row[3], row[5], row[7]) for row in table_of(record).rows]
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
    (record,) = records_of(items)
    row = ("Lý Nhân", "tram 1 – Mực nước", "Mực nước", datetime(2026, 3, 1, 7), None)
    assert table_of(record).rows == ((*row, Decimal("9.85"), None, "m", None),)
    assert isinstance(items[-1], End)
    assert not items[-1].complete
