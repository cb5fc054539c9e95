"""Laws of the three-way merge, and the cases that the laws do not settle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.errors import HarvestError
from harvesters.merge import ACCESS, merge
from harvesters.model import FieldChange, MappedDataset, MappedResource
from harvesters.settings import Ownership, parse_config

WORDS = st.sampled_from(["một", "hai", "ba", "bốn"])
CLASSES = st.sampled_from(["PUBLIC", "RESTRICTED", "NON_PUBLIC"])
TAGS = st.lists(WORDS, min_size=1, unique=True).map(sorted)
FIELDS = st.fixed_dictionaries(
    {"title": WORDS, ACCESS: CLASSES},
    optional={"notes": WORDS, "version": WORDS, "tags": TAGS, "theme": st.lists(WORDS, min_size=1)},
)
RESOURCE = st.builds(
    MappedResource,
    st.sampled_from(["r1", "r2", "r3", "r4"]),
    st.fixed_dictionaries({"name": WORDS}, optional={"description": WORDS, "url": WORDS}),
    st.none() | WORDS,
    st.none() | WORDS,
)
RESOURCES = st.lists(RESOURCE, max_size=4, unique_by=lambda resource: resource.id).map(tuple)
DATASET = st.builds(MappedDataset, st.just("d"), FIELDS, RESOURCES)
OWNERSHIP = st.builds(Ownership, st.sampled_from(["source", "portal", "merge"]))


@given(DATASET, DATASET)
def test_what_nobody_edited_here_follows_the_source(base: Any, source: Any) -> None:
    merged = merge(base, source, base)
    assert (merged.dataset, merged.conflicts) == (source, ())


@given(DATASET, DATASET)
def test_what_the_source_did_not_change_stays_as_a_steward_has_it(base: Any, portal: Any) -> None:
    merged = merge(base, base, portal)
    assert (merged.dataset, merged.conflicts) == (portal, ())


@given(DATASET, DATASET)
def test_the_same_change_on_both_sides_is_no_conflict(base: Any, both: Any) -> None:
    merged = merge(base, both, both)
    assert (merged.dataset, merged.conflicts) == (both, ())


@given(DATASET, DATASET, DATASET)
def test_merged_again_nothing_changes(base: Any, source: Any, portal: Any) -> None:
    once = merge(base, source, portal).dataset
    again = merge(source, source, once)
    assert (again.dataset, again.conflicts) == (once, ())


@given(DATASET, DATASET, DATASET)
def test_every_value_is_one_of_the_two_and_a_conflict_keeps_the_portals(
    base: Any, source: Any, portal: Any
) -> None:
    merged = merge(base, source, portal)
    for name, value in merged.dataset.fields.items():
        if name != "tags":
            assert value in (source.fields.get(name), portal.fields.get(name))
    for conflict in merged.conflicts:
        assert conflict.before != conflict.after
        if conflict.resource is None and conflict.field != ACCESS:
            assert merged.dataset.fields.get(conflict.field) == conflict.before


@given(DATASET, DATASET, DATASET)
def test_the_portals_own_resources_survive_whoever_owns_the_fields(
    base: Any, source: Any, portal: Any
) -> None:
    harvested = {r.id for r in (*base.resources, *source.resources)}
    own = [r for r in portal.resources if r.id not in harvested]
    for owner in ("source", "portal", "merge"):
        merged = merge(base, source, portal, Ownership(owner)).dataset
        assert [r for r in merged.resources if r in own] == own
        assert len({r.id for r in merged.resources}) == len(merged.resources)


@given(DATASET, DATASET, DATASET)
def test_the_source_as_owner_is_right_wherever_it_speaks(
    base: Any, source: Any, portal: Any
) -> None:
    merged = merge(base, source, portal, Ownership("source"))
    said = {k: v for k, v in source.fields.items() if k != ACCESS}
    assert {k: v for k, v in merged.dataset.fields.items() if k in said} == said
    assert [c for c in merged.conflicts if c.field != ACCESS] == []


@given(DATASET, DATASET, DATASET)
def test_the_portal_as_owner_changes_by_nobody_else(base: Any, source: Any, portal: Any) -> None:
    merged = merge(base, source, portal, Ownership("portal"))
    fields = {k: v for k, v in merged.dataset.fields.items() if k != ACCESS}
    assert fields == {k: v for k, v in portal.fields.items() if k != ACCESS}
    here = {r.id: r for r in portal.resources}
    known = {r.id for r in base.resources}
    for resource in merged.dataset.resources:
        if resource.id in here and resource.id in known:
            assert resource == here[resource.id]


@given(DATASET, DATASET, DATASET, OWNERSHIP)
def test_no_merge_opens_what_a_person_closed(
    base: Any, source: Any, portal: Any, ownership: Any
) -> None:
    order = ["PUBLIC", "RESTRICTED", "NON_PUBLIC"]
    merged = merge(base, source, portal, ownership).dataset
    if portal.fields[ACCESS] != base.fields[ACCESS]:
        assert order.index(merged.fields[ACCESS]) >= order.index(portal.fields[ACCESS])


@given(DATASET, DATASET)
def test_without_a_base_the_source_is_right_where_it_speaks(source: Any, portal: Any) -> None:
    merged = merge(None, source, portal)
    for name, value in source.fields.items():
        if name != ACCESS:
            assert merged.dataset.fields[name] == value
    for name, value in portal.fields.items():
        if name not in source.fields:
            assert merged.dataset.fields[name] == value
    assert {r.id for r in portal.resources} <= {r.id for r in merged.dataset.resources}


def test_keywords_are_merged_as_a_set() -> None:
    base = MappedDataset("d", {"tags": ["biển", "cá", "tôm"]})
    source = MappedDataset("d", {"tags": ["cá", "mực", "tôm"]})
    portal = MappedDataset("d", {"tags": ["biển", "cá", "nghề cá"]})
    merged = merge(base, source, portal)
    assert merged.dataset.fields["tags"] == ["cá", "mực", "nghề cá"]
    assert merged.conflicts == ()


A = MappedResource("a", {"name": "Bảng", "size": 3, "filename": "a.csv"}, file="1")
B = MappedResource("b", {"name": "Liên kết", "url": "http://e.org"})


def dataset(*resources: MappedResource) -> MappedDataset:
    return MappedDataset("d", {"title": "Bộ"}, resources)


def test_a_file_is_kept_or_replaced_with_all_that_describes_it() -> None:
    here = replace(A, fields={**A.fields, "size": 5, "description": "Mô tả"}, file="2")
    there = replace(A, fields={**A.fields, "size": 7, "filename": "b.csv", "name": "Mới"}, file="3")
    merged = merge(dataset(A), dataset(there), dataset(here))
    [resource] = merged.dataset.resources
    assert (resource.file, resource.fields) == (
        "2",
        {"name": "Mới", "description": "Mô tả", "size": 5, "filename": "a.csv"},
    )
    assert merged.conflicts == (FieldChange("file", "2", "3", "a"),)


def test_a_resource_that_a_steward_removed_stays_removed_and_its_change_is_told() -> None:
    assert merge(dataset(A, B), dataset(A, B), dataset(A)).conflicts == ()
    changed = replace(B, fields={**B.fields, "url": "http://e.org/2"})
    merged = merge(dataset(A, B), dataset(A, changed), dataset(A))
    assert merged.dataset == dataset(A)
    assert merged.conflicts == (FieldChange("resource", None, "Liên kết", "b"),)


def test_a_resource_that_the_source_drops_goes_unless_a_steward_edited_it() -> None:
    assert merge(dataset(A, B), dataset(A), dataset(A, B)).dataset == dataset(A)
    edited = replace(B, fields={**B.fields, "name": "Liên kết, đã sửa"})
    merged = merge(dataset(A, B), dataset(A), dataset(A, edited))
    assert merged.dataset == dataset(A, edited)
    assert merged.conflicts == (FieldChange("resource", "Liên kết, đã sửa", None, "b"),)


def test_one_field_can_be_the_sources_or_the_portals() -> None:
    ownership = Ownership("merge", {"title": "source", "notes": "portal"})
    base = MappedDataset("d", {"title": "1", "notes": "1", "version": "1"})
    source = MappedDataset("d", {"title": "2", "notes": "2", "version": "2"})
    portal = MappedDataset("d", {"title": "3", "notes": "1", "version": "3"})
    merged = merge(base, source, portal, ownership)
    assert merged.dataset.fields == {"title": "2", "notes": "1", "version": "3"}
    assert merged.conflicts == (FieldChange("version", "3", "2"),)


def test_owners_are_configured_and_misspelt_ones_are_named() -> None:
    config = {
        "default": "source",
        "fields": {"notes": "portal"},
        "resource_fields": {"name": "merge"},
    }
    ownership = parse_config({"ownership": config}).ownership
    assert ownership == Ownership("source", {"notes": "portal"}, {"name": "merge"})
    for bad, code, word in (
        ({"fields": {"note": "portal"}}, "unknown_setting", "notes"),
        ({"resource_fields": {"nam": "portal"}}, "unknown_setting", "name"),
        ({"field": {}}, "unknown_setting", "fields"),
        ({"default": "nguon"}, "bad_setting", "source, portal, merge"),
        ({"fields": {"notes": "steward"}}, "bad_setting", "source, portal, merge"),
        ({"fields": {"access_rights": "source"}}, "bad_setting", "merge"),
    ):
        with pytest.raises(HarvestError) as refused:
            parse_config({"ownership": bad})
        assert refused.value.code == code
        assert word in refused.value.problem.params.values()
