"""SensorThings as the British Geological Survey's server speaks it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from pytest_httpserver import HTTPServer

from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End
from harvesters.sources.sensorthings import SOURCE, Settings
from tests import recorded
from tests.harvesters.sources.sensor_service import FAST, ID, ROOT, records_of, table_of
from tests.recorded import services
from tests.recorded.settings import READ

REAL = recorded.REAL / "csw_ogc"


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as running:
        yield running


@pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
class TestBritishGeologicalSurvey:
    """What the survey's FROST server said of its groundwater loggers."""

    def test_every_series_and_its_observations(self, server: HTTPServer) -> None:
        server.expect_request(re.compile(f"{ROOT}.*")).respond_with_handler(services.sensors)
        with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
            settings = Settings(server.url_for(ROOT), **READ["csw_ogc/sta_bgs_datastreams.json"])
            items = list(SOURCE.read(settings, fetch, {}))
        data = json.loads((REAL / "sta_bgs_datastreams.json").read_bytes())["value"]
        records = records_of(items)
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
        table = table_of(level)
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
        server.expect_request(re.compile(f"{ROOT}.*")).respond_with_handler(services.sensors)
        from harvesters.sources._sensorthings_api import Service as Api

        with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
            api = Api(server.url_for(ROOT), fetch)
            pages = list(api.pages(f"{api.base}/Datastreams(1)/Observations"))
        assert [page["@iot.count"] for page in pages] == [18432, 18432]
        assert [len(page["value"]) for page in pages] == [3, 3]
        assert pages[0]["value"][0]["result"] == Decimal("1009.86")
