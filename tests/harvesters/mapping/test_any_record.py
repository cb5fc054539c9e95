"""Whatever a source sends: a mapping gives a dataset or an expected problem, and a trial always."""

from __future__ import annotations

import json
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.errors import HarvestError
from harvesters.mapping import check_mapping, map_record, settled, wanted
from harvesters.mapping.trial import try_record
from harvesters.model import Record

SOURCE = str(uuid.UUID(int=7))
MAPPING = {
    "title": {"first_of": ["a", "b.c", "d.*.e"]},
    "notes": {"template": "{a} – {b.c}"},
    "modified": {"from": "a", "date": ["dd/MM/yyyy", "auto", "epoch"]},
    "temporal_coverage": {"from": "b", "period": True},
    "version": {"from": "c", "number": ","},
    "tags": {"from": "d", "split": [";", ","]},
    "theme": {"from": "a", "map": {"x": "15"}, "unknown": "drop"},
    "frequency": {"from": "c", "codelist": "frequency", "unknown": "ignore"},
    "contact": {"fields": {"name": "a", "email": {"from": "b.c", "join": ";"}}},
    "url": "e",
    "resources": {"each": "d", "id": "a", "url": "e", "size": {"from": "c", "number": "."}},
    "only": {"a": {"present": True}},
    "skip": {"d.*.e": {"like": "*x*"}},
    "volatile": ["c", "d.*.c"],
}
WORDS = st.sampled_from(
    [
        "",
        " ",
        "30/06/2025",
        "Quý I/2025",
        "1.234,5",
        "x",
        "15",
        "ANNUAL",
        "https://so.example/a",
        "\x00",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text()
KEYS = st.sampled_from([*"abcde", "b.c", "title", "modified", "tags", "resources"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
RECORDS = st.dictionaries(KEYS, VALUES, max_size=8)


def test_the_mapping_is_one():
    check_mapping(MAPPING)


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_any_record_is_mapped_or_refused_in_words(fields):
    record = Record("r", fields)
    assert wanted(record, MAPPING) in (True, False)
    json.dumps(dict(settled(record, MAPPING).fields))
    refused = ""
    try:
        dataset, notes = map_record(SOURCE, record, MAPPING, {})
    except HarvestError as error:
        refused = error.code
    if refused:
        assert refused in ("missing_value", "bad_value", "unknown_code")
        return
    json.dumps(dataset.to_json())
    assert dataset.fields["title"]
    assert all(note.note for note in notes)


@settings(max_examples=100, deadline=None)
@given(RECORDS)
def test_any_record_can_be_tried(fields):
    trial = try_record(Record("r", fields), MAPPING)
    assert trial.lines[0].field == "title"
    told = [p for line in trial.lines for p in line.problems] + list(trial.problems)
    assert told or not trial.fails
