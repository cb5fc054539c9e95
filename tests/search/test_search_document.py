"""What of a dataset goes into the index, and how it is found there."""

import json
import unicodedata

import pytest
from ckanext.thanhhoa.search import shape_document
from ckanext.thanhhoa.search_document import alphabet_key

COLUMNS = {
    "fields": [
        {"name": "don_vi", "title": "Đơn vị", "type": "string"},
        {"name": "diem", "title": "Điểm xếp hạng", "type": "number"},
        {
            "name": "nhom",
            "title": "Nhóm",
            "constraints": {"enum": ["Đơn vị sự nghiệp", 7]},
            "categories": [{"value": 1, "label": "Xuất sắc"}, "Trung bình khá"],
        },
    ]
}


@pytest.fixture(scope="module")
def rich(site):
    """A dataset with every kind of field, as scheming and ckanext-dcat keep them."""
    for number in range(12):
        site.add(f"Tập dữ liệu khác số {number}")
    return site.add(
        "Xếp hạng các sở năm 2022",
        title_en="Ranking of departments' services",
        notes_en="Published by the province in libraries",
        notes="Theo báo cáo",
        theme=["13", "03"],
        frequency="ANNUAL",
        access_rights="PUBLIC",
        language=["vi"],
        organization={"name": "so-ttt", "title": "Sở Thông tin và Truyền thông"},
        spatial_coverage=[
            {
                "code": "14758",
                "valid_on": "2026-01-01",
                "geom": json.dumps({"type": "Polygon", "coordinates": [[[105.7, 19.8]] * 9000]}),
            }
        ],
        temporal_coverage=[{"start": "2021-01-01", "end": "2022-12-31", "start_period": "2021"}],
        contact=[{"name": "Phòng Chính quyền số", "email": "bi.mat@example.org"}],
        issued="2022",
        modified="2023-09-24T10:00:00+07:00",
        resources=[
            {
                "name": "Bảng điểm",
                "format": "XLSX",
                "period": "2022",
                "table_schema": json.dumps(COLUMNS),
            }
        ],
    )


@pytest.mark.parametrize(
    "query",
    [
        "department service",  # stemmed
        "library",  # in the English description
        "Điểm xếp hạng",  # a column
        "Đơn vị sự nghiệp",  # a value that a column may have
        "xuat sac",  # the same, by its label
        "cong nghe thong tin",  # the theme
        "Information technology",  # the theme in English
        "Sở TTTT",  # the agency, abbreviated
        "Hàm Rồng",  # the place
        "phuong dong tho",  # what the place was made of
        "bang diem",  # a resource
        "xếp hạng 2021",  # a year that the title does not name
    ],
)
def test_a_dataset_is_found_by_all_that_is_said_of_it(site, rich, query):
    assert site.names(query)[0] == rich


def test_facets_hold_codes(site, rich):
    fields = ["theme", "frequency", "year", "place", "access_rights", "language"]
    facets = site.search(f"name:{rich}", **{"facet.field": fields})["facets"]
    assert facets == {
        "theme": {"03": 1, "13": 1},
        "frequency": {"ANNUAL": 1},
        "year": {"2021": 1, "2022": 1},
        "place": {"14758": 1},
        "access_rights": {"PUBLIC": 1},
        "language": {"vi": 1},
    }


def test_dates_of_the_source_sort_and_filter(site, rich):
    assert site.document(rich)["issued"] == "2022-01-01T00:00:00Z"
    assert site.document(rich)["modified"] == "2023-09-24T03:00:00Z"
    assert site.names("*:*", fq="modified:[2023-01-01T00:00:00Z TO *]") == [rich]
    assert site.names("*:*", sort="issued desc")[0] == rich


def test_the_stored_dataset_is_untouched(site, rich):
    stored = json.loads(site.document(rich)["validated_data_dict"])
    assert stored["contact"][0]["email"] == "bi.mat@example.org"
    assert stored["temporal_coverage"][0]["start_period"] == "2021"


def test_structured_fields_are_not_searched_as_raw_text(site, rich):
    """Neither the address of a contact nor 9,000 coordinates help anybody to find a dataset."""
    assert site.names("text:bi.mat", mm="100%") == []
    assert site.names("text:Polygon") == []


@pytest.mark.parametrize(
    "field",
    [
        {"issued": "hôm qua"},
        {"modified": "2024-02-30"},
        {"issued": ""},
        {"modified": "0001-01-01T00:00:00+07:00", "issued": "9999-12-31T23:59:59-01:00"},
        {"modified": "99999-01-01", "issued": "2024-01-01T00:00:00+99:99"},
        {"issued": 2024, "modified": float("inf")},
        {"hom_date": "hôm qua", "kia_date": "10000-01-01", "mai_date": "0"},
        {"hom_date": "2024-05-01T00:00:00+07:00", "kia_date": "0001-01-01T00:00:00+07:00"},
        {"views_total": "nhiều", "views_recent": "9" * 12, "resources_accessed_total": "1.5"},
        {"": "a", "-": "b", "_root_": "c", "score": "d", "năm": "e", "_nest_path_": "f"},
        {"_childDocuments_": "a"},
        {"boost": "a", "index_id": "b", "entity_type": "c", "capacity": "d", "site_id": "e"},
        {"so": float("inf"), "views_total": float("nan"), "numbers": [float("inf"), 10**400]},
        {"so": "1e999", "indexed_ts": "x", "private": False, "dung": True},
        {"maintainer": "a\0b\ud800\x1f\ufffe", "custom": "\0", "tags": [{"name": "a\x0bb"}]},
        {"theme": ["\0"], "title_en": "a\0", "notes_en": "\x0c", "frequency": "\x01"},
        {"license_id": "\x0b", "version": "\ufffe", "organization": {"name": "a\x01"}},
        {"resources": [{"name": "a\x0b", "url": "https://a.vn/\0", "format": "\x02"}]},
        {"resources": [{"name": 5, "url": None, "format": {}, "description": ["a"]}]},
        {"contact": [{"name": "a\0"}], "temporal_coverage": [{"start": "\x01"}]},
        {"temporal_coverage": [{"start": "20²4"}], "resources": [{"period": "19٣٤"}]},
        {"temporal_coverage": "không phải danh sách"},
        {"temporal_coverage": [{"start": "1024", "end": None}]},
        {"temporal_coverage": [{"start": "1990-01-01", "end": "2990-01-01"}]},
        {"temporal_coverage": [{"start": "2024", "end": "2020"}]},
        {"spatial_coverage": [{"code": "00000", "valid_on": "x"}]},
        {"spatial_coverage": [{"code": None, "text": 5}, "x"]},
        {"theme": "13"},
        {"theme": '["13"]'},
        {"theme": ["không có"]},
        {"theme": None},
        {"contact": {"name": "một"}},
        {"resources": [{"name": "x", "table_schema": "{"}]},
        {"resources": [{"name": "x", "table_schema": '{"fields": [5, {"title": 5}]}'}]},
        {"resources": [{"name": "x", "table_schema": '{"fields": 7}', "period": 2024}]},
        {"resources": [{"name": "x", "table_schema": '{"fields": [{"constraints": 5}]}'}]},
        {"resources": [{"name": "x", "table_schema": '{"fields": [{"categories": {}}]}'}]},
        {"custom": "chữ " * 20_000},
        {"_version_": "7", "views_total": 3, "year": "năm 2020 và 2021", "place": "khắp nơi"},
        {"text": "a", "title_vi": "b", "text_vi": "c", "title_order": "d"},
        {"nested": {"a": [1, {"b": 2}]}, "numbers": [1, 2, 3]},
        {"organization": {"name": "x"}},
        {"tags": [{"name": unicodedata.normalize("NFD", "thủy sản")}]},
    ],
)
def test_no_field_keeps_a_dataset_out_of_the_index(site, rich, field):
    name = site.add("Dữ liệu lạ", **field)
    assert site.names(f"name:{name}") == [name]


def test_facet_values_are_composed(site, rich):
    name = site.add("Cá", tags=[{"name": unicodedata.normalize("NFD", "hải sản")}])
    assert site.names("*:*", fq='tags:"hải sản"') == [name]
    assert site.names("*:*", fq=unicodedata.normalize("NFD", 'tags:"hải sản"')) == [name]


def test_an_old_unit_stands_for_its_ground_today():
    """Huyện Quảng Xương, abolished on 1 July 2025, is eight communes and wards of today."""
    dataset = {"spatial_coverage": [{"code": "406", "valid_on": "2024-12-31"}]}
    shaped = shape_document({"title": "x"}, dataset)
    assert "Huyện Quảng Xương" in shaped["place_vi"]
    assert "Xã Lưu Vệ" in shaped["related_place_vi"]
    assert len(shaped["place"]) == 8
    assert "406" not in shaped["place"]


def test_a_code_means_what_it_meant_on_its_day():
    def place(day):
        dataset = {"spatial_coverage": [{"code": "14758", "valid_on": day}]}
        return shape_document({}, dataset)["place_vi"][0]

    assert place("2025-06-30") == "Phường Đông Thọ"
    assert place("2025-07-01") == place(None) == "Phường Hàm Rồng"


def test_titles_sort_by_the_vietnamese_alphabet():
    ordered = ["An", "Án", "Ăn", "Ân", "Ba", "Cá", "Dân", "Đất", "Em", "Êm", "Ô tô", "Ơn", "Ưu"]
    assert sorted(reversed(ordered), key=alphabet_key) == ordered
    assert alphabet_key("\u00d0ất") == alphabet_key("Đất")
    assert alphabet_key("ậ") == alphabet_key(unicodedata.normalize("NFD", "Ậ"))
