"""The demo departments' own systems: their figures, and that they stay the same."""

from __future__ import annotations

import csv
import importlib
import io
import json
import sys
import threading
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest
import yaml

import schemas
from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import check_mapping
from harvesters.model import Item, Record
from harvesters.registry import settings_of, source_type
from harvesters.settings import parse_config

DEMO = Path(__file__).resolve().parents[2] / "docker" / "local" / "demo"


def _module(name: str) -> ModuleType:
    sys.path.insert(0, str(DEMO))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DEMO))


def _read(kind: str, url: str, allow: str) -> list[Item]:
    with Fetcher(allow=(allow,)) as fetch:
        return list(source_type(kind).read(settings_of(kind, url, {}), fetch, {}))


def _tables(items: list[Item]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for item in items:
        if isinstance(item, Record):
            table = item.resources[-1].table
            assert table is not None
            names = [column.name for column in table.columns]
            found[item.remote_id] = [dict(zip(names, row, strict=True)) for row in table.rows]
    return found


def test_the_department_s_workbooks(tmp_path: Path) -> None:
    _module("workbooks").build(tmp_path)
    tables = _tables(_read("files", str(tmp_path), str(tmp_path)))
    dti = {row["co_quan_dia_phuong"]: row for row in tables["dti-2022.xlsx"]}
    assert dti["Văn phòng UBND tỉnh"]["diem_dti"] == Decimal("962.73")
    assert dti["Sở Giáo dục và Đào tạo"]["diem_dti"] is None
    assert dti["Huyện Lang Chánh"]["diem_dti"] == Decimal("420.8")
    assert dti["Thành phố Thanh Hóa"]["nhom"] == "Huyện, thị xã, thành phố"
    telecom = {row["tt"]: row["dat_duoc"] for row in tables["vien-thong.xlsx"]}
    assert telecom == {"1": 4354, "2": 4337, "3": 9444, "4": Decimal("99.7")}


def test_workbooks_are_the_same_at_every_build_and_open_in_other_programs(tmp_path: Path) -> None:
    workbooks = _module("workbooks")
    for name in ("mot", "hai"):
        workbooks.build(tmp_path / name)
    for path in sorted((tmp_path / "mot").iterdir()):
        assert path.read_bytes() == (tmp_path / "hai" / path.name).read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "mot" / "dti-2022.xlsx").worksheets[0]
    assert sheet["C8"].value == "962,73", "written with a decimal comma, as text"
    assert "C5:D5" in {str(area) for area in sheet.merged_cells.ranges}


def test_an_edited_workbook_is_left_alone(tmp_path: Path) -> None:
    workbooks = _module("workbooks")
    workbooks.build(tmp_path)
    (tmp_path / "dti-2022.xlsx").write_bytes(b"my own")
    workbooks.build(tmp_path)
    assert (tmp_path / "dti-2022.xlsx").read_bytes() == b"my own"


def test_population_in_the_form_of_the_statistics_office(tmp_path: Path) -> None:
    _module("population").build(tmp_path)
    content = (tmp_path / "dan-so-thanh-hoa.json").read_bytes()
    assert content.endswith(b"}\0")
    tables = _tables(_read("pxweb", str(tmp_path), str(tmp_path)))
    (rows,) = tables.values()
    assert [row["nam"] for row in rows] == list(range(2011, 2025))
    last = rows[-1]
    assert last["dan_so_trung_binh"] == Decimal("3764.241")
    assert (last["dien_tich"], last["ghi_chu"]) == (Decimal("11114.71"), "Sơ bộ")


def test_the_166_communes() -> None:
    rows = _module("communes")._communes()
    assert len(rows) == 166
    assert sum(row[2] == "phường" for row in rows) == 19
    assert len({row[0] for row in rows}) == 166


@pytest.fixture
def catalogue() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _module("catalogue_server").Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_small_ckan_is_read_whole(catalogue: str) -> None:
    items = _read("ckan", f"http://{catalogue}", catalogue)
    records = {item.fields["title"]: item for item in items if isinstance(item, Record)}
    assert len(records) >= 5
    fishery = records["Thủy sản cả nước: sản lượng 9 tháng năm 2023"]
    (resource,) = fishery.resources
    with urllib.request.urlopen(resource.fields["url"]) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    assert rows[0]["9_thang_2023"] == "6796.7"
    caught, farmed = (Decimal(rows[at]["9_thang_2023"]) for at in (4, 8))
    assert caught + farmed == Decimal("6796.7")


def test_the_small_ckan_pages_and_refuses(catalogue: str) -> None:
    def call(path: str) -> Any:
        with urllib.request.urlopen(f"http://{catalogue}/api/3/action/{path}") as answer:
            return json.load(answer)["result"]

    first, second = (call(f"package_search?rows=4&start={at}&fl=id") for at in (0, 4))
    ids = [row["id"] for row in (*first["results"], *second["results"])]
    assert len(set(ids)) == first["count"] == len(call("package_list"))
    with pytest.raises(urllib.error.HTTPError) as error:
        call("package_show?id=khong-co")
    assert error.value.code == 404


def test_lists_of_the_catalogue_hold_the_domain_s_numbers() -> None:
    entries = {entry.name: entry for entry in _module("catalogue").ENTRIES}
    reused = list(entries["ma-don-vi-hanh-chinh-dung-lai"].rows())
    assert len(reused) == 166
    assert sum(row[-1] == "có" for row in reused) == 101
    assert len(list(entries["don-vi-hanh-chinh-cap-huyen"].rows())) == 26
    old = {row[0] for row in entries["xa-cu-xa-moi"].rows()}
    assert len(old) == 547
    assert len(list(entries["nhom-chi-tieu-thong-ke"].rows())) == 20


def test_every_source_is_well_configured() -> None:
    sources = yaml.safe_load((DEMO / "sources.yaml").read_text("utf-8"))
    assert {source["type"] for source in sources} == {"files", "pxweb", "sql", "ckan"}
    for source in sources:
        config = parse_config(source["config"])
        check_mapping(config.mapping)
        settings_of(source["type"], source["url"], config.read)
        assert schemas.codelist("agency").get(source["org"]) is not None
