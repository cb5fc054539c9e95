"""Every source type of the registry reads its specimens as expected, through the real fetcher."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from harvesters import registry
from harvesters.mapping import check_mapping
from harvesters.model import End, Failure, Record, Unchanged
from harvesters.settings import build
from tests.contracts import specimen
from tests.contracts.specimen import Case


def _expected(case: Case) -> dict[str, Any]:
    return dict(json.loads((case.folder / "expected.json").read_text("utf-8")))


def _cases(refused: bool) -> list[object]:
    """The specimens; those that are refused as a whole only where asked for."""
    found: list[object] = []
    for case in specimen.cases():
        if not refused and "error" in _expected(case):
            continue
        needs_database = case.config.get("serve") == "postgresql"
        missing = needs_database and "PORTAL_TEST_DATABASE_URL" not in os.environ
        mark = pytest.mark.skipif(missing, reason="PORTAL_TEST_DATABASE_URL is not set")
        found.append(pytest.param(case, id=case.name, marks=mark))
    return found


@pytest.mark.parametrize("name", sorted(registry.source_types()))
def test_a_source_type_is_whole(name: str) -> None:
    source = registry.source_type(name)
    assert source.type == name
    assert {"vi", "en"} <= set(source.title), "a title in Vietnamese and in English"
    assert build(source.settings, {}, "read", url="http://x").url == "http://x"
    check_mapping(source.mapping)
    assert specimen.cases(name), f"tests/specimens/{name}/ holds no specimen"


@pytest.mark.parametrize("case", _cases(refused=True))
def test_a_specimen_gives_the_expected_records(case: Case) -> None:
    assert specimen.result(case) == _expected(case)


@pytest.mark.parametrize("case", _cases(refused=False))
def test_reading_again_gives_the_same_or_unchanged(case: Case) -> None:
    with specimen.opened(case) as read:
        first = read({})
        assert isinstance(first[-1], End)
        assert not any(isinstance(item, End) for item in first[:-1])
        records = {item.remote_id: item for item in first if isinstance(item, Record)}
        assert len(records) == sum(isinstance(item, Record) for item in first)
        json.dumps([dict(record.fields) for record in records.values()])

        again = read({})
        assert specimen.as_json(again) == specimen.as_json(first)
        marks = {key: record.mark for key, record in records.items() if record.mark}
        for item in read(marks):
            if isinstance(item, Unchanged):
                assert item.remote_id in marks
            elif isinstance(item, Record):
                assert specimen.as_json([item]) == specimen.as_json([records[item.remote_id]])
            elif isinstance(item, Failure):
                assert item.problem.record not in records
