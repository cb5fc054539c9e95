"""Boxes, periods, contacts, licences and links of map catalogues, value by value."""

from __future__ import annotations

import json

import pytest

from harvesters.errors import Problem
from harvesters.sources import _geo_fields as geo
from harvesters.sources._geo_fields import Link


def _corners(row: dict[str, str] | None) -> object:
    assert row is not None
    shape = json.loads(row["bbox"])
    rings = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [[*ring[0][0], *ring[0][2]] for ring in rings]


@pytest.mark.parametrize(
    ("edges", "corners", "odd"),
    [
        (("104.37", "19.28", "106.08", "20.68"), [[104.37, 19.28, 106.08, 20.68]], False),
        (("104,37", "19,28", "106,08", "20,68"), [[104.37, 19.28, 106.08, 20.68]], False),
        (("106.08", "19.28", "104.37", "20.68"), [[104.37, 19.28, 106.08, 20.68]], True),
        (("104.37", "20.68", "106.08", "19.28"), [[104.37, 19.28, 106.08, 20.68]], True),
        (("170", "-20", "-170", "-10"), [[170, -20, 180, -10], [-180, -20, -170, -10]], False),
        (("-180", "-90", "180", "90"), [[-180, -90, 180, 90]], False),
    ],
)
def test_boxes(edges: tuple[str, ...], corners: object, odd: bool) -> None:
    row, was_odd = geo.box(*edges)
    assert (_corners(row), was_odd) == (corners, odd)


@pytest.mark.parametrize(
    "edges",
    [
        ("541000", "2132000", "612000", "2287000"),
        ("104", "19", "106", "ninety"),
        ("nan", "19", "106", "20"),
        ("", "19", "106", "20"),
    ],
)
def test_what_is_no_box_is_left_out_with_a_note(edges: tuple[str, str, str, str]) -> None:
    notes: list[Problem] = []
    assert geo.place(edges, "Thanh Hóa", "x", notes) == {}
    assert [note.code for note in notes] == ["box_left_out"]


def test_a_name_without_a_box_is_a_place() -> None:
    notes: list[Problem] = []
    assert geo.place(("", "", "", ""), "Bỉm Sơn", "x", notes) == {"text": "Bỉm Sơn"}
    assert notes == []


def test_a_point_is_a_centroid_and_other_shapes_have_a_box() -> None:
    point = geo.box_of({"type": "Point", "coordinates": [105.8, 19.8, 4]})
    assert point == {"centroid": '{"type": "Point", "coordinates": [105.8, 19.8]}'}
    line = {"type": "LineString", "coordinates": [[105.8, 19.8], [105.2, 20.1]]}
    assert _corners(geo.box_of(line)) == [[105.2, 19.8, 105.8, 20.1]]
    assert _corners(geo.box_of({"type": "Feature", "geometry": line})) == [
        [105.2, 19.8, 105.8, 20.1]
    ]
    for nothing in (None, {}, {"type": "Point", "coordinates": []}, [[[[[[[[[[1, 2]]]]]]]]]]):
        assert geo.box_of(nothing) is None
    assert geo.box_of({"type": "Point", "coordinates": [600000, 2200000]}) is None


@pytest.mark.parametrize(
    ("start", "end", "row"),
    [
        ("2024-01-01T00:00:00Z", "2024-12-31", [{"start": "2024-01-01", "end": "2024-12-31"}]),
        ("2018", "", [{"start": "2018"}]),
        ("1900-01-01", "2999-01-01", [{"start": "1900-01-01"}]),
        ("2024-12-31", "2024-01-01", []),
        ("đang cập nhật", "", []),
        ("31/12/2023", "2024", [{"start": "2023-12-31", "end": "2024"}]),
    ],
)
def test_periods(start: str, end: str, row: list[dict[str, str]]) -> None:
    assert geo.period(start, end) == row


@pytest.mark.parametrize(
    ("organisation", "email", "person", "expected"),
    [
        ("Sở Xây dựng", "vanthu.sxd@x.vn", "", {"name": "Sở Xây dựng", "email": "vanthu.sxd@x.vn"}),
        ("Sở Xây dựng", "hanhlt@x.vn", "Lê Thị Hạnh", {"name": "Sở Xây dựng"}),
        ("Vlaamse Overheid", "marleen.vandamme@x.be", "", {"name": "Vlaamse Overheid"}),
        ("NGI", "metadata@ngi.be", "Floor Van Damme", {"name": "NGI", "email": "metadata@ngi.be"}),
        (
            "EPA",
            "EnviroAtlas@epa.gov",
            "EnviroAtlas Coordinator",
            {"name": "EPA", "email": "EnviroAtlas@epa.gov"},
        ),
        ("Sở Y tế", "sonhv@syt.thanhhoa.gov.vn", "", {"name": "Sở Y tế"}),
        ("Sở Y tế", "phongnt@thanhhoa.gov.vn", "", {"name": "Sở Y tế"}),
        ("Sở Y tế", "lannt@thanhhoa.gov.vn", "", {"name": "Sở Y tế"}),
        ("Sở Y tế", "syt@thanhhoa.gov.vn", "", {"name": "Sở Y tế", "email": "syt@thanhhoa.gov.vn"}),
        ("Ga", "geoffrey@ga.gov.au", "Geoffrey Tube", {"name": "Ga"}),
        ("BARBERA Francis", "ddt-seer@x.fr", "", {"email": "ddt-seer@x.fr"}),
        ("Nguyễn Thị Minh Khai", "", "", {}),
        ("", "", "Lê Thị Hạnh", {}),
        ("Mai Châu", "", "", {"name": "Mai Châu"}),
    ],
)
def test_contacts_are_offices_never_persons(
    organisation: str, email: str, person: str, expected: dict[str, str]
) -> None:
    assert geo.contact(organisation, email, person) == expected


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("https://creativecommons.org/licenses/by/4.0/deed.vi", "CC-BY-4.0"),
        ("http://creativecommons.org/licenses/by-sa/3.0/", "cc-by-sa"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-nc"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", ""),
        ("Dùng theo CC BY 4.0, ghi rõ nguồn", "CC-BY-4.0"),
        ("Licence Ouverte / Open Licence Version 2.0", "other-at"),
        ("Liên hệ đơn vị cung cấp", ""),
    ],
)
def test_licences(said: str, code: str) -> None:
    assert geo.licence_of(["copyright", said]) == code


@pytest.mark.parametrize(
    ("link", "format_"),
    [
        (Link("http://x/ows", "OGC:WMS-1.3.0-http-get-map"), "WMS"),
        (Link("http://x/ows?SERVICE=wfs&request=GetCapabilities"), "WFS"),
        (Link("http://x/a.zip", "WWW:DOWNLOAD-1.0-http--download"), "ZIP"),
        (Link("http://x/get?id=1", "WWW:DOWNLOAD-1.0-http--download"), "SHP"),
        (Link("http://x/get?id=1", "WWW:DOWNLOAD-1.0-http--download", "a.csv"), "CSV"),
        (Link("http://x/catalog.search#/metadata/1", "WWW:DOWNLOAD-1.0-http--download"), "HTML"),
        (Link("http://x/csw?request=GetRecordById&id=1", "WWW:DOWNLOAD"), "XML"),
        (Link("http://x/trang", "WWW:LINK-1.0-http--link"), "HTML"),
        (Link("http://x/a.png", "image/png"), "PNG"),
        (Link("http://x/rest/services/a/MapServer", "ESRI:ArcGIS"), "API"),
        (Link("http://x/"), ""),
    ],
)
def test_formats(link: Link, format_: str) -> None:
    notes: list[Problem] = []
    (found,) = geo.resources([link], ["ESRI Shapefile (SHP)"], "x", notes)
    assert found.fields.get("format", "") == format_
    assert notes == []


def test_links_are_taken_once_and_bad_ones_are_named() -> None:
    notes: list[Problem] = []
    links = [
        Link("http://x/wms", "OGC:WMS", "a"),
        Link("http://x/wms", "OGC:WMS", "b"),
        Link("http://x/wms", "OGC:WMS", "a"),
        Link("javascript:alert(1)"),
        Link("http://user:bi-mat@x/a"),
        Link(""),
        Link("tep.zip"),
        Link("http://[x/"),
    ]
    found = geo.resources(links, [], "x", notes)
    assert [r.fields["name"] for r in found] == ["a", "b"]
    assert [note.params["field"] for note in notes] == [f"link {n}" for n in (4, 5, 6, 7, 8)]
    assert "bi-mat" not in str(notes)


def test_words() -> None:
    assert geo.tags(["EARTH SCIENCE > OCEANS", "rừng", " rừng ", "", "http://x/1"]) == [
        "OCEANS",
        "rừng",
    ]
    assert geo.themes(["environment", "society", "planningCadastre", "boundaries"]) == ["20", "01"]
    assert [geo.language(w) for w in ("vie", "eng; CAN", "x", "")] == ["vi", "en", "", ""]
    assert geo.with_rights("Mô tả", []) == "Mô tả"
    assert geo.with_rights("", ["Ghi nguồn"]) == "Điều kiện sử dụng (theo nguồn): Ghi nguồn"
