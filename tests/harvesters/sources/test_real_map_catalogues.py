"""Every recorded answer of map catalogues, record by record, against what the files say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End, Item, Record
from harvesters.sources.csw import SOURCE, Settings
from tests import recorded
from tests.recorded import services

REAL = recorded.REAL / "csw_ogc"
BAD = recorded.REAL / "bad"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
ID = "5f0c3a52-0000-4000-8000-000000000001"


def _read(path: Path, **settings: Any) -> list[Item]:
    with Fetcher(allow=(str(path.parent),)) as fetch:
        return list(SOURCE.read(Settings(str(path), **settings), fetch, {}))


def _records(path: Path, matched: int = 0, **settings: Any) -> list[Record]:
    """The records of a file; `matched` is what it counts where it is a page of more."""
    *items, end = _read(path, **settings)
    assert isinstance(end, End)
    assert (end.complete, end.expected) == (not matched, matched or end.expected)
    records = [item for item in items if isinstance(item, Record)]
    assert len(records) == len(items)
    for record in records:
        # What is read must pass the portal's own rules, without a value lost.
        mapped, notes = map_record(ID, record, SOURCE.mapping, {})
        assert notes == []
        assert mapped.fields["title"] == record.fields["title"]
        json.dumps(dict(record.fields))
    return records


def _one(path: Path) -> Record:
    (record,) = _records(path)
    return record


def _corners(record: Record) -> list[float]:
    ((row,),) = [[json.loads(row["bbox"]) for row in record.fields["spatial_coverage"]]]
    ring = row["coordinates"][0]
    return [*ring[0], *ring[2]]


def _formats(record: Record) -> list[str]:
    return [str(r.fields.get("format", "")) for r in record.resources]


HCMC = {
    "345a2e4f-dbe1-44b4-8156-5380a086a191": "Localities in Victoria "
    "(VMADMIN.LOCALITY_POLYGON) - Comprehensive Elements",
    "da165110-88fd-11da-a88f-000d939bc5d8": "Hydrological Basins in Africa (Sample record, "
    "please remove!)",
    "d310fcb2-333d-47e5-82fc-7b088e149d3e": "The Geoffrey's Tube Z3950 Server (Sample Record - "
    "Please Delete!)",
    "78f93047-74f8-4419-ac3d-fc62e4b0477b": "Physiographic Map of North and Central Eurasia "
    "(Sample record, please remove!)",
    "49b7a148-0fc6-403e-94bc-b785799820b6": "Dữ liệu Kế hoạch sử dụng đất năm 2020 Quận 6 - "
    "TP. Hồ Chí Minh",
    "0cfc5c93-ca6d-43c2-af55-a85ae18717d6": "Dữ liệu Kế hoạch sử dụng đất năm 2020 Quận 5 - "
    "TP. Hồ Chí Minh",
    "4874244c-c3df-4c67-9237-b7c99954f3c2": "Dữ liệu Hiện trạng sử dụng đất năm 2019 Quận 7 – "
    "Thành phố Hồ Chí Minh",
    "f8804d8d-bf45-4ade-853a-b6baec58ec22": "Dữ liệu Hiện trạng sử dụng đất năm 2019 Quận 6 – "
    "Thành phố Hồ Chí Minh",
    "98a41a79-d5cc-4e64-8c3b-177e8ad6c474": "Dữ liệu Hiện trạng sử dụng đất năm 2019 Quận Tân "
    "Bình – Thành phố Hồ Chí Minh",
    "f38e736e-f2c7-4dfe-bae7-b835d2e2df89": "Dữ liệu Hiện trạng sử dụng đất năm 2019 Quận Gò "
    "Vấp – Thành phố Hồ Chí Minh",
    "53153fe4-e532-4513-8f3b-8f5d78313835": "Dữ liệu Hiện trạng sử dụng đất năm 2019 Huyện Cần "
    "Giờ – Thành phố Hồ Chí Minh",
    "dc06c771-447b-4ec4-b18f-bd3304aa355c": "Dữ liệu ranh thửa phường 2 - Quận 4 (TP.HCM 2010)",
    "f994d97b-dc96-4019-836f-6b7dfcc4f054": "Phân vùng dữ liệu mảnh ảnh viễn thám phủ trùm "
    "trên toàn thành phố Hồ Chí Minh",
    "482ef1f7-7611-4637-b0b9-f9ecfeed2d10": "Dữ liệu Kế hoạch sử dụng đất năm 2020 Quận 10 - "
    "TP. Hồ Chí Minh",
    "f6523334-a8d7-4e6d-afcc-71b7fa0cee00": "Dữ liệu Hiện trạng sử dụng đất năm 2019 Quận 7 – "
    "Thành phố Hồ Chí Minh",
    "2c849203-3eea-483e-a194-96035e8f8edf": "Dữ liệu ranh thửa phường Thủ Thiêm - Quận 2 "
    "(TP.HCM 2010)",
}


def test_ho_chi_minh_city_in_dublin_core() -> None:
    records = _records(REAL / "vn_hcmc_csw_getrecords_dc.xml", 330)
    assert {r.remote_id: r.fields["title"] for r in records} == HCMC
    by_id = {r.remote_id: r for r in records}
    district6 = by_id["49b7a148-0fc6-403e-94bc-b785799820b6"]
    assert district6.fields["tags"] == ["Kế hoạch sử dụng đất 2020"]
    assert district6.fields["topics"] == ["keHoachSuDungDat"]
    assert district6.fields["modified"] == "2024-01-16"
    assert district6.fields["language"] == ["vi"]
    assert district6.fields["notes"].startswith("- Quận 6 là quận nội thành nằm về phía Tây Nam")
    assert "713,83 ha" in district6.fields["notes"]
    assert "2238/QĐ-UBND" in district6.fields["provenance"]
    assert _corners(district6) == [106.6188, 10.7278, 106.6527, 10.7599]
    assert _formats(district6) == ["PNG"]
    plots = by_id["dc06c771-447b-4ec4-b18f-bd3304aa355c"]
    assert (plots.fields["modified"], len(plots.resources)) == ("2010-01-30", 3)
    basins = by_id["da165110-88fd-11da-a88f-000d939bc5d8"]
    assert _formats(basins) == ["HTML", "ZIP", "WMS", "GIF", "GIF"]
    assert basins.resources[1].fields["name"] == "basins.zip"
    assert _corners(basins) == [-17.3, -34.6, 51.1, 38.2]
    assert "rights" not in basins.fields


def test_ho_chi_minh_city_with_its_news() -> None:
    records = _records(REAL / "vn_hcmc_csw_getrecords_dc.xml", 330, levels=())
    by_id = {r.remote_id: r for r in records}
    assert len(by_id) == 20
    summary = json.loads((REAL / "vn_hcmc_csw_summary.json").read_text("utf-8"))
    assert [" ".join(t.split()) for t in summary["titles"]] == [r.fields["title"] for r in records]
    assert summary["identifiers"] == [r.remote_id for r in records][:10]
    news = by_id["0e98b72f-e544-4030-bea6-79a785f638df"]
    assert news.fields["level"] == "Tin tức"
    publisher = "Trang thông tin Điện tử Đảng bộ Thành phố Hồ Chí Minh"
    assert news.fields["contact"] == [{"name": publisher}]


def test_the_summary_of_another_client_is_cut(tmp_path: Path) -> None:
    summary = json.loads((REAL / "vn_hcmc_csw_summary.json").read_text("utf-8"))
    (tmp_path / "a.xml").write_text(summary["raw_response"], "utf-8")
    failure, end = _read(tmp_path)
    assert failure.problem.code == "truncated"  # type: ignore[union-attr]
    assert isinstance(end, End)
    assert not end.complete


def test_geo_ide_of_dordogne() -> None:
    records = _records(REAL / "fr_csw-ddt24_getrecords_iso.xml")
    assert [(r.remote_id[-12:], r.fields["title"]) for r in records] == [
        ("6d0d3f11b573", "L_ARGILES_COMMUNES_PPR_024"),
        (
            "ab030d646168",
            "Table décrivant les Zones de Bruit stratégiques du département de la Dordogne",
        ),
        ("e093494f1ed8", "Zone d'application de la réglementation du débroussaillement"),
        ("24b40685a765", "Obstacles à l'écoulement - Dordogne"),
    ]
    clay, noise, _, obstacles = records
    assert _corners(clay) == [0.60649085, 45.08535385, 0.79752058, 45.30281448]
    assert [note.code for note in clay.notes] == ["box_turned"]
    assert (clay.fields["issued"], clay.fields["modified"]) == ("2024-06-03", "2016-07-26")
    assert _formats(clay) == ["HTML", "XML", "SHP", "SHP", "WMS", "WFS", "WMS", "WFS"]
    assert noise.fields["theme"] == ["01", "20"]
    assert noise.fields["license_id"] == "other-at"
    assert noise.fields["tags"] == ["Nuisance/Bruit", "données ouvertes"]
    assert noise.fields["contact"][1] == {"email": "ddt-seer-rgdpf@dordogne.gouv.fr"}
    assert "BARBERA" not in json.dumps(dict(noise.fields))
    assert "spatial_coverage" not in obstacles.fields


@pytest.mark.parametrize(
    ("page", "titles"),
    [
        (
            1,
            [
                "Plan local d'urbanisme de la commune de Cartigny",
                "Plan local d'urbanisme de la commune de Flesselles",
            ],
        ),
        (
            3,
            [
                "Table contenant les générateurs surfaciques liés aux servitudes",
                "Plan local d'urbanisme de la commune de Longueau",
            ],
        ),
        (
            5,
            [
                "Plan local d'urbanisme de la commune de Combles",
                "Plan local d'urbanisme de la commune de Naours",
            ],
        ),
    ],
)
def test_geonetwork_of_the_somme(page: int, titles: list[str]) -> None:
    records = _records(REAL / f"fr_geonetwork-iso19139-page-{page}.xml", 6)
    assert len(records) == 2
    for record, title in zip(records, titles, strict=True):
        assert str(record.fields["title"]).startswith(title)
        assert record.fields["license_id"] == "other-at"
        assert record.fields["theme"] == ["01"]
        assert record.fields["level"] == "dataset"
        assert record.fields["contact"][0]["name"].startswith("D")
        assert len(record.resources) >= 6
        assert [note.code for note in record.notes] == ["box_turned"]
        assert {"HTML", "XML", "SHP" if page == 3 and "servitudes" in title else "MapInfo TAB"} <= {
            *_formats(record)
        }


def test_geo_ide_of_one_record_is_the_one_of_the_page() -> None:
    alone = _one(REAL / "fr_geoide-iso19139-single-dataset.xml")
    of_page = _records(REAL / "fr_geonetwork-iso19139-page-5.xml", 6)[0]
    assert alone.remote_id == of_page.remote_id
    for name in ("title", "issued", "spatial_coverage", "tags", "rights", "license_id"):
        assert alone.fields[name] == of_page.fields[name]


def test_geonetwork_in_dcat() -> None:
    households, basin = _records(REAL / "fr_geonetwork-dcat-page-1.xml", 6)
    start = "https://www.geo2france.fr/geonetwork/srv/fre/catalog.search#/metadata/"
    assert households.remote_id == f"{start}04bcec79-5b25-4b16-b635-73115f7456e4"
    assert basin.remote_id == f"{start}06367a09-096c-4db6-a122-52469176d619"
    assert households.fields["title"] == (
        "INSEE - Part des ménages présents depuis 5 ans ou plus dans leur logement actuel (2010)"
    )
    assert households.fields["identifier"] == "https://www.geo2france.fr/insee/partmenage5ans"
    assert households.fields["issued"] == "2020-09-22"
    assert households.fields["contact"][0]["email"] == "contact@geo2france.fr"
    assert "POPULATION" in households.fields["tags"]
    assert "1.32898744824151, 48.79422289313" in households.fields["spatial_coverage"][0]["geom"]
    assert _formats(households) == ["HTML", "HTML", "", "PDF", "WMS"]
    assert [note.code for note in households.notes] == ["link_left_out"]
    assert basin.fields["title"].startswith("Zonage du bassin urbain à dynamiser (BUD)")
    assert [r.fields["url"] for r in basin.resources] == [
        "https://www.geo2france.fr/geoserver/anct/ows"
    ]
    mapped, _ = map_record(ID, basin, SOURCE.mapping, {})
    assert "frequency" not in mapped.fields, "PUNCTUAL is none of ours"


def test_the_databank_of_the_flemish_underground() -> None:
    record = _one(REAL / "ows_csw_dov_getrecordbyid.xml")
    assert record.fields["title"] == "Grondwatermeetnetten"
    assert record.fields["temporal_coverage"] == [{"start": "1900-01-01"}]
    assert (record.fields["issued"], record.fields["modified"]) == ("2002-05-22", "2018-02-21")
    assert _formats(record)[:8] == ["WMS", "WMS", "WMS", "WFS", "WFS", "WFS", "KML", "HTML"]
    assert record.resources[3].fields["description"] == "WFS-endpoint Grondwatermeetnetten"
    assert "meetnet 8" in record.fields["provenance"]


def test_two_services_of_inspire() -> None:
    belgium, austria = _records(REAL / "ows_inspire-getrecords-response.xml", 216)
    assert belgium.fields["title"] == "SUVIM station network WMS"
    assert belgium.fields["title_en"] == belgium.fields["title"]
    assert belgium.fields["level"] == austria.fields["level"] == "service"
    contact = {"name": "National Geographic Institute", "email": "products@ngi.be"}
    assert belgium.fields["contact"] == [contact]
    assert "Floor" not in json.dumps(dict(belgium.fields))
    assert belgium.fields["operates_on"] == ["59129f4b-a61b-467c-9b41-1f92e4338151"]
    assert "ozone layer" in belgium.fields["tags"]
    assert _formats(belgium) == ["WMS", "WMS", "JPG"]
    assert austria.fields["title"] == "CSW Suchdienst der ZAMG"
    assert _corners(austria) == [9.53357, 46.40749, 17.16639, 49.01875]
    assert _formats(austria) == ["CSW"]
    assert len(austria.fields["operates_on"]) == 8


def test_gemini_of_barrow() -> None:
    record = _one(REAL / "uk_00a743bf-cca4-4c19-a8e5-e64f7edbcadd_gemini2.xml")
    assert record.fields["title"] == "Council Owned Litter Bins"
    assert record.fields["theme"] == ["20"]
    assert record.fields["temporal_coverage"] == [{"start": "1977-03-10", "end": "2005-01-15"}]
    contact = {"name": "Barrow Borough Council", "email": "gis@barrowbc.gov.uk"}
    assert record.fields["contact"] == [contact]
    assert _corners(record) == [-3.32485, 54.039634, -3.12442, 54.218407]
    assert record.fields["rights"] == ["(e) intellectual property rights;"]


@pytest.mark.parametrize(
    ("name", "issued", "title"),
    [
        (
            "ca_07b7ef80-6061-43fc-b874-e2800e9ae547",
            "2019-01-31",
            "Effective growing season degree days for warm season crops, for 2 weeks",
        ),
        (
            "ca_1687cac6-ee13-4866-ab8a-114c2ede7b13",
            "2018-11-01",
            "Cool wave days for cool season/overwintering crops (< 5°C)",
        ),
    ],
)
def test_canada_s_numbered_codes(name: str, issued: str, title: str) -> None:
    record = _one(REAL / f"{name}.xml")
    assert record.remote_id == name.removeprefix("ca_")
    assert record.fields["title_en"] == record.fields["title"] == title
    assert record.fields["level"] == "dataset"
    assert (record.fields["issued"], record.fields["language"]) == (issued, ["en"])
    assert _corners(record) == [-141.003, 41.6755, -52.6174, 83.1139]
    assert _formats(record) == ["PDF", "PDF", "", "", "", "PNG", "PNG"]
    assert record.fields["parent"]


def test_the_environment_agency_of_the_united_states() -> None:
    record = _one(REAL / "us_waf_iso1.xml")
    assert record.remote_id == "{4c6928d8-6ac2-4909-8b3d-a29e2805ce2d}"
    assert record.fields["title"].startswith("Demographics for US Census Tracts - 2012")
    assert record.fields["contact"][0]["email"] == "EnviroAtlas@epa.gov"
    assert "Coordinator" not in json.dumps(record.fields["contact"])
    assert record.fields["tags"][:2] == ["Human", "Alabama"]
    assert len(record.fields["tags"]) == 56
    assert record.fields["frequency"] == "IRREG"
    assert record.fields["temporal_coverage"] == [{"start": "2008-01-01", "end": "2012-01-01"}]
    assert _formats(record) == ["API"]


def test_an_iso_record_that_fails_its_schema_is_read_all_the_same() -> None:
    record = _one(BAD / "real_invalid_iso2.xml")
    assert record.remote_id == "gov.noaa.nmfs.inport:47662"
    assert record.fields["title"].startswith("Assessing How Climate Change Will Affect Coastal")
    assert record.fields["contact"] == [{"name": "Office for Coastal Management"}]
    assert "Cothran" not in json.dumps(dict(record.fields))
    assert record.fields["temporal_coverage"] == [{"start": "2015-09-01", "end": "2017-08-01"}]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("real_csw_no_request_parameter.xml", "unexpected_answer"),
        ("real_decode_error.xml", "unknown_encoding"),
        ("real_timeout_text.xml", "not_xml"),
        ("syn_entity_expansion.xml", "not_xml"),
        ("syn_truncated.xml", "truncated"),
    ],
)
def test_broken_files_fail_alone_and_leave_the_listing_incomplete(name: str, code: str) -> None:
    failure, end = _read(BAD / name)
    assert failure.problem.code == code  # type: ignore[union-attr]
    assert isinstance(end, End)
    assert not end.complete


def test_the_three_pages_of_geonetwork_are_one_complete_listing() -> None:
    with services.web(services.geonetwork, "/geonetwork/srv/fre/csw") as (url, fetch):
        found = SOURCE.probe(url, fetch)
        items = list(SOURCE.read(Settings(url, page_size=2), fetch, {}))
    assert found is not None
    assert found.datasets == 6
    assert items[-1] == End(True, 6)
    titles = [item.fields["title"] for item in items if isinstance(item, Record)]
    assert [title.rpartition(" ")[2] for title in titles] == [
        *("Cartigny", "Flesselles", titles[2].rpartition(" ")[2], "Longueau", "Combles", "Naours")
    ]


def test_pages_kept_as_files_are_complete_together(tmp_path: Path) -> None:
    for page in (1, 3, 5):
        name = f"fr_geonetwork-iso19139-page-{page}.xml"
        (tmp_path / name).write_bytes((REAL / name).read_bytes())
    assert len(_records(tmp_path / ".")) == 6
