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

#: Recorded answers lie beside the checkout, not in it.
ABOVE = [folder / "shared" / "real" / "rest" for folder in Path(__file__).parents[4:]]
REAL = next((folder for folder in ABOVE if folder.is_dir()), ABOVE[0])
pytestmark = pytest.mark.skipif(
    not REAL.exists(), reason=f"the recorded answers are not here: {REAL}"
)
ID = "5f0c3a52-0000-4000-8000-000000000002"


def read(httpserver: HTTPServer, name: str, config: Mapping[str, Any]) -> list[Item]:
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
    config = {
        "records": "don_vi",
        "paging": {"total": "tong_so"},
        "table": {
            "title": "Danh sách 166 xã, phường",
            "key": ["ma_dvhc"],
            "columns": {"ten_day_du": {"title": "Tên đầy đủ"}},
        },
    }
    table = the_table(read(httpserver, "thanhhoa_166_dvhc.json", config))
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
    config = {"id": "malk", "table": {"title": "Đơn vị hành chính", "leave_out": ["malk"]}}
    table = the_table(read(httpserver, "vn_sapnhap_donvi_tinhthanh.json", config))
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
    config = {"records": "Wards", "table": {"title": "Xã, phường", "key": ["Code"]}}
    table = the_table(read(httpserver, "vn_units_nested.json", config))
    assert len(table.rows) == 3321
    assert [column.name for column in table.columns][:2] == ["code", "full_name"]
    assert sum(row[2] == "38" for row in table.rows) == 166
    (first,) = [row for row in table.rows if row[0] == "00004"]
    assert first[1] == "Phường Ba Đình"


def test_stations_with_missing_fields_and_numbers_as_text(httpserver):
    config = {
        "table": {
            "title": "Trạm quan trắc không khí",
            "key": ["id"],
            "columns": {"longtitude": {"name": "longitude", "title": "Kinh độ"}},
        }
    }
    table = the_table(read(httpserver, "vn_hanoi_air_site.json", config))
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
    config = {"records": "*", "table": {"title": "Bụi mịn", "columns": {"_key": "Thông số"}}}
    table = the_table(read(httpserver, "vn_hanoi_air_dailystat_48.json", config))
    assert [column.title for column in table.columns] == ["Thông số", "time", "value"]
    assert table.rows == (
        ("PM2.5", "2026-08-29 00:00", Decimal("15.49")),
        ("PM2.5", "2026-09-28 16:15", Decimal("9.68")),
    )


def test_a_legend_whose_rows_come_again(httpserver):
    every = the_table(read(httpserver, "vn_hcmc_quy-uoc.json", {"table": {"title": "Quy ước"}}))
    assert len(every.rows) == 108
    config = {"table": {"title": "Quy ước", "distinct": True}}
    httpserver.clear()
    once = the_table(read(httpserver, "vn_hcmc_quy-uoc.json", config))
    assert len(once.rows) == 53
    assert ("Cây xanh cảnh quan", "0,127,0") in once.rows


def test_answers_under_the_address_they_were_asked_at(httpserver):
    config = {"records": "*", "id": "_key"}
    found = records(read(httpserver, "vn_hcmc_api_probe.json", config))
    assert "/api/quan-huyen" in [record.remote_id for record in found]
    assert all("status" in record.fields for record in found)


def test_results_in_groups(httpserver):
    config = {"records": "results.*", "id": "{_key} {url}{name}"}
    found = records(read(httpserver, "vn_alternative_probe.json", config))
    groups = {record.fields["_key"] for record in found}
    assert "thongtinquyhoach_api" in groups
    assert found[0].fields["status"] == 404
    assert len({record.remote_id for record in found}) == len(found) == 17
    httpserver.clear()
    items = read(httpserver, "vn_alternative_probe.json", config | {"id": "url"})
    (nameless,) = [item for item in items if isinstance(item, Failure)]
    assert (nameless.problem.code, nameless.problem.params["detail"]) == (
        "unexpected_answer",
        "url",
    )


def test_procedures_with_dates_lists_and_legal_bases(httpserver):
    config = {"id": "ma_tthc", "modified": "{ngay_quyet_dinh} {so_quyet_dinh}"}
    first, second = records(read(httpserver, "vn_tthc_records.json", config))
    mapping = {
        "title": "ten_tthc",
        "issued": {"from": "ngay_quyet_dinh", "date": "dd/MM/yyyy"},
        "tags": {"from": "co_quan_thuc_hien", "split": [",", ";"]},
        "url": "link_truy_cap",
        "notes": {"from": "ccpl.*.so_ky_hieu", "join": "; "},
        "resources": {
            "each": "ccpl",
            "id": "so_ky_hieu",
            "url": "dia_chi_truy_cap",
            "name": "so_ky_hieu",
            "description": "trich_yeu",
            "issued": {"from": "ngay_ban_hanh", "date": "dd/MM/yyyy"},
        },
        "only": {"trang_thai": "đã công khai"},
    }
    dataset = mapped(first, mapping)
    assert first.remote_id == "1.000288"
    assert first.mark == "09/01/2018 5756/QĐ-BGDDT"
    assert dataset.fields["issued"] == "2018-01-09"
    assert dataset.fields["tags"] == ["Sở Giáo dục và Đào tạo", "Ủy ban nhân dân cấp xã"]
    assert dataset.fields["notes"] == "19/2018/TT-BGDĐT; 22/2024/TT-BGDĐT"
    assert [r.fields["issued"] for r in dataset.resources] == ["2018-08-22", "2024-12-10"]
    assert len(mapped(second, mapping).resources) == 1


def test_a_record_of_zenodo_with_its_files(httpserver):
    config = {"id": "id", "modified": "updated"}
    (record,) = records(read(httpserver, "zenodo_record.json", config))
    mapping = {
        "title": "metadata.title",
        "issued": {"from": "metadata.publication_date", "date": "iso"},
        "url": "links.html",
        "license_id": {"from": "metadata.license.id", "unknown": "drop"},
        "resources": {
            "each": "files",
            "id": "key",
            "url": "links.self",
            "name": "key",
            "format": "type",
            "size": "size",
        },
        "volatile": ["stats"],
    }
    dataset = mapped(record, mapping)
    assert record.remote_id == "7078725"
    assert dataset.fields["title"].startswith("Frictionless Data Test Dataset Multiple File")
    assert dataset.fields["issued"] == "2022-09-14"
    assert len(dataset.resources) == len(record.fields["files"]) == 7
    assert dataset.resources[0].fields["format"] == "CSV"
    assert dataset.resources[0].fields["size"] == 76


@pytest.mark.parametrize("code", ["1416", "1435", "1459"])
def test_a_commune_as_geojson(httpserver, code):
    config = {
        "records": "features",
        "table": {"title": "Xã", "leave_out": ["bbox", "geometry.coordinates", "geometry.type"]},
    }
    table = the_table(read(httpserver, f"vn_sapnhap_xa{code}.geojson", config))
    (row,) = table.rows
    cells = {column.name: cell for column, cell in zip(table.columns, row, strict=True)}
    assert cells["properties_a03_ten"].startswith(("Phường", "Xã"))
    assert cells["properties_a04_tentinh"] == "Tỉnh Thanh Hóa"
    assert 1 < cells["properties_a07_dt"] < 500
    assert 1000 < cells["properties_a08_ds"] < 200_000
