"""The validation of many datasets by one schema gives what CKAN's gives, to the letter."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

navl = pytest.importorskip("ckan.lib.navl.dictization_functions")
validators = pytest.importorskip("ckan.logic.validators")
converters = pytest.importorskip("ckan.lib.navl.validators")
quick_validation = pytest.importorskip("ckanext.thanhhoa.quick_validation")


def _no_bad(value: Any) -> Any:
    if value == "xấu":
        raise navl.Invalid("bad")
    return value


def _drop(key: Any, data: Any, errors: Any, context: Any) -> None:
    data.pop(key, None)


def _note(key: Any, data: Any, errors: Any, context: Any) -> None:
    data[(*key[:-1], "note")] = sorted(map(str, data.get(key) or {}))


SCHEMA: dict[str, Any] = {
    "__before": [_note],
    "title": [converters.not_empty, _no_bad],
    "notes": [converters.ignore_missing, _no_bad],
    "tags": {"name": [converters.not_empty, _no_bad], "__extras": [converters.ignore]},
    "resources": {
        "url": [converters.ignore_missing, _no_bad],
        "parts": {"name": [converters.not_missing, _no_bad]},
        "__extras": [_note],
    },
    "__extras": [_note, _drop],
    "__junk": [converters.ignore],
    "__after": [_note],
}
VALUES = st.sampled_from(["", "đất", "xấu", None, 0, [], ["a"]])
PART = st.dictionaries(st.sampled_from(["name", "khac"]), VALUES, max_size=2)
RESOURCE = st.fixed_dictionaries(
    {}, optional={"url": VALUES, "lạ": VALUES, "parts": st.lists(PART, max_size=2)}
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "title": VALUES,
        "notes": VALUES,
        "tags": st.one_of(st.lists(PART, max_size=3), st.just("đất")),
        "resources": st.lists(RESOURCE, max_size=2),
        "lạ": VALUES,
        "lạ nữa": st.lists(PART, max_size=2),
        "__extras": st.just({"a": 1}),
    },
)


@pytest.mark.parametrize("quick_to_leave", [False, True])
@settings(max_examples=400, deadline=None)
@given(every=st.lists(DATA, min_size=1, max_size=4))
def test_data_and_errors_are_those_of_ckan(
    every: list[dict[str, Any]], quick_to_leave: bool
) -> None:
    quick = quick_validation.Validation(SCHEMA, quick_to_leave)
    for data in [*every, *every]:
        outcomes = []
        for validate in (quick, lambda d, context: navl.validate(d, SCHEMA, context)):
            given_, context = copy.deepcopy(data), {}
            try:
                outcomes.append((validate(given_, context), given_))
            except navl.DataError as error:
                outcomes.append(error.error)
        assert outcomes[0] == outcomes[1]
