"""CKAN's validation of many datasets by one schema.

The same code runs, on the same validators. What depends only on the schema and on which fields a
dataset has (which validators run, in which order) is worked out once for all that look alike,
instead of several times for each.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl.validators import ignore_missing
from ckan.types import Context

#: Shapes of datasets remembered for a schema; a harvest's records have a few.
_SHAPES = 200


class _NoErrors(dict[Any, Any]):
    """The errors of a dataset that has none."""


@dataclass(frozen=True)
class _Plan:
    """What is to be done with the keys of datasets of one shape before they are validated."""

    unknown: frozenset[Any]
    lists: list[Any]
    extras: list[Any]
    junk: list[Any]
    missing: dict[Any, Any]


class Validation:
    """CKAN's ``validate`` for one schema, which must not change afterwards.

    With `quick_to_leave`, a field that a dataset lacks is not visited at all where `ignore_missing`
    is its first validator, which would end it there: for schemas that show, whose validators note
    no errors of other fields.
    """

    def __init__(self, schema: dict[str, Any], quick_to_leave: bool = False):
        self._schema = schema
        self._quick_to_leave = quick_to_leave
        self._flat = navl.flatten_schema(schema)
        self._full: dict[frozenset[Any], dict[Any, Any]] = {}
        self._combinations: dict[frozenset[Any], set[Any]] = {}
        self._orders: dict[int, list[Any]] = {}
        self._sorted_keys: dict[frozenset[Any], list[Any]] = {}
        self._plans: dict[frozenset[Any], _Plan] = {}
        self._prefixes = {key[:length] for key in self._flat for length in range(1, len(key) + 1)}
        names = {
            **vars(navl),
            "flatten_schema": lambda schema: self._flat,
            "get_all_key_combinations": self._combinations_of,
            "make_full_schema": self._full_schema,
            "sorted": self._sorted,
        }
        names["augment_data"] = self._augment
        names["unflatten"] = self._unflatten
        self._own_unflatten = _bound(navl.unflatten, names)
        self._own_validate = _bound(navl._validate, names)
        names["_validate"] = self._validate
        self._run = _bound(navl.validate, names)

    def __call__(self, data: dict[str, Any], context: Context) -> tuple[Any, Any]:
        """The converted data and the errors, as CKAN's ``validate`` gives them."""
        result: tuple[Any, Any] = self._run(data, self._schema, context)
        return result

    def _full_schema(self, data: Mapping[Any, Any], schema: Any) -> dict[Any, Any]:
        shape = frozenset(data)
        if shape not in self._full:
            if len(self._full) >= _SHAPES:
                self._full, self._orders = {}, {}
            full = navl.make_full_schema(dict(data), self._schema)
            if self._quick_to_leave:
                full = {
                    key: checks
                    for key, checks in full.items()
                    if key in shape or key[-1].startswith("__") or ignore_missing not in checks[:1]
                }
            self._full[shape] = full
            self._orders[id(full)] = builtins.sorted(full, key=navl.flattened_order_key)
        return self._full[shape]

    def _combinations_of(self, data: Mapping[Any, Any], flat: Any) -> set[Any]:
        shape = frozenset(data)
        if shape not in self._combinations:
            if len(self._combinations) >= _SHAPES:
                self._combinations = {}
            self._combinations[shape] = navl.get_all_key_combinations(dict(data), self._flat)
        return self._combinations[shape]

    def _validate(self, data: Any, schema: Any, context: Context) -> tuple[Any, Any]:
        converted, errors = self._own_validate(data, schema, context)
        return converted, errors if any(errors.values()) else _NoErrors()

    def _augment(self, data: Mapping[Any, Any], schema: Any) -> dict[Any, Any]:
        """CKAN's ``augment_data``, which looks through the whole schema for each unknown key."""
        shape = frozenset(data)
        plan = self._plans.get(shape)
        if plan is None:
            if len(self._plans) >= _SHAPES:
                self._plans = {}
            plan = self._plans[shape] = self._plan(data)
        for key in plan.lists:
            if data[key] != []:
                raise navl.DataError(
                    "Only lists of dicts can be placed against subschema"
                    f" {key}, not {type(data[key])}"
                )
        known = {key: data[key] for key in data if key not in plan.unknown}
        if plan.junk:
            known[("__junk",)] = {key: data[key] for key in plan.junk}
        extras: dict[Any, dict[Any, Any]] = {}
        for key in plan.extras:
            extras.setdefault((*key[:-1], "__extras"), {})[key[-1]] = data[key]
        return {**known, **extras, **plan.missing}

    def _plan(self, data: Mapping[Any, Any]) -> _Plan:
        """Where the keys of a dataset go that the schema does not have, and which it lacks."""
        full = self._full_schema(data, self._schema)
        combinations = self._combinations_of(data, self._flat)
        unknown = [key for key in data if key not in full]
        extras = [key for key in unknown if key[:-1] in combinations]
        there = {*data, *((*key[:-1], "__extras") for key in extras)}
        return _Plan(
            unknown=frozenset(unknown),
            lists=[key for key in unknown if key[::2] in self._prefixes],
            extras=extras,
            junk=[key for key in unknown if key[:-1] not in combinations],
            missing={
                key: navl.missing
                for key in full
                if key not in there and not key[-1].startswith("__")
            },
        )

    def _unflatten(self, data: Mapping[Any, Any]) -> dict[str, Any]:
        """CKAN's ``unflatten``; of errors that are none nothing is left in the end."""
        if isinstance(data, _NoErrors):
            return {}
        unflattened: dict[str, Any] = self._own_unflatten(data)
        return unflattened

    def _sorted(self, items: Any, key: Any = None) -> list[Any]:
        if key is not navl.flattened_order_key:
            return builtins.sorted(items, key=key)
        known = self._orders.get(id(items))
        if known is None:
            shape = frozenset(items)
            if len(self._sorted_keys) >= _SHAPES:
                self._sorted_keys = {}
            known = self._sorted_keys.get(shape)
            if known is None:
                known = self._sorted_keys[shape] = builtins.sorted(items, key=key)
        return known


def replaced(schema: Any, validators: Mapping[Any, Callable[..., Any]]) -> Any:
    """The schema with other validators in the place of some."""
    if isinstance(schema, dict):
        return {key: replaced(value, validators) for key, value in schema.items()}
    if isinstance(schema, list):
        return [validators.get(validator, validator) for validator in schema]
    return schema


def _bound(function: Any, names: dict[str, Any]) -> Any:
    """CKAN's function with other names in its sight."""
    return FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
