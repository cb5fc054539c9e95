"""Our own DCAT, harvested as another portal would: what a dataset says survives the way."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from harvesters import mapping
from harvesters.model import End
from harvesters.registry import source_type
from tests.ckanext.harvest_rig import create
from tests.harvesters.sources.web import Site, records

KEPT = (
    *("title", "title_en", "notes", "notes_en", "tags", "theme", "frequency", "access_rights"),
    *("license_id", "language", "issued", "modified", "contact", "applicable_legislation"),
    *("identifier", "provenance", "version"),
)
DATASETS: tuple[dict[str, Any], ...] = (
    {
        "title": "Dân số trung bình phân theo xã, phường",
        "title_en": "Average population by commune",
        "notes": "Số liệu của Cục Thống kê.\n\nĐơn vị: nghìn người.",
        "notes_en": "Figures of the statistics office.",
        "theme": ["01", "02"],
        "tags": ["dân số", "mật độ dân số"],
        "frequency": "ANNUAL",
        "access_rights": "PUBLIC",
        "license_id": "CC-BY-4.0",
        "language": ["vi"],
        "issued": "2024-06-30",
        "modified": "2025-07-01",
        "version": "chính thức",
        "provenance": "Tổng hợp từ báo cáo của các xã, phường.",
        "identifier": "V02.03",
        "contact": [{"name": "Phòng Tổng hợp", "email": "tonghop@thanhhoa.gov.vn"}],
        "applicable_legislation": ["60/2024/QH15"],
        "temporal_coverage": [{"start_period": "2011", "end_period": "2024"}],
        "spatial_coverage": [{"text": "Tỉnh Thanh Hóa"}],
    },
    {
        "title": "Chỉ số giá tiêu dùng",
        "theme": ["11", "15", "17"],
        "tags": ["CPI"],
        "frequency": "MONTHLY",
        "access_rights": "PUBLIC",
        "identifier": "CPI",
    },
    {
        "title": "Tàu cá theo cảng",
        "theme": ["08"],
        "frequency": "IRREG",
        "access_rights": "PUBLIC",
        "identifier": "TC-1",
    },
)


FILES: tuple[dict[str, Any], ...] = (
    {
        "name": "Bảng A",
        "url": "https://x.example/a.json",
        "format": "JSON",
        "description": "Theo năm.",
    },
    {
        "name": "Bảng B",
        "url": "https://x.example/b.csv",
        "format": "CSV",
        "mimetype": "text/csv",
        "size": 20480,
        "hash": "d41d8cd98f00b204e9800998ecf8427e",
        "hash_algorithm": "md5",
    },
)


@pytest.fixture
def written(harvest: Any) -> list[Any]:
    made = []
    for fields in DATASETS:
        id_ = fields["identifier"]
        files = [harvest.resource(id_, **file) for file in FILES]
        made.append(harvest.dataset(id_, files, **fields))
    outcomes = harvest.apply([create(d.fields["identifier"], d) for d in made])
    assert [outcome.problem for outcome in outcomes] == [None] * 3
    return made


@pytest.mark.parametrize("ending", ["ttl", "rdf", "jsonld"])
def test_our_own_catalogue_is_read_back(
    written: list[Any], agency: Any, browse: Any, httpserver: HTTPServer, ending: str
) -> None:
    from ckan.tests.helpers import changed_config

    site = Site(httpserver)
    query = f"&q=organization:{agency['name']}"
    pages: dict[str, bytes] = {}
    with changed_config("ckanext.dcat.datasets_per_page", 2):
        for number in ("1", "2"):
            page = browse(f"/catalog.{ending}?page={number}{query}")
            assert page.status_code == 200
            pages[number] = page.data
    site.answer = lambda args: pages[args.get("page", "1")]
    items = site.read("dcat", f"/catalog.{ending}")
    assert items[-1] == End(True, 3)
    found = {record.fields["identifier"]: record for record in records(items)}
    assert set(found) == {"V02.03", "CPI", "TC-1"}
    whole: dict[str, Any] = {}
    for dataset in written:
        record = found[dataset.fields["identifier"]]
        source_id = str(uuid.uuid4())
        made, notes = mapping.map_record(source_id, record, source_type("dcat").mapping, {})
        assert notes == []
        for field in KEPT:
            expected, got = dataset.fields.get(field), made.fields.get(field)
            if field in ("issued", "modified") and expected is None:
                continue  # the feed then says when the portal made and changed it
            if field in ("theme", "tags"):
                expected, got = sorted(expected or []), sorted(got or [])
            assert got == expected, field
        files = sorted(made.resources, key=lambda file: file.fields["name"])
        for file, given in zip(files, FILES, strict=True):
            assert {name: file.fields.get(name) for name in given} == given
        whole[record.fields["identifier"]] = made.fields
    (period,) = whole["V02.03"]["temporal_coverage"]
    assert (period["start"], period["end"]) == ("2011-01-01", "2024-12-31")
    assert whole["V02.03"]["spatial_coverage"][0]["text"] == "Tỉnh Thanh Hóa"
