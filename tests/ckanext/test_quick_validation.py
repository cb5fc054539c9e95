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
base_converters = pytest.importorskip("ckan.logic.converters")
quick_validation = pytest.importorskip("ckanext.thanhhoa.quick_validation")


def _no_bad(value: Any) -> Any:
    if value == "xấu":
        raise navl.Invalid("bad")
    return value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


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


@settings(max_examples=400, deadline=None)
@given(st.lists(DATA, min_size=1, max_size=4))
def test_data_and_errors_are_those_of_ckan(every: list[dict[str, Any]]) -> None:
    quick = quick_validation.Validation(SCHEMA)
    for data in [*every, *every]:
        ours, theirs = both(quick, SCHEMA, data)
        assert ours == theirs


#: As schemas that show are: most fields have no validators, or such as say something only.
SHOWN: dict[str, Any] = {
    **SCHEMA,
    "title": [converters.not_empty, _no_bad, _upper],
    "notes": [converters.ignore_missing],
    "extras": {"key": [converters.not_empty], "value": [converters.not_missing], "state": []},
    "theme": [base_converters.convert_from_extras, converters.ignore_missing, _upper],
    "lạ": [],
    "__before": [validators.duplicate_extras_key, converters.ignore],
}
EXTRA = st.fixed_dictionaries(
    {"key": st.sampled_from(["theme", "a"])}, optional={"value": VALUES, "state": VALUES}
)
SHOWN_DATA = st.tuples(DATA, st.lists(EXTRA, max_size=2)).map(lambda p: {**p[0], "extras": p[1]})


@settings(max_examples=400, deadline=None)
@given(st.lists(SHOWN_DATA, min_size=1, max_size=4))
def test_what_is_shown_is_ckans_data_without_errors(every: list[dict[str, Any]]) -> None:
    quick = quick_validation.Showing(SHOWN)
    for data in [*every, *every]:
        ours, theirs = both(quick, SHOWN, data)
        if isinstance(theirs, tuple):
            (shown, errors), (checked, _) = ours[0], theirs[0]
            assert errors == {}
            assert (shown, ours[1]) == (checked, theirs[1])
        else:
            assert ours == theirs


def both(quick: Any, schema: dict[str, Any], data: dict[str, Any]) -> list[Any]:
    """What comes out and what is left of the data, or the error: ours, and CKAN's."""
    outcomes: list[Any] = []
    for validate in (quick, lambda d, context: navl.validate(d, schema, context)):
        given_ = copy.deepcopy(data)
        try:
            outcomes.append((validate(given_, {"model": None, "session": None}), given_))
        except navl.DataError as error:
            outcomes.append(error.error)
    return outcomes
