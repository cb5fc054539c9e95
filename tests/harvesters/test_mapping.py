"""Rules of a mapping, its mistakes, and the normal form of what comes out."""

from __future__ import annotations

import uuid

import pytest

from harvesters.errors import HarvestError
from harvesters.mapping import check_mapping, clean_tags, combine, map_record, version_of
from harvesters.messages import say
from harvesters.model import Record, RecordResource

SOURCE = str(uuid.UUID(int=7))


def fields_of(fields, mapping=None):
    return map_record(SOURCE, Record("r", fields), mapping or {}, {})[0].fields


def test_paths_constants_templates_defaults_and_look_ups():
    record = {"ten": "Số hộ nghèo", "meta": {"nam": [2023, 2024]}, "nhom": "Giáo dục"}
    mapping = {
        "title": {"template": "{ten} năm {meta.nam.1}"},
        "version": "meta.nam.0",
        "theme": {"from": "nhom", "codelist": "theme"},
        "frequency": {"from": "chu_ky", "default": "ANNUAL"},
        "access_rights": {"const": "PUBLIC"},
    }
    found = fields_of(record, mapping)
    assert found["title"] == "Số hộ nghèo năm 2024"
    assert found["theme"] == "15" or found["theme"] == ["15"]
    assert (found["frequency"], found["access_rights"]) == ("ANNUAL", "PUBLIC")


def test_what_is_dropped_is_said():
    mapping = {"theme": {"from": "nhom", "codelist": "theme", "unknown": "drop"}}
    dataset, notes = map_record(SOURCE, Record("r", {"title": "x", "nhom": "zzz"}), mapping, {})
    assert "theme" not in dataset.fields
    assert [(n.code, n.record) for n in notes] == [("unknown_code", "r")]


def test_values_come_out_in_the_form_the_catalogue_keeps():
    found = fields_of(
        {
            "title": "Da\u0302n so\u0302\u0301 ",
            "modified": "30/06/2025",
            "temporal_coverage": [{"start_period": "2011", "end_period": "2024"}],
            "tags": ["dân số", "dân  số", "x", "hạ tầng: mạng"],
        }
    )
    assert found["title"] == "Dân số"
    assert found["modified"] == "2025-06-30"
    assert found["temporal_coverage"][0]["start"] == "2011-01-01"
    assert found["tags"] == ["dân số", "hạ tầng mạng"]


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({}, "missing_value", "title"),
        ({"title": "x", "modified": "31/02/2025"}, "bad_value", "31/02/2025"),
        ({"title": "x", "frequency": "mỗi khi rảnh"}, "unknown_code", "mỗi khi rảnh"),
    ],
)
def test_what_cannot_be_mapped_says_which_field(fields, code, words):
    with pytest.raises(HarvestError) as caught:
        fields_of(fields)
    assert caught.value.code == code
    said = say(caught.value.problem)
    assert words in said.message
    assert "…" not in said.message + said.hint


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"titel": "a"}, "mapping.titel"),
        ({"title": {"form": "a"}}, "mapping.title.form"),
        ({"resources": {"nam": "a"}}, "mapping.resources.nam"),
        ({"theme": {"from": "a", "codelist": "them"}}, "mapping.theme.codelist"),
    ],
)
def test_mistakes_of_a_mapping_name_the_nearest(mapping, key):
    with pytest.raises(HarvestError) as caught:
        check_mapping(mapping)
    assert caught.value.code == "unknown_setting"
    assert caught.value.problem.params["key"] == key


def test_a_sources_rules_go_over_its_types():
    merged = combine(
        {"title": "a", "resources": {"name": "n"}}, {"title": "b", "resources": {"format": "f"}}
    )
    assert merged == {"title": "b", "resources": {"name": "n", "format": "f"}}
    assert version_of(merged) != version_of({})


def test_ids_are_the_same_every_time():
    record = Record("r", {"title": "x"}, (RecordResource("a", {"url": "http://x/a.csv"}),))
    first, _ = map_record(SOURCE, record, {}, {})
    again, _ = map_record(SOURCE, record, {}, {})
    assert first == again
    assert first.id != first.resources[0].id


def test_tags_are_cleaned_from_every_shape():
    assert clean_tags("a, bb ,bb") == ["bb"]
    assert clean_tags([{"name": "hộ nghèo"}]) == ["hộ nghèo"]
