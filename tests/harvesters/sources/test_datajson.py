"""data.json: what is in it, what is wrong with it, and whether it was read to its end."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter

import pytest

from harvesters import mapping
from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure
from harvesters.registry import settings_of
from harvesters.sources import datajson
from harvesters.sources.datajson import SOURCE
from tests import recorded
from tests.harvesters.sources.web import Site, records

REAL = recorded.REAL / "dcat"
BAD = recorded.REAL / "bad"
SOURCE_ID = "0f6a3c1e-2f0c-4d8e-9a59-b2d6f3a1c7e4"
real_files = pytest.mark.skipif(not REAL.exists(), reason=recorded.NOT_HERE)
POD = {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema"}


@pytest.fixture
def site(httpserver):
    return Site(httpserver)


def read(site, *datasets, **more):
    site.pages["/data.json"] = json.dumps({**POD, "dataset": list(datasets), **more})
    return site.read("datajson", "/data.json")


def mapped(record):
    made, _ = mapping.map_record(SOURCE_ID, record, SOURCE.mapping, {})
    return made.fields


def real(site, path):
    site.pages["/data.json"] = path.read_bytes()
    items = site.read("datajson", "/data.json")
    for record in records(items):
        assert mapped(record)["title"] == record.fields["title"]
    return items


def test_the_file_of_a_site_is_found(site):
    site.pages["/"] = ("<html><body>Trang chủ</body></html>", "text/html")
    site.pages["/data.json"] = json.dumps({**POD, "title": "Kho", "dataset": [{"title": "Một"}]})
    assert site.read("datajson", "/")[-1] == End(True, 1)
    probe = site.probe("datajson", "/")
    assert (probe.title, probe.datasets) == ("Kho", 1)


@pytest.mark.parametrize(
    "body",
    [
        "<html></html>",
        "{}",
        "[]",
        '{"success": true, "result": {"count": 1}}',
        '{"@context": {}, "@graph": [], "dataset": []}',
        '{"title": "PX", "variables": []}',
        "id;ten\n",
    ],
)
def test_probe_says_no_to_others(site, body):
    site.pages["/x"] = body
    assert site.probe("datajson", "/x") is None


def test_levels_of_access(site):
    given = ["public", "restricted public", "non-public", "PUBLIC", "ai biết"]
    items = read(site, *({"title": t, "identifier": t, "accessLevel": t} for t in given))
    assert [mapped(r).get("access_rights") for r in records(items)] == [
        *("PUBLIC", "RESTRICTED", "NON_PUBLIC", "PUBLIC", None),
    ]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("temporal", "2000-01-15T00:45:00Z/2010-01-15T00:06:00Z", [("2000-01-15", "2010-01-15")]),
        ("temporal", "2019/P1Y", [("2019", None)]),
        ("temporal", "2020", [("2020", "2020")]),
        ("temporal", [{"startDate": "2024-01", "endDate": None}], [("2024-01", None)]),
        ("temporal", "khi có", []),
        ("temporal", "2025-01-01/2020-01-01", []),
    ],
)
def test_periods(site, field, value, expected):
    (record,) = records(read(site, {"title": "x", field: value}))
    rows = record.fields.get("temporal_coverage", [])
    assert [(row.get("start"), row.get("end")) for row in rows] == expected


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("105.1,19.2,106.3,20.4", "bbox"),
        ("105.1 19.2 106.3 20.4", "bbox"),
        ('{"type": "Point", "coordinates": [105.7, 19.8]}', "centroid"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6], [1, 2]]]}, "geom"),
        ("POINT(105.7 19.8)", "centroid"),
        ("Thanh Hóa", "text"),
        ("999,19.2,106.3,20.4", "text"),
    ],
)
def test_places(site, value, key):
    (record,) = records(read(site, {"title": "x", "spatial": value}))
    assert [list(row) for row in record.fields["spatial_coverage"]] == [[key]]


def test_two_datasets_of_one_identifier_are_both_given(site):
    items = read(site, {"title": "a", "identifier": "x"}, {"title": "b", "identifier": "x"})
    assert [r.remote_id for r in records(items)] == ["x", "x"]


def test_catalogues_within_catalogues_end_somewhere(site):
    deep = {"dataset": [{"title": "x", "identifier": "tầng 9"}]}
    for level in range(8, 0, -1):
        deep = {"dataset": [{"title": "x", "identifier": f"tầng {level}"}], "catalog": [deep]}
    site.pages["/data.json"] = json.dumps(deep)
    found = [r.remote_id for r in records(site.read("datajson", "/data.json"))]
    assert found == [f"tầng {level}" for level in range(1, 7)]


def test_odd_values_do_not_fail_a_dataset(site):
    odd = [None, True, 3, -1.5, "", [], {}, [[]], [None], {"a": {"b": []}}, "\x00"]
    names = ("description", "keyword", "theme", "publisher", "contactPoint", "modified", "issued",
             "temporal", "spatial", "license", "language", "distribution", "landingPage",
             "accrualPeriodicity", "accessLevel", "version", "provenance", "isPartOf")  # fmt: skip
    datasets = [
        {"identifier": f"{name} {at}", "title": "Tên", name: value}
        for name in names
        for at, value in enumerate(odd)
    ]
    items = read(site, *datasets)
    assert Counter(type(i).__name__ for i in items) == {"Record": len(datasets), "End": 1}
    for record in records(items):
        assert mapped(record)["title"] == "Tên"


def test_a_file_that_is_cut_is_no_listing(site):
    body = json.dumps({**POD, "dataset": [{"title": "a"}, {"title": "b"}]})
    for at in range(len(body) // 2, len(body), 7):
        site.pages["/data.json"] = body[:at]
        assert site.code("datajson", "/data.json") == "truncated", body[:at]


def large(*datasets, **more):
    """A file that is streamed: above what is parsed as a whole."""
    filling = {"title": "Bộ lớn", "identifier": "lớn", "description": "x" * datajson.WHOLE}
    return json.dumps({**POD, **more, "dataset": [filling, *datasets]}, ensure_ascii=False)


def test_a_large_file_is_read_dataset_by_dataset(site):
    one = {"title": "Một", "identifier": "1", "modified": "2024-03-01"}
    inner = {"dataset": [{"title": "Hai", "identifier": "2"}]}
    series = {"title": "Chuỗi", "seriesMember": [one, {"title": "Ba", "identifier": "3"}]}
    site.pages["/data.json"] = large(one, catalog=[inner], datasetSeries=[series])
    items = site.read("datajson", "/data.json")
    assert [r.remote_id for r in records(items)] == ["lớn", "1", "3", "2"]
    assert items[-1] == End(True, 4)
    assert len(site.asked) == 1
    assert site.probe("datajson", "/data.json").datasets == 4


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_large_file_that_is_cut_gives_what_came_and_no_end(site, cut):
    body = large({"title": "Một", "identifier": "1"}, {"title": "Hai", "identifier": "2"})
    site.pages["/data.json"] = body[:-cut]
    settings = settings_of("datajson", f"{site.base}/data.json", {})
    with Fetcher(site.allow, site.limits) as fetch:
        items = SOURCE.read(settings, fetch, {})
        assert next(items).remote_id == "lớn"
        with pytest.raises(HarvestError) as error:
            list(items)
    assert error.value.code == "truncated"


def test_a_large_file_of_something_else(site):
    site.pages["/data.json"] = json.dumps({"a": "x" * datajson.WHOLE, "b": [{"title": "x"}]})
    assert site.code("datajson", "/data.json") == "unexpected_answer"
    assert site.probe("datajson", "/data.json") is None


def test_memory_is_bounded_by_a_dataset_not_by_the_file(tmp_path):
    """40 MB in 4,000 datasets: no more than a tenth of it is held at once."""
    each = json.dumps({"title": "Bộ", "description": "y" * 10_000})[:-1]
    path = tmp_path / "data.json"
    body = ", ".join(f'{each}, "identifier": "{n}"}}' for n in range(4000))
    path.write_text(f'{{"dataset": [{body}]}}', "utf-8")
    del body
    with Fetcher((str(tmp_path),)) as fetch:
        tracemalloc.start()
        items = SOURCE.read(settings_of("datajson", str(path), {}), fetch, {})
        count = sum(1 for _ in items) - 1
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 4000
    assert peak < 4_000_000


@real_files
def test_seven_datasets_of_a_commission(site):
    items = real(site, REAL / "us_cftc_data.json")
    found = records(items)
    assert items[-1] == End(True, 7)
    assert [r.remote_id for r in found[:3]] == ["cftc-dc1", "cftc-dc2", "cftc-dc3"]
    assert found[0].fields["isPartOf"] == "some-collection-id"
    assert [r.fields["frequency"] for r in found[:3]] == ["WEEKLY", "MONTHLY", "WEEKLY"]
    assert not any("modified" in r.fields for r in found[:3])
    assert mapped(found[0])["spatial_coverage"] == [{"text": "United States"}]
    assert mapped(found[3])["contact"] == [{"name": "Carrie L Coffin", "email": "ccoffin@CFTC.gov"}]


@real_files
def test_a_city_of_four_hundred_datasets_with_null_dates(site):
    items = real(site, REAL / "us_philadelphia_data.json")
    found = records(items)
    assert items[-1] == End(True, 402)
    assert len({record.remote_id for record in found}) == 402
    notes = [note for record in found for note in record.notes]
    assert [note.code for note in notes] == ["link_left_out"]
    assert sum(len(record.resources) for record in found) == 2841 - 1
    assert Counter(r.fields.get("frequency") for r in found) == {None: 391, "DAILY": 11}
    police = found[0]
    assert police.fields["title"] == "2009-2012 Police Advisory Commission Complaints"
    csv, shape = police.resources[:2]
    assert csv.fields["url"] == shape.fields["url"]
    assert (csv.fields["format"], shape.fields["format"]) == ("CSV", "SHP")
    assert csv.remote_id != shape.remote_id


@real_files
def test_a_department_with_fields_of_its_own(site):
    first, second, _ = records(real(site, REAL / "us_usda_data.json"))
    assert first.fields["additionalFieldDict"] == {"a": 3}
    assert mapped(first)["license_id"] == "CC0-1.0"
    box = json.loads(mapped(second)["spatial_coverage"][0]["bbox"])["coordinates"][0]
    assert box[0] == [-134.91336517510808, 21.082969302706488]
    assert [r.fields["format"] for r in second.resources] == ["Web page", "Esri REST"]


@real_files
def test_a_state_without_distribution_titles(site):
    (record,) = records(real(site, REAL / "us_ny_data.json"))
    assert [r.fields["name"] for r in record.resources] == [
        "rows.csv", "rows.rdf", "rows.json", "rows.xml",
    ]  # fmt: skip
    assert mapped(record)["url"] == "https://data.ny.gov/d/22ew-dxez"


@real_files
def test_members_of_a_series_are_given_once(site):
    items = real(site, REAL / "us_dcatus3_series.json")
    assert [r.fields["title"] for r in records(items)] == [
        "Annual Report 2023",
        "Annual Report 2024",
    ]
    assert {r.fields["series"] for r in records(items)} == {"Annual Report Series"}
    assert items[-1] == End(True, 2)


@real_files
def test_an_empty_dataset_fails_alone(site):
    items = real(site, BAD / "datajson_missing-dataset-fields.json")
    assert [
        (i.problem.code, i.problem.params["field"]) for i in items if isinstance(i, Failure)
    ] == [("missing_value", "title")]
    (record,) = records(items)
    assert record.fields["title"] == "Employee Relations Roundtables"
    assert mapped(record)["language"] == ["en"]


@real_files
@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("datajson_numerical-title.json", ["707"]),
        ("datajson_reserved-title.json", ["Search"]),
        ("real_dcatus_same_title.json", ["Commitment of Traders", "Commitment of Traders"]),
    ],
)
def test_titles_that_trouble_others_are_titles(site, name, titles):
    items = real(site, BAD / name)
    assert [r.fields["title"] for r in records(items)] == titles
    assert len({r.remote_id for r in records(items)}) == len(titles)
    assert items[-1].complete
