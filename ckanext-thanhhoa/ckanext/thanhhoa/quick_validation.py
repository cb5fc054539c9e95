"""CKAN's validation of many datasets by one schema.

The same code runs, on the same validators. What depends only on the schema and on which fields a
dataset has (which validators run, in which order) is worked out once for all that look alike,
instead of several times for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any, Generic, TypeVar

from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl.validators import ignore_missing, not_empty
from ckan.logic.validators import duplicate_extras_key, package_name_validator
from ckan.types import Context

#: Keys of all shapes of datasets that are remembered for a schema. A harvest's records have a few
#: shapes of some hundred keys; a dataset with very many files has tens of thousands.
_KEYS = 50_000
Known = TypeVar("Known")
#: A field and its validators, each with the number of its arguments.
_Step = tuple[Any, tuple[tuple[Callable[..., Any], int], ...]]


class _Shapes(Generic[Known]):
    """What was worked out for shapes of datasets; forgotten when it becomes too much."""

    def __init__(self) -> None:
        self._known: dict[frozenset[Any], Known] = {}
        self._keys = 0

    def of(self, data: Iterable[Any], work_out: Callable[[], Known]) -> Known:
        """What is known of the shape of a dataset, or of any keys."""
        shape = frozenset(data)
        known = self._known.get(shape)
        if known is None:
            known = work_out()
            if self._keys + len(shape) > _KEYS:
                self._known, self._keys = {}, 0
            self._known[shape] = known
            self._keys += len(shape)
        return known


class _Full(dict[Any, Any]):
    """The validators of every field that a dataset of one shape may have."""

    @cached_property
    def order(self) -> list[Any]:
        """The fields in CKAN's order."""
        return sorted(self, key=navl.flattened_order_key)


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
    """CKAN's ``validate`` for one schema, which must not change afterwards."""

    def __init__(self, schema: dict[str, Any]):
        self._schema = schema
        self._flat = navl.flatten_schema(schema)
        self._full: _Shapes[_Full] = _Shapes()
        self._combinations: _Shapes[set[Any]] = _Shapes()
        self._orders: _Shapes[list[Any]] = _Shapes()
        self._plans: _Shapes[_Plan] = _Shapes()
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

    def _full_schema(self, data: Mapping[Any, Any], schema: Any) -> _Full:
        return self._full.of(data, lambda: _Full(self._whole(data)))

    def _whole(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        return dict(navl.make_full_schema(dict(data), self._schema))

    def _combinations_of(self, data: Mapping[Any, Any], flat: Any) -> set[Any]:
        return self._combinations.of(
            data, lambda: navl.get_all_key_combinations(dict(data), self._flat)
        )

    def _validate(self, data: Any, schema: Any, context: Context) -> tuple[Any, Any]:
        converted, errors = self._own_validate(data, schema, context)
        return converted, errors if any(errors.values()) else _NoErrors()

    def _augment(self, data: Mapping[Any, Any], schema: Any) -> dict[Any, Any]:
        """CKAN's ``augment_data``, which looks through the whole schema for each unknown key."""
        plan = self._plans.of(data, lambda: self._plan(data))
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
            return sorted(items, key=key)
        if isinstance(items, _Full):
            return items.order
        return self._orders.of(items, lambda: sorted(items, key=key))


class Showing(Validation):
    """CKAN's ``validate`` for a schema that shows: nobody hears what is wrong with a dataset.

    The data is CKAN's to the letter, there are no errors. What changes no value is left out: fields
    without validators, validators that only say something, and fields that are missing and whose
    first validator ends them for that.
    """

    def __init__(self, schema: dict[str, Any]):
        super().__init__(schema)
        self._steps: _Shapes[list[_Step]] = _Shapes()

    def _whole(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        return {
            key: checks
            for key, checks in super()._whole(data).items()
            if key in data or key[-1].startswith("__") or ignore_missing not in checks[:1]
        }

    def _validate(self, data: Any, schema: Any, context: Context) -> tuple[Any, Any]:
        converted = self._augment(data, schema)
        errors: defaultdict[Any, list[Any]] = defaultdict(list)
        for key, checks in self._steps.of(data, lambda: self._compiled(data)):
            if not checks:
                # `ignore_missing` alone
                if converted.get(key) in (None, navl.missing):
                    converted.pop(key, None)
                continue
            for check, arguments in checks:
                try:
                    if arguments == 4:
                        check(key, converted, errors, context)
                    else:
                        more = (context,) if arguments == 2 else ()
                        converted[key] = check(converted.get(key), *more)
                except navl.StopOnError:
                    break
                except navl.Invalid as error:
                    errors[key].append(error.error)
        return converted, _NoErrors()

    def _compiled(self, data: Mapping[Any, Any]) -> list[_Step]:
        """The fields to visit, in CKAN's order, with the validators that may change a value."""
        full = self._full_schema(data, self._schema)
        return [step for key in _order(full) for step in _compiled(key, full[key])]


def _order(full: _Full) -> list[Any]:
    """The keys in the order in which CKAN's ``_validate`` runs their validators."""
    keys = full.order
    return [
        *(key for key in keys if key[-1] == "__before"),
        *(key for key in keys if not key[-1].startswith("__")),
        *(key for key in keys if key[-1] == "__extras"),
        *(key for key in reversed(keys) if key[-1] == "__after"),
        *(key for key in keys if key == ("__junk",)),
    ]


def _compiled(key: Any, checks: Sequence[Any]) -> Iterator[_Step]:
    kept = [check for check in checks if check not in _ONLY_SAY]
    while kept and kept[-1] is not_empty:
        kept.pop()
    if kept == [ignore_missing]:
        yield key, ()
    elif kept:
        yield key, tuple((_QUIET.get(check, check), _arguments(check)) for check in kept)


def _arguments(check: Any) -> int:
    return int(check.__code__.co_argcount)


def _not_empty(key: Any, data: Any, errors: Any, context: Context) -> None:
    """CKAN's ``not_empty`` without its sentence."""
    value = data.get(key)
    if value is navl.missing or not (value or value in (False, 0)):
        raise navl.StopOnError


#: CKAN's validators that change no value, and end no field either.
_ONLY_SAY = (package_name_validator, duplicate_extras_key)
_QUIET = {not_empty: _not_empty}


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
