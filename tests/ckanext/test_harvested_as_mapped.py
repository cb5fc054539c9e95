"""What is harvested stands in the catalogue as it was mapped, for a record of every source type.

The merge takes what differs from the last harvest for a steward's edit. If the catalogue gave a
value back in another form, the source could never change it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from harvesters import mapping, registry
from harvesters.codec import encode_table
from harvesters.decide import differences
from harvesters.errors import HarvestError
from harvesters.merge import ACCESS
from harvesters.model import Record
from tests.ckanext.harvest_rig import create
from tests.contracts import specimen

#: Records of one specimen; more of the same form tell nothing new.
RECORDS = 8


def records(case: specimen.Case) -> list[Record]:
    try:
        with specimen.opened(case) as read:
            return [item for item in read({}) if isinstance(item, Record)][:RECORDS]
    except HarvestError:
        return []  # a specimen of a refusal


def mapped(harvest: Any, type_: str, record: Record) -> Any:
    """The record in the portal's words, its tables and files in the ledger; None if refused."""
    stored = {}
    for resource in record.resources:
        put = harvest.ledger.put_blob
        table = put(encode_table(resource.table)) if resource.table is not None else None
        stored[resource.remote_id] = (table, put(resource.file.content) if resource.file else None)
    rules = mapping.combine(registry.source_type(type_).mapping, {})
    try:
        dataset, _ = mapping.map_record(harvest.source_id, record, rules, stored)
    except HarvestError:
        return None
    return dataset


@pytest.mark.parametrize("type_", sorted(registry.source_types()))
def test_nothing_changes_its_form_in_the_catalogue(harvest: Any, type_: str) -> None:
    wanted = {}
    for case in specimen.cases(type_):
        for record in records(case):
            dataset = mapped(harvest, type_, record)
            if dataset is not None and "title" in dataset.fields:
                wanted[record.remote_id] = dataset
    outcomes = harvest.apply([create(id_, dataset) for id_, dataset in wanted.items()])
    written = {o.remote_id for o in outcomes if o.problem is None}
    assert written, "no record of this type could be written"
    held = harvest.catalog.current([wanted[id_].id for id_ in written])
    for id_ in written:
        dataset = wanted[id_]
        # The access class that a source does not name is the open one.
        fields = {ACCESS: "PUBLIC", **dataset.fields}
        assert list(differences(replace(dataset, fields=fields), held[dataset.id])) == []
