"""CKAN's validation of many datasets by one schema.

The same code runs, on the same validators. What depends only on the schema and on which fields a
dataset has (which validators run, in which order) is worked out once for all that look alike,
instead of several times for each.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from ckan.lib.navl import dictization_functions as navl
from ckan.types import Context

#: Shapes of datasets remembered for a schema; a harvest's records have a few.
_SHAPES = 200


class Validation:
    """CKAN's ``validate`` for one schema, which must not change afterwards."""

    def __init__(self, schema: dict[str, Any]):
        self._schema = schema
        self._flat = navl.flatten_schema(schema)
        self._full: dict[frozenset[Any], dict[Any, Any]] = {}
        self._combinations: dict[frozenset[Any], set[Any]] = {}
        self._orders: dict[int, list[Any]] = {}
        names = {
            **vars(navl),
            "flatten_schema": lambda schema: self._flat,
            "get_all_key_combinations": self._combinations_of,
            "make_full_schema": self._full_schema,
            "sorted": self._sorted,
        }
        names["augment_data"] = _bound(navl.augment_data, names)
        names["_validate"] = _bound(navl._validate, names)
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

    def _sorted(self, items: Any, key: Any = None) -> list[Any]:
        known = self._orders.get(id(items)) if key is navl.flattened_order_key else None
        return builtins.sorted(items, key=key) if known is None else known


def _bound(function: Any, names: dict[str, Any]) -> Any:
    """CKAN's function with other names in its sight."""
    return FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
