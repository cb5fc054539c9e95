"""A mapping tried on one record: what the source has beside what the portal would get. Pure.

Every field is tried by itself, so that one mistake does not hide the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.mapping import map_record, portal_fields, wanted
from harvesters.mapping.checks import RESOURCE_SECTIONS, SECTIONS
from harvesters.mapping.rules import as_list, is_empty, sources_of
from harvesters.model import Record, RecordResource
from harvesters.paths import at_path

_NOBODY = "00000000-0000-4000-8000-000000000000"
#: Files and links of one record that are shown.
RESOURCES = 5


@dataclass(frozen=True)
class Line:
    """One portal field: `source` is what its rule looked at, by path; `result` what came of it."""

    field: str
    source: Mapping[str, Any]
    result: Any
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Trial:
    """One record. `problems` are those of the record as a whole, notes included.

    `is_wanted` says whether the filters let it through, `fails` whether no dataset would come of
    it. `resources` has the lines of each file or link, at most `RESOURCES`, and `total` counts
    them all.
    """

    record: str
    is_wanted: bool
    fails: bool
    lines: tuple[Line, ...]
    resources: tuple[tuple[Line, ...], ...]
    total: int
    problems: tuple[Problem, ...]


def try_record(record: Record, rules: Mapping[str, Any]) -> Trial:
    """What the rules (`harvesters.mapping.combine`) make of a record. Never raises."""
    own = {name: rule for name, rule in rules.items() if name not in SECTIONS}
    problems: list[Problem] = list(record.notes)
    fails = False
    try:
        problems += map_record(_NOBODY, record, rules, {})[1]
    except HarvestError as error:
        fails = True
        problems.append(error.problem.of(record.remote_id))
    names = _names(record.fields, own, portal_fields()[0])
    lines = tuple(_line(name, record.fields, own) for name in names)
    if fails and not any(line.field == "title" for line in lines):
        lines = (_line("title", record.fields, own), *lines)
    of_resources = rules.get("resources") or {}
    each: list[Mapping[str, Any]] = [resource.fields for resource in record.resources]
    if "each" in of_resources:
        items = as_list(at_path(record.fields, of_resources["each"]))
        each += [item if isinstance(item, Mapping) else {"value": item} for item in items]
    resources = tuple(_resource(fields, of_resources) for fields in each[:RESOURCES])
    told = {_same(p) for part in (lines, *resources) for line in part for p in line.problems}
    return Trial(
        record.remote_id,
        wanted(record, rules),
        fails,
        lines,
        resources,
        len(each),
        tuple(problem for problem in problems if _same(problem) not in told),
    )


def _same(problem: Problem) -> tuple[str, str]:
    return problem.code, repr(sorted(problem.params.items()))


def _resource(fields: Mapping[str, Any], rules: Mapping[str, Any]) -> tuple[Line, ...]:
    own = {name: rule for name, rule in rules.items() if name not in RESOURCE_SECTIONS}
    names = _names(fields, own, portal_fields()[1])
    return tuple(_line(name, fields, own, resource=True) for name in names)


def _names(
    fields: Mapping[str, Any], rules: Mapping[str, Any], allowed: frozenset[str]
) -> list[str]:
    """The portal's fields that a rule names or that the record has, the title first."""
    taken = [name for name in fields if name in allowed and name not in rules]
    return sorted({*rules, *taken}, key=lambda name: (name not in ("title", "name"), name))


def _line(
    name: str, fields: Mapping[str, Any], rules: Mapping[str, Any], resource: bool = False
) -> Line:
    rule = rules.get(name, name)
    source = sources_of(fields, rule)
    try:
        result, notes = _alone(name, fields, rule, resource)
    except HarvestError as error:
        return Line(name, source, None, (error.problem,))
    return Line(name, source, result, tuple(notes))


def _alone(
    name: str, fields: Mapping[str, Any], rule: Any, resource: bool
) -> tuple[Any, list[Problem]]:
    """One field through the same way that a whole record takes; the others are held back."""
    held_back = {key: {"const": None} for key in fields if key in portal_fields()[resource]}
    if resource:
        only = RecordResource("r", fields)
        rules = {"title": {"const": "-"}, "resources": {**held_back, name: rule}}
        dataset, notes = map_record(_NOBODY, Record("r", {}, (only,)), rules, {})
        return dataset.resources[0].fields.get(name), notes
    rules = {**held_back, "title": {"const": "-"}, name: rule}
    dataset, notes = map_record(_NOBODY, Record("r", fields), rules, {})
    return dataset.fields.get(name), notes


def says_nothing(line: Line) -> bool:
    """Whether there is nothing on either side."""
    return is_empty(line.result) and not line.problems and all(map(is_empty, line.source.values()))
