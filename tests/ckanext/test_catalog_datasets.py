"""The catalogue on CKAN: what is written is what is there, and all of it or nothing."""

from __future__ import annotations

from harvest_rig import create


def test_a_new_dataset_is_there(harvest):
    dataset = harvest.dataset("r1", title="Thủy sản năm 2024", tags=["cá", "tôm"])
    (outcome,) = harvest.apply([create("r1", dataset)])
    assert outcome.problem is None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: dataset}
