"""Recorded catalogues of other portals, mapped and written: CKAN's validators take every record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harvesters import mapping
from harvesters.fetch import Response
from harvesters.model import Record
from harvesters.sources._datajson_dataset import to_record as from_json
from harvesters.sources._dcat_graph import listing, to_record
from harvesters.sources._dcat_values import MAPPING
from harvesters.sources._rdf import parse
from tests import recorded
from tests.ckanext.harvest_rig import create

REAL = recorded.REAL / "dcat"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason=recorded.NOT_HERE)
AT_MOST = 40


def _records() -> Iterator[Record]:
    for path in sorted(REAL.glob("*")):
        if path.suffix == ".md":
            continue
        answer = Response(f"https://recorded.example/{path.name}", path.read_bytes())
        if path.suffix == ".json":
            for dataset in answer.json().get("dataset", [])[:AT_MOST]:
                yield from_json(dataset, answer.url)
        else:
            graph = parse(answer, answer.url, 10_000)
            for node in listing(graph).datasets[:AT_MOST]:
                yield to_record(graph, node, answer.url)


def test_every_recorded_dataset_can_be_written(harvest: Any) -> None:
    made = {}
    for record in _records():
        dataset, _ = mapping.map_record(harvest.source_id, record, MAPPING, {})
        made.setdefault(record.remote_id, dataset)
    assert len(made) > 100
    outcomes = harvest.apply([create(id_, dataset) for id_, dataset in made.items()])
    assert {o.remote_id: o.problem for o in outcomes if o.problem is not None} == {}
    assert len(outcomes) == len(made)
