"""Mistakes of a mapping, found before anything is read: each names its key and the nearest word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Never

import schemas
from harvesters.errors import HarvestError
from harvesters.mapping.filters import CONDITIONS
from harvesters.mapping.rules import READERS, RULE_KEYS, STARTS, date_formats
from harvesters.mapping.written import NAMED, date_pattern
from schemas.text import nearest

#: Fields that are not the harvest's to set.
RESERVED = frozenset({"id", "name", "owner_org", "private", "state", "tag_string", "resources"})
RESOURCE_RESERVED = frozenset({"id", "package_id", "url_type", "position", "datastore_active"})
#: Keys of a mapping that are no portal fields.
SECTIONS = ("resources", "only", "skip", "volatile")
#: Keys of ``resources`` that are no portal fields: the list they come from, and their id there.
RESOURCE_SECTIONS = ("each", "id")
UNKNOWN = ("fail", "drop", "ignore")


@cache
def portal_fields() -> tuple[frozenset[str], frozenset[str]]:
    """Names of the dataset and resource fields a mapping may set."""
    schema = schemas.load("dataset")
    dataset = {f["field_name"] for f in schema["dataset_fields"]} - RESERVED | {"tags"}
    resource = {f["field_name"] for f in schema["resource_fields"]} - RESOURCE_RESERVED
    return frozenset(dataset), frozenset(resource | {"filename", "url"})


def check_mapping(mapping: Mapping[str, Any]) -> None:
    """Raises `unknown_setting` (naming the nearest) or `bad_setting` for a mapping's mistakes."""
    dataset, resource = portal_fields()
    _check_rules(_without(mapping, SECTIONS), dataset, "mapping", SECTIONS)
    of_resources = mapping.get("resources") or {}
    if not isinstance(of_resources, Mapping):
        _bad("mapping.resources", "url: …, name: …")
    own = _without(of_resources, RESOURCE_SECTIONS)
    _check_rules(own, resource, "mapping.resources", RESOURCE_SECTIONS)
    for key in RESOURCE_SECTIONS:
        if key in of_resources and not isinstance(of_resources[key], str):
            _bad(f"mapping.resources.{key}", "a.b.c")
    for section in ("only", "skip"):
        _check_filter(mapping.get(section), f"mapping.{section}")
    volatile = mapping.get("volatile") or []
    if not isinstance(volatile, (list, tuple)) or not all(isinstance(v, str) for v in volatile):
        _bad("mapping.volatile", "[a.b, c]")


def _check_rules(rules: Any, allowed: frozenset[str], section: str, also: Iterable[str]) -> None:
    for name, rule in rules.items():
        key = f"{section}.{name}"
        if name not in allowed:
            _unknown(key, name, sorted(allowed | set(also)), section)
        _check_rule(rule, str(name), key)


def _check_rule(rule: Any, name: str, key: str) -> None:
    if isinstance(rule, str):
        return
    expected = "a.b.c, {" + " | ".join(f"{start}: …" for start in STARTS) + "}"
    if not isinstance(rule, Mapping):
        _bad(key, expected)
    for word in rule:
        if word not in RULE_KEYS:
            _unknown(f"{key}.{word}", word, RULE_KEYS, key)
    starts = [start for start in STARTS if start in rule]
    if len(starts) != 1:
        _bad(key, expected)
    if starts[0] in ("from", "template") and not isinstance(rule[starts[0]], str):
        _bad(f"{key}.{starts[0]}", "a.b.c")
    if starts[0] in ("const", "fields") and len(rule) > 1:
        _bad(key, f"{{{starts[0]}: …}}")
    if "first_of" in rule and not (
        isinstance(rule["first_of"], (list, tuple)) and rule["first_of"]
    ):
        _bad(f"{key}.first_of", "[a.b, c]")
    if "fields" in rule:
        _check_parts(rule["fields"], name, key)
    _check_steps(rule, key)


#: Steps with a plain form: what they may be, and how that is said.
_STEPS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "map": (lambda v: isinstance(v, Mapping), "{x: y}"),
    "unknown": (lambda v: v in UNKNOWN, ", ".join(UNKNOWN)),
    "split": (lambda v: all(isinstance(m, str) and m for m in _listed(v)), '";", [";", ","]'),
    "join": (lambda v: isinstance(v, str), '", "'),
    "period": (lambda v: v is True, "true"),
    "number": (lambda v: v in (",", "."), '"," / "."'),
}


def _check_steps(rule: Mapping[str, Any], key: str) -> None:
    for word, (fits, expected) in _STEPS.items():
        if word in rule and not fits(rule[word]):
            _bad(f"{key}.{word}", expected)
    if len({*READERS} & set(rule)) > 1:
        _bad(key, " | ".join(READERS))
    if "date" in rule:
        _check_date(rule["date"], f"{key}.date")
    if "codelist" in rule:
        known = sorted(schemas.codelist_names())
        if rule["codelist"] not in known:
            _unknown(f"{key}.codelist", rule["codelist"], known, key)


def _check_date(wanted: Any, key: str) -> None:
    formats = date_formats(wanted)
    if not formats or not (wanted is True or all(isinstance(f, str) for f in _listed(wanted))):
        _bad(key, "dd/MM/yyyy, " + ", ".join(NAMED))
    for form in formats:
        if form in NAMED:
            continue
        try:
            date_pattern(form)
        except ValueError:
            near = nearest(form, NAMED)
            _bad(key, near or "dd/MM/yyyy, yyyy-MM-dd, " + ", ".join(NAMED))


def _check_parts(parts: Any, name: str, key: str) -> None:
    """The parts of a field that is made of several, such as ``contact``."""
    known = _subfields().get(name)
    if known is None:
        _unknown(f"{key}.fields", name, sorted(_subfields()), key)
    if not isinstance(parts, Mapping):
        _bad(f"{key}.fields", "{" + ", ".join(known) + "}")
    for part, rule in parts.items():
        if part not in known:
            _unknown(f"{key}.fields.{part}", part, known, key)
        if isinstance(rule, Mapping) and "fields" in rule:
            _bad(f"{key}.fields.{part}", "a.b.c")
        _check_rule(rule, str(part), f"{key}.fields.{part}")


@cache
def _subfields() -> Mapping[str, tuple[str, ...]]:
    schema = schemas.load("dataset")
    return {
        field["field_name"]: tuple(sub["field_name"] for sub in field["repeating_subfields"])
        for field in schema["dataset_fields"] + schema["resource_fields"]
        if "repeating_subfields" in field
    }


def _check_filter(conditions: Any, section: str) -> None:
    if conditions is None:
        return
    if not isinstance(conditions, Mapping):
        _bad(section, "a.b: x")
    for path, condition in conditions.items():
        if not isinstance(path, str):
            _bad(section, "a.b: x")
        if not isinstance(condition, Mapping):
            continue
        for word, value in condition.items():
            if word not in CONDITIONS:
                _unknown(f"{section}.{path}.{word}", word, CONDITIONS, section)
            if word == "present" and not isinstance(value, bool):
                _bad(f"{section}.{path}.present", "true, false")


def _without(mapping: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _unknown(key: str, word: Any, known: Iterable[str], where: str) -> Never:
    choices = list(known)
    near = nearest(str(word), choices) or ", ".join(choices)
    raise HarvestError("unknown_setting", where=where, key=key, nearest=near)


def _bad(key: str, expected: str) -> Never:
    raise HarvestError("bad_setting", where=key, key=key, expected=expected)
