"""The WFS source on a server that misbehaves, and on recorded capabilities."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.sources.wfs import SOURCE, Settings
from tests import recorded

REAL = recorded.REAL / "csw_ogc"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
ID = "5f0c3a52-0000-4000-8000-000000000001"

Answer = Callable[[Request], bytes | str]


def _run(answer: Answer, use: Callable[[str, Fetcher], object], path: str = "/wfs") -> object:
    with HTTPServer(host="127.0.0.1") as server:

        def respond(request: Request) -> Response:
            return Response(answer(request), content_type="text/xml")

        server.expect_request("/wfs").respond_with_handler(respond)
        with Fetcher(allow=(f"127.0.0.1:{server.port}",)) as fetch:
            return use(server.url_for(path), fetch)


def _read(
    answer: Answer, since: dict[str, str] | None = None, path: str = "/wfs", **settings: object
) -> list[Item]:
    def use(url: str, fetch: Fetcher) -> list[Item]:
        return list(SOURCE.read(Settings(url, **settings), fetch, since or {}))  # type: ignore[arg-type]

    return _run(answer, use, path)  # type: ignore[return-value]


def _cap(*types: str, version: str = "2.0.0") -> str:
    inside = "".join(
        f"<FeatureType><Name>{t}</Name><Title>Lớp {t}</Title></FeatureType>" for t in types
    )
    return (
        f'<WFS_Capabilities version="{version}"><OperationsMetadata><Operation name="GetFeature">'
        '<Parameter name="outputFormat"><Value>application/json; subtype=geojson</Value>'
        "<Value>application/octet-stream</Value></Parameter></Operation></OperationsMetadata>"
        f"<FeatureTypeList>{inside}</FeatureTypeList></WFS_Capabilities>"
    )


def test_marks_tell_what_is_unchanged() -> None:
    with HTTPServer(host="127.0.0.1") as server:
        body = [_cap("a", "b")]
        server.expect_request("/wfs").respond_with_handler(lambda r: Response(body[0]))
        with Fetcher(allow=(f"127.0.0.1:{server.port}",)) as fetch:
            settings = Settings(server.url_for("/wfs"))
            first = list(SOURCE.read(settings, fetch, {}))
            marks = {i.remote_id: i.mark for i in first if isinstance(i, Record)}
            body[0] = body[0].replace("Lớp a", "Lớp khác")
            again = list(SOURCE.read(settings, fetch, marks))
    assert set(marks) == {"a", "b"}
    assert [type(item) for item in again] == [Record, Unchanged, End]


def test_only_the_wanted_types_and_a_wrong_name_is_said() -> None:
    items = _read(lambda r: _cap("a", "b"), types=("b", "c"))
    assert [type(item) for item in items] == [Record, Failure, End]
    assert isinstance(items[1], Failure)
    assert (items[1].problem.code, items[1].problem.record) == ("unknown_code", "c")


def test_a_key_in_the_source_s_address_is_not_published() -> None:
    items = _read(lambda r: _cap("a"), path="/wfs?map=/a.map&api_key=bi-mat")
    record = items[0]
    assert isinstance(record, Record)
    links = [resource.fields["url"] for resource in record.resources]
    assert links
    assert all("map=/a.map" in link and "bi-mat" not in link for link in links)


def test_a_server_that_needs_a_version_is_asked_with_one() -> None:
    asked: list[str | None] = []

    def answer(request: Request) -> str:
        asked.append(request.args.get("version"))
        return _cap("a", version="1.1.0") if asked[-1] == "1.1.0" else "<ServiceExceptionReport/>"

    items = _read(answer)
    assert asked == [None, "2.0.0", "1.1.0"]
    assert isinstance(items[0], Record)
    assert "typeName=a" in items[0].resources[0].fields["url"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            "<o:ExceptionReport xmlns:o='o'><o:ExceptionText>no</o:ExceptionText>"
            "</o:ExceptionReport>",
            "api_error",
        ),
        ("<Capabilities/>", "unexpected_answer"),
        (_cap("a")[:-40], "truncated"),
        ("<html><body>Đăng nhập</body></html>", "html_instead_of_data"),
        ("", "truncated"),
    ],
)
def test_what_are_no_capabilities(body: str, code: str) -> None:
    with pytest.raises(HarvestError) as error:
        _read(lambda r: body)
    assert error.value.code == code
    assert _run(lambda r: body, SOURCE.probe) is None


def test_a_service_without_types_is_a_complete_listing_of_none() -> None:
    assert _read(lambda r: _cap()) == [End(True, 0)]


def test_probe_knows_a_service_by_its_bare_address() -> None:
    found = _run(lambda r: _cap("a", "b"), SOURCE.probe)
    assert found == type(found)("127.0.0.1", 2)  # type: ignore[call-arg]


def _recorded(name: str) -> list[Record]:
    *items, end = _read(lambda r: (REAL / name).read_bytes())
    records = [item for item in items if isinstance(item, Record)]
    assert end == End(True, len(records))
    for record in records:
        assert map_record(ID, record, SOURCE.mapping, {})[1] == []
    return records


@needs_real
def test_mapserver_of_the_snow_and_ice_data_center() -> None:
    records = _recorded("ows_mapserver-wfs-cap.xml")
    assert len(records) == 25
    first = records[0]
    assert (first.remote_id, first.fields["title"]) == (
        "antarctic_ice_shelves_fill",
        "Antarctic ice shelves",
    )
    assert first.fields["tags"][:3] == ["Antarctica", "Coastlines", "Cryosphere"]
    assert "Ice Sheets" in first.fields["tags"]
    assert all([n.code for n in r.notes] == ["box_left_out"] for r in records)
    assert [r.fields["format"] for r in first.resources] == ["GML", "WFS"]
    contours = next(r for r in records if r.remote_id == "antarctica_elevation_contours")
    assert [r.fields["format"] for r in contours.resources] == ["GML", "WFS", "HTML"]


@needs_real
def test_help_service_in_windows_1250() -> None:
    records = _recorded("ows_wfs_HSRS_GetCapabilities_1_1_0.xml")
    names = ["nuts1", "states", "nuts2", "nuts3", "orp", "okresy", "sidla", "kraje"]
    assert [r.remote_id for r in records] == names
    for record in records:
        assert record.fields["contact"] == [{"name": "Help Service Remote Sensing, ltd."}]
        assert record.fields["rights"] == ["for non profit use"]
        assert "Holý" not in str(record.fields)
    assert records[-1].fields["title"] == "Kraje CR"
    assert "12.0977321962419, 48.5542371331248" in records[-1].fields["spatial_coverage"][0]["bbox"]
    assert "subtype%3Dgml/3.1.1" in records[0].resources[0].fields["url"]


@needs_real
def test_geoserver_of_the_flemish_underground() -> None:
    (record,) = _recorded("ows_wfs_dov_getcapabilities_200.xml")
    assert record.remote_id == "gw_meetnetten:meetnetten"
    assert record.fields["title"] == "Grondwatermeetnetten"
    assert record.fields["contact"] == [{"name": "Vlaamse Overheid - DOV"}]
    assert record.fields["tags"][2:5] == ["grondwater", "meetnet(werk)", "Geologie"]
    formats = ["GeoJSON", "SHP", "CSV", "KML", "GML", "WFS", "XML", "HTML"]
    assert [r.fields["format"] for r in record.resources] == formats
    assert (
        "gml/3.2" in record.resources[4].fields["url"]
        or "gml32" in record.resources[4].fields["url"]
    )
    assert "2.5325270625180294, 50.683712231532894" in record.fields["spatial_coverage"][0]["bbox"]
