"""The field schemas: both languages everywhere, names as DCAT-AP has them, nothing undefined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import schemas
from schemas.rules import table_schema
from schemas.text import column_name, nfc

DATASET = schemas.load("dataset")
ORGANIZATION = schemas.load("organization")
PRESETS = {p["preset_name"]: p["values"] for p in schemas.load("presets")["presets"]}
GROUPS = {
    "dataset": DATASET["dataset_fields"],
    "resource": DATASET["resource_fields"],
    "organization": ORGANIZATION["fields"],
}


def words(text: str) -> set[str]:
    return set(text.split())


def every_field() -> Iterator[Any]:
    for group, fields in GROUPS.items():
        for field in fields:
            yield pytest.param(field, id=f"{group}.{field['field_name']}")
            for sub in field.get("repeating_subfields", ()):
                yield pytest.param(sub, id=f"{group}.{field['field_name']}.{sub['field_name']}")


def names(group: str) -> list[str]:
    return [field["field_name"] for field in GROUPS[group]]


def subfields(name: str) -> set[str]:
    field = next(f for f in GROUPS["dataset"] if f["field_name"] == name)
    return {sub["field_name"] for sub in field["repeating_subfields"]}


@pytest.mark.parametrize("field", list(every_field()))
def test_a_field_speaks_both_languages(field: dict[str, Any]) -> None:
    for key in ("label", "help_text"):
        assert set(field[key]) == {"vi", "en"}, key
        for text in field[key].values():
            assert text == nfc(text).strip()
            assert text
    for text in field["help_text"].values():
        assert text.endswith("."), text
    assert field["label"]["vi"] != field["label"]["en"]


@pytest.mark.parametrize("field", list(every_field()))
def test_a_field_is_checked_and_shown(field: dict[str, Any]) -> None:
    preset = field.get("preset")
    if preset and preset.startswith("thanhhoa_"):
        assert preset in PRESETS
    values = {**PRESETS.get(preset or "", {}), **field}
    assert values.get("display_snippet") or "repeating_subfields" in values
    assert "validators" in values or preset or "repeating_subfields" in values
    coded = "thanhhoa_code" in values.get("validators", "").replace(
        "thanhhoa_codes", "thanhhoa_code"
    )
    assert coded == ("codelist" in field)
    if coded:
        assert field["codelist"] in schemas.codelist_names()
        assert values["choices_helper"] == "thanhhoa_choices"
    if "default" in field:
        assert schemas.codelist(field["codelist"]).get(field["default"])
        assert f"default({field['default']})" in values["validators"]


@pytest.mark.parametrize("group", GROUPS)
def test_no_field_is_described_twice(group: str) -> None:
    assert len(names(group)) == len(set(names(group)))


def test_the_fields_of_the_contract() -> None:
    assert set(names("dataset")) == words(
        "title title_en name notes notes_en owner_org theme tag_string access_rights frequency "
        "license_id language spatial_coverage temporal_coverage version issued modified contact "
        "applicable_legislation indicator quality_statement provenance identifier url "
        "source_system harvest_source"
    )
    assert set(names("resource")) == words(
        "name url format description mimetype size hash hash_algorithm issued modified language "
        "period unit encoding filename table_schema"
    )
    assert set(names("organization")) == words(
        "title title_en name description agency_code level parent_code contact_email "
        "contact_phone image_url"
    )
    assert subfields("spatial_coverage") == words("code valid_on text uri geom bbox centroid")
    assert subfields("temporal_coverage") == {"start_period", "end_period", "start", "end"}
    assert subfields("contact") == words("name email phone url identifier uri")


def test_a_clerk_meets_the_important_fields_first() -> None:
    order = [n for n in names("dataset") if n != "name"]
    assert order[:4] == ["title", "notes", "owner_org", "theme"]
    assert order[-2:] == ["identifier", "harvest_source"]


def test_validators_of_ours_are_named_alike() -> None:
    used = set()
    for parameter in every_field():
        field = parameter.values[0]
        values = {**PRESETS.get(field.get("preset", ""), {}), **field}
        used |= set(re.findall(r"\bthanhhoa_\w+", values.get("validators", "")))
    used |= set(re.findall(r"\bthanhhoa_\w+", DATASET["after_validators"]))
    assert used == words(
        "thanhhoa_text thanhhoa_name thanhhoa_code thanhhoa_codes thanhhoa_date "
        "thanhhoa_period_span thanhhoa_agency_code thanhhoa_phone thanhhoa_web_url "
        "thanhhoa_resource_url thanhhoa_format thanhhoa_table_schema thanhhoa_dataset"
    )


def test_unknown_documents_are_unknown() -> None:
    for name in ("no_such", "../setup", "codelists/theme", "/etc/passwd"):
        with pytest.raises(KeyError):
            schemas.load(name)


@pytest.mark.parametrize("name", schemas.table_names())
def test_known_tables_are_table_schemas_with_our_column_names(name: str) -> None:
    table = schemas.load(name)
    table_schema({"fields": table["fields"], "primaryKey": table["primaryKey"]})
    assert table["title"]
    assert table["title_en"]
    for code in table["indicator"]:
        assert schemas.codelist("indicator").get(code)
    for field in table["fields"]:
        assert field["title_en"]
        if field["name"] != "ma_dvhc":
            assert field["name"] == column_name(field["title"])


def test_there_are_known_tables() -> None:
    assert set(schemas.table_names()) >= {
        "tables/communes",
        "tables/dti_ranking",
        "tables/population_area_density",
    }
