"""One package of another CKAN, in every shape that portals give it, as a dataset of ours."""

import json
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters import mapping
from harvesters.errors import HarvestError
from harvesters.sources._ckan_package import (
    changed_at,
    holds,
    is_public,
    mark,
    remote_id,
    to_record,
)
from harvesters.sources.ckan import SOURCE
from tests import recorded
from tests.recorded.services import packages

SHA1 = "a" * 40
SOURCE_ID = str(uuid.uuid4())
REAL = recorded.REAL / "ckan"


def package(id_, **more):
    modified = {"metadata_modified": "2025-01-01T00:00:00"}
    return {"id": id_, "name": id_, "title": f"Bộ {id_}", "resources": [], **modified, **more}


def test_dates_of_a_package_and_of_its_listing_are_the_same():
    for whole, listed in (
        ("2019-05-23T18:43:28.895425", "2019-05-23T18:43:28.895Z"),
        ("2019-05-23T18:43:28.480000", "2019-05-23T18:43:28.48Z"),
        ("2019-05-23T18:43:28", "2019-05-23T18:43:28Z"),
        ("2025-07-16", "2025-07-16T07:00:00+07:00"),
    ):
        package_ = {"metadata_modified": whole, "resources": []}
        assert changed_at(package_) == changed_at({"metadata_modified": listed}) != ""
        assert holds(mark(package_), {"metadata_modified": listed})
    assert changed_at({"metadata_modified": "jeu, 19/12/2019 - 03:00"}) == ""
    assert changed_at({}) == ""
    assert not holds("", {})
    assert not holds("", {"resources": []})


def test_a_whole_package_is_told_by_what_it_says_not_by_its_date_alone():
    said = {"metadata_modified": "2025-01-01", "resources": [{"id": "r", "tracking_summary": 1}]}
    counted = {**said, "tracking_summary": {"total": 9}, "resources": [{"id": "r"}]}
    changed = {**said, "title": "Khác"}
    assert holds(mark(said), said)
    assert holds(mark(said), counted)
    assert not holds(mark(said), changed)
    assert not holds("2025-01-01T00:00:00.000", said)


def test_no_number_and_no_nesting_stops_a_mark():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert mark({"metadata_modified": "2025-01-01", "x": deep}) == "2025-01-01T00:00:00.000"
    assert mark({"x": 10**400}).startswith("/")


def mapped(package_, base="https://cong.vn"):
    record = to_record(package_, base)
    dataset, notes = mapping.map_record(SOURCE_ID, record, SOURCE.mapping, {})
    return dataset, [*record.notes, *notes]


@pytest.mark.parametrize(
    ("given", "field", "expected"),
    [
        ({"extras": [{"key": "accrual_periodicity", "value": "Hằng năm"}]}, "frequency", "ANNUAL"),
        ({"extras": {"frequency": "R/P1Y"}}, "frequency", "ANNUAL"),
        ({"extras": '{"update_frequency": "monthly"}'}, "frequency", "MONTHLY"),
        ({"frequency": "khi nào rảnh"}, "frequency", None),
        ({"tags": "Y tế, dân số ,"}, "tags", ["Y tế", "dân số"]),
        ({"tags": [{"name": "b"}, "thủy sản", None]}, "tags", ["thủy sản"]),
        ({"groups": [{"name": "dan-so", "title": "Dân số"}, {"name": "x"}]}, "theme", ["01"]),
        ({"groups": ["Lao động"]}, "theme", ["02"]),
        (
            {"license_id": "", "license_title": "Creative Commons Attribution"},
            "license_id",
            "cc-by",
        ),
        ({"license_id": "cc-by"}, "license_id", "cc-by"),
        ({"title": {"en": "Rice", "vi": "Lúa"}}, "title", "Lúa"),
        ({"title": "Lúa", "title_translated": {"en": "Rice"}}, "title_en", "Rice"),
        ({"title": None}, "title", "a"),
        ({"title": 2024}, "title", "2024"),
        ({"url": "https://cong.vn/vi/dataset/lua"}, "url", "https://cong.vn/vi/dataset/lua"),
        ({"url": "javascript:alert(1)"}, "url", "https://cong.vn/dataset/a"),
        ({"name": "số liệu"}, "url", "https://cong.vn/dataset/s%E1%BB%91%20li%E1%BB%87u"),
        ({"metadata_modified": "mar, 10/12/2019 - 09:23"}, "modified", None),
        ({"metadata_modified": "2019-09-30 22:00:00"}, "modified", "2019-09-30"),
        ({"maintainer": "Sở Y tế", "maintainer_email": "?"}, "contact", [{"name": "Sở Y tế"}]),
        ({"contact": {"email": "a@b.vn", "role": "x"}}, "contact", [{"email": "a@b.vn"}]),
        ({"language": '["vie", "xx"]'}, "language", ["vi"]),
        ({"access_rights": "tùy"}, "access_rights", None),
        ({"harvest_source": "nguồn khác"}, "harvest_source", None),
        ({"version": None, "extras": {"version": "2"}}, "version", "2"),
    ],
)
def test_the_shapes_of_the_field_are_understood(given, field, expected):
    dataset, _ = mapped(package("a", **given))
    assert dataset.fields.get(field) == expected


def test_an_unknown_licence_is_left_out_with_a_note():
    dataset, notes = mapped(package("a", license_id="lov2"))
    assert "license_id" not in dataset.fields
    assert [(note.code, note.record) for note in notes] == [("unknown_code", "a")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"url": "https://x.vn/a/b%C3%A0i.csv"}, {"name": "b%C3%A0i.csv"}),
        ({"url": "/tai/a.csv", "name": "A"}, {"url": "https://cong.vn/tai/a.csv"}),
        ({"url": "https://x.vn/a", "size": "42 octets"}, {"size": 42}),
        (
            {"url": "https://x.vn/a", "hash": f"sha1:{SHA1}"},
            {"hash": SHA1, "hash_algorithm": "sha1"},
        ),
        (
            {"url": "https://x.vn/a", "created": "2015-10-25T20:04:05.154581"},
            {"issued": "2015-10-25"},
        ),
    ],
)
def test_resources_are_brought_into_form(given, expected):
    dataset, notes = mapped(package("a", resources=[{"id": "r", **given}]))
    assert expected.items() <= dataset.resources[0].fields.items()
    assert notes == []


def test_a_resource_that_leads_nowhere_is_left_out_with_a_note():
    resources = [
        {"id": "1", "url": ""},
        {"id": "2", "url": "javascript:alert(1)"},
        "x",
        {"id": "3", "url": "https://x.vn/a", "state": "deleted"},
        {"id": "4", "url": "https://x.vn/b"},
        {"id": "4", "url": "https://x.vn/c"},
        {"url": "https://x.vn/d"},
    ]
    record = to_record(package("a", resources=resources), "https://cong.vn")
    assert [note.code for note in record.notes] == [
        "link_left_out",
        "link_left_out",
        "unexpected_answer",
    ]
    assert [r.fields["url"][-1] for r in record.resources] == ["b", "c", "d"]
    assert len({r.remote_id for r in record.resources}) == 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
FIELDS = (
    *("title", "notes", "tags", "extras", "groups", "resources", "license_id", "contact", "url"),
    *("theme", "frequency", "version", "language", "metadata_modified", "maintainer", "name"),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_shape_breaks_the_reading(fields):
    try:
        dataset, _ = mapped({**fields, "id": "a"})
    except HarvestError as error:
        assert error.code in ("unexpected_answer", "missing_value")  # noqa: PT017
    else:
        json.dumps(dataset.to_json())


def real_packages():
    for path in sorted(REAL.glob("*.json")):
        for at, item in enumerate(packages(f"ckan/{path.name}")):
            yield pytest.param(path.name, item, id=f"{path.name}-{at}")


@pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
@pytest.mark.parametrize(("name", "item"), list(real_packages()))
def test_every_real_package_is_read(name, item):
    dataset, notes = mapped(item, "https://cong.vn")
    fields = dataset.fields
    assert fields["title"] == item["title"].strip()
    assert fields["identifier"] == item["id"] == remote_id(item)
    assert len(dataset.resources) == len([r for r in item["resources"] if r.get("url")])
    assert all(r.fields["name"] and r.fields["url"] for r in dataset.resources)
    assert is_public(item) == (name != "dkan_hauts-de-france_package_show.json")
    assert fields["modified"] == item["metadata_modified"][:10]
    assert {note.code for note in notes} <= {"unknown_code", "link_left_out"}
    assert ("license_id" in fields) == (item.get("license_id") not in (None, "", "lov2"))
