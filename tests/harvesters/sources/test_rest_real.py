"""Every recorded JSON answer of a real service, read by configuration alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import check_mapping, combine, map_record
from harvesters.model import End, Failure, Item, MappedDataset, Record
from harvesters.registry import settings_of
from harvesters.settings import Limits
from harvesters.sources.rest import SOURCE
from tests import recorded
from tests.recorded.settings import MAPPING, READ

REAL = recorded.REAL / "rest"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
ID = "5f0c3a52-0000-4000-8000-000000000002"


def read(httpserver: HTTPServer, name: str, config: Mapping[str, Any] | None = None) -> list[Item]:
    """The items of a recorded answer, with its settings unless others are given."""
    config = READ[f"rest/{name}"] if config is None else config
    httpserver.expect_request("/du-lieu").respond_with_data(
        (REAL / name).read_bytes(), content_type="application/json"
    )
    settings = settings_of("rest", httpserver.url_for("/du-lieu"), config)
    with Fetcher([f"127.0.0.1:{httpserver.port}"], Limits(requests_per_second=0)) as fetch:
        return list(SOURCE.read(settings, fetch, {}))


def records(items: list[Item]) -> list[Record]:
    assert not [item for item in items if isinstance(item, Failure)]
    assert isinstance(items[-1], End)
    assert items[-1].complete
    return [item for item in items if isinstance(item, Record)]


def the_table(items: list[Item]) -> Any:
    (record,) = records(items)
    return next(r.table for r in record.resources if r.table)


def mapped(record: Record, mapping: Mapping[str, Any]) -> MappedDataset:
    check_mapping(mapping)
    return map_record(ID, record, combine(SOURCE.mapping, mapping), {})[0]


def test_every_payload_is_read_here():
    tested = Path(__file__).read_text("utf-8")
    names = [path.name for path in REAL.iterdir() if path.suffix in (".json", ".geojson")]
    assert len(names) == 13
    missing = [name for name in names if name not in tested and "xa14" not in name]
    assert missing == []


def test_the_communes_of_the_province(httpserver):
    """166 units in a wrapper with their number; an empty column in every row."""
    table = the_table(read(httpserver, "thanhhoa_166_dvhc.json"))
    assert len(table.rows) == 166
    names = [column.name for column in table.columns]
    assert names == ["ma_dvhc", "ten", "loai", "ten_day_du", "ma_tinh", "slug", "vung"]
    rows = {row[0]: row for row in table.rows}
    assert rows["14812"][1:4] == ("Bỉm Sơn", "Phường", "Phường Bỉm Sơn")
    assert {row[-1] for row in table.rows} == {None}
    assert table.columns[0].type == "text"
    assert table.columns[0].role == "dimension"


def test_the_communes_without_a_declared_total_are_checked_all_the_same(httpserver):
    items = read(httpserver, "thanhhoa_166_dvhc.json", {"records": "don_vi", "id": "ma_dvhc"})
    found = records(items)
    assert (len(found), items[-1].expected) == (166, 166)
    assert mapped(found[0], {}).fields["title"] == "Bỉm Sơn"


def test_provinces_and_communes_in_one_flat_list(httpserver):
    table = the_table(read(httpserver, "vn_sapnhap_donvi_tinhthanh.json"))
    assert len(table.rows) == 34 + 3321
    places = [column.name for column in table.columns]
    code, parent = places.index("ma"), places.index("magoc")
    assert table.columns[code].type == "text"
    provinces = [row for row in table.rows if row[parent] == "0"]
    assert len(provinces) == 34
    assert sum(row[parent] == "38" for row in table.rows) == 166


def test_only_the_communes_of_the_province_by_a_filter(httpserver):
    from harvesters.mapping import wanted

    found = records(read(httpserver, "vn_sapnhap_donvi_tinhthanh.json", {"id": "malk"}))
    mapping = {"only": {"magoc": 38}, "skip": {"truocsapnhap": {"contains": "giữ nguyên"}}}
    kept = [record for record in found if wanted(record, mapping)]
    unchanged = [r for r in found if wanted(r, {"only": {"magoc": "38"}}) and r not in kept]
    assert len(kept) + len(unchanged) == 166
    assert unchanged
    assert all("giữ nguyên" in r.fields["truocsapnhap"].lower() for r in unchanged)


def test_communes_inside_their_provinces(httpserver):
    table = the_table(read(httpserver, "vn_units_nested.json"))
    assert len(table.rows) == 3321
    assert [column.name for column in table.columns][:2] == ["code", "full_name"]
    assert sum(row[2] == "38" for row in table.rows) == 166
    (first,) = [row for row in table.rows if row[0] == "00004"]
    assert first[1] == "Phường Ba Đình"


def test_stations_with_missing_fields_and_numbers_as_text(httpserver):
    table = the_table(read(httpserver, "vn_hanoi_air_site.json"))
    columns = {column.name: (at, column) for at, column in enumerate(table.columns)}
    assert len(table.rows) == 4
    assert columns["code"][1].type == "text"
    assert [row[columns["code"][0]] for row in table.rows][2] == "31390908889087377344742439468"
    assert columns["temp"][1].type == "number"
    assert table.rows[0][columns["temp"][0]] == Decimal("27.8")
    assert table.rows[3][columns["latitude"][0]] is None
    assert table.rows[0][columns["longitude"][0]] == Decimal("105.7999")
    assert columns["aqi"][1].type == "integer"
    assert columns["aqi_time"][1].type == "date"


def test_measurements_under_the_name_of_what_is_measured(httpserver):
    table = the_table(read(httpserver, "vn_hanoi_air_dailystat_48.json"))
    assert [column.title for column in table.columns] == ["Thông số", "time", "value"]
    assert table.rows == (
        ("PM2.5", "2026-08-29 00:00", Decimal("15.49")),
        ("PM2.5", "2026-09-28 16:15", Decimal("9.68")),
    )


def test_a_legend_whose_rows_come_again(httpserver):
    every = the_table(read(httpserver, "vn_hcmc_quy-uoc.json", {"table": {"title": "Quy ước"}}))
    assert len(every.rows) == 108
    httpserver.clear()
    once = the_table(read(httpserver, "vn_hcmc_quy-uoc.json"))
    assert len(once.rows) == 53
    assert ("Cây xanh cảnh quan", "0,127,0") in once.rows


def test_answers_under_the_address_they_were_asked_at(httpserver):
    found = records(read(httpserver, "vn_hcmc_api_probe.json"))
    assert "/api/quan-huyen" in [record.remote_id for record in found]
    assert all("status" in record.fields for record in found)
    mapping = MAPPING["rest/vn_hcmc_api_probe.json"]
    assert mapped(found[0], mapping).fields["title"] == found[0].remote_id


def test_results_in_groups(httpserver):
    found = records(read(httpserver, "vn_alternative_probe.json"))
    groups = {record.fields["_key"] for record in found}
    assert "thongtinquyhoach_api" in groups
    assert found[0].fields["status"] == 404
    assert len({record.remote_id for record in found}) == len(found) == 17
    mapping = MAPPING["rest/vn_alternative_probe.json"]
    titles = [mapped(record, mapping).fields["title"] for record in found]
    assert titles == [record.fields.get("name") or record.fields["url"] for record in found]
    httpserver.clear()
    config = READ["rest/vn_alternative_probe.json"] | {"id": "url"}
    items = read(httpserver, "vn_alternative_probe.json", config)
    (nameless,) = [item for item in items if isinstance(item, Failure)]
    assert (nameless.problem.code, nameless.problem.params["detail"]) == (
        "unexpected_answer",
        "url",
    )


def test_procedures_with_dates_lists_and_legal_bases(httpserver):
    first, second = records(read(httpserver, "vn_tthc_records.json"))
    mapping = MAPPING["rest/vn_tthc_records.json"]
    dataset = mapped(first, mapping)
    assert first.remote_id == "1.000288"
    assert first.mark == "09/01/2018 5756/QĐ-BGDDT"
    assert dataset.fields["issued"] == "2018-01-09"
    assert dataset.fields["tags"] == ["Sở Giáo dục và Đào tạo", "Ủy ban nhân dân cấp xã"]
    assert dataset.fields["notes"] == "19/2018/TT-BGDĐT; 22/2024/TT-BGDĐT"
    assert [r.fields["issued"] for r in dataset.resources] == ["2018-08-22", "2024-12-10"]
    assert len(mapped(second, mapping).resources) == 1


def test_a_record_of_zenodo_with_its_files(httpserver):
    (record,) = records(read(httpserver, "zenodo_record.json"))
    mapping = MAPPING["rest/zenodo_record.json"]
    dataset = mapped(record, mapping)
    assert record.remote_id == "7078725"
    assert dataset.fields["title"].startswith("Frictionless Data Test Dataset Multiple File")
    assert dataset.fields["issued"] == "2022-09-14"
    assert len(dataset.resources) == len(record.fields["files"]) == 7
    assert dataset.resources[0].fields["format"] == "CSV"
    assert dataset.resources[0].fields["size"] == 76


@pytest.mark.parametrize("code", ["1416", "1435", "1459"])
def test_a_commune_as_geojson(httpserver, code):
    table = the_table(read(httpserver, f"vn_sapnhap_xa{code}.geojson"))
    (row,) = table.rows
    cells = {column.name: cell for column, cell in zip(table.columns, row, strict=True)}
    assert cells["properties_a03_ten"].startswith(("Phường", "Xã"))
    assert cells["properties_a04_tentinh"] == "Tỉnh Thanh Hóa"
    assert 1 < cells["properties_a07_dt"] < 500
    assert 1000 < cells["properties_a08_ds"] < 200_000
